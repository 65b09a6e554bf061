"""The words of the catalogue in ``-m``: keywords, profiles, features, and the folders of ``suites/``."""

import difflib
import re

import pytest

from harness.model.errors import UsageFault
from harness.model.features import Feature
from harness.model.project import COMMAND
from harness.model.statements import Keyword, Profile
from harness.plugin import manifests


def register(config: pytest.Config) -> None:
    """Make the words of the catalogue known to ``-m``: keywords, profiles, features, and the folders of ``suites/``, at every depth.

    A folder that is called like a feature holds statements that need it.
    """
    for keyword in Keyword:
        config.addinivalue_line("markers", f"{keyword.lower()}: statements with the keyword {keyword} of RFC 2119")
    for profile in Profile:
        config.addinivalue_line("markers", f"{profile.lower()}: statements of the profile {profile}")
    manifests.register(config)
    named = folders(config)
    for feature in Feature:
        if feature not in named:
            config.addinivalue_line("markers", f"{feature}: statements that need it. {feature.meaning}")
    for name, places in named.items():
        config.addinivalue_line("markers", f"{name}: statements below {', '.join(places)}")


def folders(config: pytest.Config) -> dict[str, list[str]]:
    """The names of the folders below ``suites/``, and where folders of each name are."""
    found: dict[str, list[str]] = {}
    for folder in sorted((config.rootpath / "suites").glob("**/")):
        if folder.name.isidentifier() and not folder.name.startswith("_"):
            found.setdefault(folder.name, []).append(f"{folder.relative_to(config.rootpath).as_posix()}/")
    found.pop("suites", None)
    return found


def check_selection(config: pytest.Config) -> None:
    """Refuse an unknown word in ``-m`` before any worker starts: on workers pytest's own error would look like a crash.

    :raises UsageFault: a word is no registered mark
    """
    asked = config.getoption("markexpr") or ""
    # the words of an expression that are not its operators, nor the keywords of a mark's arguments
    words = re.findall(r"[\w.:-]+", re.sub(r"\([^()]*=[^()]*\)", "", asked))
    known = [re.split(r"[:(]", line)[0].strip() for line in config.getini("markers")]
    unknown = [word for word in words if word not in [*known, "and", "or", "not", "True", "False"]]
    if unknown:
        near = [match for word in unknown for match in difflib.get_close_matches(word, known, 1)]
        hint = f"did you mean {' '.join(near)}? " if near else ""
        ours = ", ".join(dict.fromkeys(word.lower() for word in [*Keyword, *Profile, *folders(config), *Feature]))
        raise UsageFault(f"-m with words of the catalogue: {ours}", " ".join(unknown), f"{hint}`{COMMAND} list` shows what there is")
