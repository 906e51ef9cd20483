"""Votes between the answers of a comparison, kept in the history."""

from __future__ import annotations

import time

from meshtui.core.rating import Vote, votes_from
from meshtui.session.comparison import Comparison, Lane
from meshtui.session.session import Session

KEPT = 2_000
"""Votes that are kept, the newest."""


def votes_of(session: Session) -> list[Vote]:
    """Return every vote that is kept, the oldest first."""
    return votes_from(session.recall("votes", []))


def why_no_vote(comparison: Comparison, lane: Lane | None) -> str:
    """Say why a lane cannot be voted for, an empty text where it can."""
    if lane is None or not lane.succeeded:
        return "A vote goes to an answer that is whole."
    if not any(other.succeeded for other in comparison.lanes if other is not lane):
        return "There is no other whole answer to compare with."
    return ""


def vote(comparison: Comparison, lane: Lane, *, blind: bool) -> None:
    """Keep that a lane's answer is better than the other whole ones; an earlier vote on this message goes.

    `blind` says that no names were seen. Raises StoreError.
    """
    others = [other for other in comparison.lanes if other is not lane and other.succeeded]
    given = Vote(
        winner=lane.turn.model or lane.label,
        losers=tuple(other.turn.model or other.label for other in others),
        template=str(lane.turn.request.get("template") or ""),
        blind=blind,
        at=time.time(),
        message=lane.turn.parent_id or "",
    )
    before = [kept for kept in votes_of(comparison.session) if kept.message != given.message]
    comparison.session.keep("votes", [kept.to_json() for kept in [*before, given][-KEPT:]])
