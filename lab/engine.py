"""The container engine: is there one, can it carry clusters, and on a Debian root shell, starting one."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lab.commands import SHOWN_LINES, Run
from lab.errors import LabError
from lab.locks import exclusive
from lab.progress import Progress

WRAPPER = Path(__file__).with_name("runtime") / "runc-without-sys-resource"
PACKAGES = ("docker.io", "iptables", "iproute2", "ca-certificates", "debootstrap", "debian-archive-keyring")
# kind's own minimum for clusters of several nodes: https://kind.sigs.k8s.io/docs/user/known-issues/#pod-errors-due-to-too-many-open-files
INOTIFY: Mapping[str, int] = {"fs.inotify.max_user_instances": 1024, "fs.inotify.max_user_watches": 524288}
# Number 24 of the list: https://man7.org/linux/man-pages/man7/capabilities.7.html
_CAP_SYS_RESOURCE = 24
NEVER = "never"
_PID_FILES = (Path("/var/run/docker.pid"), Path("/var/run/docker/containerd/containerd.pid"))
_QUERY_SECONDS = 30.0
_INSTALL_SECONDS = 900.0
_START_SECONDS = 60.0
_STOP_SECONDS = 60.0
_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Host:
    """What this machine is, as far as it decides how an engine comes to run, and what whoever sits before it wishes (`ENGINE=never`)."""

    root: bool
    debian: bool
    systemd: bool
    sys_resource: bool
    docker_host: str | None = None
    wish: str = ""
    proc: Path = Path("/proc")

    @classmethod
    def detect(cls) -> "Host":
        """Look at the machine this process runs on."""
        status = Path("/proc/self/status")
        return cls(
            root=os.geteuid() == 0,
            debian=Path("/etc/debian_version").exists() and shutil.which("apt-get") is not None,
            systemd=Path("/run/systemd/system").exists(),
            sys_resource=not status.exists() or has_sys_resource(status.read_text()),
            docker_host=os.environ.get("DOCKER_HOST"),
            wish=os.environ.get("ENGINE", ""),
        )


def has_sys_resource(status: str) -> bool:
    """Whether a process with this /proc/PID/status can ever have CAP_SYS_RESOURCE: bit 24 of CapBnd."""
    found = re.search(r"^CapBnd:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return found is None or bool(int(found[1], 16) >> _CAP_SYS_RESOURCE & 1)


def ensure(host: Host, cache: Path, run: Run, progress: Progress) -> None:
    """See to it that an engine answers and that the machine can carry clusters; LabError says what a person must do where it cannot."""
    with exclusive(cache / "locks" / "engine.lock"):
        refusal = _refusal(run)
        if refusal:
            _provide(host, cache, run, progress, refusal)
    _check_runtime(host, run)
    _raise_inotify_limits(host, progress)


def stop(cache: Path, progress: Progress) -> None:
    """End the dockerd that `ensure` started, and no other. Images stay."""
    with exclusive(cache / "locks" / "engine.lock"):
        pid = started_here(cache)
        if pid is None:
            progress.note("no engine was started by the lab")
            return
        with progress.step("engine", f"stop dockerd {pid}"):
            os.kill(pid, signal.SIGTERM)
            _wait_until_gone(cache, pid)
        _record(cache).unlink()


def started_here(cache: Path, proc: Path = Path("/proc")) -> int | None:
    """The pid of the dockerd that the lab started, while that runs.

    The start time is compared as well: the number may have gone to another process.
    """
    try:
        pid, started = _record(cache).read_text().split()
    except (FileNotFoundError, ValueError):
        return None
    return int(pid) if _start_time(proc / pid) == started else None


def remove_stale_pid_files(paths: tuple[Path, ...], proc: Path) -> None:
    """Remove pid files whose process is gone or is another program: a killed engine leaves them, and the next one refuses to start."""
    for path in paths:
        with suppress(FileNotFoundError):
            comm = proc / path.read_text().strip() / "comm"
            if not comm.exists() or comm.read_text().strip() not in {"dockerd", "containerd"}:
                path.unlink()


def _refusal(run: Run) -> str | None:
    """Why no engine answers, or None when one does."""
    if shutil.which("docker") is None:
        return "no `docker` command on PATH"
    try:
        run(["docker", "version", "--format", "{{.Server.Version}}"], timeout=_QUERY_SECONDS)
    except LabError as error:
        return str(error).splitlines()[-2].strip()
    return None


def _provide(host: Host, cache: Path, run: Run, progress: Progress, refusal: str) -> None:
    if "permission denied" in refusal.lower():
        raise LabError("access to the container engine", refusal, "become root, or a member of the group `docker` (then log in again)")
    if host.docker_host:
        raise LabError(f"an answer of the engine at DOCKER_HOST={host.docker_host}", refusal, "start that engine, or unset DOCKER_HOST")
    expected, by_hand = "a container engine that answers `docker version`", _by_hand(host)
    if not (host.root and host.debian):
        raise LabError(expected, refusal, f"{by_hand}; as root on Debian this command does it for you")
    if host.wish:
        known = "" if host.wish == NEVER else f", and ENGINE={host.wish} is nothing that is known, so it is taken for {NEVER}"
        raise LabError(expected, f"{refusal}{known}", f"{by_hand}, or leave ENGINE={host.wish} out: then this command does it")
    progress.note(f"no engine answers ({refusal}), so this does as root: {by_hand}; ENGINE={NEVER} with the same command refuses")
    _install(run, progress, cache)
    if host.systemd:
        run(["systemctl", "start", "docker"], timeout=_START_SECONDS)
    elif _refusal(run):
        with progress.step("engine", "start dockerd"):
            _start(host, cache, run)


def _by_hand(host: Host) -> str:
    """The commands that bring an engine to this machine."""
    start = "systemctl start docker" if host.systemd else "dockerd"
    if shutil.which("dockerd"):
        return f"`{start}`"
    if host.debian:
        return f"`apt-get install docker.io`, `{start}`"
    return "`curl -fsSL https://get.docker.com | sh` or as https://docs.docker.com/engine/install/ says, and start it"


def _install(run: Run, progress: Progress, cache: Path) -> None:
    log = cache / "logs" / "engine-packages.log"
    log.parent.mkdir(exist_ok=True)
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    if not all(shutil.which(program) for program in ("dockerd", "iptables", "ip", "debootstrap")):
        with progress.step("engine", "apt-get install docker.io and what it needs"):
            run(["apt-get", "update"], timeout=_INSTALL_SECONDS, log=log, env=quiet)
            run(["apt-get", "install", "--yes", "--no-install-recommends", *PACKAGES], timeout=_INSTALL_SECONDS, log=log, env=quiet)
    if not shutil.which("docker"):  # a package of its own since Debian 13
        run(["apt-get", "install", "--yes", "--no-install-recommends", "docker-cli"], timeout=_INSTALL_SECONDS, log=log, env=quiet)


def dockerd_command(host: Host, cache: Path) -> list[str]:
    """How the lab starts dockerd: with the runtime wrapper only where the kernel will not grant CAP_SYS_RESOURCE."""
    if host.sys_resource:
        return ["dockerd"]
    return ["dockerd", "--add-runtime", f"lab={_installed_wrapper(cache)}", "--default-runtime", "lab"]


def _installed_wrapper(cache: Path) -> Path:
    # A copy, because the engine may outlive the folder that this file is in.
    target = cache / "runtime" / WRAPPER.name
    target.parent.mkdir(exist_ok=True)
    shutil.copy2(WRAPPER, target)
    return target


def _start(host: Host, cache: Path, run: Run) -> None:
    remove_stale_pid_files(_PID_FILES, host.proc)
    log = cache / "logs" / "dockerd.log"
    log.parent.mkdir(exist_ok=True)
    command = dockerd_command(host, cache)
    with log.open("w") as stream:
        process = subprocess.Popen(command, cwd="/", stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True)
    _record(cache).write_text(f"{process.pid} {_start_time(host.proc / str(process.pid))}")
    deadline = time.monotonic() + _START_SECONDS
    while _refusal(run):
        if process.poll() is not None or time.monotonic() > deadline:
            process.terminate()
            lines = log.read_text(errors="replace").splitlines()[-SHOWN_LINES:]
            found = "no answer" if process.returncode is None else f"dockerd ended with code {process.returncode}"
            raise LabError(f"dockerd to answer within {_START_SECONDS:.0f} s", "\n  ".join([found, *lines]), f"read the full log: {log}")
        time.sleep(_POLL_SECONDS)


def _wait_until_gone(cache: Path, pid: int) -> None:
    deadline = time.monotonic() + _STOP_SECONDS
    while started_here(cache) is not None:
        if time.monotonic() > deadline:
            expected = f"dockerd {pid} to end within {_STOP_SECONDS:.0f} s of SIGTERM"
            raise LabError(expected, "it still runs", f"read {cache / 'logs' / 'dockerd.log'}")
        time.sleep(_POLL_SECONDS)


def _check_runtime(host: Host, run: Run) -> None:
    status = _engine_status(host.proc)
    if status is None or has_sys_resource(status):
        return
    info = json.loads(run(["docker", "info", "--format", "{{json .}}"], timeout=_QUERY_SECONDS))
    name = info["DefaultRuntime"]
    program = Path(info["Runtimes"].get(name, {}).get("path", name))
    if program.name == WRAPPER.name and program.exists():
        return
    expected = (
        f"{WRAPPER.name} as the engine's default runtime: this machine grants no CAP_SYS_RESOURCE, so --privileged (and kind) fails without"
    )
    found = f"the runtime {name} ({program}{', a file that is gone' if program.name == WRAPPER.name else ''})"
    flags = f"--add-runtime lab={WRAPPER} --default-runtime lab"
    raise LabError(expected, found, f"end that dockerd and start one by the command engine, or start it with {flags}")


def _engine_status(proc: Path) -> str | None:
    """/proc/PID/status of the dockerd on this machine; None when it runs elsewhere or out of sight."""
    for folder in proc.glob("[0-9]*"):
        with suppress(OSError):
            if (folder / "comm").read_text().strip() == "dockerd":
                return (folder / "status").read_text()
    return None


def _raise_inotify_limits(host: Host, progress: Progress) -> None:
    for name, wanted in INOTIFY.items():
        path = host.proc / "sys" / name.replace(".", "/")
        if not path.exists() or int(path.read_text()) >= wanted:
            continue
        found = path.read_text().strip()
        try:
            path.write_text(str(wanted))
        except OSError:
            progress.note(f"warning: {name} is {found}, and several kind clusters need {wanted}: as root, `sysctl -w {name}={wanted}`")
        else:
            progress.note(f"{name} raised from {found} to {wanted}")


def _start_time(folder: Path) -> str | None:
    """When a process started, in clock ticks since boot; None when it is gone. Field 22 of proc_pid_stat(5), counted behind the name."""
    try:
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]


def _record(cache: Path) -> Path:
    return cache / "dockerd.pid"
