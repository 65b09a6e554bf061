"""Reports made up for the selftests: one that looks like a run, one that is as nasty as text can be, and random ones."""

from dataclasses import is_dataclass, replace
from enum import Enum
from random import Random
from typing import Any, get_args, get_origin, get_type_hints

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from harness.model.budgets import ALLOCATION, ROUTE
from harness.model.record import Measurement, Wait
from harness.model.statements import Keyword, Profile
from harness.model.verdicts import Outcome
from harness.report.model import CpuUse, Failure, Identity, ImageUsed, Phase, Report, Result, SystemUnderTest

#: For properties: how long an example takes on a busy machine says nothing about a report.
unhurried = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
SUBJECTS = ("allocation", "announcement", "bgp", "exhaustion", "ingress", "lifecycle", "sharing")
#: The statement that blocks others: it fails.
BLOCKS = "LIF-01"
NASTY = (
    "</script><script>alert(1)</script>",
    "]]>",
    "<img src=x onerror=alert(1)>",
    "a | b || c\\|d",
    "```\n# not a heading\n```",
    "\x00\x01\x1b[31mred\x1b[0m\x7f\x85",
    "lone \ud800 surrogate \udcff",
    "\u202egnp.exe\u202c and שלום עולם and مرحبا",
    "\ufffe\uffff \U0001f600 e\u0301",
    '" onmouseover="alert(1)',
    "::error file=x::injected\r\n::warning::too%0A",
    "{{ 7 * 7 }}{% raw %}",
    "--> <!-- <style> *{display:none}",
    "x" * 30_000,
)


def report(size: int = 60, seed: int = 1) -> Report:
    """A run of ``size`` cases on four workers, with every outcome in it."""
    random = Random(seed)
    phases = _phases()
    free = dict.fromkeys(("gw0", "gw1", "gw2", "gw3"), 96.0)
    results = []
    for index in range(size):
        worker = min(free, key=lambda name: free[name])
        result = _case(index, worker, free[worker], random)
        free[worker] += result.seconds + 0.05
        results.append(result)
    end = max(free.values())
    phases.append(Phase("delete the cluster", end, 4.2))
    return Report(
        id="2026-11-25-0712-k3f9",
        began="2026-11-25T07:12:03+00:00",
        seconds=end + 4.4,
        command="pytest -n 4 --metallb 0.16.1 --ingress traefik@3.7.15",
        planned=size,
        workers=4,
        timeout_scale=1.0,
        ip_family="ipv4, ipv6",
        nodes=3,
        identity=Identity("0.2.0", "0123456789ab", "3.13.9", "0.33.0", "Docker Engine 28.3.0", "Linux 6.12.0", 2, "Example CPU", 8 << 30),
        catalogue={Profile.CORE: 40, Profile.EXTENDED: 30},
        systems=[SystemUnderTest("metallb", "0.16.1"), SystemUnderTest("traefik", "3.7.15"), SystemUnderTest("kubernetes", "1.36.3")],
        images=[
            ImageUsed("metallb controller", "quay.io/metallb/controller:v0.16.1", "packages", "sha256:" + "5e" * 32),
            ImageUsed("metallb speaker", "quay.io/metallb/speaker:v0.16.1", "registry", "sha256:" + "a7" * 32, "sha256:" + "d1" * 32),
            ImageUsed("traefik", "docker.io/library/traefik:v3.7.15", "engine", "sha256:" + "0c" * 32),
        ],
        phases=phases,
        cpu=[CpuUse("suite", 15.2), CpuUse("API server", 21.0), CpuUse("MetalLB controller", 1.3), CpuUse("other pods", 0.2)],
        results=results,
    )


def nasty() -> Report:
    """A run in which every text is hostile and every number odd."""
    base = report(len(NASTY) * 3)
    results = [_spoiled(result, NASTY[index % len(NASTY)], index) for index, result in enumerate(base.results)]
    text = NASTY[0] + NASTY[5] + NASTY[6]
    return replace(
        base,
        id=text,
        command=NASTY[3] + NASTY[4],
        seconds=float("nan"),
        systems=[SystemUnderTest(text, text)],
        images=[ImageUsed(text, text, text, text, text)],
        config=text,
        level=text,
        identity=Identity(text, text, text, text, text, text, 2**60, text, 2**60),
        cpu=[CpuUse(text, float("inf")), CpuUse(text, float("nan")), CpuUse("suite", -1.0)],
        phases=[Phase(text, float("inf"), -1.0), Phase("x" * 5000, -5.0, float("nan"))],
        results=results,
        faults=list(NASTY),
    )


def lengthy() -> Report:
    """A run in which every text is as long as one may become, once as a sentence and once as a single word, and every scale as wide."""
    base = report(70)
    names = (_WORD, _SENTENCE, *("p" * width for width in range(1, 90, 9)))
    results = [_lengthened(result, _SENTENCE if index % 2 else _WORD, index) for index, result in enumerate(base.results)]
    return replace(
        base,
        id=_WORD,
        command=f"pytest {_WORD} {_SENTENCE}",
        ip_family=_WORD,
        systems=[SystemUnderTest(_WORD, _WORD), SystemUnderTest(_SENTENCE, _SENTENCE)],
        images=[ImageUsed(text, text, text, text, text) for text in (_WORD, _SENTENCE)],
        config=_WORD,
        level=_WORD,
        identity=Identity(_WORD, _WORD, _WORD, _SENTENCE, _WORD, _SENTENCE, 10**6, _SENTENCE, 10**15),
        cpu=[CpuUse(_WORD, 1e15), CpuUse(_SENTENCE, 1e-9)],
        phases=[Phase(text, 3.0 * index, 60.0) for index, text in enumerate(names)],
        results=results,
        faults=[_WORD, _SENTENCE],
    )


_WORD = "IPAddressPool/spec.addresses[0]=172.19.255.200-172.19.255.100" * 8
_SENTENCE = "GET https://foo.bar.example.test/aaa/bbb/ccc?ddd=eee with X-Forwarded-For: 203.0.113.7 is refused with 404, and no more; " * 4

_TEXT = st.text(st.characters(exclude_categories=()), max_size=12) | st.sampled_from(NASTY[:-1])
_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: _TEXT,
    float: st.floats() | st.floats(0, 1000),
    int: st.integers(0, 99),
    bool: st.booleans(),
    type(None): st.none(),
}


def reports() -> st.SearchStrategy[Report]:
    """Any report at all."""
    return any_of(Report).map(lambda made: replace(made, planned=len(made.results)))


def any_of(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a type that the model uses."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    if isinstance(kind, type) and is_dataclass(kind):
        return st.builds(kind, **{name: any_of(hint) for name, hint in get_type_hints(kind).items()})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    if get_origin(kind) is dict:
        return st.dictionaries(*map(any_of, get_args(kind)), max_size=3)
    if get_origin(kind) in (list, tuple):
        return st.lists(any_of(get_args(kind)[0]), max_size=3).map(get_origin(kind))
    return st.one_of([any_of(one) for one in get_args(kind)])


def _phases() -> list[Phase]:
    return [
        Phase("resolve images", 0.2, 3.1),
        Phase("build traefik from packages", 3.3, 21.0),
        Phase("create the cluster", 3.4, 41.5),
        Phase("load 9 images", 45.0, 17.6),
        Phase("install metallb", 62.7, 18.2),
        Phase("install traefik", 63.0, 31.9),
    ]


def _case(index: int, worker: str, started: float, random: Random) -> Result:
    subject = SUBJECTS[index % len(SUBJECTS)]
    outcome = _outcome(index)
    waits = _waits(random, outcome)
    return Result(
        id=f"{subject[:3].upper()}-{index // len(SUBJECTS) + 1:02}",
        case="" if index % 4 else f"ipv{4 if index % 8 else 6}",
        nodeid=f"suites/{subject}/test_{subject}_{index}.py::test_service_beyond_the_pool_stays_pending[{index}]",
        subject=subject,
        keyword=(Keyword.MUST, Keyword.MUST, Keyword.SHOULD, Keyword.MAY)[index % 4],
        profile=Profile.CORE if outcome is Outcome.FAILED else list(Profile)[index % len(Profile)],
        text="A LoadBalancer Service created when every address is taken MUST stay pending and MUST say why in an event.",
        source="https://metallb.io/usage/#requesting-specific-ips",
        outcome=outcome,
        reason=_reason(outcome),
        blocked_by=(BLOCKS,) if outcome is Outcome.BLOCKED else (),
        link="https://example.org/issues/1" if outcome is Outcome.KNOWN_DEVIATION else "",
        cases=1,
        started=started,
        seconds=sum(wait.seconds for wait in waits) + 0.4,
        waited=sum(wait.seconds for wait in waits),
        worker=worker,
        line=12 + index,
        failure=_failure(outcome, index) if outcome in (Outcome.FAILED, Outcome.ENVIRONMENT_ERROR) else None,
        waits=waits,
        measurements=(
            Measurement("allocation", random.lognormvariate(-1.2, 0.5), "s", 30.0),
            *([Measurement("outage", random.lognormvariate(0.9, 0.4), "s", 30.0)] if index % 6 == 0 else []),
            *([Measurement("gratuitous frames", float(random.randint(4, 11)), "frames")] if index % 7 == 1 else []),
        ),
    )


def _outcome(index: int) -> Outcome:
    special = {
        5: Outcome.FAILED,
        17: Outcome.NOT_APPLICABLE,
        23: Outcome.KNOWN_DEVIATION,
        24: Outcome.NOT_APPLICABLE,
        31: Outcome.STALE_DEVIATION,
        38: Outcome.ENVIRONMENT_ERROR,
        44: Outcome.NOT_RUN,
        45: Outcome.BLOCKED,
        48: Outcome.BLOCKED,
        51: Outcome.FAILED,
    }
    return special.get(index % 100, Outcome.PASSED)


def _reason(outcome: Outcome) -> str:
    return {
        Outcome.NOT_APPLICABLE: "holds for metallb since 0.17.0; 0.16.1 is under test",
        Outcome.KNOWN_DEVIATION: "the trailing slash is redirected with 308: https://example.org/issues/1",
        Outcome.STALE_DEVIATION: "listed in baselines/traefik.toml line 12 and passes: delete the entry",
        Outcome.BLOCKED: f"blocked by {BLOCKS}: no Service gets an address from MetalLB",
        Outcome.NOT_RUN: "the worker gw2 crashed",
    }.get(outcome, "")


def _waits(random: Random, outcome: Outcome) -> tuple[Wait, ...]:
    if outcome in (Outcome.NOT_APPLICABLE, Outcome.NOT_RUN):
        return ()
    first = random.lognormvariate(-0.4, 0.6)
    second = 30.0 if outcome is Outcome.FAILED else random.lognormvariate(0.2, 0.7)
    return (
        Wait("an address of the pool in the status", 0.1, first, 4, "allocation", ALLOCATION.seconds, satisfied=True),
        Wait(
            "HTTP 200 from echo-7c9 on /foo",
            0.2 + first,
            second,
            9,
            "route",
            ROUTE.seconds,
            satisfied=outcome is not Outcome.FAILED,
        ),
    )


def _failure(outcome: Outcome, index: int) -> Failure:
    if outcome is Outcome.ENVIRONMENT_ERROR:
        message = "expected: node conformance-worker2 ready\nfound:    NotReady for 31 s\nto do:    look at the kubelet's log"
        return Failure("EnvironmentFault", "setup", message, evidence="")
    expected = "no address in status.loadBalancer.ingress, and an event AllocationFailed"
    last = "status.loadBalancer.ingress[0].ip = 172.19.255.3, outside of the pool 172.19.255.0-172.19.255.1"
    first = "status.loadBalancer = {}"
    message = f"expected: {expected}\nlast:     {last}\nfirst:    {first}\nwaited:   30.0 s, 9 attempts"
    return Failure("WrongAnswer", "call", message, expected, last, first, 30.02, 9, f"evidence/EXH-{index:02}")


def _spoiled(result: Result, text: str, index: int) -> Result:
    outcome = list(Outcome)[index % len(Outcome)]
    failure = Failure(text, text, text, text if index % 2 else "", text, text + "x", float("inf"), 3, text)
    return replace(
        result,
        case=f"{index}{text}",
        nodeid=text,
        subject=text,
        text=text,
        source=f"https://example.org/{text}" if index % 2 else f"javascript:{text}",
        outcome=outcome,
        reason=text,
        link=f"https://example.org/{text}" if index % 2 else f"javascript:{text}",
        started=float("nan"),
        worker=text,
        failure=failure if outcome is not Outcome.PASSED else None,
        waits=(Wait(text, float("-inf"), 1e300, 1, text, float("nan"), satisfied=True),),
        measurements=(Measurement(text, 1e300), Measurement(text, float("nan")), Measurement("odd", -1.0, text, float("inf"))),
    )


def _lengthened(result: Result, text: str, index: int) -> Result:
    outcome = list(Outcome)[index % len(Outcome)]
    failure = Failure(text, text, text, text, text, text + "x", 1e6, 10**6, text)
    measured = [(name, unit) for name in ("time", text) for unit in ("s", "frames", text)]
    return replace(
        result,
        id=f"{result.id}{text if index % 5 == 0 else ''}",
        case=f"{text} {index}",
        nodeid=text,
        subject=text if index % 3 == 0 else result.subject,
        text=text,
        source=f"https://example.org/{_WORD}",
        outcome=outcome,
        reason=f"{text} https://example.org/issues/{_WORD}",
        link=f"https://example.org/issues/{_WORD}",
        worker=text,
        failure=failure if outcome is not Outcome.PASSED else None,
        waits=(Wait(text, 1e5, 1e5, 10**6, text, 1e5, satisfied=True), *result.waits),
        measurements=tuple(Measurement(name, 10.0 ** (index % 12 - 4), unit, 1e6) for name, unit in measured),
    )
