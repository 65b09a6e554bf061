"""What the lab asks of a container engine, through the `docker` command."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.commands import Run
from lab.errors import LabError

LABEL = "metallb-ingress-conformance.lab=1"
NAMESPACE = "localhost/lab"
_QUERY_SECONDS = 60.0
_TRANSFER_SECONDS = 600.0
_BUILD_SECONDS = 1800.0
# Without the plugin buildx the client refuses to build, unless it is told to let the engine do it: https://docs.docker.com/build/buildkit/
_CLASSIC = {"DOCKER_BUILDKIT": "0"}
# kind cannot load an image that carries attestations: https://docs.docker.com/build/metadata/attestations/
_BUILDX = {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}


@dataclass(frozen=True)
class Docker:
    """The engine that `docker` talks to."""

    run: Run

    def tags(self) -> frozenset[str]:
        """The tags of every image that the lab has built."""
        answer = self._ask("images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", f"reference={NAMESPACE}/*")
        return frozenset(answer.split())

    def has(self, tag: str) -> bool:
        """Whether there is an image of that tag."""
        return bool(self._ask("images", "--quiet", tag).strip())

    def architecture(self) -> str:
        """The processor of the engine, as Go names it."""
        return self._ask("version", "--format", "{{.Server.Arch}}").strip()

    def data_root(self) -> Path:
        """Where the engine keeps its images, in its own file system."""
        return Path(self._ask("info", "--format", "{{.DockerRootDir}}").strip())

    def build(self, context: Path, tag: str, args: Mapping[str, str], log: Path) -> None:
        """Build the Dockerfile of a folder. The tag is set when all of it went well."""
        pairs = [word for name, value in args.items() for word in ("--build-arg", f"{name}={value}")]
        options, environment = (["--force-rm"], _CLASSIC) if self._is_classic() else ([], _BUILDX)
        argv = ["docker", "build", *options, "--label", LABEL, "--tag", tag, *pairs, str(context)]
        self.run(argv, timeout=_BUILD_SECONDS, log=log, env=environment)

    def import_tree(self, archive: Path, tag: str, log: Path) -> None:
        """Make an image of one layer out of an archive of a file system. Images built on it inherit the label, half-built ones too."""
        changes = ["--change", 'CMD ["/bin/bash"]', "--change", f"LABEL {LABEL}"]
        self.run(["docker", "import", *changes, str(archive), tag], timeout=_TRANSFER_SECONDS, log=log)

    def prune(self) -> None:
        """Remove the lab's images that have no tag: what interrupted builds and earlier stages leave."""
        self._ask("image", "prune", "--force", "--filter", f"label={LABEL}")

    def _is_classic(self) -> bool:
        try:
            self._ask("buildx", "version")
        except LabError:
            return True
        return False

    def _ask(self, *words: str) -> str:
        return self.run(["docker", *words], timeout=_QUERY_SECONDS)
