"""What MetalLB says about its configuration: one ConfigurationState of the controller's and one of each speaker's."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from harness.cluster.api import Api, Object
from harness.model.budgets import ALLOCATION
from harness.probes.waiting import eventually
from harness.systems.kubernetes.admission import Admission
from harness.systems.kubernetes.nodes import nodes_named
from harness.systems.metallb import invalid_configuration
from harness.systems.metallb.components import CONTROLLER, SPEAKER, speaker_nodes
from harness.systems.metallb.custom_resources import METALLB_AS, NAMESPACE, custom_resource

Seen = TypeVar("Seen")
VALID, INVALID = "Valid", "Invalid"


@dataclass(frozen=True, slots=True)
class ConfigurationStates:
    """The ConfigurationState objects, named ``controller`` and ``speaker-NODE``."""

    api: Api

    def results(self) -> dict[str, str]:
        """The result of each component, by the name of its object, as of now; empty where it has not written one yet."""
        found = self.api.list("ConfigurationState", NAMESPACE)
        return {str(item["metadata"]["name"]): str(item.get("status", {}).get("result", "")) for item in found}

    def error_summary(self, name: str) -> str:
        """What is wrong, in the words of one component, as of now."""
        return str(self._stored(name).get("status", {}).get("errorSummary", ""))

    def expect_all_valid(self) -> dict[str, str]:
        """Require that there is one of the controller's and one of each speaker's, and that all are valid; one poll."""
        __tracebackhide__ = True
        found, speakers = self.results(), len(speaker_nodes(self.api))
        assert len(found) == speakers + 1, f"{len(found)} states for {speakers} speakers and a controller"
        assert set(found.values()) == {VALID}, _listed(found)
        return found

    def wait_until_valid(self, *, invalid: Collection[str] = ()) -> None:
        """Wait until every component says that the configuration is valid, but for those named."""
        __tracebackhide__ = True
        names = [CONTROLLER, *map(of_speaker, speaker_nodes(self.api))]
        wanted = {name: INVALID if name in invalid else VALID for name in names}

        def poll() -> dict[str, str]:
            found = self.results()
            assert found == wanted, _listed(found)
            return found

        self._wait(poll, f"ConfigurationStates: {_listed(wanted)}")

    def wait_until_invalid(self, name: str, why: str) -> str:
        """Wait until one component says that the configuration is not valid, and why; returns what it says."""
        __tracebackhide__ = True

        def poll() -> str:
            found, summary = self.results().get(name), self.error_summary(name)
            assert found == INVALID, f"it is {found or 'not written'}"
            assert why in summary, summary
            return summary

        return self._wait(poll, f"ConfigurationState {name} is {INVALID}: {why}")

    def delete(self, name: str) -> str:
        """Delete the object of one component, and return the unique id that it had."""
        uid = str(self._stored(name)["metadata"].get("uid", ""))
        self.api.delete("ConfigurationState", name, NAMESPACE)
        return uid

    def wait_until_recreated(self, name: str, uid: str) -> None:
        """Wait until one component has a ConfigurationState again, not the one with this unique id, and valid."""
        __tracebackhide__ = True

        def poll() -> str:
            found = self._stored(name)
            assert found["metadata"].get("uid", uid) != uid, "it is not there"
            assert found.get("status", {}).get("result") == VALID, str(found.get("status"))
            return VALID

        self._wait(poll, f"ConfigurationState {name} is there again and {VALID}")

    @contextmanager
    def broken_peer(self, name: str, node: str, *, secret: str = "Opaque") -> Iterator["SecretPeer"]:
        """A peer of one node whose Secret is of the wrong type, or where no type is named does not exist; gone after the block.

        :raises NotApplicable: this Kubernetes takes no peer of this release
        """
        invalid_configuration.require_kind(Admission(self.api), "BGPPeer")
        peer = SecretPeer(self.api, name)
        try:
            if secret:
                peer.store_secret(secret)
            peer.create(node)
            yield peer
        finally:
            peer.delete()

    def _stored(self, name: str) -> Object:
        return self.api.get("ConfigurationState", name, NAMESPACE) or {"metadata": {}}

    def _wait(self, poll: Callable[[], Seen], expected: str) -> Seen:
        __tracebackhide__ = True
        return eventually(poll, within=ALLOCATION, expected=expected, pause=self.api.changed("ConfigurationState", NAMESPACE))


@dataclass(frozen=True, slots=True)
class SecretPeer:
    """A BGP peer of one node whose password is in a Secret; nobody is at its address."""

    api: Api
    name: str

    def store_secret(self, kind: str) -> None:
        """Store the Secret with this type, anew, as the type of one that exists cannot change."""
        self.api.delete("Secret", self.name, NAMESPACE)
        metadata = {"name": self.name, "namespace": NAMESPACE}
        self.api.create(
            {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": kind, "stringData": {"username": "one", "password": "one"}}
        )

    def create(self, node: str) -> None:
        """Create the peer."""
        session = {"myASN": METALLB_AS, "peerASN": 64513, "peerAddress": "192.0.2.9"}
        self.api.apply(
            custom_resource("BGPPeer", self.name, {**session, "nodeSelectors": nodes_named(node), "passwordSecret": {"name": self.name}})
        )

    def delete(self) -> None:
        """Remove the peer and its Secret."""
        self.api.delete("BGPPeer", self.name, NAMESPACE)
        self.api.delete("Secret", self.name, NAMESPACE)


def of_speaker(node: str) -> str:
    """The name of the ConfigurationState of the speaker on a node."""
    return f"{SPEAKER}-{node}"


def _listed(results: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {result or 'not written'}" for name, result in sorted(results.items())) or "none"
