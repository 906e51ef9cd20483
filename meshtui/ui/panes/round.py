"""The round panel: the calls that wait for results, one at a time, with their arguments and their result to edit."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Literal

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static, TextArea

from meshtui.core.text import clean
from meshtui.session import Pending, Round
from meshtui.ui.commands import bindings
from meshtui.ui.compat import after
from meshtui.ui.keyed import keyed
from meshtui.ui.panes.calls import Checked, checked
from meshtui.ui.panes.round_words import (
    LARGE,
    argument_words,
    as_sent,
    calls_line,
    laid_out,
    notes_of,
    result_words,
    spaced,
)
from meshtui.ui.widgets.hints import Hint, hints_content
from meshtui.ui.widgets.json_area import JsonArea

_SHOWN = 2_000
_CHECK_SECONDS = 0.15
"""How long after the last key what is typed is checked."""
What = Literal["arguments", "result"]
SIDES: tuple[What, What] = ("arguments", "result")

_REPAIR: Hint = ("round.fix", "takes the repair")
_AGAIN: Hint = ("round.again", "lets it answer")


class RoundPane(Container):
    """Shows one call of a round; what is typed bubbles up as `Edited`, at once."""

    DEFAULT_CSS = """
    RoundPane {
        display: none; height: auto; min-height: 11; max-height: 60%; padding: 0 1;
        background: $panel; border-top: solid $primary;
        &.-open { display: block; }
        Static { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
        #round-note { height: auto; max-height: 3; text-wrap: wrap; link-style: none; link-color: $foreground; }
        #round-sides { layout: horizontal; height: auto; max-height: 48vh; }
        .side { width: 1fr; height: auto; max-height: 48vh; }
        JsonArea { height: auto; min-height: 7; max-height: 44vh; }
        #round-arguments-side { margin-right: 1; }
        #round-calls { link-style: none; link-color: $foreground; link-background-hover: $primary; }
    }
    """
    BINDINGS = bindings("round")

    class Edited(Message):
        """The user changed the arguments or the result of a call."""

        def __init__(self, pending: Pending, what: What, text: str) -> None:
            super().__init__()
            self.pending, self.what, self.text = pending, what, text

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._round: Round | None = None
        self._parameters: Mapping[str, Any] = {}
        self._here: Pending | None = None
        self._automatic = 0
        self._put: dict[What, str] = {"arguments": "", "result": ""}
        self._known: Checked | None = None
        self._fault = ""
        self._seen = "", ""
        self._checking: Timer | None = None

    def compose(self) -> ComposeResult:
        """The calls in a row, arguments beside the result, what there is to say."""
        yield Static(id="round-calls")
        with Container(id="round-sides"):
            with Vertical(classes="side", id="round-arguments-side"):
                yield Static(id="round-arguments-label")
                yield JsonArea(id="round-arguments")
            with Vertical(classes="side"):
                yield Static(id="round-result-label")
                yield JsonArea(id="round-result", placeholder="the result, as JSON or as text")
        yield Static(id="round-note")

    # What is shown

    @property
    def round(self) -> Round | None:
        """The round that is shown, None while the panel is closed."""
        return self._round

    @property
    def here(self) -> Pending | None:
        """The call that is shown."""
        return self._here

    def open(self, round: Round, parameters: Mapping[str, Any], automatic: int, at: Pending | None = None) -> None:
        """Show a round, from its first open call on; `parameters` are the schemas that were offered, by name."""
        self._round, self._parameters, self._automatic = round, parameters, automatic
        self._here = None
        self.add_class("-open")
        by_hand = (one for one in round.open if one.kind == "hand")
        first = next(by_hand, None) or next(iter(round.open), None) or next(iter(round.calls), None)
        self.go_to(at or first)

    def close(self) -> None:
        """Show nothing any more."""
        self._round = self._here = None
        self.remove_class("-open")

    def go_to(self, pending: Pending | None) -> None:
        """Show another call."""
        self._here = pending
        self._put_in("arguments", "" if pending is None else laid_out(pending.call.arguments))
        self._put_in("result", "" if pending is None else pending.result)
        self._known, self._fault = None, ""
        self._seen = ("", "") if pending is None else (pending.result, pending.call.arguments)
        self._check_soon()
        self.show_again()

    def go(self, step: int) -> None:
        """Go to the next call or the one before, round about."""
        calls = self._round.calls if self._round is not None else []
        if calls:
            at = calls.index(self._here) if self._here in calls else -1
            self.go_to(calls[(at + step) % len(calls)])

    def go_nth(self, number: int) -> None:
        """Go to a call by its place."""
        if self._round is not None and 0 <= number < len(self._round.calls):
            self.go_to(self._round.calls[number])

    def note_automatic(self, limit: int) -> None:
        """Say how many rounds go on by themselves."""
        self._automatic = limit
        self.show_again()

    def show_again(self) -> None:
        """Draw what is known of the round: states, verdicts, notes. What is typed stays."""
        round, here = self._round, self._here
        if round is None:
            return
        if here is not None and here not in round.calls:
            self.go_to(next(iter(round.calls), None))
            return
        if here is not None:
            self._take_over(here)
        self._draw_calls(round)
        self._draw_labels(here)

    def _take_over(self, here: Pending) -> None:
        """Show what a responder answered, or what was taken back; what is typed and on its way there stays."""
        result, seen, self._seen = here.result, self._seen, (here.result, here.call.arguments)
        if result != seen[0] and result != self.text_of("result"):
            self._put_in("result", result)
            self._check_soon()
        arguments = self.text_of("arguments")
        if seen[1] != here.call.arguments not in (arguments, as_sent(here, arguments)):
            self._put_in("arguments", laid_out(here.call.arguments))
            self._check_soon()

    def focus_result(self) -> None:
        """Go to the result."""
        self.query_one("#round-result", JsonArea).focus()

    def focus_arguments(self) -> None:
        """Go to the arguments."""
        self.query_one("#round-arguments", JsonArea).focus()

    @property
    def edited_side(self) -> What:
        """Which text has the focus."""
        return "arguments" if self.query_one("#round-arguments").has_focus else "result"

    # Texts

    def text_of(self, what: What) -> str:
        """Return what stands in a text, whole also where only its beginning is shown."""
        area = self.query_one(f"#round-{what}", JsonArea)
        return self._put[what] if area.read_only else area.text

    def _is_cut(self, what: What) -> bool:
        """Whether only the beginning is shown; what is typed is shown whole, however long it gets."""
        return self.query_one(f"#round-{what}", JsonArea).read_only

    def _put_in(self, what: What, text: str) -> None:
        self._put[what] = text
        area = self.query_one(f"#round-{what}", JsonArea)
        area.read_only = len(text) > LARGE or self._here is None
        area.load_text(clean(text[:_SHOWN]) if len(text) > LARGE else text)

    @on(TextArea.Changed)
    def _changed(self, event: TextArea.Changed) -> None:
        event.stop()
        what: What = "arguments" if event.text_area.id == "round-arguments" else "result"
        if event.text_area.read_only or self._here is None or event.text_area.text == self._put[what]:
            return
        self.take(what)

    def take(self, what: What) -> None:
        """Hand on what is typed."""
        edit = self.edit_of(what)
        if edit is not None:
            self.post_message(edit)
            self._check_soon()

    def edit_of(self, what: What) -> Edited | None:
        """Return what stands in a text as the edit that it is, None where no call is shown."""
        here = self._here
        if here is None:
            return None
        text = self._put[what] = self.text_of(what)
        return self.Edited(here, what, as_sent(here, text) if what == "arguments" else text)

    def replace_text(self, what: What, text: str) -> None:
        """Take another text in, as if it had been typed."""
        self._put_in(what, text)
        self.take(what)

    def take_repair(self) -> bool:
        """Put the suggested repair in the place of arguments that are no JSON; False where there is none."""
        fault = self._known.fault if self._known is not None else None
        if fault is None or fault.repaired is None:
            return False
        self.replace_text("arguments", fault.repaired)
        return True

    # Checks

    def _check_soon(self) -> None:
        if self._checking is not None:
            self._checking.stop()
        self._checking = after(self, _CHECK_SECONDS, self._check)

    def _check(self) -> None:
        self._checking = None
        if self._here is not None:
            self.run_worker(self._checked(self._here), group="round-check", exclusive=True, exit_on_error=False)

    async def _checked(self, pending: Pending) -> None:
        call, result = pending.call, pending.result
        (found,) = await asyncio.to_thread(checked, [call], self._parameters)
        fault = await asyncio.to_thread(lambda: pending.result_fault)
        if pending is self._here:
            self._known, self._fault = found, fault if result == pending.result else ""
            self._draw_labels(pending)

    # Drawing

    def _draw_calls(self, round: Round) -> None:
        line = calls_line(round.calls, self._here, self._automatic, self.size.width)
        self.query_one("#round-calls", Static).update(line, layout=False)

    def _draw_labels(self, here: Pending | None) -> None:
        arguments, result = Content("arguments"), Content("result")
        note = Content("")
        if here is not None:
            words = argument_words(here, self._known, len(self._put["arguments"]) * self._is_cut("arguments"))
            arguments = Content.assemble(
                ("arguments", "bold"), *spaced((keyed(self, text), tone) for text, tone in words)
            )
            words = result_words(here, self.text_of("result"), is_cut=self._is_cut("result"))
            result = Content.assemble(("result", "bold"), *spaced((keyed(self, text), tone) for text, tone in words))
            note = Content.assemble(*spaced(notes_of(here, self._known, self._fault)))
            fault = self._known.fault if self._known is not None else None
            hints = [_REPAIR] if fault is not None and fault.repaired is not None else []
            hints += [_AGAIN] if here.kind != "hand" and here.state == "open" else []
            note = Content.assemble("  ", hints_content(self.app, hints), note) if hints else note
        self.query_one("#round-arguments-label", Static).update(arguments, layout=False)
        self.query_one("#round-result-label", Static).update(result, layout=False)
        self.query_one("#round-note", Static).update(note)

    def on_resize(self) -> None:
        """Fit the row of calls to the new width."""
        self.show_again()
