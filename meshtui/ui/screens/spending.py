"""The part of the workbench that reckons: usage and limits, what sending will cost, what waits for a limit to end."""

from __future__ import annotations

from collections.abc import Callable

from textual import events, on
from textual.timer import Timer
from textual.widgets import TextArea

from meshtui.core.text import one_line
from meshtui.core.turn import Turn
from meshtui.core.waits import countdown
from meshtui.session import StoreError, needs_asking
from meshtui.ui.columns import MEDIUM
from meshtui.ui.compat import after
from meshtui.ui.panes.model import short_price
from meshtui.ui.panes.usage import UsageFigures, UsagePane, summary
from meshtui.ui.screens.bench import Bench
from meshtui.ui.screens.question import Question

QUOTE_SECONDS = 0.25
"""How long after the last key the estimate at the prompt is made."""

LAST_TURNS = 24


class Spending(Bench):
    """Shows what is used and what is left, asks before a budget is passed, and lets refused turns wait."""

    _quoting: Timer | None = None
    _ticking: Timer | None = None
    _figures_words = ""

    def begin_spending(self) -> None:
        """Follow the books and the queue, which go on behind the screen."""
        self.session.on_usage = self.show_usage
        self.session.queue.on_change = self.show_queue
        self.app.run_worker(self.session.work(), group="books", exit_on_error=False, description="keep the books")
        self.show_usage()

    # Usage

    def figures(self) -> UsageFigures:
        """Return what is known of usage, limits and money now."""
        session, turn = self.session, self.last_turn
        account = session.account()
        fits, lasts = session.runs_left()
        return UsageFigures(
            turn=turn,
            here=session.usage_here(),
            today=session.usage_today(),
            last=session.last_usage(LAST_TURNS),
            meters=account.meters.rows(session.time()),
            spend=account.spend,
            fits=fits,
            lasts=lasts,
            now=session.time(),
            fault=account.fault,
        )

    def show_usage(self) -> None:
        """Draw the figures where they are to be seen: in the pane, or in short on the state line."""
        if not self.is_mounted:
            return
        try:
            figures = self.figures()
        except StoreError as error:
            self.mesh.say(str(error))
            return
        self._figures_words = summary(figures)
        if self.shows_side:
            self.query_one(UsagePane).show(figures)
        counts = any(row.used and row.wait(figures.now) for row in figures.meters if row.name != "rpd")
        if counts and self._ticking is None:
            self._ticking = self.set_interval(1.0, self.show_usage)
        elif not counts and self._ticking is not None:
            self._ticking.stop()
            self._ticking = None
        self.follow()

    def on_resize(self, event: events.Resize) -> None:
        """Another width has the pane, or the line."""
        self.call_after_refresh(self.show_usage)

    @property
    def _model_words(self) -> str:
        """The model in use with its price, where a line stands for the right column; the first line has its name."""
        model = self.session.draft.model
        card = self.session.models.card(model) if model else None
        price = short_price(card) if card is not None else ""
        if self.app.size.width < MEDIUM:
            return price
        return " · ".join(filter(None, (one_line(model, 40), price)))

    @property
    def usage_line(self) -> str:
        """The figures in short, empty where the pane shows them."""
        if self.shows_side:
            return ""
        words = [self._model_words, self._figures_words]
        if self.app.size.width < MEDIUM:
            words.reverse()  # where there is no room for all, the price of the model goes first
        return " · ".join(filter(None, words))

    def show_top(self) -> None:
        """Say again what is in use: another model, or one whose price is known now, has another price everywhere."""
        super().show_top()
        self.follow()
        self.show_quote()

    def action_show_usage(self) -> None:
        """Show what was used over any range, by day, model, profile or session, and the limits."""
        from meshtui.ui.screens.usage import UsagePage

        self.app.push_screen(UsagePage(self.session, self.figures))

    # What sending will cost

    @on(TextArea.Changed, "#prompt")
    def _quote_soon(self) -> None:
        if self._quoting is not None:
            self._quoting.stop()
        self._quoting = after(self, QUOTE_SECONDS, self.show_quote)

    def show_quote(self) -> None:
        """Say at the prompt how many tokens sending it takes, what that costs, and how full the context gets."""
        self._quoting = None
        text = self.prompt.value
        if not text.strip():
            self.prompt.border_subtitle = ""
            self.prompt.set_class(False, "-full")
            return
        quote = self.session.quote(text)
        room = f" · context {max(quote.part, 0.01):.0%}" if quote.part is not None and not quote.warning else ""
        self.prompt.border_subtitle = f"⚠ {quote.warning} · {quote}" if quote.warning else f"{quote}{room}"
        self.prompt.set_class(bool(quote.warning), "-full")

    def held_by_budget(self, go: Callable[[], object]) -> bool:
        """Whether a budget of the user's own is reached: then they are asked, and `go` follows where they agree."""
        try:
            low = self.session.quote(self.prompt.value).low
            reached = self.session.over_budget(low)
        except StoreError:
            return False  # sending says why the history cannot be read
        if not reached:
            return False

        def answered(yes: bool | None) -> None:
            if yes:
                self.session.grant(low)
                go()

        text = f"{reached} Send all the same? You are asked again when as much again is spent."
        self.app.push_screen(Question("Your budget is reached", text, "Send", "Don't send"), answered)
        return True

    # Waiting for a limit to end

    async def run_turn(self, turn: Turn) -> Turn:
        """Run a turn; what a minute's limit refused waits by itself where the user set that."""
        here = self.session.conversation
        last = await super().run_turn(turn)
        self.session.wait_where_set(last, here.id if here is not None else None)
        return last

    def retry_when_free(self) -> None:
        """Send the last request again when the gateway allows it, or stop waiting for that."""
        turn = self.last_turn
        if turn is None or turn.problem is None or self.running is not None or self.session.queue.drop(turn.id):
            return
        if not needs_asking(turn.problem):
            self.session.wait_for(turn)
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.session.wait_for(turn)

        wait = turn.problem.retry_after_seconds
        ends = f"in {countdown(wait)}" if wait is not None else "at midnight UTC"
        what = "the limit of a day" if turn.problem.limit == "rpd" else "no short limit"
        text = f"This is {what}: it ends {ends}. The message is sent then, as long as meshtui stays open."
        self.app.push_screen(Question("Wait that long?", text, "Wait", "Don't wait"), answered)

    def show_queue(self) -> None:
        """Say again what waits, on the card and on the state line."""
        if not self.is_mounted:
            return
        if self.is_current and self.pane.branch is not self.session.nodes:
            self.pane.show(self.session.nodes)
        self.pane.wait_for(self.session.queue.waits())
        self.follow()

    def on_screen_resume(self) -> None:
        """What was sent from the queue while something stood over the conversation is shown now."""
        if self.is_mounted and self.pane.branch is not self.session.nodes:
            self.pane.show(self.session.nodes)

    @property
    def queued_words(self) -> str:
        """What waits, in a few words for the state line."""
        wait = self.session.queue.next_in()
        count = len(self.session.queue.rows)
        if wait is None or not count:
            return ""
        what = "1 message waits" if count == 1 else f"{count} messages wait"
        key = self.mesh.key_of("queue.clear")
        return f"{what} for the limit: sent in {countdown(max(wait, 0))}{f', {key} lets go' if key else ''}"

    def action_clear_queue(self) -> None:
        """Let go of every message that waits for a limit to end; their cards stay."""
        count = self.session.queue.clear()
        self.mesh.say(f"{count} let go; each has its card" if count else "Nothing waits.")

    # After a 402

    def free_model(self) -> None:
        """Send the last request again with a model that costs nothing."""
        id = self.session.free_model(self.last_turn)
        if not id:
            self.mesh.say("This gateway lists no free model for conversations; m chooses another one.")
            return
        self.session.choose_model(id)
        self.show_top()
        self.mesh.say(f"Sent again with {id}, which is free.")
        self.retry_with(id)

    def retry_with(self, model: str) -> None:
        """Send the last request again with another model."""
