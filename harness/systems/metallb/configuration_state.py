"""What MetalLB says about its configuration: one ConfigurationState of the controller's and one of each speaker's."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from harness.cluster.api import Api
from harness.model.budgets import ALLOCATION
from harness.probes.waiting import eventually
from harness.systems.kubernetes.admission import Admission
from harness.systems.metallb import invalid_configuration
from harness.systems.metallb.custom_resources import NAMESPACE, custom_resource

VALID, INVALID = "Valid", "Invalid"


def results(api: Api) -> dict[str, str]:
    """The result of each component, by the name of its ConfigurationState, as of now."""
    return {item["metadata"]["name"]: item.get("status", {}).get("result", "") for item in api.list("ConfigurationState", NAMESPACE)}


def expected_names(api: Api) -> set[str]:
    """The names that the states of all running components have."""
    return {"controller", *(f"speaker-{pod['spec']['nodeName']}" for pod in api.list("Pod", NAMESPACE, labels="component=speaker"))}


def come_to_be(api: Api, *, invalid: set[str] | None = None) -> None:
    """Wait until every component says that the configuration is valid, but for those named."""
    __tracebackhide__ = True
    wanted = {name: INVALID if name in (invalid or set()) else VALID for name in expected_names(api)}

    def poll() -> dict[str, str]:
        found = results(api)
        assert found == wanted, f"{found}"
        return found

    eventually(poll, within=ALLOCATION, expected=f"ConfigurationStates: {wanted}", pause=api.changed("ConfigurationState", NAMESPACE))


def comes_to_be_invalid(api: Api, name: str, why: str) -> None:
    """Wait until one component says that the configuration is not valid, and why."""
    __tracebackhide__ = True

    def poll() -> str:
        found, told = results(api).get(name), summary(api, name)
        assert found == INVALID, f"{found}"
        assert why in told, told
        return told

    eventually(
        poll,
        within=ALLOCATION,
        expected=f"ConfigurationState {name} is {INVALID}: {why}",
        pause=api.changed("ConfigurationState", NAMESPACE),
    )


def summary(api: Api, name: str) -> str:
    """What is wrong, in the words of one component."""
    found = api.get("ConfigurationState", name, NAMESPACE) or {}
    return str(found.get("status", {}).get("errorSummary", ""))


def forget(api: Api, name: str) -> str:
    """Delete the ConfigurationState of one component, and return the unique id that it had."""
    found = api.get("ConfigurationState", name, NAMESPACE) or {"metadata": {}}
    api.delete("ConfigurationState", name, NAMESPACE)
    return str(found["metadata"].get("uid", ""))


def comes_back(api: Api, name: str, uid: str) -> None:
    """Wait until one component has a ConfigurationState again, another one and valid."""
    __tracebackhide__ = True

    def poll() -> str:
        found = api.get("ConfigurationState", name, NAMESPACE) or {"metadata": {"uid": uid}}
        assert found["metadata"]["uid"] != uid, "it is not there"
        assert found.get("status", {}).get("result") == VALID, str(found.get("status"))
        return VALID

    eventually(
        poll,
        within=ALLOCATION,
        expected=f"ConfigurationState {name} is there again and {VALID}",
        pause=api.changed("ConfigurationState", NAMESPACE),
    )


@dataclass(frozen=True, slots=True)
class SecretPeer:
    """A BGP peer of one node whose password is in a Secret; nobody is at its address."""

    api: Api
    name: str

    def secret(self, kind: str) -> None:
        """Store the Secret with this type, anew, as the type of one that exists cannot change."""
        self.api.delete("Secret", self.name, NAMESPACE)
        metadata = {"name": self.name, "namespace": NAMESPACE}
        self.api.create(
            {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": kind, "stringData": {"username": "one", "password": "one"}}
        )

    def create(self, node: str) -> None:
        """Create the peer."""
        selector = {"matchLabels": {"kubernetes.io/hostname": node}}
        session = {"myASN": 64512, "peerASN": 64513, "peerAddress": "192.0.2.9"}
        self.api.apply(
            custom_resource("BGPPeer", self.name, {**session, "nodeSelectors": [selector], "passwordSecret": {"name": self.name}})
        )

    def delete(self) -> None:
        """Remove the peer and its Secret."""
        self.api.delete("BGPPeer", self.name, NAMESPACE)
        self.api.delete("Secret", self.name, NAMESPACE)


@contextmanager
def broken_peer(api: Api, name: str, node: str) -> Iterator[SecretPeer]:
    """A peer of one node whose Secret is of the wrong type; gone after the block.

    :raises NotApplicable: this Kubernetes takes no peer of this release
    """
    invalid_configuration.require_kind(Admission(api), "BGPPeer")
    peer = SecretPeer(api, name)
    try:
        peer.secret("Opaque")
        peer.create(node)
        yield peer
    finally:
        peer.delete()


def speaker_nodes(api: Api) -> list[str]:
    """The nodes that a speaker runs on."""
    return sorted(pod["spec"]["nodeName"] for pod in api.list("Pod", NAMESPACE, labels="component=speaker"))
