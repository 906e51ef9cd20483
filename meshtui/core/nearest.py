"""The known name that was probably meant by one that nothing has, in the same words everywhere."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return how a sentence about an unknown name ends: `did you mean 'theme'?`, for none that is near `otherwise`.

    Without an `otherwise` every known name is told: `there are a, b.`
    """
    names = list(known)
    if near := nearest(name, names):
        return f"did you mean {near!r}?"
    return otherwise or f"there {'is' if len(names) == 1 else 'are'} {', '.join(names)}."


def nearest(name: str, known: Iterable[str], likeness: float = 0.6) -> str:
    """Return the known name that is most like another, from a likeness of 0 to 1 on; an empty text where none is."""
    from difflib import get_close_matches  # late: only a fault needs it

    return next(iter(get_close_matches(name, list(known), 1, likeness)), "")
