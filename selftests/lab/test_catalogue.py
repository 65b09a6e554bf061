import re
from pathlib import Path

import pytest

from lab.catalogue import Catalogue, GoBuild, WheelFile
from lab.errors import LabError

GO = """
[go]
minimum = "1.26.0"
wheel = "1.26.6"
"""
IMAGE = (
    GO
    + """
[image.base]
reference = "debian:{suite}"
default = "13"
versions = ["12", "13"]
debootstrap = "{suite}"
by-version."12" = { suite = "bookworm" }
by-version."13" = { suite = "trixie" }

[image.speaker]
reference = "quay.io/speaker:v{version}"
recipe = "static"
default = "0.16.1"
versions = ["0.16.1"]
needs = ["base"]
args = { SERIES = "{major}.{minor}" }

[[image.speaker.go]]
module = "example.org/metallb"
version = "v{version}"
staging = "v0.{minor}.{patch}"
minimum = "1.27.0"
packages = { speaker = "speaker", local = "./tools" }

[[image.speaker.wheels]]
package = "speaker-bin"
version = "{version}"
path = "speaker_bin-{version}.data/scripts/speaker"
to = "bin/other"
"""
)


def catalogue(tmp_path: Path, text: str) -> Catalogue:
    path = tmp_path / "images.toml"
    path.write_text(text)
    return Catalogue(path)


def complaint(tmp_path: Path, text: str) -> str:
    with pytest.raises(LabError) as caught:
        catalogue(tmp_path, text)
    return str(caught.value)


def test_a_recipe_has_every_placeholder_filled_in(tmp_path: Path) -> None:
    recipe = catalogue(tmp_path, IMAGE).recipe("speaker", "0.16.1")
    assert recipe.reference == "quay.io/speaker:v0.16.1"
    assert recipe.folder == "static"
    assert recipe.needs == (("base", "13"),)
    assert recipe.args == {"SERIES": "0.16"}
    packages = {"speaker": "speaker", "local": "./tools"}
    assert recipe.go == (GoBuild("example.org/metallb", "v0.16.1", packages, staging="v0.16.1", minimum="1.27.0"),)
    assert recipe.wheels == (WheelFile("speaker-bin", "0.16.1", "speaker_bin-0.16.1.data/scripts/speaker", "bin/other"),)
    assert recipe.go[0].sources == ("./tools",)


def test_no_recipe_of_the_catalogue_has_a_placeholder_left() -> None:
    known = Catalogue()
    recipes = [known.recipe(name, version) for name, one in known.components.items() for version in one.versions]
    assert [one.name for one in recipes if re.search(r"\{\w+\}", repr(one))] == []


def test_a_version_may_be_without_some_of_the_programs(tmp_path: Path) -> None:
    text = IMAGE.replace('versions = ["0.16.1"]', 'versions = ["0.13.12", "0.16.1"]').replace('minimum = "1.27.0"', 'except = ["0.13.12"]')
    known = catalogue(tmp_path, text)
    assert [len(known.recipe("speaker", version).go) for version in ("0.13.12", "0.16.1")] == [0, 1]


def test_the_values_of_a_version_are_its_own(tmp_path: Path) -> None:
    known = catalogue(tmp_path, IMAGE)
    assert known.recipe("base", "12").debootstrap == "bookworm"
    assert known.recipe("base", "13").debootstrap == "trixie"


def test_a_reference_is_known_for_versions_that_the_lab_does_not_build(tmp_path: Path) -> None:
    assert catalogue(tmp_path, IMAGE).components["speaker"].reference("0.99.0") == "quay.io/speaker:v0.99.0"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("default = ", "defualt = ", "did you mean 'default'?"),
        ('default = "0.16.1"', 'default = "0.16.2"', "a default out of its versions (0.16.1)"),
        ("v{version}", "v{release}", "[image.speaker] to say what {release} is for version 0.16.1"),
        ('needs = ["base"]', 'needs = ["bose"]', "needs that are images of this file"),
        ('needs = ["base"]', 'needs = ["speaker"]', "speaker -> speaker"),
        ('needs = ["base"]', 'needs = "base"', "a list of texts 'needs'"),
        ('module = "example.org/metallb"', "module = 7", "a text 'module'"),
        ('package = "speaker-bin"', "", "a text 'package'"),
        ('{ speaker = "speaker", local = "./tools" }', "{}", "packages to compile"),
        ('by-version."12"', 'by-version."11"', "to say what {suite} is for version 12"),
        ('needs = ["base"]', 'patches = { "0.16.2" = "x" }', "patches only for its versions (0.16.1)"),
        ('needs = ["base"]', 'patches = { "0.16.1" = "x" }', "patches out of none"),
        ("[image.speaker]", "[image.Speaker]", "image names in lower case with hyphens"),
        ("[image.base]", "[image.base", "a TOML file"),
        ('minimum = "1.26.0"', "", "a text 'minimum'"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_place_and_a_remedy(tmp_path: Path, old: str, new: str, expected: str) -> None:
    text = complaint(tmp_path, IMAGE.replace(old, new, 1) if old != "v{version}" else IMAGE.replace(old, new))
    assert expected in text
    assert [line.split(":")[0] for line in text.splitlines()] == ["expected", "found", "to do"]


def test_an_unknown_image_is_answered_with_the_nearest_known_one(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="did you mean 'speaker'"):
        catalogue(tmp_path, IMAGE).component("speeker")


def test_an_unknown_version_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"a version of speaker that can be built: 0\.16\.1"):
        catalogue(tmp_path, IMAGE).recipe("speaker", "0.16.2")


PUBLISHED = '[image.speaker.published]\n"0.16.1" = "sha256:DIGEST"\n\n'.replace("DIGEST", "0" * 64)


def test_a_version_that_is_published_with_a_digest_is_known_by_it(tmp_path: Path) -> None:
    speaker = catalogue(tmp_path, IMAGE.replace("[[image.speaker.go]]", f"{PUBLISHED}[[image.speaker.go]]")).components["speaker"]
    assert speaker.reference("0.16.1") == f"quay.io/speaker:v0.16.1@sha256:{'0' * 64}"
    assert speaker.reference("0.16.0") == "quay.io/speaker:v0.16.0"
    wrong = PUBLISHED.replace("sha256:", "sha1:")
    assert "digests as sha256:" in complaint(tmp_path, IMAGE.replace("[[image.speaker.go]]", f"{wrong}[[image.speaker.go]]"))


def test_where_a_program_is_on_the_web_is_known() -> None:
    assert Catalogue().binary_url("kind", "linux", "arm64") == "https://kind.sigs.k8s.io/dl/v0.33.0/kind-linux-arm64"


def test_the_node_image_that_is_built_by_default_is_published_too() -> None:
    node = Catalogue().components["kind-node"]
    assert node.default in node.published


MANIFEST = """
[manifest.ingress]
module = "example.org/ingress"
version = "{module}"
path = "deploy.yaml"
url = "https://example.org/v{version}/deploy.yaml"
by-version."1.11.0" = { module = "v0.0.0-2024" }
"""


def test_a_manifest_in_a_module_needs_a_known_version(tmp_path: Path) -> None:
    known = catalogue(tmp_path, GO + MANIFEST)
    assert known.manifest_file("ingress", "1.11.0").version == "v0.0.0-2024"
    with pytest.raises(LabError, match=r"\[manifest\.ingress\] to say what \{module\} is for version 1\.12\.0"):
        known.manifest_file("ingress", "1.12.0")


def test_a_manifest_on_the_web_is_known_at_any_version(tmp_path: Path) -> None:
    assert catalogue(tmp_path, GO + MANIFEST).manifest_url("ingress", "1.12.0") == "https://example.org/v1.12.0/deploy.yaml"


def test_the_shipped_catalogue_holds_together() -> None:
    components = Catalogue().components
    assert components["metallb-controller"].versions == components["metallb-speaker"].versions
    assert components["metallb-speaker"].reference("0.16.1") == "quay.io/metallb/speaker:v0.16.1"


def test_every_shipped_recipe_has_its_folder() -> None:
    known = Catalogue()
    folders = {known.recipe(name, component.default).folder for name, component in known.components.items()}
    assert {path.name for path in (Path(known.path).parent / "recipes").iterdir()} == folders
