"""Who judged, with what, and where, as the report says it."""

import platform

from harness.cluster import machine
from harness.model.project import version
from harness.plugin.suite_version import commit
from harness.report.model import Identity


def identity(kind: str, engine: str) -> Identity:
    """The identity of this run; ``kind`` and ``engine`` are what made its cluster, empty where it needed none."""
    return Identity(
        suite=version(),
        commit=commit(),
        python=platform.python_version(),
        kind=kind,
        engine=engine,
        kernel=machine.kernel(),
        cpus=machine.cpus(),
        cpu_model=machine.cpu_model(),
        memory=machine.memory(),
    )
