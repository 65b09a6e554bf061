import re
from pathlib import Path

import pytest
import yaml

from harness.cluster.state import ClusterState
from harness.model.errors import UsageFault
from harness.model.features import Feature
from harness.model.project import NAME
from harness.plugin.settings import features_under_test, parse_settings
from harness.systems.environment import Settings
from harness.systems.metallb.modes import Mode
from selftests.plugin.conftest import Suite
from selftests.systems.kubernetes.test_own_manifests import workload


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
        (["--kubernetes=1.36.3"], "--kubernetes with a version that has a node image"),
        (["--images=packages", "--metallb=0.16.3"], "a version of metallb-controller that can be built from packages"),
        (["--download-mirror=mirror.example.org"], "--download-mirror with a URL"),
        (["--metallb-manifest=none.yaml"], "--metallb-manifest with a manifest"),
        (["--ingress=ingress-nginx@newest"], "--ingress with a version"),
        (["--ingress=haproxy"], "one of: contour, f5-nginx, haproxy-ingress"),
        (["--ingress=traefik@3.7.15", "--ingress=traefik@3.6.15"], "traefik more than once"),
        (["--ingress=ingress-nginx", "--ingress=traefik-nginx"], "have one IngressClass nginx"),
        (["--ingress=traefik", "--ingress=skipper", "--ingress-manifest=a.yaml"], "it beside traefik and skipper"),
        (["--metallb-mode=frr-k8s", "--images=packages"], "a version of metallb-frr-k8s that can be built from packages: 0.16.1"),
        (["--upgrade-from=newest"], "--upgrade-from with a version\nfound:    'newest'"),
        (["--upgrade-from=0.15.3:frr"], "--upgrade-from with a version\nfound:    '0.15.3:frr'"),
        (["--upgrade-from=v0.16.2"], "--upgrade-from with a version before the one under test, 0.16.2\nfound:    0.16.2"),
        (["--upgrade-from=0.16.1", "--metallb=0.15.3"], "before the one under test, 0.15.3"),
        (["--upgrade-from=0.13.7"], "--upgrade-from with a version from 0.13.9"),
        (["--upgrade-from=0.15.1", "--images=packages"], "a version of metallb-controller that can be built from packages"),
        (["--image=none=x"], "--image COMPONENT=REFERENCE"),
    ],
)
def test_option_that_cannot_be_is_told(suite: Suite, words: list[str], expected: str) -> None:
    suite.write("conftest.py", "")
    suite.add("EXH-01")
    config = suite.pytester.parseconfig("-p", "harness.plugin", *words)
    with pytest.raises(UsageFault, match=re.escape(expected)):
        parse_settings(config.getoption)


def settings(suite: Suite, *words: str) -> Settings:
    suite.write("conftest.py", "")
    suite.add("EXH-01")
    return parse_settings(suite.pytester.parseconfig("-p", "harness.plugin", *words).getoption)


def test_kubernetes_is_a_minor_version_or_whatever_an_image_of_ones_own_is(suite: Suite) -> None:
    assert settings(suite, "--kubernetes=1.35").kubernetes == "1.35.8"
    assert settings(suite, "--kubernetes=1.36.3", "--image=kind-node=me/node:1").kubernetes == "1.36.3"


class TestOwnManifest:
    def manifest(self, suite: Suite, controller: str, speaker: str = "quay.io/metallb/speaker:v0.16.1") -> str:
        objects = [workload("controller", controller, "proxy/p:1"), workload("speaker", speaker, kind="DaemonSet")]
        suite.write("own.yaml", yaml.safe_dump_all(objects))
        return f"--metallb-manifest={suite.pytester.path / 'own.yaml'}"

    def test_says_version_and_images(self, suite: Suite) -> None:
        found = settings(suite, self.manifest(suite, "me/controller:v0.15.3"))
        assert found.metallb == "0.15.3"
        assert found.overrides == {
            "metallb-controller": "me/controller:v0.15.3",
            "metallb-speaker": "quay.io/metallb/speaker:v0.16.1",
            "proxy/p:1": "proxy/p:1",
        }
        assert found.components["proxy/p:1"] == found.components["metallb-controller"] == "0.15.3"
        assert found.images_of("metallb")["me/controller"] == "metallb-controller"

    def test_published_images_come_from_where_others_do(self, suite: Suite) -> None:
        found = settings(suite, self.manifest(suite, "quay.io/metallb/controller:v0.16.1@sha256:00"))
        assert found.overrides == {"proxy/p:1": "proxy/p:1"}

    def test_gives_way_to_options(self, suite: Suite) -> None:
        words = ("--metallb=0.14.9", "--image=metallb-controller=me/mine:1")
        found = settings(suite, self.manifest(suite, "me/controller:v0.15.3"), *words)
        assert found.metallb == "0.14.9"
        assert found.overrides["metallb-controller"] == "me/mine:1"

    def test_says_the_mode_and_options_may_not_say_another(self, suite: Suite) -> None:
        own = self.manifest(suite, "me/controller:v0.15.3")
        assert settings(suite, own).mode == settings(suite, own, "--metallb-mode=native").mode == Mode.NATIVE
        with pytest.raises(UsageFault, match="--metallb-mode native, as the manifest says"):
            settings(suite, own, "--metallb-mode=frr")

    def test_without_a_version_needs_one(self, suite: Suite) -> None:
        assert settings(suite, self.manifest(suite, "me/controller:main")).metallb == "main"
        for tag in (":pr-123", ""):
            with pytest.raises(UsageFault, match=f"a version as the tag of me/controller{tag}, or --metallb beside it"):
                settings(suite, self.manifest(suite, f"me/controller{tag}"))


def test_a_mode_has_images_of_its_own(suite: Suite) -> None:
    found = settings(suite, "--metallb-mode=frr")
    assert found.images_of("metallb")["quay.io/frrouting/frr"] == "metallb-frr"
    assert found.components["metallb-frr"] == found.metallb
    assert "metallb-frr" not in settings(suite).components


class TestUpgrade:
    def test_is_from_what_is_published_whatever_is_brought_for_the_version_under_test(self, suite: Suite) -> None:
        objects = [workload("controller", "me/controller:v0.16.2", "proxy/p:1"), workload("speaker", "me/speaker:1", kind="DaemonSet")]
        suite.write("own.yaml", yaml.safe_dump_all(objects))
        brought = f"--metallb-manifest={suite.pytester.path / 'own.yaml'}"
        found = settings(suite, "--upgrade-from=v0.15.3", brought, "--image=python=me/python:1")
        assert (found.upgrade_from, found.metallb, found.before.metallb) == ("0.15.3", "0.16.2", "0.15.3")
        assert found.components_of("metallb").keys() == {"metallb-controller", "metallb-speaker", "proxy/p:1"}
        assert found.before.components_of("metallb") == {"metallb-controller": "0.15.3", "metallb-speaker": "0.15.3"}
        assert found.before.overrides == {"python": "me/python:1"}
        assert found.before.manifests_at_hand.keys().isdisjoint({"metallb"})

    def test_to_a_build_on_the_way_to_a_release_may_be_from_that_release(self, suite: Suite) -> None:
        assert settings(suite, "--upgrade-from=0.16.2", "--metallb=main").upgrade_from == "0.16.2"

    def test_is_of_the_version_that_a_kept_cluster_has(self, suite: Suite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
        directory = tmp_path / NAME / "c"
        ClusterState("c", "c", directory, directory / "k", "c", True, "ipv4", 3, "1.35.8", "0.14.9", {"traefik": "3.6.15"}).save()
        with pytest.raises(UsageFault, match=r"before the one under test, 0\.14\.9"):
            settings(suite, "--reuse-cluster=c", "--upgrade-from=0.16.1")
        assert settings(suite, "--reuse-cluster=c", "--upgrade-from=0.14.8").before.metallb == "0.14.8"


def test_several_controllers_are_under_test_together(suite: Suite) -> None:
    found = settings(suite, "--ingress=traefik@3.7.15", "--ingress=haproxy-ingress")
    assert list(found.ingress) == ["traefik", "haproxy-ingress"]
    assert found.ingress["traefik"] == "3.7.15"
    assert {"traefik", "haproxy-ingress", "metallb-controller"} <= found.components.keys()
    assert [one.suffix for one in found.controllers] == ["-traefik", "-haproxy-ingress"]
    assert list(features_under_test(found)) == ["traefik", "haproxy-ingress"]


class TestReusedCluster:
    @pytest.fixture(autouse=True)
    def kept(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
        directory = tmp_path / NAME / "c"
        paths = directory, directory / "kubeconfig"
        ClusterState("c", "c", *paths, "c", True, "ipv4", 3, "1.35.8", "0.14.9", {"traefik": "3.6.15"}).save()

    @pytest.mark.parametrize("name", ["c", "latest"])
    def test_what_no_option_names_is_what_it_has(self, suite: Suite, name: str) -> None:
        found = settings(suite, f"--reuse-cluster={name}")
        assert (found.kubernetes, found.metallb, found.ingress) == ("1.35.8", "0.14.9", {"traefik": "3.6.15"})
        assert Feature.CANARY not in features_under_test(found)["traefik"]

    def test_what_an_option_names_is_that(self, suite: Suite) -> None:
        with pytest.raises(UsageFault, match="--network-policies where a cluster is made"):
            settings(suite, "--reuse-cluster=c", "--network-policies")
        found = settings(suite, "--reuse-cluster=c", "--metallb=0.15.3", "--ingress=ingress-nginx")
        assert (found.metallb, list(found.ingress)) == ("0.15.3", ["ingress-nginx"])

    def test_one_that_is_not_there_is_told_when_it_is_used(self, suite: Suite) -> None:
        assert list(settings(suite, "--reuse-cluster=gone").ingress) == ["ingress-nginx"]
