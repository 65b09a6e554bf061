"""``python -m harness``: the command of the suite, in a clone."""

import sys

from harness.cli.command import main

if __name__ == "__main__":
    sys.exit(main())
