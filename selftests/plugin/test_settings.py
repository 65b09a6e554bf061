import re

import pytest

from harness.model.errors import UsageFault
from harness.plugin.settings import parse_settings
from selftests.plugin.conftest import Suite


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--nodes=0"], "--nodes of at least 1"),
        (["--example-pool=10.0.0.1-10.0.0.9"], "--subnet beside --example-pool"),
        (["--example-pool=10.0.0.9-10.0.0.1"], "a first address not after the last"),
        (["--example-pool=10.0.0.1-10.0.0.9", "--subnet=172.30.0.0/16"], "a pool inside the network 172.30.0.0/16"),
        (["--subnet=10.0.0.1/8"], "--subnet with a CIDR"),
        (["--metallb=0.1x"], "--metallb with a version"),
        (["--kubernetes=newest"], "--kubernetes with a version"),
        (["--ingress=ingress-nginx@newest"], "--ingress with a version"),
        (["--ingress=haproxy"], "one of: ingress-nginx"),
        (["--image=none=x"], "--image COMPONENT=REFERENCE"),
    ],
)
def test_option_that_cannot_be_is_told(suite: Suite, words: list[str], expected: str) -> None:
    suite.write("conftest.py", "")
    suite.add("EXH-01")
    config = suite.pytester.parseconfig("-p", "harness.plugin", *words)
    with pytest.raises(UsageFault, match=re.escape(expected)):
        parse_settings(config.getoption)
