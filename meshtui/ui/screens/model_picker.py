"""Choosing models: the gateway's list narrowed by typing and by chips, or any id that is typed in full."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from meshtui.core.catalogue import ROUTER, ModelCard
from meshtui.core.model_search import Filter, Sort, typed_filters
from meshtui.core.text import clean, one_line
from meshtui.session import Models
from meshtui.ui.commands import Where, bindings
from meshtui.ui.keyed import is_key_of, keyed
from meshtui.ui.panes.model import facts_content
from meshtui.ui.widgets.filter_bar import FilterBar, pressed
from meshtui.ui.widgets.hints import Hint, hints_content
from meshtui.ui.widgets.model_list import ModelList
from meshtui.ui.words import age_words

SORTS = tuple(Sort)


class FindModel(Input):
    """The line that finds: a blank before any letter finds nothing, and means the row under the cursor instead."""

    class Blank(Message):
        """A blank was typed into the empty line."""

    def on_key(self, event: events.Key) -> None:
        """Hand on a blank that would be the first letter."""
        if event.is_printable and not self.value and is_key_of(self, "models.mark", event.key):
            event.stop()
            event.prevent_default()
            self.post_message(self.Blank())


@dataclass(frozen=True, slots=True)
class PickerAsks:
    """What the picker asks of the workbench: the models as known now, to change a favourite, to fetch the list anew,
    which model the router would take (in a sentence), and what asking the marked ones would take (in a few words)."""

    models: Callable[[], Models]
    toggle_favourite: Callable[[str], None]
    refresh: Callable[[], None]
    route: Callable[[], Awaitable[str]]
    price: Callable[[Sequence[str]], str] = lambda ids: ""


class ModelPicker(ModalScreen[tuple[str, ...] | None]):
    """Returns the ids of the chosen models, or None.

    Only with `several` more than one can be marked; they come in the order they were marked in, and `verb` says what
    enter does with them. `most` is how many can be marked, None for any number.
    """

    DEFAULT_CSS = """
    ModelPicker .picker {
        width: 100%; max-width: 170; height: 100%; max-height: 52; padding: 0 1;
        background: $panel; border: round $primary; border-title-color: $primary; border-title-style: bold;
    }
    ModelPicker Input { background: $surface; margin-bottom: 0; }
    ModelPicker #body { height: 1fr; layout: vertical; }
    ModelPicker #list { min-height: 4; }
    ModelPicker #details { height: 6; border-top: solid $border-blurred; scrollbar-size-vertical: 1; }
    ModelPicker #details Static { height: auto; }
    ModelPicker #count { height: 1; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis; }
    ModelPicker #hints {
        height: 1; text-wrap: nowrap; text-overflow: ellipsis; link-style: none; link-color: $foreground;
        link-background-hover: $primary; link-color-hover: $background;
    }
    ModelPicker.-wide .picker { width: 96%; height: 92%; }
    ModelPicker.-wide #body { layout: horizontal; }
    ModelPicker.-wide #list { width: 1fr; height: 100%; }
    ModelPicker.-wide #details {
        width: 44; height: 100%; border-top: none; border-left: solid $border-blurred; padding: 0 1;
    }
    """
    PLACES: ClassVar[tuple[Where, ...]] = ("models",)
    BINDINGS = bindings("models")

    def __init__(
        self,
        asks: PickerAsks,
        current: str = "",
        *,
        title: str = "",
        several: bool = False,
        chosen: Sequence[str] = (),
        verb: str = "take",
        most: int | None = None,
    ) -> None:
        super().__init__()
        self._verb, self.most = verb, most
        self._asks, self._current, self._title, self._several = asks, current, title, several
        self._marked: list[str] = list(chosen)
        self._asked, self._sort = Filter(), Sort.MATCH
        self._found = 0
        self._routed = self._beside = ""
        self._priced: tuple[tuple[str, ...], str] = ((), "")

    def compose(self) -> ComposeResult:
        """From top to bottom: what is typed, the chips, the list with its details, how many, the keys."""
        with Vertical(classes="picker") as frame:
            frame.border_title = Content(self._title or "Choose a model")
            frame.border_subtitle = Content(self._beside)
            yield FindModel(placeholder="type to find, or an id in full", compact=True, select_on_focus=False)
            yield FilterBar(id="filters")
            with Container(id="body"):
                yield ModelList(id="list")
                with VerticalScroll(id="details", can_focus=False):
                    yield Static(id="facts", markup=False)
            yield Static(id="count", markup=False)
            yield Static(id="hints", markup=False)

    def on_mount(self) -> None:
        """Show everything, with the model in use under the cursor."""
        self.query_one(FilterBar).show(self._asked)
        self._show_hints()
        self._find(self._current)

    # Finding

    @property
    def _list(self) -> ModelList:
        return self.query_one(ModelList)

    @property
    def _typed(self) -> Input:
        return self.query_one(Input)

    def say(self, words: str) -> None:
        """Say something at the lower edge, such as what is left of the minute."""
        self._beside = words
        for frame in self.query(".picker"):
            frame.border_subtitle = Content(words)

    def show_models(self) -> None:
        """Take in what is known of the models now: the list arrived, or could not be had."""
        at, self._priced = self._list.card, ((), "")
        self._find(at.id if at is not None else self._current)

    @on(Input.Changed)
    def _narrow(self, event: Input.Changed) -> None:
        query, asked = typed_filters(event.value, self._asked)
        if query != event.value:
            self._asked = asked
            self.query_one(FilterBar).show(asked)
            self._typed.value = query
            return
        self._find()

    def _find(self, stay: str | None = None) -> None:
        """Show what fits, with the cursor on the best, or on the model `stay` where it is among them."""
        models, rows, query = self._asks.models(), self._list, self._typed.value
        found = models.index.find(query, self._asked, self._sort, models.first)
        self._found = len(found)
        id = query.strip()
        if id and " " not in id and id not in models.index.by_id:
            found.append(ModelCard(id, name=id, description="It is in no list, and is sent as it is typed."))
        rows.typed = id if found and found[-1].id not in models.index.by_id else ""
        rows.current, rows.marked = self._current, self._marked
        rows.favourites, rows.recents = models.favourites, models.recents
        place = next((at for at, card in enumerate(found) if card.id == stay), 0) if stay else 0
        rows.show(found, place)
        self._show_count()

    def _price(self, ids: tuple[str, ...]) -> str:
        if not self._several or not ids:
            return ""
        if self._priced[0] != ids:
            self._priced = ids, self._asks.price(ids)
        return self._priced[1]

    def _show_count(self, first: str = "") -> None:
        models, parts = self._asks.models(), [first] if first else []
        total = len(models.index)
        parts.append(f"{self._found} of {total} models" if total else "no list of models: type an id in full")
        if self._sort is not Sort.MATCH:
            parts.append(f"by {self._sort.value}")
        if self._marked:
            parts.append(f"{len(self._marked)} marked")
        card = self._list.card
        if words := self._price(tuple(self._marked) or ((card.id,) if card is not None else ())):
            parts.append(words)
        age = models.age()
        if models.fetching:
            parts.append("fetching the list …")
        elif age is not None and age >= 60:
            parts.append(f"list of {age_words(age)} ago")
        if models.fault:
            parts.append(f"could not be fetched: {one_line(models.fault, 200)}")
        self.query_one("#count", Static).update(Content(" · ".join(parts)))

    @on(ModelList.Moved)
    def _show_facts(self) -> None:
        card = self._list.card
        short = not self.has_class("-wide")
        shown = facts_content(card, short=short) if card is not None else Content.styled(self._nothing(), "$text-muted")
        if card is not None and card.id == ROUTER and self._routed:
            shown = Content("\n").join([shown, Content.styled(clean(self._routed), "$text-success")])
        self.query_one("#facts", Static).update(shown)
        self.query_one("#details").scroll_home(animate=False)
        self._show_hints()
        if self._several and not self._marked:
            self._show_count()  # it says the price of the one under the cursor

    def _nothing(self) -> str:
        if self._asked:
            clears = keyed(self, "{models.clear} takes the filters away.")
            return f"Nothing fits {', '.join(self._asked.words.values())}. {clears}"
        return "Nothing fits." if self._typed.value.strip() else "Type the id of a model and press enter."

    def _show_hints(self) -> None:
        card = self._list.card
        hints: list[Hint] = [("⏎", "choose", "choose")]
        if self._several:
            count = len(self._marked)
            words = f"{self._verb} {count}" if count > 1 else "choose"
            key = keyed(self, "↓ {models.mark}")
            in_line = self._typed.value and self.focused is self._typed and key == "↓ space"
            hints = [(key, "mark", "mark") if in_line else ("models.mark", "mark"), ("⏎", words, "choose")]
        hints.append(("tab", "filters", "go('filters')"))
        if self._asked or self._typed.value:
            hints.append(("models.clear", "clear"))
        if card is not None and card.id == ROUTER:
            hints.append(("models.route", "ask router"))
        elif not self._several:
            hints.append(("models.fetch", "fetch"))
        hints += [("models.sort", "sort"), ("models.star", "star"), ("models.close", "close")]
        self.query_one("#hints", Static).update(hints_content(self.app, hints))

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Mark only where several can be chosen."""
        return self._several if action == "mark" else True

    async def on_key(self, event: events.Key) -> None:
        """Type wherever the focus is; move in the list from wherever it is."""
        rows, line = self._list, self._typed
        if event.key in ("down", "up", "pagedown", "pageup") and self.focused is not rows:
            event.stop()
            rows.focus()
            await rows.run_action(
                {"down": "move(1)", "up": "move(-1)", "pagedown": "page(1)"}.get(event.key, "page(-1)")
            )
        elif self.focused is not line and event.is_printable and event.character and event.key != "space":
            event.stop()
            line.focus()
            line.insert_text_at_cursor(event.character)
        elif self.focused is rows and event.key == "backspace":
            event.stop()
            line.focus()
            line.action_delete_left()

    @on(FindModel.Blank)
    def _mark_here(self) -> None:
        if self._several:
            self.action_mark()

    def action_go(self, where: str) -> None:
        """Go to the first or last row, or to the chips."""
        if where == "filters":
            self.query_one(FilterBar).focus()
        else:
            self._list.action_move(-len(self._list.cards) if where == "home" else len(self._list.cards))

    @on(FilterBar.Pressed)
    def _press(self, event: FilterBar.Pressed) -> None:
        card = self._list.card
        self._ask(pressed(self._asked, event.name, card.provider if card is not None else ""))

    def _ask(self, asked: Filter) -> None:
        self._asked = asked
        self.query_one(FilterBar).show(asked)
        at = self._list.card
        self._find(at.id if at is not None else None)

    def action_clear(self) -> None:
        """Take every filter away, and what is typed."""
        self._typed.value = ""
        self._sort = Sort.MATCH
        self._ask(Filter())
        self._typed.focus()

    def action_sort(self) -> None:
        """Take the next order."""
        self._sort = SORTS[(SORTS.index(self._sort) + 1) % len(SORTS)]
        self._find()

    @on(ModelList.Starred)
    def action_star(self) -> None:
        """Make the model under the cursor a favourite, or one no longer; it stays under the cursor."""
        card = self._list.card
        if card is not None:
            self._asks.toggle_favourite(card.id)
            self._find(card.id)

    def action_refetch(self) -> None:
        """Fetch the list anew."""
        self._asks.refresh()

    def action_route(self) -> None:
        """Ask the router which model it would take."""
        card = self._list.card
        if card is not None and card.id == ROUTER:
            self._routed = "asking …"
            self._show_facts()
            self.run_worker(self._ask_router(), group="dialog", exclusive=True, exit_on_error=False)

    async def _ask_router(self) -> None:
        self._routed = await self._asks.route()
        self._show_facts()

    # Choosing

    def action_mark(self) -> None:
        """Take the model under the cursor among the chosen, or out of them."""
        card = self._list.card
        if card is None:
            return
        if card.id in self._marked:
            self._marked.remove(card.id)
        elif self.most is not None and len(self._marked) >= self.most:
            self._show_count(f"no more than {self.most}: take one out first")
            return
        else:
            self._marked.append(card.id)
        self._list.marked = self._marked
        self._list.action_move(1)
        self._list.refresh()
        self._show_count()
        self._show_hints()

    @on(Input.Submitted)
    @on(ModelList.Chosen)
    def action_choose(self) -> None:
        """Return what is marked, or the model under the cursor."""
        card = self._list.card
        if self._several and self._marked:
            self.dismiss(tuple(self._marked))
        elif card is not None:
            self.dismiss((card.id.strip() if card.id not in self._asks.models().index.by_id else card.id,))
