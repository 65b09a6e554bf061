import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from lab import engine
from lab.__main__ import main
from lab.engine import Host, dockerd_command, ensure, has_sys_resource, remove_stale_pid_files, started_here, stop
from lab.errors import LabError
from lab.progress import Progress

FULL = "Name:\tdockerd\nCapEff:\t000001ffffffffff\nCapBnd:\t000001ffffffffff\nCapAmb:\t0000000000000000\n"
WITHOUT = FULL.replace("CapBnd:\t000001ffffffffff", "CapBnd:\t000001fffeffffff")


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    limits = tmp_path / "proc" / "sys" / "fs" / "inotify"
    limits.mkdir(parents=True)
    (limits / "max_user_instances").write_text("1024\n")
    (limits / "max_user_watches").write_text("524288\n")
    return tmp_path / "proc"


@pytest.fixture
def host(proc: Path) -> Host:
    return Host(root=True, debian=True, systemd=False, sys_resource=True, proc=proc)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def only(*programs: str) -> None:
        monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}" if name in programs else None)

    only("docker", "dockerd", "iptables", "ip", "debootstrap")
    return only


class Engine:
    """A `docker` that answers or refuses; remembers what was run."""

    def __init__(self, refusal: str = "", info: Mapping[str, object] | None = None) -> None:
        self.refusal, self.info = refusal, info or {}
        self.ran: list[str] = []

    def __call__(
        self,
        argv: Sequence[str],
        *,
        timeout: float,
        log: Path | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> str:
        self.ran.append(" ".join(argv))
        if argv[:2] == ["docker", "version"] and self.refusal:
            raise LabError("docker version to succeed", f"exit code 1\n  {self.refusal}", "run the command by hand")
        if argv[0] == "systemctl":
            self.refusal = ""
        return json.dumps(self.info)


def silent() -> Progress:
    return Progress(lambda _: None)


def process(proc: Path, pid: int, name: str, status: str = FULL, started: str = "77") -> None:
    folder = proc / str(pid)
    folder.mkdir()
    (folder / "comm").write_text(f"{name}\n")
    (folder / "status").write_text(status)
    (folder / "stat").write_text(f"{pid} ({name} (x)) S {' '.join(['0'] * 18)} {started} 0\n")


@pytest.mark.parametrize(
    ("status", "has"),
    [(FULL, True), (WITHOUT, False), ("CapBnd:\t0000000001000000\n", True), ("CapBnd:\t0000000000000000\n", False), ("Name:\tx\n", True)],
)
def test_bit_24_of_the_bounding_set_decides(status: str, has: bool) -> None:
    assert has_sys_resource(status) is has


def test_the_wrapper_is_used_only_where_the_capability_is_absent(host: Host, tmp_path: Path) -> None:
    assert dockerd_command(host, tmp_path) == ["dockerd"]
    command = dockerd_command(replace(host, sys_resource=False), tmp_path)
    wrapper = tmp_path / "runtime" / "runc-without-sys-resource"
    assert command == ["dockerd", "--add-runtime", f"lab={wrapper}", "--default-runtime", "lab"]
    assert os.access(wrapper, os.X_OK)


def test_an_engine_that_answers_is_left_alone(host: Host, tmp_path: Path, installed: object) -> None:
    run = Engine()
    ensure(replace(host, root=False, debian=False), tmp_path, run, silent())
    assert run.ran == ["docker version --format {{.Server.Version}}"]


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("changes", "refusal", "expected"),
    [
        ({"root": False}, "Cannot connect to the Docker daemon", "to do:    `dockerd`; as root on Debian this command does it for you"),
        ({"root": False, "systemd": True}, "Cannot connect to the Docker daemon", "to do:    `systemctl start docker`; as root"),
        ({"wish": "never"}, "Cannot connect to the Docker daemon", "to do:    `dockerd`, or leave ENGINE=never out"),
        ({"wish": "nver"}, "Cannot connect to the Docker daemon", "ENGINE=nver is nothing that is known, so it is taken for never"),
        ({"root": False}, "permission denied while trying to connect", "a member of the group `docker`"),
        ({"docker_host": "tcp://10.0.0.1:2375"}, "connection refused", "or unset DOCKER_HOST"),
    ],
)
def test_what_only_a_person_can_do_is_said(changes: dict[str, object], refusal: str, expected: str, host: Host, tmp_path: Path) -> None:
    run = Engine(refusal)
    with pytest.raises(LabError) as caught:
        ensure(replace(host, **changes), tmp_path, run, silent())  # type: ignore[arg-type]
    assert expected in str(caught.value)
    assert refusal in str(caught.value)
    assert len(run.ran) == 1


@pytest.mark.parametrize(
    ("debian", "command"),
    [(True, "`apt-get install docker.io`, `systemctl start docker`"), (False, "`curl -fsSL https://get.docker.com | sh`")],
)
def test_where_docker_is_missing_the_command_that_brings_it_is_said(
    debian: bool, command: str, host: Host, tmp_path: Path, installed: Callable[..., None]
) -> None:
    installed()
    run = Engine()
    with pytest.raises(LabError) as caught:
        ensure(replace(host, root=False, debian=debian, systemd=True), tmp_path, run, silent())
    assert "found:    no `docker` command on PATH" in str(caught.value)
    assert f"to do:    {command}" in str(caught.value)
    assert run.ran == []


def test_the_first_line_says_what_is_done_and_how_to_refuse(host: Host, tmp_path: Path, installed: Callable[..., None]) -> None:
    installed()
    said: list[str] = []
    ensure(replace(host, systemd=True), tmp_path, Engine(), Progress(said.append))
    assert said[0].startswith("lab  no engine answers (no `docker` command on PATH), so this does as root: `apt-get install docker.io`")
    assert "ENGINE=never" in said[0]
    assert "apt-get" in said[1], "and only then it is done"


@pytest.mark.parametrize("wish", ["never", "x"])
def test_who_refuses_an_engine_gets_none(wish: str, host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGINE", wish)
    assert Host.detect().wish == wish
    run = Engine("Cannot connect to the Docker daemon")
    with pytest.raises(LabError):
        ensure(replace(host, wish=wish), tmp_path, run, silent())
    assert run.ran in ([], ["docker version --format {{.Server.Version}}"])


def test_an_engine_that_answers_is_used_whatever_is_wished(host: Host, tmp_path: Path, installed: object) -> None:
    ensure(replace(host, wish="never"), tmp_path, Engine(), silent())


def test_with_systemd_the_service_is_started(host: Host, tmp_path: Path, installed: object) -> None:
    run = Engine("Cannot connect to the Docker daemon")
    ensure(replace(host, systemd=True), tmp_path, run, silent())
    assert "systemctl start docker" in run.ran


def test_missing_programs_are_installed_from_debian(host: Host, tmp_path: Path, installed: Callable[..., None]) -> None:
    installed("docker", "iptables", "ip")
    run = Engine("Cannot connect to the Docker daemon")
    ensure(replace(host, systemd=True), tmp_path, run, silent())
    assert run.ran[1:3] == ["apt-get update", f"apt-get install --yes --no-install-recommends {' '.join(engine.PACKAGES)}"]


def test_a_dockerd_that_cannot_start_is_shown_with_the_end_of_its_log(
    host: Host, tmp_path: Path, installed: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "dockerd_command", lambda *_: ["sh", "-c", "echo no overlay here; exit 3"])
    monkeypatch.setattr(engine, "_PID_FILES", ())
    with pytest.raises(LabError) as caught:
        ensure(replace(host, proc=Path("/proc")), tmp_path, Engine("Cannot connect to the Docker daemon"), silent())
    assert "dockerd ended with code 3\n  no overlay here" in str(caught.value)
    assert str(tmp_path / "logs" / "dockerd.log") in str(caught.value)


def test_a_foreign_engine_without_the_wrapper_is_refused_where_it_is_needed(
    host: Host, tmp_path: Path, proc: Path, installed: object
) -> None:
    process(proc, 40, "dockerd", WITHOUT)
    run = Engine(info={"DefaultRuntime": "runc", "Runtimes": {"runc": {"path": "runc"}}})
    with pytest.raises(LabError) as caught:
        ensure(host, tmp_path, run, silent())
    assert "found:    the runtime runc (runc)" in str(caught.value)
    assert "--default-runtime lab" in str(caught.value)


def test_an_engine_whose_wrapper_is_gone_is_refused(host: Host, tmp_path: Path, proc: Path, installed: object) -> None:
    process(proc, 40, "dockerd", WITHOUT)
    gone = {"path": "/gone/runc-without-sys-resource"}
    with pytest.raises(LabError, match="a file that is gone"):
        ensure(host, tmp_path, Engine(info={"DefaultRuntime": "lab", "Runtimes": {"lab": gone}}), silent())


def test_an_engine_with_the_wrapper_is_fine(host: Host, tmp_path: Path, proc: Path, installed: object) -> None:
    process(proc, 40, "dockerd", WITHOUT)
    ensure(host, tmp_path, Engine(info={"DefaultRuntime": "lab", "Runtimes": {"lab": {"path": str(engine.WRAPPER)}}}), silent())


def test_an_engine_with_the_capability_needs_no_wrapper(host: Host, tmp_path: Path, proc: Path, installed: object) -> None:
    process(proc, 40, "dockerd", FULL)
    run = Engine()
    ensure(host, tmp_path, run, silent())
    assert len(run.ran) == 1


def test_low_inotify_limits_are_raised(host: Host, tmp_path: Path, proc: Path, installed: object) -> None:
    limit = proc / "sys" / "fs" / "inotify" / "max_user_instances"
    limit.write_text("128\n")
    said: list[str] = []
    ensure(host, tmp_path, Engine(), Progress(said.append))
    assert limit.read_text() == "1024"
    assert said == ["lab  fs.inotify.max_user_instances raised from 128 to 1024"]


def test_low_inotify_limits_that_cannot_be_raised_are_told_with_the_command(
    host: Host, tmp_path: Path, proc: Path, installed: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    (proc / "sys" / "fs" / "inotify" / "max_user_instances").write_text("128\n")
    monkeypatch.setattr(Path, "write_text", refuse)
    said: list[str] = []
    ensure(host, tmp_path, Engine(), Progress(said.append))
    assert said[0].endswith("as root, `sysctl -w fs.inotify.max_user_instances=1024`")


def refuse(*_: object) -> int:
    raise PermissionError


@pytest.mark.parametrize(("comm", "stays"), [("dockerd", True), ("containerd", True), ("python3", False), (None, False)])
def test_a_pid_file_stays_only_while_its_process_is_an_engine(comm: str | None, stays: bool, tmp_path: Path, proc: Path) -> None:
    if comm:
        process(proc, 40, comm)
    pid_file = tmp_path / "docker.pid"
    pid_file.write_text("40")
    remove_stale_pid_files((pid_file, tmp_path / "absent.pid"), proc)
    assert pid_file.exists() is stays


@pytest.mark.parametrize(("record", "pid"), [("40 77", 40), ("40 76", None), ("41 77", None), ("", None)])
def test_only_the_very_process_that_was_started_counts(record: str, pid: int | None, tmp_path: Path, proc: Path) -> None:
    process(proc, 40, "dockerd", started="77")
    (tmp_path / "dockerd.pid").write_text(record)
    assert started_here(tmp_path, proc) == pid


def test_stopping_where_nothing_was_started_says_so(tmp_path: Path) -> None:
    said: list[str] = []
    stop(tmp_path, Progress(said.append))
    assert said == ["lab  no engine was started by the lab"]


def test_the_program_ends_as_where_the_environment_failed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(_: object) -> None:
        raise LabError("an engine", "none", "start one")

    monkeypatch.setattr("lab.ensure_engine", fail)
    assert main(["engine"]) == 3
    assert "to do:    start one" in capsys.readouterr().err
