"""The entry point: `meshtui` and `python -m meshtui`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line of this process and return its exit code."""
    try:
        from meshtui.cli import run_command

        return run_command(sys.argv[1:])
    except KeyboardInterrupt:
        return 130  # as run_command ends, also while it is still being imported


if __name__ == "__main__":
    sys.exit(main())
