"""What became of faults."""

from pathlib import Path

import pytest

from harness.faults.catalogue import SeededFault
from harness.faults.matrix import CONTROL, Judged, Matrix, judgement, load, table
from harness.model.errors import UsageFault
from harness.model.statements import Keyword, Profile
from harness.model.verdicts import Outcome
from harness.report.model import Failure, Report, Result


def result(identifier: str, outcome: Outcome, last: str = "") -> Result:
    failure = Failure("WrongAnswer", "call", last, last=last) if outcome is Outcome.FAILED else None
    return Result(identifier, "", "", "", Keyword.MUST, Profile.CORE, "", "", outcome, failure=failure)


def judged(identifier: str, *red: str) -> Judged:
    report = Report("", "2026-11-30", 12.4, "", 0, 0, 1.0, results=[result(one, Outcome.FAILED, f"{one} is\nwrong") for one in red])
    fault = SeededFault(identifier, "something | is wrong", ("PTH-06", "PTH-07"))
    return judgement(None if identifier == CONTROL else fault, "print", {"contour": "1.33.8"}, report)


def matrix(*faults: Judged) -> Matrix:
    return Matrix("contour", {one.id: one for one in faults})


def test_a_run_says_what_is_red_and_what_could_not_be_judged() -> None:
    results = [
        result("PTH-06", Outcome.PASSED),
        result("PTH-06", Outcome.FAILED, "404"),
        result("PTH-06", Outcome.FAILED, "503"),
        result("PTH-07", Outcome.STALE_DEVIATION),
        result("PTH-08", Outcome.BLOCKED),
        result("PTH-08", Outcome.PASSED),
        result("PTH-09", Outcome.KNOWN_DEVIATION),
        result("PTH-06", Outcome.BLOCKED),
    ]
    found = judgement(SeededFault("one", "it is wrong", ("PTH-06",)), "", {}, Report("", "", 1.0, "", 0, 0, 1.0, results=results))
    assert found.red == {"PTH-06": "404", "PTH-07": ""}
    assert (found.unrelated, found.blocked) == (("PTH-07",), ("PTH-08",))


def test_a_fault_is_killed_by_what_is_red_of_it_and_not_of_the_system_as_it_is() -> None:
    one = judged("one", "PTH-06", "SUB-01")
    found = matrix(judged(CONTROL), one)
    assert (found.killed_by(one), found.missed_by(one), one.unrelated) == (("PTH-06",), ("PTH-07",), ("SUB-01",))
    falsely = matrix(judged(CONTROL, "PTH-06"), one)
    assert (falsely.killed_by(one), falsely.missed_by(one)) == ((), ("PTH-06", "PTH-07"))


def test_survivors_and_false_reds_are_complained_of() -> None:
    killed, survivor, other = judged("killed", "PTH-06", "PTH-07"), judged("survivor", "SUB-01"), judged("other")
    found = matrix(judged(CONTROL, "SUB-02"), killed, survivor, other)
    assert found.complaints(["killed", "survivor", "unjudged"]) == [
        "FALSE RED  SUB-02: SUB-02 is wrong",
        "SURVIVED   survivor: something | is wrong; not red: PTH-06, PTH-07",
    ]


def test_what_was_judged_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "faults" / "contour.json"
    found = load(file, "contour")
    found.judged["one"] = judged("one", "PTH-06")
    found.save(file)
    again = load(file, "contour")
    assert again.judged == found.judged
    assert (again.judged["one"].versions, again.judged["one"].began) == ({"contour": "1.33.8"}, "2026-11-30")
    assert again.has("one", "print")
    assert not again.has("one", "other print")
    assert not again.has("two", "print")


def test_a_file_of_something_else_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "contour.json"
    file.write_text("{}")
    with pytest.raises(UsageFault, match="a matrix of faults in"):
        load(file, "contour")
    matrix().save(file)
    with pytest.raises(UsageFault, match="found:    that of contour"):
        load(file, "skipper")


def test_the_table_has_a_row_for_each_fault() -> None:
    found = table(matrix(judged(CONTROL), judged("one", "PTH-06", "PTH-07", "SUB-01"), judged("two", "PTH-06")), [CONTROL, "one", "two"])
    assert found.splitlines()[2:] == [
        "| control | clean | nothing |  |  |  |  | 12 |",
        "| one | killed | something \\| is wrong | PTH-06, PTH-07 |  | SUB-01 |  | 12 |",
        "| two | **survived** | something \\| is wrong | PTH-06 | PTH-07 |  |  | 12 |",
    ]
