import pytest

from harness.model.verdicts import Outcome
from selftests.plugin.conftest import PREAMBLE, WITH_WORKERS, Suite

BAD = (
    PREAMBLE
    + """
@statement("exh1", MUST, CORE, source="ftp://example.org", since="banana", covers=("ROW-MLB-900",))
def test_bad():
    \"\"\"It works. It MUST.\"\"\"

@statement("EXH-02", MUST, CORE, source="https://example.org/", since="0.15.0", until="0.15.0")
def test_unworded():
    \"\"\"A Service SHOULD do something.\"\"\"

@statement("EXH-02", MUST, CORE, source="https://example.org/")
@pytest.mark.skip
def test_twice():
    \"\"\"A Service MUST do something.\"\"\"

def test_undeclared():
    pass
"""
)


@pytest.mark.parametrize("workers", [pytest.param((), id="one process"), WITH_WORKERS])
def test_bad_declarations_are_refused_on_one_screen(suite: Suite, workers: tuple[str, ...]) -> None:
    suite.write("suites/metallb/exhaustion/test_bad.py", BAD)
    ran = suite.run(*workers)
    assert ran.code == 4
    assert ran.report is None
    for complaint in (
        "the id 'exh1' is not a subject prefix and a number",
        "the source 'ftp://example.org' is no http address",
        "'banana' is neither a version",
        "it covers 'ROW-MLB-900'",
        "has to be one sentence, not 'It works. It MUST.'",
        "no version is in metallb >= 0.15.0, < 0.15.0",
        "does not use the keyword MUST: 'A Service SHOULD",
        "the id EXH-02 belongs to suites/metallb/exhaustion/test_bad.py::test_unworded already",
        "test_twice: skip hides a hole",
        "test_undeclared: has no @statement",
    ):
        assert complaint in ran.output
    assert "Traceback" not in ran.output
    assert "worker" not in ran.output.replace("workers", "")


def test_marks_select_by_keyword_profile_and_subject(suite: Suite) -> None:
    suite.add("EXH-01")
    suite.add("ALC-01", folder="metallb/allocation")
    suite.add("ALC-02", folder="metallb/allocation", text="A Service MUST do something else.")
    assert list(suite.run("-m", "must and core and exhaustion").outcomes) == ["EXH-01"]
    assert list(suite.run("-m", "allocation", "-k", "ALC-02").outcomes) == ["ALC-02"]
    assert sorted(suite.run("-m", "metallb and not exhaustion").outcomes) == ["ALC-01", "ALC-02"]
    assert suite.run("-m", "may").code == 5
    assert suite.run("-k", "nothing_of_this_name").code == 5


@pytest.mark.parametrize("workers", [pytest.param((), id="one process"), WITH_WORKERS])
def test_an_unknown_word_is_no_empty_run(suite: Suite, workers: tuple[str, ...]) -> None:
    suite.add("EXH-01")
    ran = suite.run("-m", "must and exhaustoin", *workers)
    assert ran.code == 4
    assert "did you mean exhaustion?" in ran.output
    assert "observed" in ran.output


def test_arguments_of_marks_are_no_words(suite: Suite) -> None:
    suite.add("EXH-01", before="@pytest.mark.usefixtures('tmp_path')")
    assert suite.run("-m", "not filterwarnings(name='x') and (must or core)").code == 0


def test_statements_are_listed_and_not_run(suite: Suite) -> None:
    suite.add("EXH-01", "assert False", options="since='0.13.9'")
    ran = suite.run("--list-statements")
    assert ran.code == 0
    assert ran.report is None
    assert "EXH-01   MUST   CORE     metallb/exhaustion      metallb >= 0.13.9" in ran.output
    assert "A Service MUST do what is said here." in ran.output
    assert "<Function" not in ran.output


@pytest.mark.parametrize("workers", [pytest.param((), id="one process"), WITH_WORKERS])
def test_statements_are_chosen_by_their_ids_and_no_others(suite: Suite, workers: tuple[str, ...]) -> None:
    for identifier in ("EXH-01", "EXH-010", "EXH-02", "EXH-03"):
        suite.add(identifier)
    assert sorted(suite.run("--statement=EXH-01", "--statement=EXH-03", *workers).outcomes) == ["EXH-01", "EXH-03"]


@pytest.mark.parametrize("workers", [pytest.param((), id="one process"), WITH_WORKERS])
@pytest.mark.parametrize(("asked", "told"), [("EXH-11", "did you mean EXH-01?"), ("EXH-02", "EXH-02 is gone, as EXH-01 says the same")])
def test_an_id_that_no_statement_has_is_told(suite: Suite, asked: str, told: str, workers: tuple[str, ...]) -> None:
    suite.add("EXH-01")
    ran = suite.run(f"--statement={asked}", *workers)
    assert ran.code == 4
    assert told in ran.output


@pytest.mark.parametrize("option", ["--timeout-scale=0", "--timeout-scale=fast", "--timeout-scale=inf"])
def test_a_senseless_scale_is_refused(suite: Suite, option: str) -> None:
    assert suite.run(option).code == 4


def test_random_order_is_possible(suite: Suite) -> None:
    for number in range(1, 9):
        suite.add(f"EXH-0{number}")
    ran = suite.run("-p", "pytest_randomly", "--randomly-seed=4")
    assert ran.code == 0
    assert sorted(ran.outcomes) == [f"EXH-0{number}" for number in range(1, 9)]


class TestWithoutStatements:
    def test_pytest_is_as_ever(self, suite: Suite) -> None:
        suite.write(
            "selftests/test_plain.py", "import pytest\n\ndef test_a(): pass\n\ndef test_b(): pytest.skip('s')\n\ndef test_c(): assert 0\n"
        )
        ran = suite.run("selftests")
        assert ran.code == 1
        assert ran.report is None
        assert "1 failed, 1 passed, 1 skipped" in ran.output
        assert "FAILURES" in ran.output
        assert not (suite.pytester.path / "reports").exists()

    def test_beside_statements_their_failures_count(self, suite: Suite) -> None:
        suite.add("EXH-01")
        suite.write("selftests/test_plain.py", "def test_c(): assert 0, 'plain failure'\n")
        ran = suite.run("suites", "selftests")
        assert ran.code == 1
        assert ran.outcomes == {"EXH-01": Outcome.PASSED}
        assert "plain failure" in ran.output


FIXTURES = """
import pytest

from harness.plugin.provisions import Provision, needs


@pytest.fixture
@needs(Provision.MANIFEST)
def client():
    return None
"""


def test_manifests_are_named_and_there(suite: Suite) -> None:
    suite.write("suites/conftest.py", FIXTURES)
    suite.write("manifests/ingress/routing/rtg_01/right.yaml", "")
    names = {"RTG-01": "right.yaml", "RTG-02": "right.yaml", "RTG-03": "", "RTG-04": "right.yaml"}
    for identifier, name in names.items():
        mark = f"@pytest.mark.manifest('{name}')" if name else ""
        suite.add(identifier, folder="ingress/routing", before=mark, parameters="" if identifier == "RTG-04" else "client")
    ran = suite.run()
    assert ran.code == 4
    for complaint in (
        "rtg_02: it names manifests/ingress/routing/rtg_02/right.yaml, which does not exist",
        'rtg_03: its fixtures ask the routes of a manifest, so it has to name one: @pytest.mark.manifest("NAME.yaml")',
        "rtg_04: it names manifests/ingress/routing/rtg_04/right.yaml, but none of its fixtures asks the routes in it",
    ):
        assert complaint in ran.output
    assert "rtg_01:" not in ran.output


def test_a_misspelt_manifest_is_told_with_the_right_one_and_none_is_named_twice(suite: Suite) -> None:
    suite.write("suites/conftest.py", FIXTURES)
    suite.write("manifests/ingress/routing/made_up/right.yaml", "")
    tests = [
        f'@statement("RTG-0{number}", MUST, CORE, source="https://example.org/")\n@pytest.mark.manifest("{name}.yaml")\n'
        f'@pytest.mark.parametrize("case", [1, 2])\ndef test_{number}(client, case):\n    """A Service MUST."""\n'
        for number, name in enumerate(("right", "rihgt", "right"))
    ]
    suite.write("suites/ingress/routing/test_made_up.py", PREAMBLE + "\n".join(tests))
    ran = suite.run()
    assert ran.code == 4
    folder = "manifests/ingress/routing/made_up"
    assert f"test_1: it names {folder}/rihgt.yaml, which does not exist; did you mean right.yaml?" in ran.output
    assert f"test_2: it names {folder}/right.yaml, which is that of suites/ingress/routing/test_made_up.py::test_0" in ran.output
    assert ran.output.count("test_1: it names") == 1


def test_statements_about_an_upgrade_apply_where_there_is_one(suite: Suite) -> None:
    suite.add("UPG-01", folder="upgrade")
    suite.add("EXH-01")
    assert suite.run().outcomes == {"UPG-01": Outcome.NOT_APPLICABLE, "EXH-01": Outcome.PASSED}
    assert suite.run("--statement=UPG-01").results["UPG-01"].reason == "needs --upgrade-from VERSION"
    assert suite.run("--upgrade-from=0.16.1").outcomes == {"UPG-01": Outcome.PASSED, "EXH-01": Outcome.PASSED}
