"""What the doctor finds: nothing in a healthy cluster, and each thing that is wrong by its name, on the object that has it."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from harness.doctor.diagnosis import Doctor
from harness.doctor.rules import RULES, Finding
from selftests.doctor.cluster import Cluster, endpoints, item, of_metallb, route, service, workload

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
Change = Callable[[Cluster], object]


def findings(cluster: Cluster) -> list[Finding]:
    return Doctor(cluster.read(), NOW).findings()


def pending(**spec: object) -> Change:
    """One more Service, without an address."""
    return lambda cluster: cluster.add(service("late", **spec), endpoints("late", "worker"))  # type: ignore[arg-type]  # handed on as given


def asks(**annotations: str) -> Change:
    def change(cluster: Cluster) -> None:
        pending()(cluster)
        cluster.annotate("Service/late", **annotations)

    return change


def both(*changes: Change) -> Change:
    return lambda cluster: [change(cluster) for change in changes]


def pool(**spec: object) -> Change:
    return lambda cluster: cluster["IPAddressPool/first"]["spec"].update(spec)


def put(what: str, *path: str, value: object) -> Change:
    def change(cluster: Cluster) -> None:
        at = cluster[what]
        for key in path[:-1]:
            at = at.setdefault(key, {})
        at[path[-1]] = value

    return change


def add(*objects: object) -> Change:
    return lambda cluster: cluster.add(*objects)  # type: ignore[arg-type]  # handed on as given


def remove(*names: str) -> Change:
    return lambda cluster: cluster.remove(*names)


def image(kind: str, name: str, version: str) -> Change:
    containers = [{"name": name, "image": f"quay.io/metallb/{name}:{version}"}]
    return put(f"{kind}/{name}", "spec", "template", "spec", "containers", value=containers)


def older(version: str) -> Change:
    return both(image("Deployment", "controller", version), image("DaemonSet", "speaker", version))


def label_nodes(cluster: Cluster) -> None:
    for node in cluster.all_of("Node"):
        node["metadata"]["labels"]["node.kubernetes.io/exclude-from-external-load-balancers"] = ""


def without_network(cluster: Cluster) -> None:
    for node in cluster.all_of("Node"):
        node["status"]["conditions"].append({"type": "NetworkUnavailable", "status": "True"})


def kubernetes(version: str) -> Change:
    return lambda cluster: setattr(cluster, "kubernetes", version)


def event(what: str, reason: str, message: str) -> Change:
    return lambda cluster: cluster.event(what, reason, message)


def share(cluster: Cluster) -> None:
    """Two Services that share an address as they should."""
    cluster.add(service("third", "172.18.255.200", ports=[{"port": 81}]), endpoints("third", "worker"))
    for name in ("web", "third"):
        cluster.annotate(f"Service/{name}", allow__shared__ip="one")


L2, WEB, LATE, ROUTE = "L2Advertisement/all", "Service shop/web", "Service shop/late", "Ingress shop/web"
ONE = [{"matchLabels": {"kubernetes.io/hostname": "worker"}}]
BGP = item("BGPAdvertisement", "bgp", "metallb-system", spec={"peers": ["router"]})
FULL = pool(addresses=["172.18.255.200/31"])
FAULTS: list[tuple[str, str, Change]] = [
    ("metallb-missing", "the cluster", remove("Deployment/controller", "DaemonSet/speaker")),
    ("controller-not-running", "Deployment metallb-system/controller", both(pending(), put("Deployment/controller", "status", value={}))),
    ("controller-not-running", "MetalLB's controller", remove("Deployment/controller")),
    ("speaker-missing", "DaemonSet metallb-system/speaker", put("DaemonSet/speaker", "status", "numberReady", value=2)),
    ("speaker-missing", "MetalLB's speaker", remove("DaemonSet/speaker")),
    (
        "speakers-refused",
        "DaemonSet metallb-system/speaker",
        both(
            put("DaemonSet/speaker", "status", value={"desiredNumberScheduled": 3}),
            event("DaemonSet/speaker", "FailedCreate", 'violates PodSecurity "restricted:latest": host namespaces'),
        ),
    ),
    (
        "configuration-invalid",
        "ConfigurationState metallb-system/controller",
        put("ConfigurationState/controller", "status", "result", value="Invalid"),
    ),
    ("kubernetes-too-new", "MetalLB", older("v0.15.3")),
    ("versions-differ", "MetalLB", image("DaemonSet", "speaker", "v0.15.3")),
    ("strict-arp-off", "ConfigMap kube-system/kube-proxy", put("ConfigMap/kube-proxy", "data", "config.conf", value="mode: ipvs\n")),
    ("webhook-without-endpoint", "ValidatingWebhookConfiguration metallb", remove("EndpointSlice/webhook")),
    ("webhook-without-endpoint", "ValidatingWebhookConfiguration metallb", remove("Service/webhook")),
    ("class-not-served", LATE, pending(loadBalancerClass="example.org/other")),
    ("class-not-served", LATE, pending(loadBalancerClass="")),
    (
        "address-asked-twice",
        LATE,
        both(pending(loadBalancerIP="172.18.255.203"), lambda c: c.annotate("Service/late", loadBalancerIPs="172.18.255.203")),
    ),
    ("address-outside-pools", LATE, asks(loadBalancerIPs="172.18.255.209")),
    ("address-outside-pools", LATE, pending(loadBalancerIP="172.18.255.209")),
    (
        "address-and-pool-disagree",
        LATE,
        both(add(of_metallb("second", "172.18.254.1-172.18.254.9")), asks(loadBalancerIPs="172.18.254.1", address__pool="first")),
    ),
    ("sharing-refused", LATE, asks(loadBalancerIPs="172.18.255.200")),
    ("sharing-refused", LATE, both(share, asks(loadBalancerIPs="172.18.255.200", allow__shared__ip="one"))),
    ("sharing-refused", LATE, both(share, asks(loadBalancerIPs="172.18.255.200", allow__shared__ip="two"))),
    (
        "sharing-refused",
        LATE,
        both(
            share,
            asks(loadBalancerIPs="172.18.255.200", allow__shared__ip="one"),
            put("Service/late", "spec", "ports", value=[{"port": 82}]),
            put("Service/late", "spec", "externalTrafficPolicy", value="Local"),
        ),
    ),
    ("pool-unknown", LATE, asks(address__pool="secnod")),
    ("pool-not-for-service", LATE, both(pool(serviceAllocation={"namespaces": ["others"]}), pending())),
    (
        "pool-not-for-service",
        LATE,
        both(pool(serviceAllocation={"namespaceSelectors": [{"matchLabels": {"team": "x"}}]}), asks(address__pool="first")),
    ),
    (
        "pool-not-for-service",
        LATE,
        both(pool(serviceAllocation={"serviceSelectors": [{"matchLabels": {"app": "x"}}]}), asks(loadBalancerIPs="172.18.255.203")),
    ),
    ("auto-assign-off", LATE, both(pool(autoAssign=False), pending())),
    ("family-missing", LATE, pending(ipFamilies=["IPv6"])),
    ("family-missing", LATE, pending(ipFamilies=["IPv4", "IPv6"], ipFamilyPolicy="RequireDualStack")),
    ("pool-exhausted", LATE, both(FULL, pending())),
    ("pool-exhausted", LATE, both(FULL, asks(address__pool="first"))),
    ("pool-exhausted", LATE, both(pool(addresses=["172.18.255.200/31", "172.18.254.255-172.18.255.0"], avoidBuggyIPs=True), pending())),
    ("annotation-not-read", LATE, both(older("v0.14.8"), kubernetes("1.35.8"), asks(address__pool="first"))),
    ("pending-unexplained", LATE, pending()),
    (
        "not-announced",
        WEB,
        both(put(L2, "spec", value={"ipAddressPools": ["second"]}), remove("Service/other"), add(of_metallb("second", "10.0.0.0/24"))),
    ),
    ("not-announced", WEB, both(put(L2, "spec", value={"serviceSelectors": [{"matchLabels": {"app": "other"}}]}))),
    ("advertised-pool-unknown", "L2Advertisement metallb-system/all", put(L2, "spec", "ipAddressPools", value=["first", "fisrt"])),
    ("no-endpoint", WEB, both(remove("EndpointSlice/web", "Ingress/web"))),
    ("nodes-excluded", WEB, both(label_nodes, remove("Service/other"))),
    ("nodes-unavailable", WEB, both(without_network, remove("Service/other"))),
    ("no-node-selected", WEB, both(put(L2, "spec", "nodeSelectors", value=[{"matchLabels": {"rack": "one"}}]), remove("Service/other"))),
    ("local-without-endpoint", "Service shop/other", put(L2, "spec", "nodeSelectors", value=ONE)),
    (
        "interface-missing",
        WEB,
        both(
            put(L2, "spec", "interfaces", value=["eth9"]),
            event("Service/web", "announceFailed", 'the interfaces specified by LB IP "x" doesn\'t exist'),
        ),
    ),
    ("bgp-without-peer", "BGPAdvertisement metallb-system/bgp", add(BGP)),
    ("peer-unknown", "BGPAdvertisement metallb-system/bgp", add(BGP, item("BGPPeer", "other", "metallb-system", spec={}))),
    ("pool-has-node-address", "Node worker", pool(addresses=["172.18.255.200/31", "172.18.0.3-172.18.0.3"])),
    (
        "address-given-twice",
        WEB,
        both(
            add(service("third", "172.18.255.200")),
            remove("IPAddressPool/first"),
            add(of_metallb("first", "172.18.255.200/30")),
            put("Service/third", "metadata", "annotations", value={"metallb.io/allow-shared-ip": "x"}),
            add(endpoints("third", "worker")),
        ),
    ),
    (
        "shared-with-selectors",
        WEB,
        both(share, put(L2, "spec", "serviceSelectors", value=[{"matchExpressions": [{"key": "app", "operator": "Exists"}]}])),
    ),
    ("ingress-without-class", ROUTE, lambda c: c["Ingress/web"]["spec"].pop("ingressClassName")),
    ("class-unknown", ROUTE, put("Ingress/web", "spec", "ingressClassName", value="ngnix")),
    ("class-without-controller", ROUTE, put("Deployment/ingress-nginx-controller", "status", value={})),
    ("class-without-controller", ROUTE, remove("Deployment/ingress-nginx-controller")),
    (
        "several-default-classes",
        "IngressClass one",
        add(
            *(
                item(
                    "IngressClass",
                    name,
                    metadata={"annotations": {"ingressclass.kubernetes.io/is-default-class": "true"}},
                    spec={"controller": "x"},
                )
                for name in ("one", "two")
            )
        ),
    ),
    (
        "backend-missing",
        ROUTE,
        put("Ingress/web", "spec", "defaultBackend", value={"service": {"name": "none", "port": {"number": 1}}}),
    ),
    ("backend-port-missing", ROUTE, put("Service/web", "spec", "ports", value=[{"name": "https", "port": 443}])),
    ("backend-without-endpoint", "Ingress shop/idle", add(service("idle", type="ClusterIP"), route("idle", "idle.test", "idle", 80))),
    ("route-twice", "Ingress shop/again", add(route("again", "web.test", "web", creationTimestamp="2026-01-02T00:00:00Z"))),
]


@pytest.mark.parametrize(("rule", "what", "change"), FAULTS, ids=[f"{rule}-{number}" for number, (rule, _, _) in enumerate(FAULTS)])
def test_what_is_wrong_is_found_where_it_is_and_nothing_else(rule: str, what: str, change: Change) -> None:
    cluster = Cluster()
    change(cluster)
    found = {(one.rule, one.object) for one in findings(cluster)}
    assert (rule, what) in found
    consequences = {
        "controller-not-running": {"pending-unexplained"},
        "speaker-missing": {"no-node-selected"},
        "metallb-missing": set(),
        "address-given-twice": {"address-given-twice"},
        "shared-with-selectors": {"shared-with-selectors"},
    }
    assert {name for name, _ in found} - {rule} <= consequences.get(rule, set())


def test_every_rule_has_a_fault_that_shows_it() -> None:
    no_pool = {"no-pool"}  # shown below, as it leaves addresses without a pool
    assert {rule for rule, _, _ in FAULTS} | no_pool == RULES.keys()


def test_without_a_pool_nothing_is_given() -> None:
    cluster = Cluster()
    both(remove("IPAddressPool/first"), put(L2, "spec", value={}), pending())(cluster)
    assert [(one.rule, one.object) for one in findings(cluster)] == [("no-pool", LATE)]


HEALTHY: list[Change] = [
    lambda _: None,
    share,
    lambda cluster: cluster[L2].pop("spec"),  # which covers every pool
    both(add(item("BGPPeer", "router", "metallb-system", spec={}), BGP), remove(L2)),
    both(put("ConfigMap/kube-proxy", "data", "config.conf", value="mode: iptables\nipvs: {strictARP: false}\n")),
    both(
        label_nodes,
        put(
            "DaemonSet/speaker",
            "spec",
            "template",
            "spec",
            "containers",
            value=[{"name": "speaker", "image": "x", "args": ["--ignore-exclude-lb"]}],
        ),
    ),
    both(older("v0.14.8"), kubernetes("1.35.8")),
    both(
        put(L2, "spec", "interfaces", value=["eth0"]),
        event("Service/web", "announceFailed", "of an hour ago"),
        add(item("ServiceL2Status", "l2-1", "metallb-system", status={"serviceName": "web", "serviceNamespace": "shop", "node": "worker"})),
    ),
    both(pending(), put("Service/late", "metadata", "creationTimestamp", value="2026-01-01T11:59:55Z")),
    add(service("cloud", "10.1.2.3", loadBalancerClass="cloud")),
    add(route("canary", "web.test", "web", annotations={"nginx.ingress.kubernetes.io/canary": "true"})),
    both(
        put("Ingress/web", "spec", "ingressClassName", value=None),
        put("Ingress/web", "metadata", "annotations", value={"kubernetes.io/ingress.class": "nginx"}),
    ),
    add(item("Service", "far", "shop", spec={"type": "ExternalName", "externalName": "example.org"}), route("far", "far.test", "far", 80)),
    both(
        remove("Deployment/controller"),
        add(
            workload(
                "Deployment",
                "metallb-controller",
                {"readyReplicas": 1},
                **{"app.kubernetes.io/name": "metallb", "app.kubernetes.io/component": "controller"},
            )
        ),
    ),
]


@pytest.mark.parametrize("change", HEALTHY, ids=map(str, range(len(HEALTHY))))
def test_nothing_is_found_where_nothing_is_wrong(change: Change) -> None:
    cluster = Cluster()
    change(cluster)
    assert findings(cluster) == []
