"""Runs on a cluster that somebody else made: what stands there is as it was afterwards, whatever ended the run.

The cluster is made by kind alone, with another proxy mode and address ranges than the suite's, a pod security standard that lets nothing in
by default, and a MetalLB and an ingress-nginx with pools, Services and routes of their own. `make existing-test`.
"""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
import yaml

import lab
from harness.cluster import engine, rights
from harness.cluster.api import Api, Object, Refused
from harness.cluster.downloads import Web
from harness.cluster.kind import KindCluster, configuration
from harness.cluster.publications import Publications
from harness.cluster.sources import Source, components
from harness.cluster.steps import Steps
from harness.model.addresses import AddressRange
from harness.model.errors import Unanswered
from harness.model.project import ROOT
from harness.systems.apps import example
from harness.systems.environment import METALLB, Settings
from harness.systems.ingress.controllers import controller
from harness.systems.kubernetes.load_balancers import assigned_addresses
from harness.systems.kubernetes.readiness import answering, wait_ready
from harness.systems.metallb.installation import MetalLB

NAME, NETWORK = "somebodys", "somebodys-network"
#: Namespaces that the pod security standard does not concern, as whoever made the cluster would have it.
TRUSTED = ["kube-system", "metallb-system", "ingress-nginx", "local-path-storage", "shop"]
#: Lets nothing in that asks for rights, where a namespace says nothing of its own.
STANDARD = {
    "apiVersion": "apiserver.config.k8s.io/v1",
    "kind": "AdmissionConfiguration",
    "plugins": [
        {
            "name": "PodSecurity",
            "configuration": {
                "apiVersion": "pod-security.admission.config.k8s.io/v1",
                "kind": "PodSecurityConfiguration",
                "defaults": {"enforce": "restricted", "enforce-version": "latest"},
                "exemptions": {"namespaces": TRUSTED},
            },
        }
    ],
}
#: Kinds that change by themselves.
PASSING = {"events", "events.events.k8s.io", "leases.coordination.k8s.io", "componentstatuses"}
#: The annotation of what stands for a Pod that a node runs by itself.
MIRROR = "kubernetes.io/config.mirror"
#: Seconds for a run.
TIMEOUT = 900


@dataclass(frozen=True, slots=True)
class Theirs:
    """The cluster: its kubeconfig, context, and addresses that nobody has."""

    kubeconfig: Path
    context: str
    pool: str
    image: str
    folder: Path

    def command(self, *words: str) -> list[str]:
        """A command of the suite's on it."""
        return [sys.executable, "-m", "harness", *words, "--context", self.context, "--kubeconfig", str(self.kubeconfig)]

    def run(self, *words: str, code: int = 0) -> str:
        """Run the suite on it, and return what that said."""
        asked = ["--pool", self.pool, f"--image=python={self.image}", f"--report-dir={self.folder}", "-n", "4", *words]
        done = subprocess.run(self.command("run", *asked), cwd=ROOT, timeout=TIMEOUT, capture_output=True, text=True, check=False)
        assert done.returncode == code, f"{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
        return done.stdout + done.stderr

    def snapshot(self) -> dict[str, Object]:
        """Every object, without what changes by itself."""
        kinds = set(kubectl("api-resources", "--verbs=list", "--output=name").split()) - PASSING
        found = json.loads(kubectl("get", ",".join(sorted(kinds)), "--all-namespaces", "--output=json"))
        return {_name(item): _lasting(item) for item in found["items"] if MIRROR not in item["metadata"].get("annotations", {})}


def kubectl(*words: str, stdin: str = "") -> str:
    """What kubectl prints, as the one who made the cluster."""
    command = ["exec", "--interactive", f"{NAME}-control-plane", "kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", *words]
    return engine.docker(*command, stdin=stdin.encode())


def _name(item: Object) -> str:
    metadata = item["metadata"]
    return f"{item['apiVersion']} {item['kind']} {metadata.get('namespace', '')}/{metadata['name']}"


def _lasting(item: Object) -> Object:
    """An object without versions, managers, and what nodes and components write about themselves all the time."""
    kept = {key: value for key, value in item.items() if key != "status" or item["kind"] in {"Service", "Ingress", "IPAddressPool"}}
    dropped = {"resourceVersion", "managedFields"}
    return {**kept, "metadata": {key: value for key, value in item["metadata"].items() if key not in dropped}}


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theirs]:
    folder = tmp_path_factory.mktemp("theirs")
    try:
        yield made_in(folder)
    finally:
        _remove(_cluster(folder, ""))


def made_in(folder: Path) -> Theirs:
    """Make the cluster, and what is there when the suite comes."""
    references = {name: lab.tag(name, components()[name].default) for name in (*PARTS, "kind-node")}
    cluster = _cluster(folder, references.pop("kind-node"))
    _remove(cluster)
    engine.docker("network", "create", NETWORK)
    cluster.create(_configuration(folder))
    saved = subprocess.run(["docker", "save", *references.values()], capture_output=True, check=True).stdout
    for node in (cluster.control_plane, *cluster.workers()):
        engine.docker("exec", "--interactive", node, "ctr", "--namespace=k8s.io", "images", "import", "-", stdin=saved, timeout=300)
    top = engine.network(NETWORK).subnets[0][-1]
    _inhabit(Api(cluster.kubeconfig_path, cluster.context, folder / "discovery.json"), references, AddressRange(top - 100, top - 60))
    free = AddressRange(top - 1023, top - 512)
    return Theirs(cluster.kubeconfig_path, cluster.context, str(free), references["python"], folder / "reports")


def _cluster(folder: Path, image: str) -> KindCluster:
    return KindCluster(NAME, folder / "kubeconfig", image, _publications().kind(None), NETWORK)


def _publications() -> Publications:
    return Publications(Source.PACKAGES, Web(), Steps(print))


PARTS = ("metallb-controller", "metallb-speaker", "ingress-nginx-controller", "python")


def _configuration(folder: Path) -> Path:
    made = configuration(nodes=3, ip_family="ipv4")
    other = {"podSubnet": "10.200.0.0/16", "serviceSubnet": "10.97.0.0/16", "kubeProxyMode": "nftables"}
    file = folder / "kind.yaml"
    file.write_text(yaml.safe_dump({**made, "networking": {**made["networking"], **other}}))
    return file


def _inhabit(api: Api, references: dict[str, str], pool: AddressRange) -> None:
    _restrict(api)
    publications = _publications()
    settings = Settings(kubernetes="", metallb=components()["metallb-controller"].default, ingress={})
    nginx = controller("ingress-nginx", components()["ingress-nginx-controller"].default)
    metallb = MetalLB(settings.metallb)
    brought = {repository: references[component] for repository, component in settings.images_of(METALLB).items()}
    metallb.install(api, publications.manifest(METALLB, metallb.version, {"packages"}), brought)
    images = {repository: references[component] for repository, component in nginx.components.items()}
    nginx.install(api, publications.manifest(nginx.name, nginx.version, {"packages"}), images)
    metallb.wait_until_usable(api)
    place = example.Place("shop", "shop.test", "theirs")
    api.apply(*example.pool_objects([pool], place))
    api.apply(*example.app_objects(references["python"], "theirs", place))
    nginx.wait_until_usable(api)
    api.apply(*example.route_objects(nginx.ingress_class, "", place))
    spec = {"type": "LoadBalancer", "selector": {"app": "nginx"}, "ports": [{"port": 80, "targetPort": "http"}]}
    api.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "till", "namespace": "shop"}, "spec": spec})
    example.wait_for_apps(api, place)

    def told() -> str:
        without = [item["metadata"]["name"] for item in api.list("Ingress", place.namespace) if not assigned_addresses(item)]
        assert not without, f"without an address: {', '.join(without)}"
        return "all"

    wait_ready(told, "every route of theirs says its address", within=nginx.timing.status)


def _restrict(api: Api) -> None:
    """Have the API server let nothing in by default that asks for rights."""
    file, manifest = "/etc/kubernetes/pki/admission.yaml", "/etc/kubernetes/manifests/kube-apiserver.yaml"
    node = f"{NAME}-control-plane"
    engine.docker("exec", "--interactive", node, "cp", "/dev/stdin", file, stdin=yaml.safe_dump(STANDARD).encode())
    before = engine.docker("exec", node, "pgrep", "-o", "kube-apiserver").strip()
    engine.docker("exec", node, "sed", "-i", f"s#- kube-apiserver$#&\\n    - --admission-control-config-file={file}#", manifest)

    def anew() -> str:
        now = subprocess.run(["docker", "exec", node, "pgrep", "-o", "kube-apiserver"], capture_output=True, text=True, check=False).stdout
        assert now.strip() not in ("", before), "still the one from before"
        try:
            return answering(api)()
        except Refused as refusal:  # it has not read yet who may do what
            raise Unanswered(str(refusal)) from refusal

    wait_ready(anew, "another API server answers", consecutive=3)


def _remove(cluster: KindCluster) -> None:
    cluster.delete()
    subprocess.run(["docker", "network", "rm", NETWORK], capture_output=True, check=False)


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


@pytest.mark.parametrize("level", ["smoke", "core"])
def test_everything_is_as_before_after_a_run(theirs: Theirs, level: str) -> None:
    before = theirs.snapshot()
    theirs.run("--level", level)
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
    assert _differences(before, theirs.snapshot()) != []
    done = subprocess.run(theirs.command("clusters", "recover"), cwd=ROOT, timeout=TIMEOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "removed what an ended run left" in done.stdout
    _wait_until_equal(theirs, before)


def _wait_until_equal(theirs: Theirs, before: dict[str, Object]) -> None:
    """What other components write of what is gone, they remove in their own time."""
    deadline = monotonic() + 60
    while (found := _differences(before, theirs.snapshot())) and monotonic() < deadline:
        sleep(1)
    assert found == []


def test_the_least_rights_are_enough_and_one_that_is_missing_is_named(theirs: Theirs, tmp_path: Path) -> None:
    limited = _limited(theirs, tmp_path)
    limited.run("--level", "smoke")
    api = Api(theirs.kubeconfig, theirs.context, tmp_path / "discovery.json")
    role: Any = yaml.safe_load(rights.manifest())
    of_ingresses = next(rule for rule in role["rules"] if rule["resources"] == ["ingresses"])
    of_ingresses["verbs"].remove("deletecollection")
    api.apply(role)
    assert "deletecollection ingresses.networking.k8s.io" in limited.run("--level", "smoke", code=4)
    for kind in ("ClusterRoleBinding", "ClusterRole"):
        api.delete(kind, "metallb-ingress-conformance")


def test_a_job_in_the_cluster_judges_it_and_ends_with_a_report(theirs: Theirs, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "harness", "images", "suite", "--images=packages"]
    tag = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True, timeout=TIMEOUT).stdout.split()[-1]
    saved = subprocess.run(["docker", "save", tag], capture_output=True, check=True).stdout
    for node in (f"{NAME}-worker", f"{NAME}-worker2"):
        engine.docker("exec", "--interactive", node, "ctr", "--namespace=k8s.io", "images", "import", "-", stdin=saved, timeout=300)
    job = (ROOT / "manifests" / "existing" / "job.yaml").read_text()
    asked = job.replace("192.168.1.160-192.168.1.250", theirs.pool).replace('"-n 4"', f'"-n 4 --image=python={theirs.image}"')
    applied = f"{rights.manifest()}---\n{asked}"
    kubectl("apply", "--filename=-", stdin=applied)
    try:
        said = _ended(Api(theirs.kubeconfig, theirs.context, tmp_path / "discovery.json"))
    finally:
        kubectl("delete", "--filename=-", stdin=applied)
    assert "# Gate: ✅ as expected" in said


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
    printed = subprocess.run([sys.executable, "-m", "harness", "rbac"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
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
    return Theirs(file, theirs.context, theirs.pool, theirs.image, theirs.folder)
