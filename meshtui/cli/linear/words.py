"""Models, turns, problems and changes as sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from meshtui.cli.printer import error_details
from meshtui.core.answer_difference import difference, likeness
from meshtui.core.catalogue import ModelCard
from meshtui.core.diff import Piece
from meshtui.core.problem import Problem
from meshtui.core.text import mask_secrets, one_line
from meshtui.core.turn import Turn, TurnState, error_object
from meshtui.core.usage import tokens_of
from meshtui.session import Figures

NEAR = 5
"""Words before a change that say where it is."""

LONGEST_CHANGE = 300
"""Characters of one change that are told."""


def model_words(card: ModelCard) -> str:
    """Return a model in one line: id, context, price, what it can."""
    can = ", ".join(card.capabilities) if card.chats else f"{one_line(card.kind, 20)} model"
    price = {"unknown": "price unknown", "free": "free"}.get(card.price, f"{card.price} per million in/out")
    context = "context unknown" if card.context is None else f"context {card.context_words}"
    rows = (one_line(card.id, 120), context, price, can)
    return ", ".join(row for row in rows if row)


def end_words(turn: Turn) -> str:
    """Return how a turn ended and what it took, in one line."""
    parts = {TurnState.DONE: "Done", TurnState.STOPPED: "Stopped, what arrived is kept"}
    nothing = turn.state is TurnState.STOPPED and not turn.has_output
    words = ["Stopped before anything arrived" if nothing else parts.get(turn.state, turn.state.value.capitalize())]
    if turn.finish_reason not in (None, "stop"):
        words.append(f"finish reason {one_line(turn.finish_reason or '', 40)}")
    tokens = tokens_of(turn.usage, turn.meta)
    if tokens.prompt is not None or tokens.completion is not None:
        words.append(f"{tokens.prompt or 0:,} tokens in, {tokens.completion or 0:,} out")
    if turn.first_at is not None:
        words.append(f"first word after {turn.first_at:.2f} s")
    if turn.total is not None:
        words.append(f"{turn.total:.1f} s in all")
    if turn.charge.amount is not None:
        words.append(f"cost {turn.charge}")
    return ", ".join(words) + "."


def figure_words(figures: Figures) -> str:
    """Return what a lane took, in one line."""
    words = []
    if figures.first is not None:
        words.append(f"first word after {figures.first:.2f} s")
    if figures.total is not None:
        words.append(f"{figures.total:.1f} s in all")
    if figures.tokens:
        words.append(f"{'about ' if figures.guessed else ''}{figures.tokens:,} tokens")
    if figures.speed is not None:
        words.append(f"{figures.speed:.0f} tokens per second")
    words.append(f"cost {figures.charge}")
    if figures.finish not in ("", "stop"):
        words.append(f"finish reason {one_line(figures.finish, 40)}")
    return ", ".join(words)


def problem_lines(problem: Problem) -> Iterator[str]:
    """Yield what went wrong: one paragraph, then a line for each fault of a refused request."""
    request = f" Request id {one_line(problem.request_id, 80)}." if problem.request_id else ""
    yield f"Problem: {one_line(mask_secrets(problem.sentence), 1000)}{request}"
    for row in error_details(error_object(problem)):
        yield f"  {one_line(row.strip(), 440)}"


def change_lines(old: str, new: str) -> Iterator[str]:
    """Yield the changes from one text to another, each with the words before it; then how alike they are."""
    pieces = difference(old, new)
    if all(piece.kind == "same" for piece in pieces):
        yield "They are the same."
        return
    near = ""
    for number, piece in enumerate(pieces):
        last = " ".join(piece.text.split()[-NEAR:])
        if piece.kind == "same":
            near = last or near
            continue
        if not (piece.kind == "added" and number and pieces[number - 1].kind == "removed"):
            yield _change(near, pieces[number : number + 2])
        if piece.kind == "added":
            near = last or near
    yield f"{likeness(pieces):.0%} of the words are the same."


def _change(near: str, pieces: Sequence[Piece]) -> str:
    place = f"after “{one_line(near, 80)}”" if near else "at the beginning"
    what = one_line(pieces[0].text, LONGEST_CHANGE)
    if pieces[0].kind == "added":
        return f"{place}, added: {what}"
    if len(pieces) > 1 and pieces[1].kind == "added":
        return f"{place}, “{what}” became: {one_line(pieces[1].text, LONGEST_CHANGE)}"
    return f"{place}, removed: {what}"


def numbered(rows: Sequence[str]) -> Iterator[str]:
    """Yield rows with their numbers from 1."""
    return (f"{number} {row}" for number, row in enumerate(rows, 1))
