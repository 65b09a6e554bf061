"""The echo backend, which tells how a request arrived."""

from harness.cluster.api import Api, Object
from harness.model.errors import Unanswered
from harness.systems.kubernetes.manifests import MANIFESTS, read

_ECHO = MANIFESTS / "apps"


def echo_objects(namespace: str, image: str, nonce: str) -> list[Object]:
    """An echo backend named ``echo``, with its Service on port 80."""
    return [program(namespace), *read(_ECHO / "echo.yaml", namespace=namespace, image=image, nonce=nonce)]


def program(namespace: str, *beside: str) -> Object:
    """The echo program as a ConfigMap, with those of the applications' other programs that run beside it."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "echo", "namespace": namespace},
        "data": {name: (_ECHO / name).read_text() for name in ("echo.py", *beside)},
    }


def require_running(api: Api, namespace: str) -> str:
    """One poll of the pods of the echo backend in a namespace.

    :raises Unanswered: none runs
    """
    running = [pod["metadata"]["name"] for pod in api.list("Pod", namespace, labels="app=echo") if pod["status"].get("podIP")]
    if not running:
        raise Unanswered("no pod runs")
    return str(running[0])
