"""What a card says of each kind of problem: headline, facts, and what can be done, each by a key and a click."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from meshtui.core.money import price_words
from meshtui.core.problem import LIMIT_WORDS, Problem, ProblemKind
from meshtui.core.spend import Purse, amounts_of, purse_of
from meshtui.core.text import mask_secrets
from meshtui.core.turn import Turn
from meshtui.core.waits import countdown
from meshtui.ui.widgets.transcript_values import Action, Card, Fact

RETRY = Action("r", "retry", "retry")
WAIT = Action("w", "retry when free", "retry_when_free")
FREE = Action("f", "free model", "free_model")
PROFILE = Action("p", "profile", "profile")
CANCEL_WAIT = Action("w", "don't wait", "retry_when_free")
MODEL = Action("m", "model", "model")
KEY = Action("k", "key", "key")
EDIT = Action("e", "edit", "edit")
CONTINUE = Action("c", "continue", "continue")
TEMPLATE = Action("t", "template", "template")

_ACTIONS: Mapping[ProblemKind, tuple[Action, ...]] = {
    ProblemKind.KEY_REFUSED: (KEY, RETRY),
    ProblemKind.FORBIDDEN: (KEY, MODEL),
    ProblemKind.SPEND: (FREE, PROFILE, MODEL, KEY),
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
ODD_MINUTE = 120.0
"""A minute's limit that asks for more seconds than this asks for something that cannot be."""

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
    if problem.kind is ProblemKind.NOT_FOUND and turn.request.get("template"):
        actions = (TEMPLATE, RETRY)
    if not turn.has_output:
        actions = tuple(action for action in actions if action is not CONTINUE)
    elif RETRY in actions and CONTINUE not in actions:
        actions = (RETRY, CONTINUE, *(action for action in actions if action is not RETRY))
    if problem.kind is ProblemKind.SPEND and purse_of(problem.message) not in (Purse.BALANCE, Purse.UNKNOWN):
        actions = tuple(action for action in actions if action is not FREE)  # a cap holds for free models as well
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
    if problem.kind is ProblemKind.SPEND:
        facts += _spend(problem)
    at = retry_at(turn)
    if at is not None and problem.retry_after_seconds is not None:
        # A clock that was set back must not make the wait longer than the gateway asked for.
        left = min(at - now, problem.retry_after_seconds)
        facts.append(Fact("free", f"in {countdown(left)}, at {_moment(now + left, now)}" if left > 0 else "now"))
        if problem.limit in ("rpm", "tpm") and problem.retry_after_seconds > ODD_MINUTE:
            facts.append(Fact("", "A minute's window ends within a minute: this wait is odd, and r may work sooner."))
    if waits_until is not None:
        facts.append(Fact("waiting", f"it is sent again in {countdown(max(waits_until - now, 0))}"))
    return facts


def _moment(at: float, now: float) -> str:
    """Return a time of day, with the date where it is another day's."""
    then, today = time.localtime(at), time.localtime(now)
    return time.strftime("%H:%M:%S" if then[:3] == today[:3] else "%Y-%m-%d %H:%M", then)


def _spend(problem: Problem) -> list[Fact]:
    """What the words of a 402 say of the budget that is used up."""
    purse, amounts = purse_of(problem.message), amounts_of(problem.message)
    words = f": {price_words(amounts[0])} of {price_words(amounts[1])}" if amounts is not None else ""
    facts = [] if purse is Purse.UNKNOWN else [Fact("budget", f"{purse.value}{words}")]
    if purse in (Purse.TEAM, Purse.MEMBER, Purse.ORG):
        facts.append(Fact("", "It counts the last 30 days, so it frees up by itself, day by day."))
    return facts


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
