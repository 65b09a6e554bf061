"""The command: what can be done beside plain pytest, in a clone and wherever the package is installed."""

import argparse
from typing import TypeAlias

#: What commands are added to; argparse has no public name for it.
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
