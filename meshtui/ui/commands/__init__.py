"""The one table of commands: it feeds the bindings, the palette, the key line, the help page and the documents."""

from __future__ import annotations

from collections.abc import Mapping

from textual.binding import BindingType

from meshtui.ui.commands.command import Command, Where, key_words, short_key
from meshtui.ui.commands.compare import COMPARE
from meshtui.ui.commands.conversation import CONVERSATION
from meshtui.ui.commands.dialogs import DIALOGS
from meshtui.ui.commands.rounds import APPROVAL, CALL_DIFFERENCES, ROUNDS
from meshtui.ui.commands.template import PARAMS, REPLACING, TEMPLATE
from meshtui.ui.commands.tools import NEW_TOOL, SCHEMA, TOOL_EDITOR, TOOLS
from meshtui.ui.commands.workbench import EVERYWHERE, WORKBENCH

__all__ = ["BY_ID", "COMMANDS", "Command", "Where", "bindings", "key_words", "short_key"]

COMMANDS: tuple[Command, ...] = (
    *WORKBENCH,
    *CONVERSATION,
    *TOOLS,
    *COMPARE,
    *TEMPLATE,
    *REPLACING,
    *PARAMS,
    *TOOL_EDITOR,
    *SCHEMA,
    *NEW_TOOL,
    *ROUNDS,
    *APPROVAL,
    *CALL_DIFFERENCES,
    *DIALOGS,
    *EVERYWHERE,
)
"""Every command, in the order in which they are offered. A new place has a file of its own here."""

BY_ID: Mapping[str, Command] = {command.id: command for command in COMMANDS}


def bindings(*where: Where) -> list[BindingType]:
    """Return the bindings of the commands that hold in these places."""
    return [command.binding() for command in COMMANDS if command.where in where and command.key]
