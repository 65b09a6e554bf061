"""MetalLB in another version: its manifest applied over what is there, or everything taken away before."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from harness.cluster.api import Api, NotServed, Object, Refused
from harness.cluster.state import Release
from harness.model.budgets import DELETION
from harness.model.errors import Unanswered
from harness.systems.kubernetes.readiness import wait_ready
from harness.systems.metallb.components import CONTROLLER, SPEAKER, pods_of
from harness.systems.metallb.custom_resources import NAMESPACE, custom_resource
from harness.systems.metallb.installation import MetalLB
from harness.systems.metallb.webhook import CONFIGURATION

#: What of MetalLB's API is written by its users, in the order in which it can be written; the rest is status.
CONFIGURED = ("Community", "BFDProfile", "BGPPeer", "IPAddressPool", "L2Advertisement", "BGPAdvertisement")
DEFINITION = "CustomResourceDefinition"
#: What speakers encrypt their gossip by: a controller makes it where there is none, and it goes with that controller.
MEMBERS = "memberlist"
#: What runs, and the look at configuration that needs somebody who runs: these go before all else.
FIRST = ("ValidatingWebhookConfiguration", "DaemonSet", "Deployment")


def configuration(api: Api, label: str = "") -> list[Object]:
    """The configuration that MetalLB has now, as it would be applied; with a label that of one statement."""
    found = [(kind, item) for kind in CONFIGURED for item in api.list(kind, NAMESPACE)]
    named = [(kind, item["metadata"]["name"], item["spec"]) for kind, item in found]
    return [custom_resource(kind, name, spec) for kind, name, spec in named if name.startswith(label)]


@dataclass(frozen=True, slots=True)
class Replacement:
    """Puts releases of MetalLB in the place of each other."""

    api: Api

    def apply(self, release: Release) -> None:
        """Apply a manifest over what is there, and wait until its pods run: an upgrade (https://metallb.io/installation/#upgrade).

        :raises EnvironmentFault: they do not in time
        """
        made = MetalLB.released(release)
        made.install(self.api, Path(release.manifest), release.images)
        made.wait_until_ready(self.api)

    def install_anew(self, release: Release, configured: Iterable[Object], *, instead_of: Iterable[Release]) -> None:
        """Take MetalLB away with all that other releases installed, and install one as where there was none.

        Services keep their addresses meanwhile, and the configuration is there again before anybody looks at them: without pools they
        would lose these.

        :raises EnvironmentFault: something stays, or the release does not become usable
        """
        self._take_away(instead_of)
        objects = _objects(release)
        self.api.apply(*(item for item in objects if item["kind"] in {"Namespace", DEFINITION}))
        wait_ready(self._established, f"the API server serves the kinds of MetalLB {release.version}")
        for item in configured:
            wait_ready(partial(self._stored, item), f"{item['kind']} {item['metadata']['name']} is stored again")
        self.apply(release)
        MetalLB.released(release).wait_until_usable(self.api)

    def _take_away(self, releases: Iterable[Release]) -> None:
        there = [item for release in releases for item in _objects(release) if item["kind"] not in {"Namespace", DEFINITION}]
        self.api.delete("ValidatingWebhookConfiguration", CONFIGURATION)
        for item in sorted(there, key=lambda one: one["kind"] not in FIRST):
            self.api.delete(item["kind"], item["metadata"]["name"], item["metadata"].get("namespace"))
        self.api.delete("Secret", MEMBERS, NAMESPACE)
        wait_ready(self._nobody_runs, "no pod of MetalLB is left", within=DELETION)
        for name in self._definitions():
            self.api.delete(DEFINITION, name)
        wait_ready(self._nothing_defined, "no kind of MetalLB is left", within=DELETION)

    def _nobody_runs(self) -> str:
        left = [pod["metadata"]["name"] for component in (CONTROLLER, SPEAKER) for pod in pods_of(self.api, component)]
        assert not left, f"still there: {', '.join(left)}"
        return "none"

    def _nothing_defined(self) -> str:
        left = self._definitions()
        assert not left, f"still there: {', '.join(left)}"
        return "none"

    def _definitions(self) -> list[str]:
        return [item["metadata"]["name"] for item in self._all_definitions()]

    def _all_definitions(self) -> list[Object]:
        return [item for item in self.api.list(DEFINITION) if item["spec"]["group"] == "metallb.io"]

    def _established(self) -> str:
        conditions = {item["metadata"]["name"]: item.get("status", {}).get("conditions") or [] for item in self._all_definitions()}
        late = [name for name, found in conditions.items() if not any(map(_is_established, found))]
        assert not late, f"not yet: {', '.join(late)}"
        return f"{len(conditions)} kinds"

    def _stored(self, item: Object) -> str:
        try:
            self.api.apply(item)
        except (NotServed, Refused) as fault:
            raise Unanswered(str(fault)) from fault
        return "stored"


def _is_established(condition: Object) -> bool:
    return bool(condition["type"] == "Established" and condition["status"] == "True")


def _objects(release: Release) -> list[Object]:
    return MetalLB.released(release).objects(Path(release.manifest), release.images)
