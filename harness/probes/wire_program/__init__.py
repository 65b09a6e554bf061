"""A program for containers on the cluster's network: standard library only, given to their Python as one text.

So the containers hold nothing of ours that could be of another version.
"""

import ast
from functools import cache
from pathlib import Path

#: Its modules, in the order in which each finds what it needs of those before; their names are unique among all of them.
MODULES = ("frames", "neighbour_table", "traffic", "commands")


@cache
def text() -> str:
    """The program: its modules one after the other, without what they import of each other."""
    return "\n".join(_without_own_imports(Path(__file__).with_name(f"{name}.py").read_text()) for name in MODULES)


def _without_own_imports(source: str) -> str:
    own = [node for node in ast.parse(source).body if isinstance(node, ast.ImportFrom) and str(node.module).startswith(__name__)]
    cut = {line for node in own for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
    return "\n".join(line for number, line in enumerate(source.splitlines(), 1) if number not in cut)
