"""An upgrade of MetalLB and the way back: brought about once a run, watched, and judged by several statements."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from harness.cluster.api import Api, Object
from harness.cluster.resource_locks import LOCK_TIMEOUT
from harness.cluster.state import ClusterState, Release
from harness.cluster.turns import turn
from harness.model.budgets import ALLOCATION, ANNOUNCEMENT, SESSION, SILENCE, Budget
from harness.model.errors import EnvironmentFault, StatementFailed, Unanswered, one_line
from harness.model.record import collect_on_failure
from harness.probes.monitor import TrafficMonitor, history, now
from harness.probes.waiting import consistently, eventually
from harness.systems.kubernetes.namespaces import NamespacePool
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.installation import MetalLB
from harness.systems.metallb.layer2 import Segment
from harness.systems.metallb.replacement import Replacement, configuration
from harness.systems.metallb.routers import Routers
from harness.systems.scenarios.variety import Variety, variety
from harness.systems.scenarios.version_change import Course, VersionChange, Watch

#: Seconds between two probes: a change takes minutes.
SPARSE = 0.05
#: What of the configuration that others made is there while the older version is installed: Services have addresses of these pools.
NEEDED = ("IPAddressPool", "L2Advertisement")
#: The statements that say whether a version became usable: after the upgrade, and after the way back.
JUDGES = ("UPG-01", "UPG-21")


class Brought(msgspec.Struct, frozen=True):
    """What became of both changes; where there were none, why: what was expected, found, and is to be done."""

    changes: tuple[VersionChange, ...] = ()
    unable: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class UpgradeScenario:
    """Changes the version of MetalLB; the directory is where what was seen is kept for the other statements."""

    api: Api
    cluster: ClusterState
    label: str
    namespaces: NamespacePool
    backends: Backends
    segment: Segment
    routers: Routers
    clients: TrafficMonitor
    resolver: TrafficMonitor
    directory: Path

    def upgrade(self) -> VersionChange:
        """The manifest of the version under test was applied over that of the older one."""
        return self._seen(0)

    def downgrade(self) -> VersionChange:
        """The manifest of the older version was applied over that of the one under test."""
        return self._seen(1)

    def _seen(self, number: int) -> VersionChange:
        """What was seen of a change, with evidence.

        :raises EnvironmentFault: it could not be brought about
        """
        brought = self._once()
        if brought.unable:
            raise EnvironmentFault(*brought.unable)
        change = brought.changes[number]
        collect_on_failure("clients.txt", "what clients saw during the change, probe by probe", lambda: history(change.watch.clients))
        collect_on_failure("resolver.txt", "who said to have the address, whenever it was asked", lambda: history(change.watch.resolver))
        collect_on_failure("seen.json", "what there was before and after", lambda: _text(change))
        if router := change.watch.router:
            collect_on_failure("router.txt", "what clients behind the router saw, probe by probe", lambda: history(router))
        return change

    def _once(self) -> Brought:
        file = self.directory / "upgrade.json"
        with turn(self.directory / "upgrade.lock", LOCK_TIMEOUT):
            if not file.exists():
                ended = Brought(unable=("an upgrade that was seen to its end", "it ended before", "read the first statement's failure"))
                file.write_bytes(msgspec.json.encode(ended))
                self._bring_about(lambda brought: file.write_bytes(msgspec.json.encode(brought)))
        return msgspec.json.decode(file.read_bytes(), type=Brought)

    def _bring_about(self, keep: Callable[[Brought], object]) -> None:
        """Both changes, from an older version that was installed as where there was no other; afterwards all is as before.

        :param keep: is given what was seen, before anything is as before
        """
        older, under_test = self.cluster.releases
        stored, replacement = configuration(self.api), Replacement(self.api)
        try:
            replacement.install_anew(older, _needed(stored), instead_of=[under_test])
            keep(Brought(self._changes(older, under_test)))
        except (EnvironmentFault, StatementFailed, Unanswered, AssertionError) as fault:
            keep(Brought(unable=_in_words(older, fault)))
        finally:
            replacement.install_anew(under_test, stored, instead_of=[older, under_test])

    def _changes(self, older: Release, under_test: Release) -> tuple[VersionChange, ...]:
        self.namespaces.create(self.label)
        try:
            with variety(self.cluster, self.api, self.label, self.backends, self.routers) as made:
                return self._change(made, 0, older, under_test), self._change(made, 1, under_test, older)
        finally:
            self.api.delete("Namespace", self.label)

    def _change(self, made: Variety, number: int, before: Release, after: Release) -> VersionChange:
        with self._watched(made) as watch:
            seen_before = made.look(MetalLB.released(before), self.segment)
            course = self._go_through(made, watch, after, seen_before.hops)
        return VersionChange(
            before=before.version,
            after=after.version,
            judged_by=JUDGES[number],
            course=course,
            watch=watch,
            seen_before=seen_before,
            seen_after=made.look(MetalLB.released(after), self.segment),
            effects=made.bring_effects(number),
            waiting=made.pairs[number][1].name,
            local=made.local,
        )

    @contextmanager
    def _watched(self, made: Variety) -> Iterator[Watch]:
        """Clients that are served, and somebody who asks all the time who has the address, as long as the block lasts."""
        address, bgp = made.plain.address, made.bgp
        with ExitStack() as watching:
            clients = watching.enter_context(self.clients.watch(address, interval=SPARSE))
            resolver = watching.enter_context(self.resolver.watch(address, traffic=None, resolve=True))
            router = watching.enter_context(made.peer.client.watch(bgp.address, interval=SPARSE)) if made.peer and bgp else None
            watch = Watch(clients, resolver, router, made.no_bgp)
            for one in watch.served:
                eventually(one.recovery_from_now(), within=ANNOUNCEMENT, expected="clients are served before anything happens")
            yield watch

    def _go_through(self, made: Variety, watch: Watch, release: Release, hops: list[str]) -> Course:
        """Apply the manifest, and watch until all is as before, and a while longer."""
        began = now()
        fault = self._apply(release)
        usable = now()
        if not fault:
            self._until(lambda: made.expect_valid(MetalLB.released(release)), ALLOCATION, "every ConfigurationState is valid again")
            self._until(lambda: made.expect_announced(self.segment, hops), SESSION, "everything is announced again")
            for one in watch.served:
                self._until(one.recovery_from_now(), ANNOUNCEMENT, "clients are served again")
        quiet = now()
        consistently(lambda: "watched", during=SILENCE, expected="watching goes on for a while")
        return Course(began, usable, quiet, now(), fault)

    def _apply(self, release: Release) -> str:
        """Apply a manifest, and say why the version did not become usable; nothing where it did."""
        try:
            Replacement(self.api).apply(release)
        except EnvironmentFault as fault:
            return f"{fault.expected}: {fault.found}"
        return ""

    def _until(self, poll: Callable[[], object], within: Budget, expected: str) -> None:
        """Wait, but go on in any case: what was seen is judged afterwards."""
        with suppress(StatementFailed):
            eventually(poll, within=within, expected=expected, consecutive=2)


def _needed(stored: Iterable[Object]) -> list[Object]:
    return [item for item in stored if item["kind"] in NEEDED]


def _in_words(older: Release, fault: Exception) -> tuple[str, str, str]:
    expected = f"MetalLB {older.version} that serves Services of every kind, before anything is changed"
    if isinstance(fault, EnvironmentFault):
        return expected, f"{fault.expected}: {fault.found}", fault.todo
    found = f"{fault.expected}: {one_line(fault, fault.expected)}" if isinstance(fault, StatementFailed) else str(fault)
    return expected, found, f"judge {older.version} by itself: --metallb {older.version}"


def _text(change: VersionChange) -> str:
    seen = {"before": change.seen_before, "after": change.seen_after, "effects": change.effects}
    return msgspec.json.format(msgspec.json.encode(seen), indent=1).decode()
