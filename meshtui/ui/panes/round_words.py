"""The words of the round panel: its row of calls, what is said of arguments and results, arguments laid out to edit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from textual.content import Content
from textual.style import Style

from meshtui.core.json.text import json_or
from meshtui.core.text import one_line
from meshtui.session import Pending
from meshtui.ui.panes.calls import Checked, verdict_label, verdict_notes
from meshtui.ui.widgets.transcript_values import Tone
from meshtui.ui.words import RESPONDER_WORDS

_CUT = "{round.edit} edits all: this is the beginning"  # the key first: a narrow terminal shows no more

LARGE = 60_000
"""Characters of arguments or of a result that are edited here; longer ones are shown in part."""
_BLIND = 20_000
"""Characters of a result whose form is told; of a longer one its size is."""

_COLOURS: dict[Tone, str] = {
    "plain": "$foreground",
    "muted": "$text-muted",
    "good": "$text-success",
    "warn": "$text-warning",
    "bad": "$text-error",
}
_SIGNS: dict[str, tuple[str, Tone]] = {
    "open": ("○", "muted"),
    "running": ("…", "warn"),
    "answered": ("✓", "good"),
    "dropped": ("×", "muted"),
}


def calls_line(calls: Sequence[Pending], here: Pending | None, automatic: int, room: int) -> Content:
    """Return the row of calls, as many around the one that is shown as `room` cells allow, and how rounds go on."""
    place = calls.index(here) if here is not None and here in calls else 0
    mode = f"{automatic} rounds go on by themselves" if automatic else "stops at each round"
    width = max(room - len(mode) - 24, 20)
    shown: list[Content] = []
    first, last = place, place
    used = 0
    for number in _outward(place, len(calls)):
        tab = _tab(number, calls[number], is_here=calls[number] is here)
        if used + tab.cell_length + 2 > width and shown:
            break
        used += tab.cell_length + 2
        first, last = min(first, number), max(last, number)
        shown = [tab, *shown] if number < place else [*shown, tab]
    more = [Content("‹ ")] if first > 0 else []
    count = f"call {place + 1} of {len(calls)} " if calls else "no calls "
    tabs = Content("  ").join(shown)
    line = Content.assemble((count, "bold $primary"), " ", *more, tabs, " ›" if last < len(calls) - 1 else "")
    gap = max(room - line.cell_length - len(mode) - 2, 2)
    return Content.assemble(line, " " * gap, (mode, "$text-warning" if automatic else "$text-muted"))


def _tab(number: int, pending: Pending, *, is_here: bool) -> Content:
    sign, tone = _SIGNS[pending.state]
    if pending.state == "answered" and pending.is_error:
        sign, tone = "✗", "bad"
    name = one_line(pending.call.name, 30) or "(no name)"
    style = "bold reverse" if is_here else ""
    tab = Content.assemble((f" {number + 1} {name} ", style), (sign, _COLOURS[tone]))
    return tab.stylize(Style.from_meta({"@click": f"screen.round_nth({number})"}))


def argument_words(here: Pending, known: Checked | None, length: int) -> Iterator[tuple[str, Tone]]:
    """Yield what there is to say of the arguments of a call; `length` is theirs where only the beginning is shown."""
    if here.original is None:
        yield "added here", "warn"
    elif here.is_edited:
        yield "edited here", "warn"
    if known is not None:
        label = verdict_label(known.verdict)
        yield label.text, label.tone
    if length:
        yield f"{length / 1000:,.0f} kB", "muted"
        yield _CUT, "warn"


def result_words(here: Pending, text: str, *, is_cut: bool) -> Iterator[tuple[str, Tone]]:
    """Yield what there is to say of the result of a call, and of the text that stands for it, or its beginning."""
    if here.state == "dropped":
        yield "dropped: this call does not go back", "warn"
        return
    if here.state == "running":
        yield "running … {round.later} stops it", "warn"
        return
    kind = "hand" if here.by_hand and here.state == "answered" else here.kind
    yield (here.rule if kind == "canned" and here.rule else RESPONDER_WORDS[kind]), "muted"
    if here.is_error:
        yield "error ✗", "bad"
    yield form_of(text) if len(text) <= _BLIND else (f"{len(text) / 1000:,.0f} kB", "muted")
    if is_cut:
        yield _CUT, "warn"


def notes_of(here: Pending, known: Checked | None, fault: str) -> Iterator[tuple[str, Tone]]:
    """Yield how a call was answered or why not, the `fault` of its result, and the faults of its arguments."""
    if here.note:
        yield one_line(here.note, 300), "warn"
    if fault and fault not in here.note and not here.is_error and here.state in ("open", "answered"):
        yield one_line(fault, 300), "warn"
    for note in verdict_notes(known):
        yield note.text, note.tone


def form_of(text: str) -> tuple[str, Tone]:
    """Say whether a result is JSON or text; what looks like JSON and is none is a warning with its place."""
    if not text.strip():
        return "empty", "warn"
    try:
        value = json.loads(text)
    except RecursionError:
        return "text", "muted"
    except ValueError as error:
        if text.lstrip()[0] in "{[" and isinstance(error, json.JSONDecodeError):
            what = f"{error.msg[:1].lower()}{error.msg[1:]}"
            return f"text, no JSON at {error.lineno}:{error.colno}: {what}", "warn"
        return "text", "muted"
    kind = {dict: "object", list: "list", str: "text", bool: "true or false", type(None): "null"}
    return f"JSON {kind.get(type(value), 'number')} ✓", "good"


def laid_out(arguments: str) -> str:
    """Return arguments with a line per member, where that changes nothing but blanks; else as they came."""
    if len(arguments) > LARGE:
        return arguments
    value = json_or(arguments, arguments)
    laid_out = json.dumps(value, ensure_ascii=False, indent=2)
    again = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return laid_out if _bare(again) == _bare(arguments) else arguments


def _bare(text: str) -> str:
    return "".join(text.split())


def as_sent(pending: Pending, text: str) -> str:
    """Return the arguments that stand laid out in a text: the model's own where nothing but the layout differs."""
    original = pending.original
    if original is not None and text == laid_out(original.arguments):
        return original.arguments
    return text


def spaced(words: Iterable[tuple[str, Tone]]) -> Sequence[Content]:
    """Return words in their colours, with blanks before each."""
    return [Content.assemble(("  ", ""), (text, _COLOURS[tone])) for text, tone in words]


def _outward(place: int, count: int) -> Iterator[int]:
    """Yield places from one outward to both sides."""
    for step in range(count):
        for number in dict.fromkeys((place + step, place - step)):
            if 0 <= number < count:
                yield number
