"""What became of each fault: kept in the project as JSON, so that nothing is judged twice, and told as a table."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from harness.faults.catalogue import SeededFault
from harness.model.errors import UsageFault
from harness.model.project import ROOT
from harness.model.verdicts import Outcome
from harness.report import markdown_text
from harness.report.model import Report, Result

#: Where the judgements on each system are kept.
FOLDER = ROOT / "faults" / "results"
#: Stands for the system as it is: what is red then is red for no fault.
CONTROL = "control"
RED = (Outcome.FAILED, Outcome.STALE_DEVIATION)
UNDECIDED = (Outcome.BLOCKED, Outcome.ENVIRONMENT_ERROR, Outcome.NOT_RUN)
#: Characters shown of a message.
SHOWN = 160


class Judged(Struct, frozen=True):
    """A fault that was judged; ``red`` has what each red statement found, ``blocked`` what could not be judged.

    :ivar versions: those of what it was seeded in
    :ivar suite: the version and the commit of the suite that judged, and ``began`` when
    """

    id: str
    says: str
    kills: tuple[str, ...]
    fingerprint: str
    red: dict[str, str]
    blocked: tuple[str, ...]
    seconds: float
    versions: dict[str, str] = {}
    suite: str = ""
    began: str = ""

    @property
    def unrelated(self) -> tuple[str, ...]:
        """What is red besides."""
        return tuple(one for one in self.red if one not in self.kills)


class Matrix(Struct):
    """The judgements on one system."""

    system: str
    judged: dict[str, Judged] = {}

    @property
    def false_reds(self) -> tuple[str, ...]:
        """What is red of the system as it is."""
        return tuple(self.judged[CONTROL].red) if CONTROL in self.judged else ()

    def killed_by(self, one: Judged) -> tuple[str, ...]:
        """The statements that tell a fault from the system as it is."""
        return tuple(statement for statement in one.kills if statement in one.red and statement not in self.false_reds)

    def missed_by(self, one: Judged) -> tuple[str, ...]:
        """The statements that had to turn red and did not."""
        return tuple(statement for statement in one.kills if statement not in self.killed_by(one))

    def has(self, identifier: str, fingerprint: str) -> bool:
        """Whether a fault was judged with this text and these versions."""
        return identifier in self.judged and self.judged[identifier].fingerprint == fingerprint

    def complaints(self, ids: Iterable[str]) -> list[str]:
        """What is not as it has to be among these faults, one line each."""
        found = [f"FALSE RED  {one}: {self.judged[CONTROL].red[one]}" for one in self.false_reds]
        for judged in (self.judged[one] for one in ids if one in self.judged):
            if missed := ", ".join(self.missed_by(judged)):
                found.append(f"SURVIVED   {judged.id}: {judged.says}; not red: {missed}")
        return found

    def save(self, file: Path) -> None:
        """Write the matrix."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n")


def load(file: Path, system: str) -> Matrix:
    """The matrix of a system, empty where there is none yet.

    :raises UsageFault: the file holds something else
    """
    if not file.exists():
        return Matrix(system)
    try:
        found = msgspec.json.decode(file.read_bytes(), type=Matrix)
    except (OSError, msgspec.DecodeError) as fault:
        raise UsageFault(f"a matrix of faults in {file}", str(fault), "delete the file, or name another one") from None
    if found.system != system:
        raise UsageFault(f"the matrix of {system} in {file}", f"that of {found.system}", "name another file")
    return found


def judgement(fault: SeededFault | None, fingerprint: str, versions: Mapping[str, str], report: Report) -> Judged:
    """What a run says of a fault, or of the system as it is."""
    red: dict[str, str] = {}
    for result in report.results:
        if result.outcome in RED:
            red.setdefault(result.id, _message(result))
    undecided = {result.id for result in report.results if result.outcome in UNDECIDED} - red.keys()
    suite = f"{report.identity.suite} ({report.identity.commit[:12]})"
    return Judged(
        id=fault.id if fault else CONTROL,
        says=fault.says if fault else "nothing",
        kills=fault.kills if fault else (),
        fingerprint=fingerprint,
        red=red,
        blocked=tuple(sorted(undecided)),
        seconds=round(report.seconds, 1),
        versions=dict(versions),
        suite=suite,
        began=report.began,
    )


def _message(result: Result) -> str:
    text = (result.failure.last or result.failure.message) if result.failure else result.reason
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}…"


def table(matrix: Matrix, ids: Collection[str]) -> str:
    """What became of these faults, in Markdown."""
    head = ["fault", "verdict", "what it changes", "killed by", "not red", "unrelated reds", "blocked", "seconds"]
    return markdown_text.table(head, (_row(matrix, one) for one in matrix.judged.values() if one.id in ids))


def _row(matrix: Matrix, one: Judged) -> list[str]:
    killed, missed = matrix.killed_by(one), matrix.missed_by(one)
    verdict = ("**false red**" if one.red else "clean") if one.id == CONTROL else "**survived**" if missed else "killed"
    lists = (", ".join(names) for names in (killed, missed, one.unrelated, one.blocked))
    return [one.id, verdict, one.says.replace("|", "\\|"), *lists, f"{one.seconds:.0f}"]
