"""The stub controller: its package in an environment beside the suite's, and its image."""

from pathlib import Path

import lab
from enginetests.environments import ROOT, Environment, build_wheel, create
from harness.cluster.engine import docker
from harness.cluster.sources import components

FOLDER = ROOT / "enginetests" / "stub_controller"
IMAGE = "example.test/stub:1.0.0"


def environment(folder: Path) -> Environment:
    """The suite and the stub, each installed from its package."""
    made = create(folder / "environment")
    for one in (build_wheel(folder), FOLDER):
        made.pip("install", "--no-deps", "--no-index", "--no-build-isolation", str(one))
    return made


def build_image() -> None:
    """Have the stub's image in the engine, on the image of Python that the lab builds."""
    version = components()["python"].default
    python = lab.build([("python", version)], lab.Progress(print))["python", version]
    docker("build", "--quiet", "--tag", IMAGE, "--build-arg", f"PYTHON={python}", str(FOLDER), timeout=120)
