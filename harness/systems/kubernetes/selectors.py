"""Label selectors (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors)."""

from collections.abc import Iterable, Mapping
from typing import Any


def matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether labels meet every requirement of a selector; an empty one matches everything."""
    wanted: Mapping[str, str] = selector.get("matchLabels") or {}
    equal = all(labels.get(key) == value for key, value in wanted.items())
    return equal and all(_meets(one, labels) for one in selector.get("matchExpressions") or ())


def matches_any(selectors: Iterable[Mapping[str, Any]] | None, labels: Mapping[str, str]) -> bool:
    """Whether labels match one of several selectors; where there are none, everything does."""
    several = list(selectors or ())
    return not several or any(matches(one, labels) for one in several)


def _meets(requirement: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = requirement["key"], requirement.get("values") or ()
    match requirement["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case other:
            raise ValueError(f"{other!r} is no operator of a label selector")
