"""Strings that a regular expression matches, and near misses: the same for the same expression, always."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

#: Python's own parser of expressions; it has no public name.
_parse: Any = re._parser.parse  # type: ignore[attr-defined]
#: What a place for any character is filled with, in this order.
ALPHABET = "abcxyz019-_.~"
#: How often what may be repeated is: never, once, twice.
VARIANTS = 3
#: A target that can be sent as it is.
_SENDABLE = re.compile(r"/[!-~]*")
#: A value that a header can have as it is.
_TEXT = re.compile(r"[!-~]([ -~]*[!-~])?")


def samples(expression: str) -> list[str]:
    """Up to three paths that ingress-nginx's location for the expression matches: as short as can be, and longer ones.

    None where the expression cannot be read, or asks for what no path has.
    """
    return [one for one in _spellings(expression) if _SENDABLE.fullmatch(one) and re.match(expression, one)]


def texts(expression: str) -> list[str]:
    """Up to three texts of a header that the expression is found in."""
    return [one for one in _spellings(expression) if _TEXT.fullmatch(one) and re.search(expression, one)]


def _spellings(expression: str) -> list[str]:
    try:
        re.compile(expression)
        tree = _parse(expression)
        return list(dict.fromkeys(_spelled(tree, variant, {}) for variant in range(VARIANTS)))
    except (re.error, LookupError, RecursionError, OverflowError):
        return []


def near_misses(expression: str) -> list[str]:
    """Paths that one character keeps from being matched."""
    compiled = re.compile(expression)
    changed = (miss for one in samples(expression) for miss in (one[:-1], f"{one[:-1]}!", f"/-{one}", one.swapcase()))
    return [one for one in dict.fromkeys(changed) if _SENDABLE.fullmatch(one) and not compiled.match(one)][:VARIANTS]


def _spelled(tree: Iterable[Any], variant: int, groups: dict[int, str]) -> str:
    return "".join(_one(operation.name, value, variant, groups) for operation, value in tree)


def _one(operation: str, value: Any, variant: int, groups: dict[int, str]) -> str:
    made = ""  # places and conditions take no room; what they forbid is found by matching
    match operation:
        case "LITERAL":
            made = chr(value)
        case "NOT_LITERAL" | "ANY" | "IN":
            made = _character(operation, value, variant)
        case "BRANCH":
            made = _spelled(value[1][variant % len(value[1])], variant, groups)
        case "SUBPATTERN":
            made = groups[value[0]] = _spelled(value[-1], variant, groups)
        case "GROUPREF":
            made = groups[value]
        case "ATOMIC_GROUP":
            made = _spelled(value, variant, groups)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most, repeated = value
            made = "".join(_spelled(repeated, variant, groups) for _ in range(max(least, min(most, variant))))
    return made


def _character(operation: str, value: Any, variant: int) -> str:
    """A character that a set has; the sets of an expression are small, so each is asked by matching."""
    if operation == "ANY":
        return ALPHABET[variant]
    allowed = re.compile(_as_text(operation, value))
    fitting = [one for one in f"{ALPHABET}/{_letters(value)}" if allowed.fullmatch(one)]
    if not fitting:
        raise LookupError(f"no path has a character of {allowed.pattern}")
    return fitting[variant % len(fitting)]


def _as_text(operation: str, value: Any) -> str:
    if operation == "NOT_LITERAL":
        return f"[^{re.escape(chr(value))}]"
    return f"[{''.join(map(_member, value))}]"


def _member(member: Any) -> str:
    operation, value = member
    match operation.name:
        case "NEGATE":
            return "^"
        case "LITERAL":
            return re.escape(chr(value))
        case "RANGE":
            return f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
        case _:
            return {"CATEGORY_DIGIT": r"\d", "CATEGORY_NOT_DIGIT": r"\D", "CATEGORY_SPACE": r"\s", "CATEGORY_NOT_SPACE": r"\S"}.get(
                value.name, r"\w" if value.name == "CATEGORY_WORD" else r"\W"
            )


def _letters(value: Any) -> str:
    """The characters that a set names by themselves, and where its ranges begin."""
    members: Sequence[Any] = value if isinstance(value, list) else []
    return "".join(chr(one if name.name == "LITERAL" else one[0]) for name, one in members if name.name in ("LITERAL", "RANGE"))
