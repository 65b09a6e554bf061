"""``run --in-container``: what the container is given, and what is said where there can be none."""

import json
import os
import signal
import sys
import threading
import time
import tomllib
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cli.command import command_parser, main
from harness.cli.container import image, start
from harness.cluster import engine
from harness.cluster.requirements import IN_CONTAINER
from harness.cluster.sources import Image
from harness.model.errors import EnvironmentFault

ROOT = Path(__file__).parents[2]


class FakeEngine:
    """Stands for Docker's command line, with an engine behind a socket."""

    def __init__(self, address: str, system: str = "Debian GNU/Linux 13", security: tuple[str, ...] = ()) -> None:
        self.answers = {"context": address, "info": f"{system}\t{json.dumps(security)}", "version": "28.0.0"}

    def __call__(self, *words: str, timeout: float = 0, stdin: bytes | None = None) -> str:
        return self.answers[words[0]]


@pytest.fixture
def socket(tmp_path: Path) -> Path:
    (tmp_path / "docker.sock").touch()
    return tmp_path / "docker.sock"


Place = Callable[..., FakeEngine]


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Place:
    def placed(address: str, **facts: object) -> FakeEngine:
        fake = FakeEngine(address, **facts)  # type: ignore[arg-type]  # as its constructor says
        monkeypatch.setattr(engine, "docker", fake)
        return fake

    return placed


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: Place, socket: Path) -> list[list[str]]:
    """The command lines that would start a container; the user stands in a repository's folder."""
    lines: list[list[str]] = []
    for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    for name in (*image.PROXIES, "PIP_CERT", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    (tmp_path / "repository" / "ci").mkdir()
    monkeypatch.chdir(tmp_path / "repository" / "ci")
    place(f"unix://{socket}")
    monkeypatch.setattr(start, "base_image", lambda *_: Image("base", "debian:trixie-slim", "engine", "sha256:base"))
    monkeypatch.setattr(image, "build", lambda base: f"made-of-{base}")
    monkeypatch.setattr(start, "_stand_before", lambda argv: lines.append(list(argv)) or 1)  # type: ignore[func-returns-value]
    return lines


def shown(line: list[str]) -> set[str]:
    return {word for word in line if word.startswith("--mount=")}


def bind(source: Path, target: Path | str | None = None) -> str:
    return f'--mount=type=bind,"source={source}","target={target or source}"'


def test_the_container_does_what_was_typed_where_it_was_typed(asked: list[list[str]], tmp_path: Path) -> None:
    words = ["run", "ALC-01", "--in-container", "--metallb=0.14.9", "--", "-x"]
    assert main(words) == 1
    (line,) = asked
    assert line[:2] == ["docker", "run"]
    assert line[-len(words) - 1 :] == ["made-of-sha256:base", *words]
    assert {"--rm", "--init", "--network=host", "--pid=host", f"--workdir={tmp_path / 'repository' / 'ci'}"} < set(line)


def test_it_sees_the_repository_the_states_and_the_cache_in_their_places(asked: list[list[str]], tmp_path: Path, socket: Path) -> None:
    main(["run", "--in-container"])
    own = [tmp_path / home / "metallb-ingress-conformance" for home in ("xdg_state_home", "xdg_cache_home")]
    repository = tmp_path / "repository"
    assert shown(asked[0]) == {bind(socket, "/var/run/docker.sock"), *map(bind, (*own, repository, repository / "ci"))}
    assert all(folder.is_dir() for folder in own), "the engine would make them, and they would be its root's"
    assert {f"--env=XDG_STATE_HOME={own[0].parent}", f"--env=XDG_CACHE_HOME={own[1].parent}"} < set(asked[0])


def test_it_sees_what_options_name_elsewhere(asked: list[list[str]], tmp_path: Path) -> None:
    kind = tmp_path / "kind"
    kind.touch()
    (tmp_path / "far").mkdir()
    main(["run", "--in-container", f"--kind-bin={kind}", f"--report-dir={tmp_path / 'far' / 'to' / 'come'}", "--baselines=here"])
    assert {bind(kind), bind(tmp_path / "far")} < shown(asked[0])
    assert not any("here" in word for word in shown(asked[0])), "what lies in the folder is seen with it"


def test_a_folder_above_all_others_is_not_asked_for(asked: list[list[str]]) -> None:
    main(["run", "--in-container", "--baselines=/does-not-exist/at-all"])
    assert bind(Path("/")) not in shown(asked[0])


def test_what_is_to_be_judged_is_looked_up_first(asked: list[list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "layer2", "--in-container"]) == 4
    assert "did you mean metallb/layer2?" in capsys.readouterr().err
    assert asked == []


def test_inside_it_is_done(monkeypatch: pytest.MonkeyPatch, asked: list[list[str]]) -> None:
    monkeypatch.setattr(start, "INSIDE", True)
    monkeypatch.setattr("harness.cli.run.pytest.main", lambda *_, **__: 5)
    assert main(["run", "--in-container"]) == 5
    assert asked == []


def test_what_it_writes_belongs_to_the_user(place: Place, socket: Path) -> None:
    place(f"unix://{socket}")
    mine = f"--user={os.getuid()}:{os.getgid()}"
    assert start.find_engine() == start.Engine(str(socket), (mine, f"--group-add={socket.stat().st_gid}"))


def test_the_root_of_a_rootless_engine_is_the_user(place: Place) -> None:
    place("unix:///run/user/1000/docker.sock", security=("name=seccomp,profile=builtin", "name=rootless"))
    assert start.find_engine() == start.Engine("/run/user/1000/docker.sock", ("--user=0:0",))


@pytest.mark.parametrize("address", ["unix:///home/me/.docker/desktop/docker.sock", "npipe:////./pipe/docker_engine"])
def test_an_engine_in_a_virtual_machine_has_its_socket_there(address: str, place: Place) -> None:
    place(address, system="Docker Desktop")
    assert start.find_engine() == start.Engine("/var/run/docker.sock", ("--user=0:0",))


def test_an_engine_of_another_machine_is_refused(place: Place) -> None:
    place("tcp://192.0.2.1:2375")
    with pytest.raises(EnvironmentFault, match=r"found: +tcp://192\.0\.2\.1:2375\nto do: +unset DOCKER_HOST"):
        start.find_engine()


def test_the_file_of_the_users_says_where_the_image_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "conformance.toml").write_text('[run]\nimage-mirror = "mirror.example.org"\nimages = "registry"\n')
    monkeypatch.chdir(tmp_path)
    said = start._said
    given = command_parser("c").parse_args(["run", "--images=auto"])
    assert said(given, "image_mirror", "") == "mirror.example.org"
    assert said(given, "images", "packages") == "auto", "the command line wins"
    assert said(Namespace(), "metallb", "none") == "none"


def test_the_image_holds_the_project_and_pins_what_is_installed_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://packages.example.org/simple")
    monkeypatch.setenv("PIP_CERT", str(tmp_path / "trusted.pem"))
    (tmp_path / "trusted.pem").write_text("trusted")
    context = tmp_path / "context"
    context.mkdir()
    image.write_context(context)
    packages, project = context / "packages", context / "project"
    assert {path.name for path in project.iterdir()} == {
        *("conftest.py", "fixtures", "harness", "lab", "manifests", "pyproject.toml", "reports", "suites", "commit")
    }
    assert (project / "reports" / "baselines").is_dir()
    assert not list(project.rglob("__pycache__"))
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert (packages / "requirements.txt").read_text().splitlines() == dependencies
    assert f"pytest=={pytest.__version__}" in (packages / "constraints.txt").read_text().splitlines()
    assert "index-url = https://packages.example.org/simple\ncert = /suite/packages/certificates.pem" in (packages / "pip.conf").read_text()
    assert (packages / "certificates.pem").read_text() == "trusted"


def script(text: str) -> list[str]:
    return [sys.executable, "-c", text]


@pytest.mark.parametrize(("ended", "code"), [(0, 0), (1, 1), (5, 5), (125, 3), (127, 3)])
def test_the_code_of_the_run_is_the_commands(ended: int, code: int) -> None:
    assert start._stand_before(script(f"raise SystemExit({ended})")) == code


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_arrives_once_and_the_end_is_waited_for(number: signal.Signals, tmp_path: Path) -> None:
    ready, ended = tmp_path / "ready", tmp_path / "ended"
    text = f"""
import pathlib, signal, time
def count(*_): pathlib.Path({str(ended)!r}).open("a").write("signal ")
signal.signal({int(number)}, count)
pathlib.Path({str(ready)!r}).touch()
for _ in range(3000):  # not signal.pause(): the signal may have come before it
    time.sleep(0.01)
    if pathlib.Path({str(ended)!r}).exists(): break
time.sleep(0.1)
"""

    def send() -> None:
        while not ready.exists():
            time.sleep(0.01)
        os.kill(os.getpid(), number)

    threading.Thread(target=send).start()
    assert start._stand_before(script(text)) == 0
    assert ended.read_text() == "signal "


def test_inside_is_told_as_the_requirements_ask() -> None:
    assert f" {IN_CONTAINER}=1" in (ROOT / "harness" / "cli" / "container" / "Dockerfile").read_text()
