"""A conformance statement: the data that stands on a test.

The identifier, the keyword of RFC 2119, the profile, the version range and the source are arguments of the decorator; the first line of
the test's docstring is the statement's text.
"""

from collections.abc import Callable, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from harness.model.features import Feature

Test = TypeVar("Test", bound=Callable[..., Any])
ATTRIBUTE = "__statement__"
#: Stands for the ingress controller under test, whichever it is, where the name of a system stands.
CONTROLLER = "ingress"


class Keyword(StrEnum):
    """How binding a statement is (https://www.rfc-editor.org/rfc/rfc2119)."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


class Profile(StrEnum):
    """Who has to conform: everybody, those who offer the features, or nobody (behaviour recorded, not judged)."""

    CORE = "CORE"
    EXTENDED = "EXTENDED"
    OBSERVED = "OBSERVED"


@dataclass(frozen=True, slots=True)
class Gate:
    """The versions of one system a statement holds for: ``since`` is the first, ``until`` the first that no longer.

    :param system: ``metallb``, ``kubernetes``, the name of a controller, or CONTROLLER
    """

    system: str
    since: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Declaration:
    """What ``@statement`` puts on a test function; the system of its gate is empty where the test's folder is to say it."""

    id: str
    keyword: Keyword
    profile: Profile
    source: str
    gate: Gate
    covers: tuple[str, ...] = ()
    features: frozenset[Feature] = frozenset()


MUST, SHOULD, MAY = Keyword.MUST, Keyword.SHOULD, Keyword.MAY
CORE, EXTENDED, OBSERVED = Profile.CORE, Profile.EXTENDED, Profile.OBSERVED


def statement(
    identifier: str,
    keyword: Keyword,
    profile: Profile,
    *,
    source: str,
    features: Set[Feature] = frozenset(),
    system: str = "",
    since: str | None = None,
    until: str | None = None,
    covers: tuple[str, ...] = (),
) -> Callable[[Test], Test]:
    """Declare the decorated test to be a conformance statement.

    :param identifier: unique, subject prefix and number, for instance ``EXH-01``
    :param source: the http address of the text that demands the behaviour
    :param features: what a controller has to offer for it to apply, beside what its place says (harness/catalogue/places.py)
    :param system: the system that the statement, with ``since`` and ``until``, speaks of, where it is another one than that of its folder
    :param covers: rows of upstream catalogues that this statement answers, for instance ``ROW-MLB-006``
    """
    declaration = Declaration(identifier, keyword, profile, source, Gate(system, since, until), covers, frozenset(features))

    def declare(test: Test) -> Test:
        setattr(test, ATTRIBUTE, declaration)
        return test

    return declare
