"""A cluster that somebody else made, which nothing of the suite had a hand in.

It is made by kind alone, with another proxy mode and address ranges than the suite's, a pod security standard that lets nothing in by
default, and a MetalLB and an ingress-nginx with pools, Services and routes of their own.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

import lab
from harness.cluster import engine
from harness.cluster.api import Api, Object, Refused
from harness.cluster.downloads import Web
from harness.cluster.kind import KindCluster, configuration
from harness.cluster.publications import Publications
from harness.cluster.sources import Source, components
from harness.cluster.steps import Steps
from harness.model.addresses import AddressRange
from harness.model.errors import Unanswered
from harness.model.project import ROOT
from harness.probes.frr import Router
from harness.probes.frr import configuration as frr_configuration
from harness.systems.apps import example
from harness.systems.environment import METALLB, Settings
from harness.systems.ingress.controllers import controller
from harness.systems.kubernetes.load_balancers import assigned_addresses
from harness.systems.kubernetes.readiness import answering, wait_ready
from harness.systems.metallb.custom_resources import custom_resource
from harness.systems.metallb.installation import MetalLB
from harness.systems.metallb.router_access import ROUTER_IMAGE

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
#: Asks for a probe on the nodes' network, from a node that announces nothing.
ON_THE_WIRE = ("--wire-probe", f"{NAME}-control-plane")
#: Seconds for a run.
TIMEOUT = 900


@dataclass(frozen=True, slots=True)
class Theirs:
    """The cluster: its kubeconfig, context, addresses that nobody has, and images that its nodes have."""

    kubeconfig: Path
    context: str
    pool: str
    image: str
    folder: Path
    router_image: str

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


def made_in(folder: Path) -> Theirs:
    """Make the cluster, and what is there when the suite comes."""
    references = {name: lab.tag(name, components()[name].default) for name in (*PARTS, "kind-node")}
    cluster = _cluster(folder, references.pop("kind-node"))
    remove(folder)
    engine.docker("network", "create", NETWORK)
    cluster.create(_configuration(folder))
    saved = subprocess.run(["docker", "save", *references.values()], capture_output=True, check=True).stdout
    for node in (cluster.control_plane, *cluster.workers()):
        engine.docker("exec", "--interactive", node, "ctr", "--namespace=k8s.io", "images", "import", "-", stdin=saved, timeout=300)
    top = engine.network(NETWORK).subnets[0][-1]
    _inhabit(Api(cluster.kubeconfig_path, cluster.context, folder / "discovery.json"), references, AddressRange(top - 100, top - 60))
    free = AddressRange(top - 1023, top - 512)
    return Theirs(cluster.kubeconfig_path, cluster.context, str(free), references["python"], folder / "reports", references[ROUTER_IMAGE])


def _cluster(folder: Path, image: str) -> KindCluster:
    return KindCluster(NAME, folder / "kubeconfig", image, _publications().kind(None), NETWORK)


def _publications() -> Publications:
    return Publications(Source.PACKAGES, Web(), Steps(print))


PARTS = ("metallb-controller", "metallb-speaker", "ingress-nginx-controller", "python", ROUTER_IMAGE)


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


@contextmanager
def a_router(theirs: Theirs) -> Iterator[str]:
    """A router beside the cluster that MetalLB knows and whose table the command shows that is the value."""
    subnet, name = next(one for one in engine.network(NETWORK).subnets if one.version == 4), f"{NAME}-edge"
    text = frr_configuration(65100, 65000, [str(subnet)])
    engine.docker("rm", "--force", "--volumes", name)
    router = Router.start(engine.docker, name, image=theirs.router_image, network=NETWORK, labels={}, asn=65100, configuration=text)
    address = engine.docker("inspect", "--format={{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name).strip()
    peer = custom_resource("BGPPeer", "edge", {"myASN": 65000, "peerASN": 65100, "peerAddress": address})

    def connected() -> str:
        up = [one.peer for one in router.sessions() if one.state == "Established"]
        assert len(up) == 3, f"sessions with {', '.join(up)}"
        return ", ".join(up)

    try:
        kubectl("apply", "--filename=-", stdin=json.dumps(peer))
        wait_ready(connected, "every node has a session with the router of theirs")
        yield f"docker exec {name} vtysh"
    finally:
        kubectl("delete", "--ignore-not-found", "--filename=-", stdin=json.dumps(peer))
        engine.docker("rm", "--force", "--volumes", name)


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


def remove(folder: Path) -> None:
    """Remove the cluster, whichever run it is of."""
    _cluster(folder, "").delete()
    subprocess.run(["docker", "network", "rm", NETWORK], capture_output=True, check=False)
