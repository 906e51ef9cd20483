"""The known name that was probably meant by one that nothing has, in the same words everywhere."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return how a sentence about an unknown name ends: `did you mean 'theme'?`, for none that is near `otherwise`.

    Without an `otherwise` every known name is told: `there are a, b.`
    """
    from difflib import get_close_matches  # late: only a fault needs it

    names = list(known)
    for near in get_close_matches(name, names, 1):
        return f"did you mean {near!r}?"
    return otherwise or f"there {'is' if len(names) == 1 else 'are'} {', '.join(names)}."
