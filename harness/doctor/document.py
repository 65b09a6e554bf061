"""What is written of the doctor: the table of its rules in ``docs/doctor.md``, and the schema of what it prints."""

from pathlib import Path

from harness.doctor import rendering, rules
from harness.model.errors import UsageFault
from harness.model.project import ROOT

PAGE = ROOT / "docs" / "doctor.md"
#: Around what is written into the page.
BEGIN, END = "<!-- rules: written by `make documents` -->", "<!-- rules: end -->"


def write(page: Path = PAGE) -> list[Path]:
    """Write both."""
    page.write_text(_text(page), encoding="utf-8")
    return [page, rendering.write_schema()]


def check(page: Path = PAGE) -> None:
    """Compare both with the rules and types.

    :raises UsageFault: one is stale
    """
    if page.read_text(encoding="utf-8") != _text(page):
        raise UsageFault(f"{page.name} with the rules as they are", "others", "run `make documents`")
    rendering.check_schema()


def _text(page: Path) -> str:
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{rules.table()}\n{END}{after}"
