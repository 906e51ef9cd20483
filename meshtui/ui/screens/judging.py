"""Asking the gateway's judge: all lanes anew through the gateway's own comparison, the verdict in a pane of its own."""

from __future__ import annotations

from textual.app import ComposeResult

from meshtui.session import DEFAULT_JUDGE, Comparison, Judge, StoreError
from meshtui.ui.screens.ask import Ask
from meshtui.ui.screens.lanes_view import Pick
from meshtui.ui.screens.question import Question
from meshtui.ui.screens.voting import Voting
from meshtui.ui.widgets.lanes import Lanes
from meshtui.ui.widgets.lanes_column import Column, Head
from meshtui.ui.widgets.top import KeyLine
from meshtui.ui.widgets.transcript_values import Card, Entry, Fact, Label, Tone

_TONES: dict[str, Tone] = {"done": "good", "failed": "bad"}


class Judging(Voting):
    """Lets the gateway run the comparison, with a judge whose verdict stands below the lanes."""

    DEFAULT_CSS = """
    Judging #verdict { height: 34%; display: none; border-top: solid $primary; }
    Judging #verdict.-shown { display: block; }
    """

    def __init__(self, comparison: Comparison, pick: Pick, prompt: str) -> None:
        super().__init__(comparison, pick, prompt)
        self._judge = comparison.judge
        self._heard = 0

    def compose(self) -> ComposeResult:
        """The verdict between the lanes and the keys."""
        for widget in super().compose():
            if isinstance(widget, KeyLine):
                yield Lanes(self.pull_verdict, id="verdict")
            yield widget

    def on_mount(self) -> None:
        """Show the verdict that there is."""
        if self._judge is not None:
            self._show_judge(self._judge)

    @property
    def verdict(self) -> Lanes:
        """The pane of the verdict."""
        return self.query_one("#verdict", Lanes)

    def action_judge(self) -> None:
        """Ask all lanes anew through the gateway's comparison, with a judge."""
        refusal = Judge(self.comparison).refusal()
        if refusal:
            self.mesh.say(refusal)
            return

        def chosen(ids: tuple[str, ...] | None) -> None:
            if ids:
                ask = Ask("What shall the judge look at?", "a question, or a point for none: .")
                self.app.push_screen(ask, lambda text: self._say_cost(ids[0], text))

        kept = self.session.recall("judge", DEFAULT_JUDGE)
        self.app.push_screen(self._pick(f"Choose the judge (last time {kept})", False), chosen)

    def _say_cost(self, model: str, instructions: str | None) -> None:
        if instructions is None:
            return
        judge = Judge(self.comparison, model, "" if instructions == "." else instructions)

        def answered(yes: bool | None) -> None:
            if yes:
                self._begin(judge)

        text = f"Every lane is asked anew, by the gateway, and shows its answer once it is whole. {judge.cost()}"
        self.app.push_screen(Question("Ask the judge?", text, "Ask"), answered)

    def _begin(self, judge: Judge) -> None:
        try:
            self.session.keep("judge", judge.model)
            for lane in self.comparison.lanes:
                self.comparison.again(lane)
                judge.take(lane)
        except StoreError as error:
            self.mesh.say(str(error))
            return
        self.comparison.judge = judge
        for lane in self.comparison.lanes:
            self.start(lane)
        self.app.run_worker(judge.run(), group="judge", exclusive=True, exit_on_error=False, description="the judge")
        self.verdict.columns = []
        self.show()
        self._show_judge(judge)

    def _show_judge(self, judge: Judge) -> None:
        """Show the pane of a verdict; what is said while nobody looks is there when somebody does."""

        def heard() -> None:
            if self.is_attached:
                self.verdict.mark(["verdict"])

        self._judge, self._heard = judge, 0
        judge.on_change = heard
        self.verdict.add_class("-shown")
        self.call_after_refresh(self.verdict.show, ["verdict"])

    def pull_verdict(self, column: Column) -> bool:
        """Bring the verdict up to date."""
        judge = self._judge
        if judge is None:
            return False
        text = judge.verdict.since(self._heard)
        self._heard = len(judge.verdict)
        if text:
            column.view.append_text(text)
        problem = judge.problem
        if problem is not None and column.view.entry.card is None:
            facts = (Fact("said", problem.message[:2000]), Fact("", problem.advice))
            column.view.update(Entry(column.key, "assistant", card=Card(problem.headline, facts)))
        marks = (Label("another judge than asked", "warn"),) if judge.fell_back else ()
        silent = judge.state == "done" and not judge.verdict
        state = Label("no verdict: it needs two answers" if silent else judge.state, _TONES.get(judge.state, "plain"))
        column.head = Head(f"verdict of {judge.model}", marks, state)
        return True

    def action_scroll(self, rows: int) -> None:
        """Scroll what has the focus: the lanes, or the verdict."""
        (self.verdict if self.verdict.has_focus else self.lanes).scroll_by(rows)

    def action_page(self, pages: int) -> None:
        """Scroll what has the focus by screens."""
        (self.verdict if self.verdict.has_focus else self.lanes).page_by(pages)

    def action_hear(self) -> None:
        """Go between the lanes and the verdict."""
        (self.lanes if self.verdict.has_focus else self.verdict).focus()
