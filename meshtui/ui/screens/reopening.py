"""The part of the workbench that remembers which template was open."""

from __future__ import annotations

from pathlib import Path

from meshtui.session import StoreError
from meshtui.ui.screens.setting import Setting


class Reopening(Setting):
    """Opens the template again that was open last."""

    def open_template(self, path: Path, *, again: bool = False) -> None:
        """Open a template beside the conversation of its runs; `again` leaves the focus and the conversation alone."""

    @property
    def last_template(self) -> Path | None:
        """The file of the template that was open last, where it is still there."""
        kept = self.session.recall("template", "")
        return Path(kept) if isinstance(kept, str) and kept and Path(kept).exists() else None

    def take_last_template(self) -> None:
        """Open the template that was open last; where there is none, choose one."""
        path = self.last_template
        if path is None:
            self.choose_template()
        else:
            self.open_template(path)

    def begin_templating(self) -> None:
        """Open the template again that stood beside this conversation when the program was left."""
        if self.mesh.is_leaving:
            return  # it was left before it was drawn: the history is closed
        here, path = self.session.conversation, self.last_template
        if path is not None and here is not None and self.session.recall("template shown", False):
            if self.session.store.template_of(here.id) == str(path):
                self.open_template(path, again=True)

    def keep_shown(self, path: Path | None) -> None:
        """Remember which template stands beside the conversation, or that none does."""
        try:
            self.session.keep("template shown", path is not None)
            if path is not None:
                self.session.keep("template", str(path))
        except StoreError as error:
            self.mesh.say(str(error))

    def close_pane(self) -> None:
        """Hide the pane and go to the prompt."""
        super().close_pane()
        self.keep_shown(None)
