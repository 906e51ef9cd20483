"""The part of the workbench that sets parameters: of the template that is open, else of the conversation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from textual import on

from meshtui.ui.panes.params import View
from meshtui.ui.screens.paning import Pane, Paning
from meshtui.ui.screens.response_format import ResponseFormat
from meshtui.ui.widgets.param_field import ParamField

BESIDE = ("template", "tools")
"""Views of the left pane that are none of parameters."""


class Setting(Paning):
    """Shows the parameters, and lets the conversation's draft have what is typed where no template is open."""

    async def action_show_params(self) -> None:
        """Show the parameters: of the template that is open, else of the conversation; then as JSON; then go back."""
        if not self.has_class("-templated") or not self.editor.has_focus_within or self.editor.view in BESIDE:
            await self._look_at_params("params")
        elif self.editor.view == "params":
            await self._look_at_params("json")
        else:
            self.leave_view()

    def leave_view(self) -> None:
        """Go back from what stands beside the template: to the template, to the conversation where none is open."""
        if self.editor.plain:
            self.close_pane()
        else:
            self.editor.look_at_template()
            self.editor.focus_first()

    async def show_left(self, view: Pane) -> None:
        """Bring a view of the left column to the front and go to it."""
        if view == "params":
            await self._look_at_params("params")
        elif view == "tools":
            await self.look_at_tools()
        else:
            await super().show_left(view)

    async def look_at_tools(self) -> None:
        """Bring the tools to the front and go to them."""

    async def _look_at_params(self, view: View) -> None:
        if self.opened is None:
            self.editor.show_plain(self.draft_body)
        else:
            self.editor.params.note_body(None, self.session.draft.params)
        self.front_template(True)
        await self.editor.look(view)
        self.editor.focus_first()

    @property
    def draft_body(self) -> dict[str, Any]:
        """What the conversation's next request says besides its messages."""
        draft = self.session.draft
        return {**({"model": draft.model} if draft.model else {}), **draft.params}

    def take_draft(self) -> None:
        """Let the conversation go on with the model and the parameters that the pane has now."""
        params = self.editor.params
        model = str(params.body.get("model", ""))
        self.session.draft = replace(self.session.draft, model=model, params=params.params)
        self.show_top()

    def show_top(self) -> None:
        """Say again what is in use, in the parameters too."""
        super().show_top()
        if self.editor.plain:
            self.editor.show_plain(self.draft_body)

    @on(ParamField.EditorAsked)
    def _edit_format(self, event: ParamField.EditorAsked) -> None:
        """Edit what the answer shall be shaped like; what is typed and cannot be read stays where it is."""
        field = event.field
        if field.unread or not isinstance(field.value, dict | None):
            self.editor.note(f"Put this right first, or empty the field: {field.fault}")
            return

        def took(value: dict[str, Any] | None) -> None:
            if value is not None:
                field.text.text = field.param.text(value) if value else ""
            field.text.focus()

        self.app.push_screen(ResponseFormat(field.value), took)

    @on(ParamField.DropAsked)
    def _drop(self, event: ParamField.DropAsked) -> None:
        """Take a parameter from the conversation, so that the template's own holds."""
        kept = {name: value for name, value in self.session.draft.params.items() if name != event.name}
        self.session.draft = replace(self.session.draft, params=kept)
        self.editor.params.note_body(None, kept)
        self.show_top()

    def held_by_params(self) -> bool:
        """Whether a parameter of the conversation is wrong, so that nothing can be sent; it is gone to then."""
        if self.opened is not None or not self.editor.plain or not (fault := self.editor.params.fault):
            return False
        self.front_template(True)
        self.editor.focus_params()
        self.editor.note(f"Nothing was sent: {fault}")
        return True
