"""The part of the workbench that reads: moving by block, copying, finding, links, the pager."""

from __future__ import annotations

from textual import on

from meshtui.ui.editor import page
from meshtui.ui.opener import open_target
from meshtui.ui.screens.bench import NOTHING_SAID, Bench
from meshtui.ui.screens.links import Links
from meshtui.ui.widgets.find import FindLine
from meshtui.ui.widgets.transcript_messages import CopyRequested, FindChanged, LinkChosen, LinksAsked


class Reading(Bench):
    """Takes things out of the conversation; changes nothing in it."""

    def action_focus_prompt(self) -> None:
        """Go to the prompt."""
        self.prompt.focus()

    def action_focus_conversation(self) -> None:
        """Go to the conversation."""
        self.pane.focus_blocks()

    def action_block(self, step: int) -> None:
        """Move by one block in the conversation."""
        if not self.session.nodes:
            self.mesh.say(NOTHING_SAID)
        self.pane.focus_blocks(step)

    # Copying

    def action_copy_answer(self) -> None:
        """Copy the last answer as the model wrote it."""
        turn = self.last_turn
        if turn is not None and len(turn.content):
            self.mesh.copy(str(turn.content), "Answer")
        else:
            self.mesh.say("There is no answer to copy: the last one has no text.")

    def action_copy_request_id(self) -> None:
        """Copy the id of the last request, wherever the focus is."""
        turn = self.last_turn
        if turn is not None and turn.request_id:
            self.mesh.copy(turn.request_id, "Request id")
        else:
            self.mesh.say("The last request has no id: the gateway sent none.")

    def action_copy_or_stop(self) -> None:
        """Copy what is selected; with nothing selected, stop what streams; never leave."""
        selected = getattr(self.focused, "selected_text", "") or self.get_selected_text() or ""
        if selected:
            self.mesh.copy(selected, "Selection")
        elif self.running is not None:
            self.session.stop(self.running)
        else:
            self.mesh.say(self.mesh.keyed("{app.quit} leaves; {app.copy} copies what is selected"))

    @on(CopyRequested)
    def _copy(self, event: CopyRequested) -> None:
        self.mesh.copy(event.text, event.what.capitalize())

    # Links and files

    @on(LinksAsked)
    def _links(self, event: LinksAsked) -> None:
        self._offer(event.links)

    @on(LinkChosen)
    def _link(self, event: LinkChosen) -> None:
        self._offer([("", event.target)])

    def _offer(self, links: list[tuple[str, str]]) -> None:
        """Show links in full; only then one is opened or copied."""
        if not links:
            self.mesh.say("There is no link in this message.")
            return

        def chosen(choice: tuple[str, str] | None) -> None:
            if choice is None:
                return
            what, target = choice
            if what == "copy":
                self.mesh.copy(target, "Link")
            else:
                self.run_worker(self._open(target), group="disk", exit_on_error=False, description="open a link")

        self.app.push_screen(Links(links), chosen)

    async def _open(self, target: str) -> None:
        self.mesh.say(await open_target(self.app, target))

    def action_page(self) -> None:
        """Show the block under the cursor, or the last answer, in the pager."""
        fault = page(self.app, self.pane.transcript.current()[0])
        if fault:
            self.mesh.say(fault)

    # Finding

    def action_find(self) -> None:
        """Find text in this conversation."""
        line = self.query_one(FindLine)
        line.open()

    @on(FindLine.Sought)
    def _sought(self, event: FindLine.Sought) -> None:
        if self.pane.transcript.find(event.text):
            self.pane.transcript.find_next()

    @on(FindLine.Stepped)
    def _stepped(self, event: FindLine.Stepped) -> None:
        self.pane.transcript.find_next(event.steps)

    @on(FindLine.Closed)
    def _find_over(self) -> None:
        self.pane.transcript.find("")
        self.prompt.focus()

    @on(FindChanged)
    def _found(self, event: FindChanged) -> None:
        self.query_one(FindLine).show_found(event.current, event.total, event.done)
