"""The usage pane: this run, this conversation, today; how the last turns were; what is left of limits and money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.widgets import Static

from meshtui.core.meters import Meter, Said
from meshtui.core.money import price_words
from meshtui.core.spend import Spend, step_of
from meshtui.core.turn import Turn
from meshtui.core.usage import tokens_of
from meshtui.core.waits import countdown
from meshtui.session import TurnUsage, UsageSum
from meshtui.ui.commands import bindings
from meshtui.ui.keyed import keyed
from meshtui.ui.widgets.bars import meter, sparkline

METER_WIDTH = 6


@dataclass(frozen=True, slots=True)
class UsageFigures:
    """Everything that the pane shows. `fits` and `lasts` are how many more runs limits and money allow."""

    turn: Turn | None
    here: UsageSum
    today: UsageSum
    last: Sequence[TurnUsage]
    meters: Sequence[Meter]
    spend: Spend
    fits: int | None
    lasts: int | None
    now: float
    fault: str = ""


def sum_words(row: UsageSum) -> str:
    """Return what a sum cost in words."""
    words = row.cost_words
    return "price unknown" if words == "unknown" else words


def turns_words(count: int) -> str:
    """Return a number of turns in words."""
    return f"{count:,} turn{'' if count == 1 else 's'}"


def run_lines(turn: Turn) -> list[str]:
    """Return what a turn used in a few short lines."""
    tokens = tokens_of(turn.usage, turn.meta)
    if not turn.ended:
        return ["under way"]
    if not (turn.has_output or turn.usage):
        return ["nothing came, nothing was used"]
    parts = [f"{tokens.prompt:,}" if tokens.prompt is not None else "?"]
    parts.append(f"→ {tokens.completion:,} tok" if tokens.completion is not None else "→ ? tok")
    lines = [" ".join(parts)]
    more = ((tokens.cached, "cached"), (tokens.reasoning, "reasoning"), (tokens.classifier, "classifier"))
    if said := [f"{count:,} {word}" for count, word in more if count]:
        lines.append(" · ".join(said))
    lines.append(charge_words(turn))
    times = []
    if turn.first_at is not None:
        times.append(f"TTFT {turn.first_at:.2f} s")
    if turn.total is not None:
        times.append(f"{turn.total:.1f} s")
    if tokens.completion and turn.first_at is not None and (turn.total or 0) - turn.first_at > 0.05:
        times.append(f"{tokens.completion / ((turn.total or 0) - turn.first_at):.0f} tok/s")
    return [*lines, " · ".join(times)] if times else lines


def charge_words(turn: Turn) -> str:
    """Return what a turn cost in words, with the drift from the estimate where it was billed otherwise."""
    words = turn.charge.as_price
    if turn.billed is not None and turn.estimate is not None and abs(turn.billed - turn.estimate) * 100 > turn.billed:
        more = turn.billed - turn.estimate
        words += f" ({'+' if more > 0 else ''}{price_words(more)} to the estimate)"
    return words


def meter_line(row: Meter, now: float) -> Content:
    """Return one limit as a line: a bar, used of limit, and when its window ends."""
    name = row.name.upper()
    wait = row.wait(now)
    ends = f"  {countdown(wait)}" if wait is not None and (row.used or row.limit) else ""
    used = "?" if row.used is None else f"{row.used:,.0f}"
    if row.limit is None:
        return Content.assemble((f"{name} ", "bold"), f"{used} sent", (ends, "$text-muted"))
    tone = {0.95: "$text-error", 0.8: "$text-warning"}.get(step_of(row.part), "$text-success")
    bar = meter(row.part or 0.0, METER_WIDTH)
    full = " full" if row.left == 0 else ""
    return Content.assemble(
        (f"{name} ", "bold"), (bar, tone), f" {used}/{row.limit:,.0f}", (full, "bold"), (ends, "$text-muted")
    )


def said_words(meters: Sequence[Meter]) -> str:
    """Return who told the meters: `RPM, RPD: the gateway · TPM: counted here`."""
    by: dict[Said, list[str]] = {}
    for row in meters:
        by.setdefault(row.said, []).append(row.name.upper())
    return " · ".join(f"{', '.join(names)}: {said.value}" for said, names in by.items())


def spend_lines(spend: Spend, lasts: int | None) -> list[Content]:
    """Return cap and balance as lines."""
    lines = []
    for name, part, words in (
        ("cap", spend.cap_part, _cap_words(spend)),
        ("bal", spend.balance_part, f"{price_words(spend.balance)} left" if spend.balance is not None else ""),
    ):
        if words:
            tone = {0.95: "$text-error", 0.8: "$text-warning"}.get(step_of(part), "$text-success")
            bar = meter(part, METER_WIDTH) + " " if part is not None else ""
            lines.append(Content.assemble((f"{name} ", "bold"), (bar, tone), words))
    if lasts is not None:
        lines.append(Content.styled(f"lasts for {lasts:,} runs like this", "$text-muted"))
    return lines


def _cap_words(spend: Spend) -> str:
    if spend.cap is None:
        return ""
    spent = "?" if spend.spent is None else price_words(spend.spent)
    return f"{spent} of {price_words(spend.cap)}"


def limit_lines(figures: UsageFigures) -> list[Content]:
    """Return the limits and the money as lines; a word where nothing is known."""
    lines = [meter_line(row, figures.now) for row in figures.meters]
    if figures.meters:
        lines.append(Content.styled(said_words(figures.meters), "$text-muted"))
    if figures.fits is not None:
        lines.append(Content(f"{figures.fits:,} more run{'' if figures.fits == 1 else 's'} now"))
    lines += spend_lines(figures.spend, figures.lasts)
    return lines or [Content.styled("no limits are known yet", "$text-muted")]


def summary(figures: UsageFigures) -> str:
    """Return the most telling figures in one line, for terminals without the pane."""
    words = [charge_words(figures.turn)] if figures.turn is not None and figures.turn.ended else []
    if figures.here.turns > 1:
        words.append(f"here {sum_words(figures.here)}")
    if figures.today.turns > figures.here.turns:
        words.append(f"today {sum_words(figures.today)}")
    tight = max((row for row in figures.meters if row.part is not None), key=lambda row: row.part or 0, default=None)
    if tight is not None and tight.used:
        wait = tight.wait(figures.now)
        ends = f" {countdown(wait)}" if wait is not None else ""
        words.append(f"{tight.name.upper()} {tight.used:,.0f}/{tight.limit:,.0f}{ends}")
    if (figures.spend.cap_part or 0) >= 0.8:
        words.append(f"cap {_cap_words(figures.spend)}")
    if (figures.spend.balance_part or 0) >= 0.8 and figures.spend.balance is not None:
        words.append(f"{price_words(figures.spend.balance)} left")
    return " · ".join(words)


class UsagePane(Static, can_focus=True):
    """Figures and limits, drawn again when they change, and each second while a window counts down."""

    DEFAULT_CSS = """
    UsagePane {
        height: auto; padding: 0 1; border: round $border-blurred; border-title-color: $primary;
        border-subtitle-color: $text-muted;
        &:focus { border: round $primary; }
    }
    """

    BINDINGS = bindings("usage pane")

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self.border_title = "USAGE"

    def on_mount(self) -> None:
        """Name the key of the usage page."""
        self.border_subtitle = Content(keyed(self, "{usage.show} more"))

    def show(self, figures: UsageFigures) -> None:
        """Draw figures."""
        lines: list[Content] = []
        if figures.turn is not None:
            lines.append(Content.styled("this run", "bold"))
            lines += [Content(f"  {line}") for line in run_lines(figures.turn)]
        for name, row in (("here ", figures.here), ("today", figures.today)):
            lines.append(Content.assemble((f"{name} ", "bold"), f"{sum_words(row)} · {turns_words(row.turns)}"))
        if len(figures.last) > 1:
            costs = [None if row.cost is None else float(row.cost) for row in figures.last]
            lines.append(Content.assemble(("cost  ", "$text-muted"), sparkline(costs, 24)))
            lines.append(
                Content.assemble(("TTFT  ", "$text-muted"), sparkline([row.first_at for row in figures.last], 24))
            )
        lines.append(Content.styled("limits", "bold"))
        lines += limit_lines(figures)
        self.update(Content("\n").join(lines))
