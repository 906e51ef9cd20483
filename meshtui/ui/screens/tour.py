"""The guided tour of the demo: one page for each job that people come with. It tells of what can be done today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from meshtui.ui.commands import Where, bindings
from meshtui.ui.keyed import keyed


@dataclass(frozen=True, slots=True)
class Step:
    """One page: the job, what to do for it, and a message to try it with, for which a tool of the examples is on."""

    title: str
    text: str
    model: str = ""
    message: str = ""
    tool: str = ""


STEPS: tuple[Step, ...] = (
    Step(
        "Iterate on a prompt",
        "Type a message below and press {prompt.send}: the answer streams in, and all of it is on disk as it comes. "
        "{turn.retry} sends the same message again as another answer. {prompt.older} in the prompt brings earlier "
        "ones back.",
        "sandbox/markdown",
        "Show me what you can draw.",
    ),
    Step(
        "Compare models",
        "{model.choose} opens the list of models: type a few letters, tab goes to the filters, {models.star} keeps a "
        "favourite. With a message in the prompt, {models.mark} marks several of them, and enter asks all of them side "
        "by side.",
        "openai/gpt-4o-mini",
        "Which model are you?",
    ),
    Step(
        "Debug a tool call",
        "{tools.show} lists the tools: {tools.toggle} turns one on, {tools.new} makes one, enter edits it. Arguments "
        "are checked against its schema as they arrive. Then the round stops: look at what answers the call, change "
        "it, or the arguments. {round.send} sends the results back, and the model goes on.",
        "sandbox/tools",
        "What is the weather in Rome?",
        "weather",
    ),
    Step(
        "Recover from a failure",
        "Rate limits, spend caps, refused keys, cut streams: each is a card where the answer would have been. It says "
        "what happened and what can be done, and what was typed or had arrived is kept. This one is a rate limit.",
        "sandbox/fault-429-rpm",
        "How long do I have to wait?",
    ),
    Step(
        "Find and reuse",
        "{conversation.list} lists every conversation, by title, model or profile; {conversation.find} finds text "
        "in this one. {answer.copy} copies the last answer, and {app.palette} finds any other command by its name. "
        "{app.help} has all keys.",
    ),
)

NOTE = "{tour.take} puts a message for this into the prompt. {demo.tour} goes on with the tour."
END = "{demo.tour} begins the tour again."


class Tour(ModalScreen[Step | None]):
    """Returns the step whose message is to be tried, or None at the end or where the tour was skipped."""

    DEFAULT_CSS = """
    Tour { align: center bottom; background: $background 0%; }
    Tour .dialog { margin-bottom: 5; border: round $accent; padding: 0 2; }
    Tour .title { margin-bottom: 0; }
    Tour .buttons { margin-top: 1; }
    Tour Button { margin-right: 1; }
    """
    PLACES: ClassVar[tuple[Where, ...]] = ("tour",)
    BINDINGS = bindings("tour")

    def __init__(self, first: int = 0) -> None:
        super().__init__()
        self.place = first

    def compose(self) -> ComposeResult:
        """The page and what can be done with it."""
        with Vertical(classes="dialog -wide"):
            yield Static(id="step-title", classes="title", markup=False)
            yield Static(id="step-text", markup=False)
            yield Static(id="step-note", classes="note", markup=False)
            with Horizontal(classes="buttons"):
                yield Button(Content("Next →"), variant="primary", id="next", compact=True)
                yield Button(Content(keyed(self, "Try it ({tour.take})")), id="try", compact=True)
                yield Button(Content("← Back"), id="back", compact=True)
                yield Button(Content(keyed(self, "Skip ({tour.close})")), id="skip", compact=True)

    def on_mount(self) -> None:
        """Begin; a button that shows itself pressed for a while would swallow the next press."""
        for button in self.query(Button):
            button.active_effect_duration = 0
        self._show()

    def _show(self) -> None:
        step, last = STEPS[self.place], self.place == len(STEPS) - 1
        self.query_one("#step-title", Static).update(Content(f"{self.place + 1} of {len(STEPS)} · {step.title}"))
        self.query_one("#step-text", Static).update(Content(keyed(self, step.text)))
        self.query_one("#step-note", Static).update(Content(keyed(self, NOTE if step.message else END)))
        self.query_one("#next", Button).label = Content("Done" if last else "Next →")
        self.query_one("#try", Button).display = bool(step.message)
        self.query_one("#back", Button).display = self.place > 0
        self.query_one("#skip", Button).display = not last
        self.query_one("#next").focus()

    def action_step(self, steps: int) -> None:
        """Turn a page; after the last one the tour is over."""
        if self.place + steps >= len(STEPS):
            self.dismiss(None)
            return
        self.place = max(self.place + steps, 0)
        self._show()

    def action_take(self) -> None:
        """Put the message of this page into the prompt."""
        if STEPS[self.place].message:
            self.dismiss(STEPS[self.place])

    @on(Button.Pressed)
    def _press(self, event: Button.Pressed) -> None:
        match event.button.id:
            case "next":
                self.action_step(1)
            case "back":
                self.action_step(-1)
            case "try":
                self.action_take()
            case _:
                self.dismiss(None)
