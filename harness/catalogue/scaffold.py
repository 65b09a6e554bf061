"""A new statement from a template: the next free id, a test beside those of its prefix and, where these have routes, a manifest."""

import re
from collections.abc import Sequence
from pathlib import Path

from harness.catalogue.entries import RETIRED, Entry
from harness.model.errors import UsageFault

_TEST = '''

@statement("{id}", {keyword}, {profile}, source="where is it demanded?")
{manifest}def test_{name}({fixture}) -> None:
    """One sentence that says what {keyword} hold."""
    raise NotImplementedError
'''
_MANIFEST = """# What is special about this route.
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: ${name}
  namespace: ${namespace}
spec:
  ingressClassName: ${ingress_class}
  rules:
  - host: ${host}
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: one, port: {number: 80}}}}
"""


def next_id(entries: Sequence[Entry], wanted: str) -> str:
    """The id asked for where it is free, else the next free one of its prefix, which is all that ``wanted`` has to name.

    :raises UsageFault: no statement has the prefix
    """
    prefix, _, number = wanted.partition("-")
    taken = {int(one.id.partition("-")[2]) for one in entries if one.id.partition("-")[0] == prefix}
    gone = {int(one.partition("-")[2]) for one in RETIRED if one.partition("-")[0] == prefix}
    if not taken:
        known = ", ".join(sorted({one.id.partition("-")[0] for one in entries}))
        raise UsageFault("ID with the prefix of a subject", wanted, f"use one of: {known}; a new subject begins with a test by hand")
    free = int(number) if number.isdecimal() and int(number) not in taken | gone else max(taken | gone) + 1
    return f"{prefix}-{free:02}"


def create(root: Path, entries: Sequence[Entry], identifier: str, name: str, file: Path | None = None) -> list[Path]:
    """Append a test to a file, create its manifest where the tests of that file have manifests, and return what was written.

    :param file: the test file; the one with the most statements of the prefix by default

    The test cannot pass the checks before its source, its text and its body are written.

    :raises UsageFault: the name is none for a test, another statement has it, or the file holds no statements
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name.startswith("test_"):
        raise UsageFault("NAME in words, such as target_is_kept", name, "write it in small letters, with _ between the words")
    if any(one.test.endswith(f"::test_{name}") for one in entries):
        raise UsageFault("a NAME that no statement has", name, "choose another one")
    beside = _beside(root, entries, identifier.partition("-")[0], file)
    file, last = root / beside[-1].test.partition("::")[0], beside[-1]
    has_routes = "mark.manifest" in file.read_text()
    test = _TEST.format(
        id=identifier,
        name=name,
        keyword=last.keyword,
        profile=last.profile,
        manifest=f'@pytest.mark.manifest("{name}.yaml")\n' if has_routes else "",
        fixture="client: IngressClient" if has_routes else "",
    )
    file.write_text(file.read_text().rstrip("\n") + "\n" + test)
    return [file, *([_manifest(root, file, name)] if has_routes else [])]


def _beside(root: Path, entries: Sequence[Entry], prefix: str, file: Path | None) -> list[Entry]:
    """The statements in the file that the new one belongs into."""
    by_file: dict[Path, list[Entry]] = {}
    for one in entries:
        by_file.setdefault(root / one.test.partition("::")[0], []).append(one)
    if file is not None:
        if file.resolve() not in by_file:
            raise UsageFault("FILE with statements below suites/", str(file), "a new file begins with a test by hand")
        return by_file[file.resolve()]
    return max(by_file.values(), key=lambda found: sum(one.id.partition("-")[0] == prefix for one in found))


def _manifest(root: Path, file: Path, name: str) -> Path:
    below = file.relative_to(root / "suites")
    manifest = root / "manifests" / below.parent / below.stem.removeprefix("test_") / f"{name}.yaml"
    manifest.parent.mkdir(parents=True, exist_ok=True)
    manifest.write_text(_MANIFEST)
    return manifest
