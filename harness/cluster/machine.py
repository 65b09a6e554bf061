"""The machine that the cluster's nodes share with this process: what a run's timings depend on."""

import os
import platform
import re
from pathlib import Path

_CPU_INFO = Path("/proc/cpuinfo")
_MEMORY = Path("/proc/meminfo")


def cpu_model(text: str | None = None) -> str:
    """What the CPUs call themselves, in what Linux tells of them; their architecture where they do not, as on arm64."""
    named = re.search(r"^model name\s*:\s*(.+)$", _cpu_info() if text is None else text, re.MULTILINE)
    return " ".join(named[1].split()) if named else platform.machine()


def cpus() -> int:
    """The number of CPUs; 0 where nobody says."""
    return os.cpu_count() or 0


def memory() -> int:
    """Bytes of memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def free_memory() -> int:
    """Bytes of memory that programs can have without others giving theirs up; all of it where nobody says."""
    said = re.search(r"^MemAvailable:\s+(\d+) kB$", _MEMORY.read_text() if _MEMORY.exists() else "", re.MULTILINE)
    return int(said[1]) * 1024 if said else memory()


def kernel() -> str:
    """The name and release of the kernel."""
    return f"{platform.system()} {platform.release()}"


def _cpu_info() -> str:
    return _CPU_INFO.read_text(encoding="utf-8", errors="replace") if _CPU_INFO.exists() else ""
