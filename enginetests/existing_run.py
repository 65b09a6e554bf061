"""Runs on a cluster that somebody else made: what stands there is as it was afterwards, whatever ended the run. `make existing-test`."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from enginetests.somebodys import NAME, ON_THE_WIRE, TIMEOUT, Theirs, a_router, kubectl
from harness.cluster import engine, rights
from harness.cluster.api import Api, Object
from harness.cluster.disruptions import Disruption
from harness.model.errors import EnvironmentFault
from harness.model.project import ROOT
from harness.systems.metallb import components

FOLDER = ROOT / "manifests" / "existing"
#: The addresses that the examples name.
POOL = "192.168.1.160-192.168.1.250"


#: Allows everything that can be allowed.
DISTURBING = [word for one in Disruption for word in ("--allow-disruption", str(one))]
#: Kinds whose objects are replaced by a restart.
PASSING_BY_RESTARTS = {"Pod", "ReplicaSet", "ControllerRevision", "Endpoints", "EndpointSlice", "PodMetrics"}


def _differences(before: dict[str, Object], after: dict[str, Object]) -> list[str]:
    everything = sorted(before.keys() | after.keys())
    changed = [name for name in everything if before.get(name) != after.get(name)]
    return [f"{name}: {before.get(name)} -> {after.get(name)}" for name in changed]


def test_a_dry_run_says_what_is_there_and_makes_nothing(theirs: Theirs) -> None:
    before = theirs.snapshot()
    said = theirs.run("--dry-run")
    assert "MetalLB" in said
    assert "ingress-nginx" in said
    assert re.search(r"to judge +\d+ statements", said)
    assert _differences(before, theirs.snapshot()) == []


def test_everything_is_as_before_after_a_run(theirs: Theirs) -> None:
    before = theirs.snapshot()
    theirs.run("--level", "smoke")
    _wait_until_equal(theirs, before)


def test_everything_is_as_before_after_a_run_that_looks_at_frames(theirs: Theirs) -> None:
    before = theirs.snapshot()
    said = theirs.run("--level", "core", *ON_THE_WIRE)
    assert re.search(r"^PASS +ANN-", said, re.MULTILINE), said[-3000:]
    _wait_until_equal(theirs, before)


def test_what_a_killed_run_leaves_is_recovered(theirs: Theirs) -> None:
    before = theirs.snapshot()
    asked = ["--pool", theirs.pool, f"--image=python={theirs.image}", f"--report-dir={theirs.folder}", "-n", "4", "--level", "smoke"]
    process = subprocess.Popen(theirs.command("run", *asked), cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout
    judged = (line for line in process.stdout if line.startswith(("PASS", "FAIL")))
    for _ in range(5):
        next(judged)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert _differences(before, theirs.snapshot()) != []
    done = subprocess.run(theirs.command("clusters", "recover"), cwd=ROOT, timeout=TIMEOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "removed what an ended run left" in done.stdout
    _wait_until_equal(theirs, before)


def test_what_is_allowed_is_disturbed_told_and_put_back(theirs: Theirs) -> None:
    before = _still(theirs.snapshot())
    said = theirs.run(*ON_THE_WIRE, *DISTURBING, "ALC-07", "EXH-13", "LIF-09", "FLO-20", "FLO-22", "FLO-25", "FLO-26", "DYN-07")
    assert _passed(said) == {"ALC-07", "EXH-13", "LIF-09", "FLO-20", "FLO-22", "FLO-25", "FLO-26", "DYN-07"}, said[-5000:]
    assert "spec.unschedulable = true" in said
    assert re.search(
        r"disturbed, \d+ times: Deployment controller: spec.replicas = 0|disturbed: Deployment controller: spec.replicas = 0", said
    )
    _wait_until_equal(theirs, before, _still)


def test_routes_are_read_in_pods_that_speak_bgp(theirs: Theirs) -> None:
    before = theirs.snapshot()
    said = theirs.run("--router=frr-pod", f"--image=frr={theirs.router_image}", "BGP-01", "BGP-05", "BGP-21", "BGP-23")
    assert _passed(said) == {"BGP-01", "BGP-21", "BGP-23"}, said[-5000:]
    _wait_until_equal(theirs, before)


def test_routes_are_read_on_a_router_of_theirs(theirs: Theirs) -> None:
    with a_router(theirs) as command:
        before = theirs.snapshot()
        said = theirs.run("--router", command, "BGP-01", "BGP-21", "BGP-22")
        assert _passed(said) == {"BGP-01", "BGP-21"}, said[-5000:]
        _wait_until_equal(theirs, before)


def test_what_a_killed_run_had_disturbed_is_put_back(theirs: Theirs) -> None:
    before = _still(theirs.snapshot())
    asked = ["--pool", theirs.pool, f"--image=python={theirs.image}", f"--report-dir={theirs.folder}", *ON_THE_WIRE, *DISTURBING]
    words = theirs.command("run", *asked, "FLO-40")
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True)
    deployment = f"deployment/{components.workload(_api(theirs), components.CONTROLLER).name}"
    reached = monotonic() + TIMEOUT
    while kubectl("get", deployment, "--namespace=metallb-system", "--output=jsonpath={.spec.replicas}") != "0" and monotonic() < reached:
        assert process.poll() is None, "the run has ended, and never took the controller away"
        sleep(0.2)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = subprocess.run(theirs.command("clusters", "recover"), cwd=ROOT, timeout=TIMEOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "spec.replicas = 1" in done.stdout
    _wait_until_equal(theirs, before, _still)


def _passed(said: str) -> set[str]:
    return set(re.findall(r"^PASS +([A-Z]+-[0-9]+)", said, re.MULTILINE))


def _api(theirs: Theirs) -> Api:
    return Api(theirs.kubeconfig, theirs.context, theirs.folder / "discovery.json")


def _still(everything: dict[str, Object]) -> dict[str, Object]:
    """What does not change by a restart: Pods are others, and so is the revision of what is restarted."""
    kept = {name: item for name, item in everything.items() if item["kind"] not in PASSING_BY_RESTARTS and not _is_of_a_pod(item)}
    return {
        name: _without(item, "generation", "annotations") if item["kind"] in {"Deployment", "DaemonSet"} else item
        for name, item in kept.items()
    }


def _is_of_a_pod(item: Object) -> bool:
    return any(one["kind"] == "Pod" for one in item["metadata"].get("ownerReferences", ()))


def _without(item: Object, *names: str) -> Object:
    template = (item["spec"].get("template") or {}).get("metadata") or {}
    template.pop("annotations", None)
    return {**item, "metadata": {key: value for key, value in item["metadata"].items() if key not in names}}


def _wait_until_equal(
    theirs: Theirs, before: dict[str, Object], lasting: Callable[[dict[str, Object]], dict[str, Object]] = lambda everything: everything
) -> None:
    """What other components write of what is gone, they remove in their own time."""
    deadline = monotonic() + 60
    while (found := _differences(before, lasting(theirs.snapshot()))) and monotonic() < deadline:
        sleep(1)
    assert found == []


def test_the_least_rights_are_enough_and_one_that_is_missing_is_named(theirs: Theirs, tmp_path: Path) -> None:
    limited = _limited(theirs, tmp_path)
    limited.run("--level", "smoke", *ON_THE_WIRE)
    said = limited.run(*ON_THE_WIRE, "--router=frr-pod", f"--image=frr={theirs.router_image}", *DISTURBING, "BGP-01", "FLO-26")
    assert _passed(said) == {"BGP-01", "FLO-26"}, said[-5000:]
    api = Api(theirs.kubeconfig, theirs.context, tmp_path / "discovery.json")
    role: Any = yaml.safe_load(rights.manifest())
    of_ingresses = next(rule for rule in role["rules"] if rule["resources"] == ["ingresses"])
    of_ingresses["verbs"].remove("deletecollection")
    api.apply(role)
    assert "deletecollection ingresses.networking.k8s.io" in limited.run("--level", "smoke", code=4)
    for kind in ("ClusterRoleBinding", "ClusterRole"):
        api.delete(kind, "metallb-ingress-conformance")


@pytest.fixture(scope="module")
def within(theirs: Theirs) -> Iterator[list[Object]]:
    """What judges the cluster from inside, with its rights and its image at hand: the Job's objects, of which the last is the Job."""
    words = [sys.executable, "-m", "harness", "images", "suite", "--images=packages"]
    tag = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True, timeout=TIMEOUT).stdout.split()[-1]
    saved = subprocess.run(["docker", "save", tag], capture_output=True, check=True).stdout
    for node in (f"{NAME}-worker", f"{NAME}-worker2"):
        engine.docker("exec", "--interactive", node, "ctr", "--namespace=k8s.io", "images", "import", "-", stdin=saved, timeout=300)
    job = (FOLDER / "job.yaml").read_text().replace(POOL, theirs.pool).replace('"-n 4"', f'"-n 4 --image=python={theirs.image}"')
    *account, made = yaml.safe_load_all(job)
    applied = yaml.safe_dump_all([yaml.safe_load(rights.manifest()), *account])
    kubectl("apply", "--filename=-", stdin=applied)
    yield [*account, made]
    kubectl("delete", "--filename=-", stdin=applied)


def test_a_job_in_the_cluster_judges_it_and_ends_with_a_report(theirs: Theirs, within: list[Object], tmp_path: Path) -> None:
    kubectl("apply", "--filename=-", stdin=yaml.safe_dump(within[-1]))
    said = _ended(Api(theirs.kubeconfig, theirs.context, tmp_path / "discovery.json"))
    assert "# Gate: ✅ as expected" in said


def test_the_plug_in_of_sonobuoy_leaves_its_results(theirs: Theirs, within: list[Object]) -> None:
    """As Sonobuoy runs it: beside a worker that waits for what the file ``done`` names."""
    text = (FOLDER / "sonobuoy.yaml").read_text().replace(POOL, theirs.pool)
    plugin = yaml.safe_load(text.replace("--level core", f"--level smoke --image=python={theirs.image}"))["spec"]
    worker = {"name": "worker", "image": theirs.image, "command": ["sleep", "infinity"]}
    beside = {key: plugin[key] for key in ("securityContext", "volumeMounts")}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "plugin", "namespace": "conformance"},
        "spec": {
            "serviceAccountName": "judge",
            "restartPolicy": "Never",
            "containers": [plugin, {**worker, **beside}],
            "volumes": [{"name": "results", "emptyDir": {}}],
        },
    }
    kubectl("apply", "--filename=-", stdin=yaml.safe_dump(pod))
    read = "cat $(cat /tmp/sonobuoy/results/done)"
    deadline, results = monotonic() + TIMEOUT, ""
    while not results and monotonic() < deadline:
        sleep(2)
        with suppress(EnvironmentFault):  # there is no such file yet
            results = kubectl("exec", "--namespace=conformance", "plugin", "--container=worker", "--", "sh", "-c", read)
    suites = ElementTree.fromstring(results or "<none/>")
    assert [int(suites.get(name, "-1")) > 0 for name in ("tests", "failures")] == [True, False], results[:2000]


def test_metallb_alone_is_judged_where_no_ingress_controller_is_known(theirs: Theirs) -> None:
    stored = json.loads(kubectl("get", "ingressclass", "nginx", "--output=json"))
    kubectl("delete", "ingressclass", "nginx")
    try:
        said = theirs.run("--level", "smoke")
    finally:
        metadata = {key: value for key, value in stored["metadata"].items() if key in {"name", "labels", "annotations"}}
        kubectl("create", "--filename=-", stdin=json.dumps({**stored, "metadata": metadata}))
    assert re.search(r"^PASS +ALC-", said, re.MULTILINE), said[-3000:]
    assert not re.search(r"^PASS +(RTE|PTH|HST)-", said, re.MULTILINE), said[-3000:]


def _ended(api: Api) -> str:
    """What the Pod of the Job has said, once it has ended well."""
    deadline = monotonic() + TIMEOUT
    while monotonic() < deadline:
        for pod in api.list("Pod", "conformance"):
            if pod["status"].get("phase") in {"Succeeded", "Failed"}:
                said = api.logs(pod["metadata"]["name"], "conformance", since=TIMEOUT)
                assert pod["status"]["phase"] == "Succeeded", said[-5000:]
                return said
        sleep(2)
    raise AssertionError("the Job has not ended")


def _limited(theirs: Theirs, folder: Path) -> Theirs:
    """The cluster for a user with no more than the rights that the suite prints."""
    api = Api(theirs.kubeconfig, theirs.context, folder / "of-the-admin.json")
    name, account = "metallb-ingress-conformance", {"kind": "ServiceAccount", "name": "judge", "namespace": "default"}
    printed = subprocess.run(
        [sys.executable, "-m", "harness", "rbac", "--wire-probe", "--router=frr-pod", *DISTURBING],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
        "subjects": [account],
    }
    made: Object = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "judge", "namespace": "default"}}
    api.apply(made, yaml.safe_load(printed), binding)
    config: Any = yaml.safe_load(theirs.kubeconfig.read_text())
    config["users"] = [{"name": "judge", "user": {"token": kubectl("create", "token", "judge", "--duration=2h").strip()}}]
    config["contexts"][0]["context"]["user"] = "judge"
    file = folder / "kubeconfig"
    file.write_text(yaml.safe_dump(config))
    return replace(theirs, kubeconfig=file)
