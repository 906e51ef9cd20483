"""What is known of a model, in words; and the pane that says it of the one in use."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static

from meshtui.core.catalogue import ROUTER, ModelCard
from meshtui.core.money import dollars
from meshtui.core.text import clean, one_line
from meshtui.ui.commands import bindings

DESCRIPTION = 600
"""Characters of a description that are shown."""


def rates_words(card: ModelCard) -> str:
    """Return the prices in words; what the gateway did not say is called unknown."""
    if card.price in ("free", "unknown"):
        return card.price if card.price == "free" else "price unknown"
    price_in, price_out = ("?" if rate is None else f"${dollars(rate)}" for rate in (card.price_in, card.price_out))
    words = f"{price_in} in · {price_out} out per million tokens"
    if card.price_cached is not None:
        words += f" · {'$' + dollars(card.price_cached)} cached"
    if card.discount_pct:
        words += f" · {card.discount_pct.normalize():f} % off"
    return words


def short_price(card: ModelCard) -> str:
    """Return the prices in few words, of a million tokens: `$0.15 in, $0.60 out /M`."""
    if card.price in ("free", "unknown"):
        return "free" if card.price == "free" else ""
    rates = ("?" if rate is None else f"${dollars(rate)}" for rate in (card.price_in, card.price_out))
    return "{} in, {} out /M".format(*rates)


def facts(card: ModelCard) -> Sequence[tuple[str, str]]:
    """Return what is known of a model as (look, line), the most telling first. Every text in it is safe to show."""
    rows = [("bold", one_line(card.name, 120))]
    if card.name != card.id:
        rows.append(("$text-muted", one_line(card.id, 240)))
    if card.id == ROUTER:
        return [*rows, ("", clean(card.description))]
    kind = "" if card.chats else f" · {one_line(card.kind, 24)} model, no conversation"
    context = f"context {card.context_words} tokens" if card.context else "context unknown"
    rows.append(("", " · ".join(filter(None, (one_line(card.provider, 40), context))) + kind))
    rows.append(("", rates_words(card)))
    can = ", ".join(card.capabilities)
    rows.append(("$text-success" if can else "$text-muted", can or "nothing is said of what it can do"))
    if card.description.strip():
        rows.append(("$text-muted", one_line(card.description, DESCRIPTION)))
    return rows


def facts_content(card: ModelCard, *, short: bool = False) -> Content:
    """Return the facts as lines to show, name and id in one line where it is to be `short`."""
    lines = [Content.styled(line, look) for look, line in facts(card)]
    if short and card.name != card.id:
        lines[:2] = [Content("  ").join(lines[:2])]
    return Content("\n").join(lines)


class ModelPane(Static, can_focus=True):
    """The model that the next message goes to, with what it costs and what it can do."""

    DEFAULT_CSS = """
    ModelPane {
        height: auto; padding: 0 1; border: round $border-blurred; border-title-color: $primary;
        border-subtitle-color: $text-muted;
        &:focus { border: round $primary; }
    }
    """

    BINDINGS = bindings("model pane")

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self.border_title = "MODEL"

    def show(self, model: str, card: ModelCard | None, fallbacks: Sequence[str]) -> None:
        """Say it of another model, or of what the gateway takes where none is chosen."""
        lines = [Content("the gateway's default model")]
        if model:
            lines = [facts_content(card) if card is not None else Content.styled(one_line(model, 240), "bold")]
            if card is None:
                lines.append(Content.styled("nothing is known of it: it is in no list", "$text-muted"))
        for number, id in enumerate(fallbacks, 1):
            lines.append(Content.assemble((f"else {number}  ", "$text-muted"), one_line(id, 120)))
        self.update(Content("\n").join(lines))
