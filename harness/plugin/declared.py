"""What the suite has, whatever a run selects: read off the text of the tests, which a run of a part does not import."""

import re
from pathlib import Path

from harness.model.statements import Profile

_DECLARED = re.compile(r'@statement\(\s*"([^"]+)",\s*\w+,\s*(\w+)')


def declared(suites: Path) -> dict[str, Profile]:
    """The profile of every statement below ``suites``, by id."""
    texts = (file.read_text(encoding="utf-8") for file in suites.rglob("test_*.py"))
    return {identifier: Profile(profile) for text in texts for identifier, profile in _DECLARED.findall(text)}
