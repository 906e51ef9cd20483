"""`python -m screenshots [--check] [NAME …]`: take the pictures, or compare them with those that are kept."""

from __future__ import annotations

import sys

from screenshots.still import stand_still


def main() -> int:
    """Stop the clocks before anything of meshtui is imported, which takes them as it finds them."""
    stand_still()
    from screenshots.studio import main

    return main()


if __name__ == "__main__":
    sys.exit(main())
