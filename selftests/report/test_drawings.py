"""The geometry behind the time line and the distributions, and the text helpers."""

import re
from dataclasses import replace
from itertools import pairwise
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.record import Wait
from harness.report import formatting, strip_plots, timeline
from harness.report.model import Phase, Report
from harness.report.timings import Distribution, distributions
from selftests.report import synthetic

TIMES = st.floats(0, 100)


def test_every_case_that_ran_has_a_bar_on_its_worker() -> None:
    made = synthetic.report()
    drawn = timeline.timeline(made)
    lanes = {lane.label: lane for lane in drawn.lanes if lane.label.startswith("gw")}
    assert list(lanes) == ["gw0", "gw1", "gw2", "gw3"]
    assert sum(len(lane.bars) for lane in lanes.values()) == 57, "60 less two not applicable and one not run"
    assert sum(bar.trouble for lane in lanes.values() for bar in lane.bars) == 4
    assert all(lane.waits.count("z") == 2 * len(lane.bars) for lane in lanes.values())


@synthetic.unhurried
@given(st.lists(st.builds(Phase, st.text("abc ", max_size=60), TIMES, TIMES), max_size=12))
def test_neither_bars_nor_labels_of_phases_touch(phases: list[Phase]) -> None:
    made = replace(synthetic.report(1), phases=phases, seconds=200.0)
    lanes = [lane for lane in timeline.timeline(made).lanes if lane.label in ("", "set-up")]
    assert sum(len(lane.bars) for lane in lanes) == len(phases)
    for lane in lanes:
        assert all(left[1] < right[0] for left, right in pairwise(map(_extent, lane.bars)))


@synthetic.unhurried
@given(synthetic.reports())
def test_everything_stays_on_the_canvas(made: Report) -> None:
    drawn = timeline.timeline(made)
    for lane in drawn.lanes:
        for bar in lane.bars:
            assert timeline.GUTTER <= bar.x <= timeline.WIDTH
            assert 0 < bar.width <= timeline.WIDTH
    assert len(drawn.ticks) <= 12
    for plot in strip_plots.strip_plots(distributions(made.results)):
        assert 0 <= plot.median <= strip_plots.WIDTH
        assert plot.bound is None or 0 <= plot.bound <= strip_plots.WIDTH
        assert "nan" not in plot.dots


def test_measurements_and_waits_are_told_apart_and_failed_waits_are_left_out() -> None:
    found = {one.name: one for one in distributions(synthetic.report().results)}
    assert set(found) == {"allocation", "gratuitous frames", "outage", "wait: allocation", "wait: route"}
    assert found["allocation"].bound == 30.0
    assert found["wait: route"].samples[-1] < 30.0, "a wait that was not met is no measurement"


def test_measurements_are_grouped_by_subject_and_drawn_from_enough_samples_on() -> None:
    made = synthetic.report(60)
    groups = strip_plots.plot_groups(made)
    assert [group.title for group in groups] == [*synthetic.SUBJECTS, "Waits, by kind"]
    for group in groups:
        assert all(len(plot.distribution.samples) >= strip_plots.ENOUGH for plot in group.plots)
        assert all(len(one.samples) < strip_plots.ENOUGH for one in group.few)
    allocation = groups[0].plots[0].distribution
    assert allocation.statements == tuple(sorted({one.id for one in made.results if one.subject == "allocation"}))
    assert len(allocation.samples) == 9
    assert [one.name for one in groups[0].few] == ["outage"]


@synthetic.unhurried
@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=9), st.sampled_from(["s", "frames"]))
def test_labels_of_an_axis_never_touch(samples: list[float], unit: str) -> None:
    (plot,) = strip_plots.strip_plots([Distribution("x", unit, tuple(sorted(samples)), None)])
    extents = [label.extent for label in plot.labels]
    assert extents
    assert all(left[1] < right[0] for left, right in pairwise(extents))
    assert all(left >= -1 and right <= strip_plots.WIDTH + 1 for left, right in extents)


def test_an_axis_over_many_orders_of_magnitude_keeps_its_ends() -> None:
    (plot,) = strip_plots.strip_plots([Distribution("x", "s", (0.0, 1e9), None)])
    assert (plot.labels[0].text, plot.labels[-1].text) == ("1 ms", "1e+06 s")
    assert 2 < len(plot.labels) < len(plot.grid)


def test_an_observation_window_is_no_measurement() -> None:
    made = synthetic.report(1)
    window = Wait("no answer", 0.0, 5.0, 25, "silence", 5.0, satisfied=True)
    made = replace(made, results=[replace(made.results[0], waits=(window,), measurements=())])
    assert distributions(made.results) == []


def test_a_distribution_knows_its_middle() -> None:
    one = Distribution("x", "s", (1.0, 2.0, 3.0, 4.0, 50.0), None)
    assert (one.median, one.quartiles) == (3.0, (2.0, 4.0))
    assert Distribution("x", "s", (1.0,), None).quartiles == (1.0, 1.0)


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0.0, "s", "0.00 s"),
        (0.0042, "s", "4.20 ms"),
        (0.01, "s", "0.01 s"),
        (0.314, "s", "0.31 s"),
        (12.34, "s", "12.3 s"),
        (119.6, "s", "120 s"),
        (125.2, "s", "2 min 05 s"),
        (7380.0, "s", "2 h 03 min"),
        (4.0, "frames", "4 frames"),
        (4.5, "frames", "4.50 frames"),
        (4.0, "", "4"),
        (nan, "s", "- s"),
        (inf, "frames", "- frames"),
        (1e300, "s", "1e+300 s"),
    ],
)
def test_amounts(value: float, unit: str, expected: str) -> None:
    assert formatting.amount(value, unit) == expected


@synthetic.unhurried
@given(st.text(st.characters(exclude_categories=())))
def test_printable_text_can_be_written_anywhere(raw: str) -> None:
    made = formatting.printable(raw)
    made.encode()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", made)
    assert formatting.printable(made) == made


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "https://", "https://a b", "data:text/html,x", "ftp://x", "", "https://x\n", "//x"]
)
def test_only_web_addresses_are_linked(address: str) -> None:
    assert formatting.web_address(address) == ""


def _extent(bar: timeline.Bar) -> tuple[float, float]:
    """From where to where a bar and its label reach."""
    width = len(bar.label) * timeline.CHARACTER
    label = {"": (bar.x, bar.x), "start": (bar.label_x, bar.label_x + width), "end": (bar.label_x - width, bar.label_x)}[bar.anchor]
    return min(bar.x, label[0]), max(bar.x + bar.width, label[1])
