"""A command in a container of a Pod, by way of the API server (https://kubernetes.io/docs/reference/kubectl/generated/kubectl_exec/)."""

import shlex
from collections.abc import Sequence
from typing import Any

from harness.model.errors import EnvironmentFault


def run(configuration: Any, pod: str, namespace: str, words: Sequence[str], timeout: float) -> str:
    """Run it without a terminal or standard input, and return what it prints.

    :param configuration: the official client's
    :raises EnvironmentFault: it failed, or took longer than ``timeout`` seconds
    :raises kubernetes.client.exceptions.ApiException: the API server did not let it begin
    """
    from kubernetes import client
    from kubernetes.stream import stream

    # the function changes its client for as long as it takes, so that it gets one of its own
    begin = client.CoreV1Api(client.ApiClient(configuration)).connect_get_namespaced_pod_exec
    options = {"stdout": True, "stderr": True, "stdin": False, "tty": False, "_preload_content": False}
    running = stream(begin, pod, namespace, command=[*words], **options)
    try:
        running.run_forever(timeout=timeout)
        if running.is_open():
            raise _fault(pod, namespace, words, f"it has not ended after {timeout:g} s")
        printed, complained = running.read_stdout(), running.read_stderr()
        if running.returncode:
            raise _fault(pod, namespace, words, f"exit code {running.returncode}: {complained[-300:]}")
    finally:
        running.close()
    return str(printed)


def _fault(pod: str, namespace: str, words: Sequence[str], found: str) -> EnvironmentFault:
    return EnvironmentFault(f"`{shlex.join(words)[:120]}` succeeds in Pod {namespace}/{pod}", found, "look at the Pod and its node")
