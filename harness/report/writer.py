"""The files of a report."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from harness.report import github, html, json_report, junit, markdown
from harness.report.model import Report

RENDERERS: dict[str, Callable[[Report], str]] = {
    "report.json": json_report.render,
    "report.md": markdown.render,
    "report.html": html.render,
    "junit.xml": junit.render,
}


def write_report(report: Report, directory: Path) -> list[Path]:
    """Write ``report.json``, ``report.md``, ``report.html`` and ``junit.xml``, each whole or not at all, and tell GitHub where it runs us.

    :raises RuntimeError: a case was planned and has no result, or the other way round: the report would not be the whole truth
    """
    if report.planned != len(report.results):
        raise RuntimeError(f"{report.planned} cases were planned and {len(report.results)} have a result: this is an error of the harness")
    directory.mkdir(parents=True, exist_ok=True)
    written = [write_whole(directory / name, render(report)) for name, render in RENDERERS.items()]
    github.publish(report, directory, sys.stdout)
    return written


def write_whole(path: Path, text: str) -> Path:
    """Put ``text`` into ``path`` so that a reader sees the old content or the new one, never a part."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.write_text(text, encoding="utf-8", newline="\n")
    half.replace(path)
    return path
