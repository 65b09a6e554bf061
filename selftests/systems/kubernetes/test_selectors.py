"""Label selectors."""

import pytest

from harness.systems.kubernetes.selectors import matches, matches_any

LABELS = {"app": "web", "tier": "front"}


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({}, True),
        ({"matchLabels": {"app": "web"}}, True),
        ({"matchLabels": {"app": "web", "tier": "back"}}, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "other"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["other"]}]}, False),
        ({"matchExpressions": [{"key": "none", "operator": "In", "values": ["web"]}]}, False),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}, False),
        ({"matchExpressions": [{"key": "none", "operator": "NotIn", "values": ["web"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, False),
        ({"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "none", "operator": "Exists"}]}, False),
    ],
)
def test_labels_meet_every_requirement(selector: dict[str, object], expected: bool) -> None:
    assert matches(selector, LABELS) == expected


def test_an_unknown_operator_is_told() -> None:
    with pytest.raises(ValueError, match="'Near'"):
        matches({"matchExpressions": [{"key": "app", "operator": "Near"}]}, LABELS)


def test_one_of_several_selectors_is_enough_and_none_is_no_restriction() -> None:
    assert matches_any([{"matchLabels": {"app": "other"}}, {"matchLabels": {"app": "web"}}], LABELS)
    assert not matches_any([{"matchLabels": {"app": "other"}}], LABELS)
    assert matches_any([], LABELS)
    assert matches_any(None, LABELS)
