"""``run``: pytest with the project's own root, configuration and plugin, wherever the user stands."""

import argparse
import difflib
import re
import shlex
from collections.abc import Generator, Iterator
from typing import Any

import pytest

from harness.cli import Commands
from harness.cli.container import start
from harness.model.errors import UsageFault
from harness.model.project import COMMAND, INSTALLED, ROOT
from harness.plugin.options import WORKERS, add_level, add_options, add_workers
from harness.plugin.run_facts import COMMAND_LINE
from lab import cache

SUITES = ROOT / "suites"
_ABOUT = """Create a cluster, judge the statements on it, write a report, and remove everything again. What comes after -- goes to pytest,
for instance: run metallb/layer2 -- -x -v"""
_ID = re.compile(r"[A-Z][A-Z0-9]+-\d+")


def add_command(commands: Commands) -> None:
    """Declare ``run``."""
    parser = commands.add_parser("run", help="create a cluster, judge the statements on it, write a report", description=_ABOUT)
    selection = parser.add_argument_group("which statements")
    add_selection(selection)
    add_workers(selection.add_argument)
    declared: list[argparse.Action] = []

    def group(_: str, title: str) -> Any:
        add = parser.add_argument_group(title).add_argument
        # an option that was not given has no value: what a file says holds then, and what was given wins, be it the default
        return lambda *words, **options: declared.append(add(*words, **{**options, "default": argparse.SUPPRESS}))

    add_options(group)
    contained = "run inside a container that is given the engine's socket: on a Mac, with Docker Desktop, or without the tools"
    parser.add_argument("--in-container", action="store_true", help=contained)
    parser.set_defaults(command=run, declared=declared)


def add_selection(parser: "argparse._ActionsContainer") -> None:
    """Declare what chooses statements."""
    what = "ids such as ALC-01, or subjects such as metallb/layer2, or tests as a report names them (default: everything)"
    # one that was not given has no value: what conformance.toml says holds then
    add_level(lambda *words, **said: parser.add_argument(*words, **(said | {"default": None})))
    parser.add_argument("what", nargs="*", metavar="WHAT", help=what)
    parser.add_argument("-m", dest="marks", metavar="EXPRESSION", help="by keyword, profile, subject or feature: -m 'must and core'")
    parser.add_argument("-k", dest="names", metavar="EXPRESSION", help="by words in their names: -k exhaustion")


def run(options: argparse.Namespace) -> int:
    """Run pytest and return its exit code.

    :raises UsageFault: what is to be judged does not exist
    :raises EnvironmentFault: there is to be a container and cannot be
    """
    given = [word for action in options.declared for word in _as_words(action, getattr(options, action.dest, None))]
    kept = ["-o", f"cache_dir={cache.directory().with_name('pytest')}"] if INSTALLED or start.INSIDE else []  # that is not to be written
    selected = selection_words(options)
    if options.in_container and not start.INSIDE:
        return start.run(options)
    at_a_time = [] if options.numprocesses is None else [f"--numprocesses={options.numprocesses}"]
    words = [*project_words(), *kept, *selected, *at_a_time, *given]
    started = _Started(shlex.join([*COMMAND.split(), *options.words]))
    return int(pytest.main([*words, *options.for_pytest], plugins=[started]))


def project_words() -> list[str]:
    """What makes pytest take the project for its own, from any folder."""
    project = [f"--rootdir={ROOT}", f"--config-file={ROOT / 'pyproject.toml'}"]
    # The command has imported modules, ours and others', whose assertions pytest would rewrite where they are tests.
    quiet = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    return [*project, *quiet]


def selection_words(options: argparse.Namespace) -> list[str]:
    """What selects the statements asked for.

    :raises UsageFault: there is no such folder or test, or ids stand beside them
    """
    ids = [what for what in options.what if _ID.fullmatch(what)]
    places = [_place(what) for what in options.what if what not in ids]
    if ids and places:
        raise UsageFault("ids of statements, or subjects", " ".join(options.what), "name either")
    expressions = [word for name, value in (("-m", options.marks), ("-k", options.names)) if value for word in (name, value)]
    level = [f"--level={options.level}"] if options.level else []
    return [*(places or [str(SUITES)]), *(f"--statement={one}" for one in ids), *level, *expressions]


def _place(what: str) -> str:
    file, test, name = what.partition("::")
    place = SUITES / file.removeprefix(SUITES.name).strip("/")
    if place.exists():
        return f"{place}{test}{name}"
    subjects = sorted({str(found.parent.relative_to(SUITES)) for found in SUITES.rglob("test_*.py")})
    near = difflib.get_close_matches(what, subjects, 3)
    hint = f"did you mean {', '.join(near)}?" if near else "choose one"
    raise UsageFault(f"ids of statements, or subjects: {', '.join(subjects)}", what, hint)


def _as_words(action: argparse.Action, value: Any) -> Iterator[str]:
    """An option as it was given; nothing where it was not."""
    name = action.option_strings[0]
    if value is None:
        return
    if value is True:
        yield name
    else:
        yield from (f"{name}={one}" for one in (value if isinstance(value, list) else [value]))


class _Started:
    """A plugin that tells the suite's own how the run was started."""

    def __init__(self, line: str) -> None:
        self._line = line

    @pytest.hookimpl(wrapper=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> Generator[None, object, object]:
        """Leave the line for the report, and the number of workers where nobody says another one: before anybody reads either."""
        config.stash[COMMAND_LINE] = self._line
        if getattr(config.option, "numprocesses", 0) is None:
            config.option.numprocesses = WORKERS
        return (yield)
