"""What does not hold is found once, blocks what rests on it, and is not asked again."""

from pathlib import Path

import pytest

from harness.model.errors import Blocked, StatementFailed
from harness.model.preconditions import Precondition
from harness.model.verdicts import Outcome
from harness.plugin.preconditions import Findings
from selftests.plugin.conftest import WITH_WORKERS, Suite

#: A cluster that is there, and looks that are planned: each is written down.
CLUSTER = """
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

from harness.model.errors import EnvironmentFault
from harness.model.preconditions import Precondition
from harness.plugin import cluster_owner, preconditions
from harness.plugin.provisions import Provision, needs, rests_on

LOOKED = Path(__file__).parent / "looked"
FOUND = {found!r}


class Looks:
    @classmethod
    def of(cls, state, ingress=""):
        return cls()

    def lacking(self, one):
        with LOOKED.open("a") as file:
            file.write(one.name + chr(10))
        found = FOUND.get(one.name, "")
        later = found.partition("then ")[2]
        if later and LOOKED.read_text().split().count(one.name) > 1:
            return later
        return "" if later else found


@contextmanager
def hold(claim, who):
    yield


def pytest_sessionstart(session):
    patched = pytest.MonkeyPatch()
    session.config.add_cleanup(patched.undo)
    patched.setattr(preconditions, "Preconditions", Looks)
    patched.setattr(preconditions, "find_cluster", lambda config: SimpleNamespace(name="c", locks=SimpleNamespace(hold=hold)))
    patched.setattr(cluster_owner.ClusterOwner, "acquire", lambda self: None)


@pytest.fixture
@needs(Provision.CLUSTER)
def cluster(): pass


@pytest.fixture
@rests_on(Precondition.ADDRESSES)
def services(cluster): pass


@pytest.fixture
def failing(services): raise WrongAnswer("an address", "none")


@pytest.fixture
def faulty(services): raise EnvironmentFault("a backend", "none", "look")
"""
#: Fixtures of a run with several controllers.
SEVERAL = """

@pytest.fixture(scope="session")
def ingress_controller(request): return request.param


@pytest.fixture
@rests_on(Precondition.REACHABLE)
def vip(cluster, ingress_controller): pass
"""
PREAMBLE = "from harness.model.errors import *\nfrom harness.model.statements import *\n"


def prepared(suite: Suite, **found: str) -> Path:
    """The file with what was looked at, of a suite whose looks find this, by the precondition's name; then: from the second on."""
    conftest = suite.pytester.path / "conftest.py"
    suite.write("conftest.py", conftest.read_text() + PREAMBLE + CLUSTER.replace("{found!r}", repr(found)))
    return suite.pytester.path / "looked"


@pytest.mark.parametrize("workers", [(), WITH_WORKERS])
def test_what_does_not_hold_is_looked_at_once_and_blocks(suite: Suite, workers: tuple[str, ...]) -> None:
    looked = prepared(suite, ADDRESSES="a new Service has no address")
    for number in range(2, 6):
        suite.add(f"EXH-0{number}", "assert False, 'never runs'", parameters="services")
    suite.add("ALC-01", "assert False, 'no address'", parameters="services", folder="metallb/allocation")
    suite.add("EXH-09", parameters="")
    ran = suite.run(*workers)
    assert ran.code == 1
    assert ran.outcomes == {
        "ALC-01": Outcome.FAILED,
        **{f"EXH-0{number}": Outcome.BLOCKED for number in range(2, 6)},
        "EXH-09": Outcome.PASSED,
    }
    assert ran.results["EXH-02"].reason == "blocked by ALC-01: a new Service gets an address, but a new Service has no address"
    assert looked.read_text().split().count("ADDRESSES") == 1


def test_what_is_more_basic_is_named_first(suite: Suite) -> None:
    looked = prepared(suite, POOLS="webhook refuses", ADDRESSES="none")
    suite.add("ALC-01", "assert False", parameters="services", folder="metallb/allocation")
    suite.add("EXH-02", "assert False", parameters="services")
    ran = suite.run()
    assert {name: result.blocked_by for name, result in ran.results.items()} == {"ALC-01": ("DEP-03",), "EXH-02": ("DEP-03",)}
    assert looked.read_text().split() == ["POOLS", "METALLB"]


def test_where_what_rests_on_all_the_rest_holds_nothing_else_is_looked_at(suite: Suite) -> None:
    looked = prepared(suite, POOLS="webhook refuses")
    suite.add("EXH-02", parameters="services")
    assert suite.run().outcomes == {"EXH-02": Outcome.PASSED}
    assert looked.read_text().split() == ["ADDRESSES"]


@pytest.mark.parametrize(("folder", "outcome"), [("ingress/routing", Outcome.PASSED), ("installation", Outcome.BLOCKED)])
def test_an_address_that_is_served_is_enough_for_those_only_who_need_no_new_one(suite: Suite, folder: str, outcome: Outcome) -> None:
    prepared(suite, ADDRESSES="none", ANNOUNCEMENT="nobody answers")
    conftest = suite.pytester.path / "conftest.py"
    suite.write("conftest.py", conftest.read_text() + SEVERAL.replace('scope="session"', "").replace("request.param", "None"))
    suite.add("SUB-01", folder=folder, parameters="vip")
    assert suite.run().outcomes == {"SUB-01": outcome}


def test_what_holds_of_one_controller_is_no_ground_for_another(tmp_path: Path) -> None:
    traefik, contour = (Findings(tmp_path, name) for name in ("traefik", "contour"))
    traefik.note(Precondition.SERVED, "404")
    traefik.note(Precondition.POOLS, "")
    assert (traefik.of(Precondition.SERVED), contour.of(Precondition.SERVED)) == ("404", None)
    assert contour.of(Precondition.POOLS) == ""  # what is MetalLB's is everybody's


def test_each_controller_is_looked_at_for_what_is_judged_with_it(suite: Suite) -> None:
    looked = prepared(suite)
    conftest = suite.pytester.path / "conftest.py"
    text = conftest.read_text().replace("{Feature.CANARY, Feature.CORS})}", "()), 'contour': frozenset()}")
    text = text.replace("file.write(one.name + chr(10))", "file.write(f'{one.name}-{self.ingress}' + chr(10))")
    text = text.replace("return cls()", "made = cls()\n        made.ingress = ingress\n        return made")
    suite.write("conftest.py", text + SEVERAL)
    suite.add("SUB-01", folder="ingress/routing", parameters="vip")
    assert set(suite.run().outcomes.values()) == {Outcome.PASSED}
    assert set(looked.read_text().split()) == {"REACHABLE-traefik", "REACHABLE-contour"}


def test_nothing_is_looked_at_for_what_does_not_apply_or_needs_no_cluster(suite: Suite) -> None:
    looked = prepared(suite, METALLB="down")
    suite.add("EXH-01", "assert False", options="since='0.15.0'", parameters="services")
    suite.add("EXH-02")
    assert suite.run().outcomes == {"EXH-01": Outcome.NOT_APPLICABLE, "EXH-02": Outcome.PASSED}
    assert not looked.exists()


@pytest.mark.parametrize("fixture", ["failing", "faulty"])
def test_a_fixture_that_fails_is_blocked_where_its_ground_has_gone(suite: Suite, fixture: str) -> None:
    prepared(suite, ADDRESSES="then none any more")
    suite.add("EXH-01", parameters=fixture)
    suite.add("EXH-02", parameters="services")
    ran = suite.run()
    assert ran.outcomes == {"EXH-01": Outcome.BLOCKED, "EXH-02": Outcome.BLOCKED}
    assert ran.results["EXH-01"].blocked_by == ("ALC-01",)


@pytest.mark.parametrize(("fixture", "outcome"), [("failing", Outcome.FAILED), ("faulty", Outcome.ENVIRONMENT_ERROR)])
def test_a_fixture_that_fails_on_good_ground_is_what_it_was(suite: Suite, fixture: str, outcome: Outcome) -> None:
    prepared(suite)
    suite.add("EXH-01", parameters=fixture)
    assert suite.run().outcomes == {"EXH-01": outcome}


def test_what_a_failed_statement_rested_on_is_looked_at_again_before_the_next(suite: Suite) -> None:
    looked = prepared(suite, ADDRESSES="then gone")
    suite.add("EXH-01", "assert False, 'first'", parameters="services")
    suite.add("EXH-02", parameters="services")
    ran = suite.run()
    assert ran.outcomes == {"EXH-01": Outcome.FAILED, "EXH-02": Outcome.BLOCKED}
    assert looked.read_text().split().count("ADDRESSES") == 2


def test_what_disturbs_blames_nobody_else(suite: Suite) -> None:
    prepared(suite, ADDRESSES="then gone")
    before = "@pytest.mark.disruptive"
    suite.add("EXH-01", before="", options="", parameters="failing")
    text = next(suite.pytester.path.glob("suites/**/test_exh_01.py"))
    text.write_text(text.read_text().replace("@statement(", f"{before}\n@statement("))
    assert suite.run().outcomes == {"EXH-01": Outcome.FAILED}


def test_what_a_fixture_prepares_is_tried_once(tmp_path: Path) -> None:
    findings, tried = Findings(tmp_path), []

    def connect() -> str:
        tried.append(1)
        raise StatementFailed("sessions with every node", "none with\nnode two")

    for _ in range(2):
        with pytest.raises(Blocked, match="blocked by BGP-40: the speakers have sessions with a router, but none with node two"):
            findings.prepared(Precondition.SESSIONS, connect)
    assert len(tried) == 1
    assert Findings(tmp_path / "another").prepared(Precondition.SESSIONS, lambda: "peer") == "peer"
