"""Controllers as they are found, and ingress-nginx as it is installed and waited for."""

from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import yaml
from cryptography import x509

from harness.model.errors import EnvironmentFault, UsageFault
from harness.model.expectations import Signature
from harness.model.features import Feature
from harness.systems.ingress import controllers
from harness.systems.ingress.controllers import Controller, controller
from harness.systems.ingress.controllers.ingress_nginx import CONTROLLER, WEBHOOK
from harness.systems.kubernetes.manifests import MANIFESTS
from harness.systems.kubernetes.workloads import Workload
from harness.systems.metallb.modes import OF_MODES
from selftests.systems.fake_api import FakeApi, an_object

NGINX = controller("ingress-nginx", "1.12.1")
READY = {"observedGeneration": 9, "updatedReplicas": 1, "readyReplicas": 1}


def deployment(ready: int = 1) -> dict[str, object]:
    return an_object("Deployment", CONTROLLER, NGINX.namespace, spec={"replicas": 1}, status={**READY, "readyReplicas": ready})


@pytest.mark.parametrize(("version", "judges"), [("1.11.8", False), ("1.12.0", True), ("1.15.1", True)])
def test_it_offers_features_by_its_version(version: str, judges: bool) -> None:
    features = controller("ingress-nginx", version).features
    assert set(Feature) - OF_MODES - features.keys() == (set() if judges else {Feature.PATH_TYPE_VALIDATION})
    assert all(link.startswith("https://") for link in features.values())


def test_its_manifest_is_applied_with_a_certificate_and_without_jobs(tmp_path: Path) -> None:
    image = {"name": "controller", "image": "registry.k8s.io/ingress-nginx/controller:v1@sha256:1"}
    objects = [
        an_object("Service", NGINX.service, NGINX.namespace, spec={"ipFamilies": ["IPv4"]}),
        an_object("Deployment", CONTROLLER, NGINX.namespace, spec={"template": {"spec": {"containers": [image]}}}),
        an_object("Namespace", NGINX.namespace),
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "create-certificate"}},
        {**an_object("ValidatingWebhookConfiguration", WEBHOOK), "webhooks": [{"clientConfig": {}}]},
    ]
    manifest = tmp_path / "deploy.yaml"
    manifest.write_text(yaml.safe_dump_all(objects))
    api = FakeApi()
    NGINX.install(api, manifest, {"registry.k8s.io/ingress-nginx/controller": "local/controller:1"})
    assert [kind for _, kind, _ in api.calls] == ["Namespace", "Secret", "Service", "Deployment", "ValidatingWebhookConfiguration"]
    stored = {kind: item for (kind, _, _), item in api.objects.items()}
    assert stored["Service"]["spec"] == {}
    assert stored["Deployment"]["spec"]["template"]["spec"]["containers"][0]["image"] == "local/controller:1"
    authority = x509.load_pem_x509_certificate(
        b64decode(stored["ValidatingWebhookConfiguration"]["webhooks"][0]["clientConfig"]["caBundle"])
    )
    x509.load_pem_x509_certificate(b64decode(stored["Secret"]["data"]["cert"])).verify_directly_issued_by(authority)


def test_namespaces_with_a_label_are_exempt_from_its_webhook() -> None:
    api = FakeApi({**an_object("ValidatingWebhookConfiguration", WEBHOOK), "webhooks": [{"name": "validate"}]})
    NGINX.exempt_from_webhook(api, "exempt")
    (webhook,) = api.objects["ValidatingWebhookConfiguration", None, WEBHOOK]["webhooks"]
    assert webhook["namespaceSelector"]["matchExpressions"] == [{"key": "exempt", "operator": "DoesNotExist"}]
    NGINX.exempt_from_webhook(FakeApi(), "exempt")


@pytest.mark.usefixtures("short")
class TestUsable:
    def test_it_is_waited_for(self) -> None:
        NGINX.wait_until_usable(FakeApi(deployment()))

    def test_pods_that_are_not_ready_are_told(self) -> None:
        with pytest.raises(EnvironmentFault, match=r"ingress-nginx-controller of ingress-nginx is ready\n.*0 of 1 ready"):
            NGINX.wait_until_usable(FakeApi(deployment(ready=0)))

    def test_a_webhook_that_lets_nothing_pass_is_told(self) -> None:
        api = FakeApi(deployment())
        api.deny("Ingress", "failed calling webhook")
        with pytest.raises(EnvironmentFault, match=r"webhook of ingress-nginx accepts an Ingress\n.*failed calling webhook"):
            NGINX.wait_until_usable(api)


def test_an_unknown_controller_is_told_with_the_known_ones() -> None:
    assert NGINX.legacy_class == {"kubernetes.io/ingress.class": "nginx"}
    with pytest.raises(UsageFault, match=r"one of: .*ingress-nginx"):
        controller("nobodys", "1")


class Foreign(Controller):
    """A controller of another package's, with what cannot be left out."""

    name = "foreign"
    namespace = service = "foreign-system"
    ingress_class = "foreign"
    class_controller = "example.com/foreign"
    workloads = (
        Workload("Deployment", "proxy", "foreign-system", "app=proxy"),
        Workload("DaemonSet", "agent", "foreign-system", "app=agent"),
    )
    components: Mapping[str, str] = {"example.com/proxy": "foreign-proxy"}
    signature = Signature("foreign", body="foreign")
    features: Mapping[Feature, str] = {}


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Installs packages that name controllers, each by its value."""

    def install(**values: str) -> None:
        points = [EntryPoint(name, value, controllers.GROUP) for name, value in values.items()]
        monkeypatch.setattr(controllers, "entry_points", lambda group: points if group == controllers.GROUP else [])
        controllers.known.cache_clear()

    yield install
    controllers.known.cache_clear()


class TestOtherPackages:
    def test_theirs_are_found_by_name(self, installed: Callable[..., None]) -> None:
        installed(foreign=f"{__name__}:Foreign")
        found = controller("foreign", "2.0.0")
        assert (found.name, found.version, found.legacy_class) == ("foreign", "2.0.0", {"kubernetes.io/ingress.class": "foreign"})
        assert (found.serving.name, found.manifest) == ("proxy", MANIFESTS / "controllers/foreign/deploy.yaml")

    @pytest.mark.parametrize(
        ("value", "found"),
        [
            ("nowhere.at.all:Foreign", "ModuleNotFoundError"),
            (f"{__name__}:deployment", "Deployment"),
            ("harness.systems.ingress.controllers:Controller", "TypeError: Can't instantiate abstract class"),
        ],
    )
    def test_what_is_none_is_told(self, installed: Callable[..., None], value: str, found: str) -> None:
        installed(broken=value)
        with pytest.raises(UsageFault, match=f"(?s)expected: a.*{value}.*{found}"):
            controller("broken", "1")

    def test_a_name_that_is_taken_is_told(self, installed: Callable[..., None]) -> None:
        installed(**{"ingress-nginx": f"{__name__}:Foreign"})
        with pytest.raises(UsageFault, match=r"a name that no other controller has[^\n]*Foreign\nfound: +ingress-nginx"):
            controller("nobodys", "1")

    @pytest.mark.usefixtures("short")
    def test_each_of_its_workloads_is_waited_for(self) -> None:
        proxy = an_object("Deployment", "proxy", "foreign-system", spec={"replicas": 1}, status=READY)
        agent = an_object(
            "DaemonSet",
            "agent",
            "foreign-system",
            status={"observedGeneration": 9, "desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberReady": 2},
        )
        Foreign("1").wait_until_usable(FakeApi(proxy, agent))
        with pytest.raises(EnvironmentFault, match="DaemonSet foreign-system/agent of foreign is ready"):
            Foreign("1").wait_until_usable(FakeApi(proxy))

    def test_its_own_manifest_is_applied_with_its_namespace(self, tmp_path: Path) -> None:
        container = {"name": "proxy", "image": "example.com/proxy:1"}
        manifest = tmp_path / "deploy.yaml"
        manifest.write_text(
            yaml.safe_dump(an_object("Deployment", "proxy", "foreign-system", spec={"template": {"spec": {"containers": [container]}}}))
        )
        api = FakeApi()
        Foreign("1").install(api, manifest, {"example.com/proxy": "local/proxy:1"})
        assert [kind for _, kind, _ in api.calls] == ["Namespace", "Deployment"]

    def test_one_without_a_second_instance_says_so(self) -> None:
        with pytest.raises(NotImplementedError, match="foreign says nothing of a second instance"):
            Foreign("1").another(FakeApi(), "t1")
