"""A template beside the gateway's copy of it: what changed here, there and on both sides, and what to do about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from meshtui.core.diff import Change, FieldChange
from meshtui.core.json.text import text_of
from meshtui.core.problem import Problem
from meshtui.core.template import Template
from meshtui.core.text import clean
from meshtui.session import Diverged, MissingValues, RemoteTemplate, Run, StoreError, Templates
from meshtui.ui.commands import Where, bindings
from meshtui.ui.screens.question import Question
from meshtui.ui.widgets.differences import diff_content
from meshtui.ui.widgets.hints import Hint, hints_content

_CLOSE: Hint = ("gateway.close", "closes")
_EVER: tuple[Hint, ...] = (
    ("gateway.check", "checks that both expand alike"),
    ("gateway.delete", "deletes it there"),
    _CLOSE,
)
_HINTS: dict[str, tuple[Hint, ...]] = {
    "new": (("gateway.push", "creates it there"), _CLOSE),
    "same": _EVER,
    "changed": (
        ("gateway.push", "pushes what changed here"),
        ("gateway.pull", "pulls what changed there"),
        *_EVER,
    ),
    "conflict": (("gateway.push-anyway", "this side wins"), ("gateway.pull-anyway", "the gateway's side wins"), *_EVER),
}
_LOOKS = {
    Change.NONE: "$text-muted",
    Change.LOCAL: "$text-success",
    Change.REMOTE: "$text-accent",
    Change.BOTH: "$text-muted",
    Change.CONFLICT: "bold $text-error",
}


class TemplateGateway(ModalScreen[tuple[Template, RemoteTemplate] | None]):
    """Returns the template with what was pulled and where it came from; None where nothing was pulled."""

    PLACES: ClassVar[tuple[Where, ...]] = ("gateway",)
    BINDINGS = bindings("gateway")

    def __init__(self, templates: Templates, path: Path, run: Run) -> None:
        super().__init__()
        self._templates, self._place, self._run = templates, str(path), run
        self._remote: RemoteTemplate | None = None
        self._known = False

    def compose(self) -> ComposeResult:
        """The fields, and what can be done."""
        with Vertical(classes="dialog -wide"):
            yield Static("The gateway's copy", classes="title", markup=False)
            with VerticalScroll():
                yield Static("asking the gateway …", id="fields", markup=False)
            yield Static("", id="came", markup=False)
            yield Static(hints_content(self.app, [_CLOSE]), classes="note", markup=False)

    def on_mount(self) -> None:
        """Ask the gateway."""
        self.query_one(VerticalScroll).focus()
        self._work(self._look())

    def _work(self, job: Any) -> None:
        self.run_worker(self._guarded(job), group="template-gateway", exclusive=True, exit_on_error=False)

    async def _guarded(self, job: Any) -> None:
        """Do something with the gateway; what goes wrong is one sentence."""
        try:
            await job
        except Problem as problem:
            self._say(problem.sentence)
        except (Diverged, StoreError) as error:
            self._say(str(error))

    def _say(self, words: str) -> None:
        self.query_one("#came", Static).update(Content(clean(words)))

    async def _look(self) -> None:
        template = self._run.template
        self._remote = await self._templates.remote.counterpart(self._place, template)
        self._known = True
        fields = self.query_one("#fields", Static)
        if self._remote is None:
            fields.update(Content(f"The gateway has no template {clean(template.name)} of yours."))
            self._hint("new")
            return
        changes = self._templates.remote.compare(self._place, template, self._remote)
        fields.update(Content("\n").join([_field(change) for change in changes]))
        kinds = {change.change for change in changes}
        changed = kinds & {Change.LOCAL, Change.REMOTE}
        self._hint("conflict" if Change.CONFLICT in kinds else "changed" if changed else "same")

    def _hint(self, state: str) -> None:
        self.query_one(".note", Static).update(hints_content(self.app, _HINTS[state]))

    def action_push(self, force: bool) -> None:
        """Send what changed here."""
        if self._known:
            self._work(self._push(force))

    async def _push(self, force: bool) -> None:
        self._say(await self._templates.remote.push(self._place, self._run.template, force=force))
        await self._look()

    def action_pull(self, force: bool) -> None:
        """Take over what changed there."""
        remote = self._remote
        if remote is None:
            return
        try:
            merged, _ = self._templates.remote.merged(self._place, self._run.template, remote, force=force)
        except Diverged as error:
            self._say(str(error))
            return
        self.dismiss((merged, remote))

    def action_check(self) -> None:
        """Check that both sides give the same messages for the values in the slots."""
        self._work(self._check())

    async def _check(self) -> None:
        try:
            pairs = await self._templates.remote.expands_alike(self._run.template, self._run.values)
        except (KeyError, MissingValues) as error:
            self._say(f"No value for {str(error).strip(chr(39))}: fill the slots first.")
            return
        self._say("Both give the same messages." if not pairs else f"{len(pairs)} messages differ: push or pull first.")

    def action_delete(self) -> None:
        """Delete the gateway's copy, after a question."""
        remote = self._remote
        if remote is None:
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self._work(self._delete(remote))

        text = f"Delete {remote.template.name} on the gateway? It cannot be brought back there; the file here stays."
        self.app.push_screen(Question("Delete the gateway's copy", text, "Delete", "Keep"), answered)

    async def _delete(self, remote: RemoteTemplate) -> None:
        await self._templates.remote.delete(remote)
        self._say("Deleted on the gateway.")
        await self._look()


def _field(change: FieldChange) -> Content:
    head = Content.assemble((f"{change.field}: ", "bold"), (change.change.value, _LOOKS[change.change]))
    if change.change in (Change.NONE, Change.BOTH):
        return head
    here, there, base = (_words(value) for value in (change.local, change.remote, change.base))
    if change.change is Change.CONFLICT and change.base is not None:
        return Content("\n").join(
            [head, _side("here   ", base, here), _side("gateway", base, there)],
        )
    return Content("\n").join([head, diff_content(there, here)])


def _side(name: str, old: str, new: str) -> Content:
    return Content.assemble((f"  {name}  ", "$text-muted"), diff_content(old, new))


def _words(value: Any) -> str:
    return "" if value is None else text_of(value, indent=1)
