"""What a card says of each kind of problem: headline, facts, and what can be done, each by a key and a click."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from meshtui.core.problem import LIMIT_WORDS, Problem, ProblemKind
from meshtui.core.text import mask_secrets
from meshtui.core.turn import Turn
from meshtui.ui.widgets.transcript_values import Action, Card, Fact

RETRY = Action("r", "retry", "retry")
WAIT = Action("w", "retry when free", "retry_when_free")
CANCEL_WAIT = Action("w", "don't wait", "retry_when_free")
MODEL = Action("m", "model", "model")
KEY = Action("k", "key", "key")
EDIT = Action("e", "edit", "edit")
CONTINUE = Action("c", "continue", "continue")

_ACTIONS: Mapping[ProblemKind, tuple[Action, ...]] = {
    ProblemKind.KEY_REFUSED: (KEY, RETRY),
    ProblemKind.FORBIDDEN: (KEY, MODEL),
    ProblemKind.SPEND: (MODEL, KEY),
    ProblemKind.RATE_LIMIT: (RETRY, WAIT, MODEL),
    ProblemKind.PROVIDER_BUSY: (RETRY, WAIT, MODEL),
    ProblemKind.MODEL_NOT_FOUND: (MODEL,),
    ProblemKind.NOT_FOUND: (MODEL, RETRY),
    ProblemKind.INVALID: (EDIT, MODEL, RETRY),
    ProblemKind.CONTEXT: (EDIT, MODEL),
    ProblemKind.TOO_LARGE: (EDIT,),
    ProblemKind.NOT_A_GATEWAY: (RETRY,),
    ProblemKind.STREAM_CUT: (RETRY, CONTINUE, MODEL),
    ProblemKind.STREAM_ERROR: (RETRY, CONTINUE, MODEL),
}
_BAD = {ProblemKind.KEY_REFUSED, ProblemKind.FORBIDDEN, ProblemKind.SPEND, ProblemKind.TLS, ProblemKind.BUG}


def card(turn: Turn, now: float, waits_until: float | None = None) -> Card | None:
    """Return the card of a turn that failed; `now` is seconds since the epoch, for the countdown."""
    problem = turn.problem
    if problem is None:
        return None
    facts = [Fact("said", mask_secrets(problem.message[:4000]))] if problem.message else []
    facts += _provider(problem.provider_error)
    facts += _fields(problem.details)
    if problem.param:
        facts.append(Fact("field", problem.param))
    facts += _limit(problem, turn, now, waits_until)
    where = " ".join(str(part) for part in (problem.status, problem.code) if part)
    facts.append(Fact("code", where))
    facts.append(Fact("", problem.advice))
    actions = _ACTIONS.get(problem.kind, (RETRY, MODEL))
    if not turn.has_output:
        actions = tuple(action for action in actions if action is not CONTINUE)
    elif RETRY in actions and CONTINUE not in actions:
        actions = (RETRY, CONTINUE, *(action for action in actions if action is not RETRY))
    if waits_until is not None:
        actions = tuple(CANCEL_WAIT if action is WAIT else action for action in actions)
    status = f"{problem.status} " if problem.status and problem.status >= 400 else ""
    return Card(
        headline=f"{status}{problem.headline}",
        facts=tuple(facts),
        actions=actions,
        request_id=turn.request_id or "",
        tone="bad" if problem.kind in _BAD else "warn",
    )


def retry_at(turn: Turn) -> float | None:
    """Return when the gateway allows the next try, in seconds since the epoch; None where it did not say."""
    problem = turn.problem
    if problem is None or problem.retry_after_seconds is None or turn.ended_at is None:
        return None
    return turn.ended_at + problem.retry_after_seconds


def _limit(problem: Problem, turn: Turn, now: float, waits_until: float | None) -> list[Fact]:
    facts = []
    if problem.limit:
        facts.append(Fact("limit", LIMIT_WORDS.get(problem.limit, problem.limit)))
    at = retry_at(turn)
    if at is not None:
        left = at - now
        clock = time.strftime("%H:%M:%S", time.localtime(at))
        facts.append(Fact("free", f"in {countdown(left)}, at {clock}" if left > 0 else "now"))
    if waits_until is not None:
        facts.append(Fact("waiting", f"it is sent again in {countdown(max(waits_until - now, 0))}"))
    return facts


def countdown(seconds: float) -> str:
    """Return a wait in words, rounded up: nobody is told a moment that is too early."""
    whole = int(seconds) + (seconds > int(seconds))
    if whole < 120:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _provider(error: Mapping[str, Any] | None) -> list[Fact]:
    if not error:
        return []
    words = " · ".join(str(error[name]) for name in ("provider", "status", "message") if error.get(name))
    return [Fact("provider", mask_secrets(words[:2000]))] if words else []


def _fields(details: object) -> list[Fact]:
    """The fields that a 422 names, by path."""
    if not isinstance(details, list):
        return []
    facts = []
    for row in details[:8]:
        if isinstance(row, Mapping):
            path = ".".join(str(item) for item in row.get("loc") or ())
            facts.append(Fact("field", f"{path}: {row.get('msg', '')}" if path else str(row.get("msg", ""))))
    if len(details) > 8:
        facts.append(Fact("", f"and {len(details) - 8} more fields"))
    return facts
