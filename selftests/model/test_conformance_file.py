from pathlib import Path

import msgspec
import pytest

from harness.model.conformance_file import find_file, read_file
from harness.model.errors import UsageFault


class Run(msgspec.Struct, forbid_unknown_fields=True):
    nodes: int | msgspec.UnsetType = msgspec.UNSET


def read(tmp_path: Path, text: str) -> str:
    file = tmp_path / "conformance.toml"
    file.write_text(text)
    with pytest.raises(UsageFault) as told:
        read_file(file, Run, lambda identifier: "")
    return told.value.found


DEVIATION = '[[deviation]]\nstatement = "EXH-01"\nobserved = "x"\nsays = "x"\nreason = "x"\n'
SKIP = '[[skip]]\nstatement = "EXH-01"\nreason = "x"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[feature]\nunsupported = []\n", "line 1: unknown key 'feature'; did you mean features?"),
        ("[policies]\n", "line 1: unknown key 'policies'; there are run, features, skip, deviation"),
        ('[features]\nsupported = ["canary"]\n', "line 2: unknown key 'supported'; did you mean unsupported?"),
        ('[features]\nunsupported = "canary"\n', "line 2: unsupported: Expected `array`, got `str`"),
        ("[features]\nunsupported = [1]\n", "line 2: unsupported: Expected `str`, got `int`"),
        ("[features]\n", "line 1: Object missing required field `unsupported`"),
        ("[[features]]\n", "line 1: Expected `object`, got `array`"),
        ('[features]\nunsupported = ["cors",\n  "canry"]\n', "line 3: there is no feature 'canry'; did you mean canary?"),
        ('[features]\nunsupported = ["cors", "cors"]\n', "line 2: cors is listed twice"),
        ("[[skips]]\n", "line 1: unknown key 'skips'; did you mean skip?"),
        ('# mine\n[run]\nnodes = "3"\n', "line 3: nodes: Expected `int`, got `str`"),
        ("run = 3\n", "line 1: Expected `object`, got `int`"),
        ('[skip]\nstatement = "EXH-01"\n', "line 1: begin every entry with a line [[skip]]"),
        ('\n[[skip]]\nstatement = "EXH-01"\n', "line 2: Object missing required field `reason`"),
        ('[[skip]]\nstatement = "exh1"\nreason = "x"\n', "line 2: statement: Expected `str` matching regex"),
        ('[[skip]]\nreason = ""\nstatement = "EXH-01"\n', "line 2: reason: Expected `str` of length >= 1"),
        (SKIP + SKIP, "line 4: EXH-01 is listed in line 1 already"),
        (DEVIATION + 'since = "2"\nuntil = "1"\n', "line 1: no version lies between since 2 and until 1"),
        (DEVIATION + 'since = "new"\n', "line 1: "),
        (DEVIATION + 'link = "there"\n', "line 6: link: Expected `str` matching regex"),
        ("[[skip]\n", "(at line 1, column"),
    ],
)
def test_what_cannot_be_followed_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    assert told in read(tmp_path, text)


def test_complaints_fit_on_one_screen(tmp_path: Path) -> None:
    found = read(tmp_path, '[[skip]]\nstatement = "EXH-01"\n' * 20)
    assert len(found.splitlines()) == 13
    assert found.endswith("and 8 more")


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    file = tmp_path / "conformance.toml"
    file.write_text("")
    found = read_file(file, Run, lambda identifier: "unknown")
    assert (found.run, found.skips, found.deviations, found.unsupported) == ({}, (), (), {})


def test_the_file_is_sought_up_to_the_repositorys_root(tmp_path: Path) -> None:
    below = tmp_path / "repository" / "folder" / "below"
    below.mkdir(parents=True)
    file = tmp_path / "conformance.toml"
    file.write_text("")
    assert find_file(below) == file
    (tmp_path / "repository" / ".git").mkdir()
    assert find_file(below) is None
    inside = tmp_path / "repository" / "conformance.toml"
    inside.write_text("")
    assert find_file(below) == inside
