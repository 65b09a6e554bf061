"""Who judged, with what, and where, in words; and what of it two runs have to share to be compared."""

from harness.report.model import ImageUsed, Report

_GIB = 1024**3


def facts(report: Report) -> dict[str, str]:
    """What is known of the suite, its tools and the machine, by what it is called."""
    it = report.identity
    known = {
        "suite": f"{it.suite} ({it.commit})" if it.commit else it.suite,
        "Python": it.python,
        "kind": it.kind,
        "engine": it.engine,
        "kernel": it.kernel,
        "CPUs": f"{it.cpus} x {it.cpu_model}" if it.cpus else "",
        "memory": f"{it.memory / _GIB:.1f} GiB" if it.memory else "",
    }
    return {name: value for name, value in known.items() if value}


def content(image: ImageUsed) -> str:
    """What an image is told by: the digest a registry has it under, else the id that the engine gave it, which says so."""
    return image.digest or f"id {image.id}"
