"""What projects publish, on loopback: a registry and a web server that hold the lab's builds under the public names and addresses."""

import hashlib
import platform
import secrets
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import lab
from harness.cluster.engine import LABEL, docker
from harness.cluster.publications import PROCESSORS
from harness.cluster.sources import components
from harness.model.errors import EnvironmentFault

#: Seconds within which the registry's container has to answer, and seconds for one image to be pushed: the node's is compressed.
START, PUSH = 20, 300


@dataclass
class Registry:
    """A registry on loopback: the prefix to put before public references, and the digest of each component that it holds."""

    prefix: str
    digests: dict[str, str] = field(default_factory=dict)

    def hold(self, component: str, version: str) -> None:
        """Take the lab's build of a component, under its public name."""
        tag = lab.build([(component, version)], lab.Progress())[component, version]
        reference = f"{self.prefix}{components()[component].reference(version).partition('@')[0]}"
        docker("tag", tag, reference)
        _push(reference)
        pushed = docker("image", "inspect", "--format", '{{join .RepoDigests "\\n"}}', reference).split()
        (self.digests[component],) = [name.partition("@")[2] for name in pushed if name.startswith(self.prefix)]
        docker("rmi", reference)


@contextmanager
def registry() -> Iterator[Registry]:
    """An empty registry; what was pulled from it is forgotten with it."""
    version = components()["registry"].default
    image = lab.build([("registry", version)], lab.Progress())["registry", version]
    name = f"enginetests-{secrets.token_hex(3)}"
    docker("run", "--detach", f"--name={name}", f"--label={LABEL}={name}", "--publish=127.0.0.1::5000", image)
    port = docker("port", name, "5000").strip().rpartition(":")[2]
    try:
        yield Registry(f"localhost:{port}/")
    finally:
        _forget(f"localhost:{port}/", f"/localhost_{port}/")
        docker("rm", "--force", "--volumes", name)


@dataclass
class Web:
    """A web server on loopback: the URL to put before public addresses without their scheme, and the paths that were asked for."""

    folder: Path
    url: str = ""
    asked: list[str] = field(default_factory=list)

    def hold(self, address: str, content: bytes) -> None:
        """Serve something at a public address."""
        file = self.folder / address.partition("://")[2]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def hold_manifest(self, name: str, version: str) -> None:
        """Serve what a project says in its Go module where it publishes it."""
        self.hold(lab.manifest_url(name, version), lab.manifest(name, version).read_bytes())

    def hold_kind(self) -> None:
        """Serve the lab's kind as the published one for this machine, with its checksum."""
        address = lab.binary_url("kind", platform.system().lower(), PROCESSORS[platform.machine()])
        program = lab.binary("kind").read_bytes()
        self.hold(address, program)
        self.hold(f"{address}.sha256sum", f"{hashlib.sha256(program).hexdigest()}  {Path(address).name}\n".encode())


@contextmanager
def web(folder: Path) -> Iterator[Web]:
    """A web server without a file, and a folder of its own."""
    served = Web(folder)

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            served.asked.append(self.path)

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder))) as server:
        served.url = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, daemon=True).start()
        yield served
        server.shutdown()


def _push(reference: str) -> None:
    deadline = time.monotonic() + START
    while True:
        try:
            docker("push", "--quiet", reference, timeout=PUSH)
        except EnvironmentFault:  # the registry may not listen yet
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


def _forget(*parts: str) -> None:
    names = docker("images", "--format", "{{.Repository}}:{{.Tag}} {{.Repository}}@{{.Digest}}", "--digests").split()
    for name in names:
        if any(part in f"/{name}" for part in parts) and "<none>" not in name:
            with suppress(EnvironmentFault):  # it went with its tag
                docker("rmi", name)


def hold_components(held: Registry, names: Collection[str]) -> None:
    """Hold components in their default versions."""
    for name in names:
        held.hold(name, components()[name].default)
