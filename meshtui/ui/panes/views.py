"""The views of the left pane: the template, the tools, the parameters as fields, and the same as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from textual import on
from textual.app import ComposeResult
from textual.message import Message
from textual.widget import Widget

from meshtui.ui.keyed import keyed
from meshtui.ui.panes.params import ParamsPane, View
from meshtui.ui.panes.tools import ToolsPane
from meshtui.ui.widgets.view_tabs import ViewTabs


class PaneViews(Widget, can_focus=False):
    """Goes from one view to another. `plain` says that no template is open: then there are tools and parameters."""

    DEFAULT_CSS = """
    PaneViews {
        #params, #tools { display: none; }
        &.-params #parts, &.-tools #parts, &.-tools #params { display: none; }
        &.-plain #actions, &.-tools #actions, &.-tools #note { display: none; }
        &.-params #params, &.-tools #tools { display: block; }
        &.-tools #params { display: none; }
    }
    """

    class ToolsAsked(Message):
        """The tools are to be seen."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.plain = False

    def compose_views(self) -> ComposeResult:
        """The views beside the template's own."""
        yield ToolsPane(id="tools")
        yield ParamsPane(id="params")

    @property
    def request_body(self) -> dict[str, Any]:
        """What the views show, as the body of a request."""
        raise NotImplementedError

    def focus_first(self) -> None:
        """Go to the first thing to edit in the view."""
        raise NotImplementedError

    @property
    def params(self) -> ParamsPane:
        """The parameters, as fields and as JSON."""
        return self.query_one(ParamsPane)

    @property
    def tools(self) -> ToolsPane:
        """The list of tools."""
        return self.query_one(ToolsPane)

    @property
    def view(self) -> Literal["template", "tools", "params", "json"]:
        """What of it is in view."""
        return "tools" if self.has_class("-tools") else self.params.view if self.has_class("-params") else "template"

    def look_at_tools(self) -> None:
        """Show the tools."""
        self.add_class("-tools")
        self.show_tabs()

    async def look(self, view: View) -> None:
        """Show the parameters as fields or as JSON."""
        if not self.plain and self.view in ("template", "tools"):
            self.params.note_body(self.request_body, None)
        self.remove_class("-tools")
        self.add_class("-params")
        await self.params.look(view)
        self.show_tabs()

    def look_at_template(self) -> None:
        """Show the texts and the slots."""
        if not self.plain:
            self.remove_class("-params", "-tools")
            self.show_tabs()

    def show_plain(self, body: Mapping[str, Any]) -> None:
        """Show the parameters of the conversation, without a template."""
        if self.plain:
            self.params.note_body(body, None)
        else:
            self.plain = True
            self.add_class("-plain")
            self.params.put(body, {}, in_file=False)

    def show_tabs(self) -> None:
        """Name the views, the one in front reversed."""
        count = self.params.count
        on = self.tools.count
        tabs = [("tools", f"Tools · {on}" if on else "Tools")]
        tabs += [("params", f"Params · {count}" if count else "Params"), ("json", "JSON")]
        if not self.plain:
            tabs.insert(0, ("template", "Template"))
        self.query_one(ViewTabs).show(tabs, self.view, keyed(self, "{tools.show} {params.show}"))

    @on(ViewTabs.Asked)
    async def _view_asked(self, event: ViewTabs.Asked) -> None:
        event.stop()
        if event.view == "tools":
            self.post_message(self.ToolsAsked())
            return
        if event.view == "template":
            self.look_at_template()
        else:
            await self.look("json" if event.view == "json" else "params")
        self.focus_first()

    def put_params(self, body: Mapping[str, Any], over: Mapping[str, Any]) -> None:
        """Show the parameters of another template; those in `over` go before its own."""
        if self.plain:
            self.plain = False
            self.remove_class("-plain")
            self.look_at_template()
        self.params.put(body, over, in_file=True)
        self.show_tabs()

    def focus_params(self) -> None:
        """Go to the parameter that is wrong."""
        self.call_later(self._focus_fault)

    async def _focus_fault(self) -> None:
        await self.look("json" if self.view == "json" else "params")
        await self.params.focus_fault()
        self.show_tabs()
