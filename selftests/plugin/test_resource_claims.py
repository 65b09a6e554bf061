"""What a statement relies on."""

import pytest

from harness.model.resources import CLUSTER, DEFAULTS, EVERYTHING, INGRESS, METALLB, Resource
from harness.plugin.claims import of_folder


@pytest.mark.parametrize(
    ("nodeid", "relies_on"),
    [
        ("suites/metallb/layer2/test_metallb.py::test_ingress", {METALLB, CLUSTER}),
        ("suites/ingress/nginx/canary/test_weight.py::test_metallb[ingress/metallb]", {INGRESS, DEFAULTS, CLUSTER}),
        ("suites/ingress/status/test_load_balancer_status.py::test_it", {INGRESS, CLUSTER}),
        ("suites/kubernetes/test_ingress_class.py::test_it", {INGRESS, DEFAULTS, CLUSTER}),
        ("suites/installation/test_metallb.py::test_it", EVERYTHING),
    ],
)
def test_the_folder_says_what_a_statement_relies_on(nodeid: str, relies_on: set[Resource]) -> None:
    assert of_folder(nodeid) == relies_on
