"""What the suite needs to know of the stub: a class that says it."""

from collections.abc import Mapping
from pathlib import Path

from harness.model.expectations import Signature
from harness.model.features import Feature
from harness.systems.ingress.controllers import Controller
from harness.systems.kubernetes.workloads import Workload

HERE = Path(__file__).parent
HOME = "https://github.com/example/stub-ingress-controller"


class Stub(Controller):
    """A version of the stub."""

    name = namespace = service = ingress_class = "stub"
    class_controller = "example.com/stub"
    workloads = (Workload("Deployment", "stub", "stub", "app=stub"),)
    components: Mapping[str, str] = {"example.test/stub": "stub"}
    references: Mapping[str, str] = {"stub": "example.test/stub:{version}"}
    default_version = "1.0.0"
    signature = Signature("stub", headers={"Server": "stub"})
    manifest = HERE / "deploy.yaml"
    baseline = HERE / "stub.toml"
    features: Mapping[Feature, str] = dict.fromkeys((Feature.PATH_TYPES, Feature.WILDCARD_HOSTS, Feature.DEFAULT_BACKEND), HOME)
