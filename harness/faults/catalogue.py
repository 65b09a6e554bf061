"""The faults of a system as data, ``faults/SYSTEM.toml``.

::

    bystanders = ["SUB-01"]      # judged with every fault; what of them turns red besides is unrelated

    [[fault]]
    id = "prefix-by-characters"
    says = "a Prefix path is compared character by character"
    kills = ["PTH-06"]           # the statements that must turn red
    upgrade-from = "0.15.3"      # of MetalLB's, where only an upgrade to the changed system shows it

    [[fault.change]]             # one text that stands there exactly once, and what stands there instead
    component = "contour"        # in a file of the Go module that this component is built from; left out: in the manifest
    path = "internal/dag/dag.go"
    old = "..."
    new = "..."

What is wrong in ``faults/environment.toml`` is not a system but the ground that all stand on, and instead of changes a fault has::

    [[fault.disturbance]]
    nodes = "workers"            # where: all (left out), workers, control-plane
    do = "..."                   # a command of the shell
    undo = "..."                 # undoes it, and does nothing where there is nothing to undo
"""

import tomllib
from collections.abc import Collection, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from harness.model.errors import UsageFault
from harness.model.project import ROOT

FOLDER = ROOT / "faults"
#: Was judged where it was all statements of the subject.
SUBJECT = "subject"
Text = Annotated[str, Meta(min_length=1)]
#: Also the name of a folder of reports.
Name = Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


class Change(Struct, frozen=True, forbid_unknown_fields=True):
    """A text that is replaced: in a file of a component's Go module, or in the manifest where no component is named."""

    old: Text
    new: str
    component: str = ""
    path: str = ""


class Disturbance(Struct, frozen=True, forbid_unknown_fields=True):
    """A command run on nodes, in their network, and the one that undoes it, whether or not it was run."""

    do: Text
    undo: Text
    nodes: Literal["all", "workers", "control-plane"] = "all"


class SeededFault(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="kebab"):
    """A system, or the ground it stands on, made wrong in one way, and the statements that must turn red.

    :param upgrade_from: the version from which an upgrade to the changed system is judged; empty where that is judged by itself
    """

    id: Name
    says: Text
    kills: Annotated[tuple[Text, ...], Meta(min_length=1)]
    change: tuple[Change, ...] = ()
    disturbance: tuple[Disturbance, ...] = ()
    upgrade_from: str = ""

    @property
    def in_manifest(self) -> tuple[Change, ...]:
        """Its changes of the manifest."""
        return tuple(one for one in self.change if not one.component)

    @property
    def components(self) -> tuple[str, ...]:
        """The components that are built anew."""
        return tuple(dict.fromkeys(one.component for one in self.change if one.component))


class Catalogue(Struct, frozen=True, forbid_unknown_fields=True):
    """The faults of one system."""

    bystanders: Annotated[tuple[Text, ...], Meta(min_length=1)]
    fault: Annotated[tuple[SeededFault, ...], Meta(min_length=1)]

    @property
    def statements(self) -> tuple[str, ...]:
        """Every statement that is named."""
        return tuple(sorted({*self.bystanders, *(one for fault in self.fault for one in fault.kills)}))

    def selected(self, ids: Collection[str]) -> tuple[SeededFault, ...]:
        """The faults of these ids, or all where there is none.

        :raises UsageFault: there is no such fault
        """
        known = [fault.id for fault in self.fault]
        if unknown := sorted(set(ids) - set(known)):
            raise UsageFault(f"ids of faults: {', '.join(known)}", ", ".join(unknown), "choose of them")
        return tuple(fault for fault in self.fault if not ids or fault.id in ids)


def systems(folder: Path = FOLDER) -> tuple[str, ...]:
    """The systems that there are faults of."""
    return tuple(sorted(file.stem for file in folder.glob("*.toml")))


def read(system: str, folder: Path = FOLDER) -> Catalogue:
    """The faults of a system.

    :raises UsageFault: there are none, or the file is not as described above
    """
    file = folder / f"{system}.toml"
    if system not in systems(folder):
        raise UsageFault(f"a system with faults: {', '.join(systems(folder))}", system, f"choose one, or write {file}")
    try:
        found = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Catalogue)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as fault:
        raise UsageFault(f"faults as harness/faults/catalogue.py describes them, in {file}", str(fault), "correct the file") from None
    return found


def judged_with(fault: SeededFault | None, catalogue: Catalogue) -> tuple[str, ...]:
    """The statements judged with a fault, or with none."""
    return tuple(sorted({*catalogue.bystanders, *fault.kills})) if fault else catalogue.statements


def require_sound(catalogue: Catalogue, system: str, judged: Mapping[str, str], components: Collection[str]) -> None:
    """Check what a file of faults refers to.

    :param judged: every statement of the suite, and why it cannot turn red for this system; an empty text where it can
    :param components: the components of the system; none where it is the environment
    :raises UsageFault: something of it does not exist, or cannot be
    """
    if wrong := [*_repeated(catalogue), *_unjudged(catalogue, judged), *_misplaced(catalogue, components)]:
        raise UsageFault(f"faults of {system} that can be judged", "\n          ".join(wrong[:12]), f"correct faults/{system}.toml")


def _repeated(catalogue: Catalogue) -> Iterator[str]:
    ids = [fault.id for fault in catalogue.fault]
    yield from (f"{one}: two faults have this id" for one in sorted({one for one in ids if ids.count(one) > 1}))


def _unjudged(catalogue: Catalogue, judged: Mapping[str, str]) -> Iterator[str]:
    named = {"bystanders": catalogue.bystanders} | {fault.id: fault.kills for fault in catalogue.fault}
    for where, statements in named.items():
        for one in statements:
            if reason := judged.get(one, "there is no such statement"):
                yield f"{where}: {one}: {reason}"


def _misplaced(catalogue: Catalogue, components: Collection[str]) -> Iterator[str]:
    for fault in catalogue.fault:
        if [bool(fault.change), bool(fault.disturbance)] != [bool(components), not components]:
            yield f"{fault.id}: changes of a system, or disturbances of the environment"
        for one in fault.change:
            if one.component and one.component not in components:
                yield f"{fault.id}: {one.component} is no component of it: {', '.join(components)}"
            elif bool(one.component) != bool(one.path):
                yield f"{fault.id}: a component and a path in its Go module, or neither"
            elif fault.upgrade_from and not one.component:
                yield f"{fault.id}: a change in a component, since an upgrade is to the published manifest"


def changed_text(text: str, changes: Collection[Change], where: str) -> str:
    """A text with changes.

    :raises UsageFault: a text to be replaced does not stand there exactly once
    """
    for change in changes:
        if (found := text.count(change.old)) != 1:
            raise UsageFault(f"the text to be replaced once in {where}:\n{change.old}", f"{found} times", "correct the text of the fault")
        text = text.replace(change.old, change.new)
    return text


def fingerprint(fault: SeededFault | None, versions: Mapping[str, str], scope: str) -> str:
    """What a judgement of a fault holds for: its text, the versions of what it is seeded in, and what was judged."""
    return sha256(msgspec.json.encode([fault, sorted(versions.items()), scope])).hexdigest()[:16]
