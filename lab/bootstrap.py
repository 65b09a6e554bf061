"""The base image: a bare Debian made by debootstrap."""

import os
import shutil
from pathlib import Path

from lab.commands import Run
from lab.errors import LabError

_BOOTSTRAP_SECONDS = 900.0
_CACHES = ("var/cache/apt/archives/*.deb", "var/cache/apt/*.bin", "var/lib/apt/lists/*_*", "var/log/*.log")
_OF_THIS_MACHINE = ("etc/hostname", "etc/resolv.conf")


def bootstrap(suite: str, overlay: Path, work: Path, log: Path, run: Run) -> Path:
    """Install a minimal Debian on top of the files in `overlay` and return an archive of it. Needs root and debootstrap, else LabError."""
    if os.geteuid() or not shutil.which("debootstrap"):
        found = "not root" if os.geteuid() else "no debootstrap"
        remedy = "as root, `apt-get install debootstrap debian-archive-keyring`; or take images from a registry instead of building them"
        raise LabError("root and debootstrap, to make the Debian base image", found, remedy)
    tree, archive = work / "tree", work / "tree.tar"
    shutil.copytree(overlay, tree)
    # A mount namespace of its own: whatever is mounted in the tree goes with the process, even when that is killed.
    argv = ["unshare", "--mount", "debootstrap", "--force-check-gpg", "--variant=minbase", suite, str(tree)]
    run(argv, timeout=_BOOTSTRAP_SECONDS, log=log)
    for pattern in (*_CACHES, *_OF_THIS_MACHINE):
        for path in tree.glob(pattern):
            path.unlink()
    run(["tar", "--create", "--numeric-owner", "--directory", str(tree), "--file", str(archive), "."], timeout=_BOOTSTRAP_SECONDS, log=log)
    return archive
