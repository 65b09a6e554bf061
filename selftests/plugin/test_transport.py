from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.catalogue.entries import Entry
from harness.model.record import Measurement, Wait
from harness.model.statements import Gate, Keyword, Profile
from harness.model.verdicts import Outcome
from harness.plugin.collection import Case, Collected
from harness.plugin.outcomes import Judgement
from harness.plugin.provisions import Provision
from harness.plugin.recording import PhaseRecord
from harness.plugin.run_facts import RunFacts
from harness.plugin.transport import packed, unpacked
from harness.report.model import Failure, ImageUsed

TEXT = st.text(st.characters(exclude_categories=()), max_size=8)
NUMBER = st.floats(allow_nan=False)


@given(TEXT, NUMBER, st.sampled_from(Outcome))
def test_what_a_phase_hands_on_arrives_as_it_was(text: str, number: float, outcome: Outcome) -> None:
    failure = Failure("WrongAnswer", "call", text, elapsed=number, attempts=3)
    waits = (Wait(text, number, number, 1, text, number, satisfied=False),)
    measurements = (Measurement(text, number), Measurement(text, number, "frames", number))
    for judged in (Judgement(outcome, text), Judgement(outcome, text, failure, text)):
        record = PhaseRecord(judged, number, number, waits, measurements)
        assert unpacked(packed(record), PhaseRecord) == record


@given(TEXT)
def test_a_plan_and_a_refusal_arrive_as_they_were(text: str) -> None:
    entry = Entry("EXH-01", text, Keyword.MUST, Profile.CORE, text, text, Gate("metallb", None, "0.15.0"), (text,), text)
    case = Case(text, entry, text, 2, "", text, tuple(Provision), text, 3)
    for collected in (Collected((case, case), None), Collected((), (text, text, text))):
        assert unpacked(packed(collected), Collected) == collected


def test_the_facts_of_a_run_arrive_as_they_were() -> None:
    facts = RunFacts("id", Path("a"), Path("b"), "now", 1.5, {"metallb": "0.14.9"}, images=[ImageUsed("a", "b", "c", "d")])
    assert unpacked(packed(facts), RunFacts) == facts


def test_what_is_no_record_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="records hold no object"):
        packed(object())
    with pytest.raises(msgspec.ValidationError):
        unpacked('{"plan": []}', Collected)
