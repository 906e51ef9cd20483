"""The part of the workbench that arranges the panes: the template beside the conversation, or one of both."""

from __future__ import annotations

from meshtui.session import OpenTemplate, Session
from meshtui.ui.panes.template import TemplatePane
from meshtui.ui.screens.bench import Bench
from meshtui.ui.screens.composing import Composing
from meshtui.ui.widgets.pane_tabs import PaneTabs


class Paning(Composing, Bench):
    """Shows, hides and zooms panes. `opened` is the file of the template pane as it was read."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.opened: OpenTemplate | None = None

    @property
    def editor(self) -> TemplatePane:
        """The template pane."""
        return self.query_one(TemplatePane)

    def choose_template(self) -> None:
        """Find a template and open it."""

    def action_toggle_template(self) -> None:
        """Show the template and go to it; hide it where the focus is in it; without one, choose one."""
        if self.opened is None and not self.has_class("-templated"):
            self.choose_template()
        elif not self.has_class("-templated") or not self.editor.has_focus_within:
            self.action_front_template(True)
        elif self.has_class("-narrow") or self.has_class("-zoomed"):
            self.action_front_template(False)
        else:
            self.close_pane()

    def action_front_template(self, template: bool) -> None:
        """Go to the template, or to the conversation."""
        self.front_template(template)
        if template:
            self.editor.focus_first()
        else:
            self.prompt.focus()

    def close_pane(self) -> None:
        """Hide the pane and go to the prompt."""
        self.remove_class("-templated", "-front-template", "-zoomed")
        self.prompt.focus()

    def front_template(self, template: bool) -> None:
        """Show the template pane beside the conversation, or over it where only one of both has room."""
        self.add_class("-templated")
        self.set_class(template, "-front-template")
        self.query_one(PaneTabs).show(self.opened.key if self.opened else "", template)

    def action_zoom_pane(self) -> None:
        """Show the pane in use alone, or all again."""
        zoomed = not self.has_class("-zoomed")
        self.set_class(zoomed, "-zoomed")
        if self.has_class("-templated"):
            self.front_template(self.editor.has_focus_within)

    def front_conversation(self) -> None:
        """Let the conversation be seen where only one pane has room."""
        if self.has_class("-templated"):
            self.front_template(False)

    def action_focus_prompt(self) -> None:
        """Go to the prompt, with the conversation before it."""
        self.front_conversation()
        self.prompt.focus()

    def action_focus_conversation(self) -> None:
        """Go to the conversation."""
        self.front_conversation()
        self.pane.focus_blocks()
