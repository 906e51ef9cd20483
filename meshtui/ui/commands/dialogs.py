"""The commands of the screens that stand over the workbench: lists, pages, questions."""

from __future__ import annotations

from meshtui.ui.commands.command import Command

DIALOGS: tuple[Command, ...] = (
    Command("jump.close", "Leave", "escape,ctrl+o", "dismiss(None)", "Stay where you are.", "jump", True),
)
