"""The commands of the screens that stand over the workbench: lists, pages, questions."""

from __future__ import annotations

from meshtui.ui.commands.command import Command, Where

Row = tuple[str, str, str, str, str]
"""Name, title, keys, action, help. The name stands after the place in the id; `!` before it: before what is focused."""


MOVES = frozenset(("up", "down", "page-up", "page-down", "left", "right", "first", "last"))
"""Names of commands that only move, which the palette leaves out."""


def _of(where: Where, *rows: Row) -> tuple[Command, ...]:
    """Return the commands of a place."""
    commands = []
    for marked, title, key, action, help in rows:
        name = marked.lstrip("!")
        first = marked != name
        commands.append(
            Command(
                f"{where}.{name}", title, key, action, help, where, True, priority=first, in_palette=name not in MOVES
            )
        )
    return tuple(commands)


DIALOGS: tuple[Command, ...] = (
    *_of(
        "standings",
        ("close", "Close", "escape,o,q", "dismiss(None)", "Go back to the lanes."),
        ("together", "Together", "t", "together", "Count the votes of all templates together, or of each apart."),
    ),
    *_of(
        "usage",
        ("close", "Close", "escape,q,alt+u", "dismiss(None)", "Go back to the conversation."),
        ("!longer", "Longer", "right,plus", "range(1)", "Look at a longer range of days."),
        ("!shorter", "Shorter", "left,minus", "range(-1)", "Look at a shorter range of days."),
        ("by", "By", "b", "by", "Sum up by day, model, profile or session."),
        ("plot", "Plot", "m", "measure", "Plot another figure: cost, tokens, turns or times."),
        ("bills", "Ask for bills", "r", "reconcile", "Ask the gateway what it billed for turns that have an estimate."),
    ),
    *_of(
        "key",
        ("close", "Close", "escape", "dismiss(None)", "Leave without a key."),
    ),
    *_of(
        "table",
        ("close", "Close", "escape,t,q", "dismiss(None)", "Go back to the lanes."),
        ("sort", "Sort", "s", "sort(1)", "Sort by the next column."),
        ("reverse", "Reverse", "r", "reverse", "Turn the order round."),
    ),
    *_of(
        "versions",
        ("close", "Close", "escape", "back", "Go back to the template."),
        ("mark", "Mark", "space", "mark", "Mark this version, to see what differs from it."),
        ("beside", "Side by side", "s", "beside", "Show the two versions side by side, or one under the other."),
        ("note", "Note", "n", "note", "Write a note on this version."),
        ("!page-down", "Page down", "pagedown", "page(1)", "Scroll the difference down."),
        ("!page-up", "Page up", "pageup", "page(-1)", "Scroll the difference up."),
    ),
    *_of(
        "tour",
        ("close", "Skip", "escape", "dismiss(None)", "Leave the tour; it goes on here next time."),
        ("next", "Next", "right,n", "step(1)", "Go to the next step."),
        ("previous", "Back", "left,p", "step(-1)", "Go to the step before."),
        ("take", "Try it", "t", "take", "Put this step's message into the prompt."),
    ),
    *_of(
        "fallbacks",
        ("close", "Undo", "escape", "dismiss(None)", "Leave the list as it was."),
        ("!done", "Done", "enter", "done", "Take the list as it stands."),
        ("add", "Choose", "a", "add", "Choose the models, in order."),
        ("up", "Up", "u,alt+up", "shift(-1)", "Try this model earlier."),
        ("down", "Down", "d,alt+down", "shift(1)", "Try this model later."),
        ("remove", "Remove", "x,delete,f9", "remove", "Take this model from the list."),
    ),
    *_of(
        "profiles",
        ("close", "Close", "escape", "dismiss(None)", "Stay with the profile in use."),
    ),
    *_of(
        "lane-choice",
        ("close", "Close", "escape", "dismiss(None)", "Compare nothing."),
        ("mark", "Mark", "space", "mark", "Mark this version or set, or take its mark away."),
        ("!take", "Compare", "enter", "take", "Run what is marked side by side."),
    ),
    *_of(
        "links",
        ("close", "Close", "escape", "dismiss(None)", "Open nothing."),
        ("copy", "Copy", "c,y", "copy", "Copy the address of this link."),
        ("open", "Open", "o", "open", "Open this link."),
    ),
    *_of(
        "conflict",
        ("close", "Later", "escape", "dismiss(None)", "Decide later; both texts stay."),
        ("mine", "Mine", "m", "dismiss('mine')", "Write what is edited here into the file."),
        ("theirs", "Theirs", "t", "dismiss('theirs')", "Take what the other program wrote."),
    ),
    *_of(
        "conversations",
        ("close", "Close", "escape", "back", "Go back without opening another."),
        ("down", "Down", "down", "move(1)", "Go to the next conversation."),
        ("up", "Up", "up", "move(-1)", "Go to the conversation before."),
        ("page-down", "Page down", "pagedown", "move(10)", "Go ten conversations down."),
        ("page-up", "Page up", "pageup", "move(-10)", "Go ten conversations up."),
        ("!rename", "Rename", "f2", "rename", "Give this conversation another name."),
        (
            "delete",
            "Delete",
            "f9,delete",
            "delete",
            "Delete this conversation; it can be taken back. While text stands in the line, del edits that.",
        ),
        ("!restore", "Take back", "f10", "restore", "Take the last deletion back."),
    ),
    *_of(
        "models",
        ("close", "Close", "escape,f2", "dismiss(None)", "Keep the model in use."),
        ("mark", "Mark", "space", "mark", "Where several can be chosen: mark this model, or take its mark away."),
        ("sort", "Sort", "f3", "sort", "Sort by another figure: match, price, context, name."),
        ("star", "Favourite", "f4", "star", "Make this model a favourite, or none any more."),
        ("fetch", "Fetch", "f5", "refetch", "Fetch the list from the gateway anew."),
        ("clear", "Clear", "f6", "clear", "Take all filters away."),
        ("route", "Route", "f7", "route", "Ask the router which model it would take for this message."),
        ("first", "First", "ctrl+home", "go('home')", "Go to the first model."),
        ("last", "Last", "ctrl+end", "go('end')", "Go to the last model."),
    ),
    *_of(
        "sets",
        ("close", "Close", "escape", "dismiss(None)", "Go back to the template."),
        ("!keep", "Keep", "ctrl+s", "keep", "Keep the values in the slots as a set under this name."),
        ("pasted", "Take pasted", "ctrl+j", "take_pasted", "Put the pasted set into the slots; keep several as sets."),
        ("delete", "Delete", "f9,delete", "delete", "Delete this set, when you say so."),
    ),
    *_of(
        "templates",
        ("close", "Close", "escape", "back", "Go back without opening another."),
        ("down", "Down", "down", "move(1)", "Go to the next template."),
        ("up", "Up", "up", "move(-1)", "Go to the template before."),
        ("page-down", "Page down", "pagedown", "move(10)", "Go ten templates down."),
        ("page-up", "Page up", "pageup", "move(-10)", "Go ten templates up."),
        ("!new", "New", "ctrl+n", "ask('new')", "Make a new template of the name that is typed."),
        ("!copy", "Copy", "f6", "ask('copy')", "Make a copy of this template."),
        ("!rename", "Rename", "f2", "ask('rename')", "Give this template another name."),
        (
            "delete",
            "Delete",
            "f9,delete",
            "delete",
            "Delete this template; it can be taken back. While text stands in the line, del edits that.",
        ),
        ("!restore", "Take back", "f10", "restore", "Take the last deletion back."),
        ("!gateway", "Gateway", "ctrl+g", "gateway", "Show the templates that the gateway holds."),
    ),
    *_of(
        "gateway",
        ("close", "Close", "escape", "dismiss(None)", "Go back to the template."),
        ("push", "Push", "p", "push(False)", "Write the template that is open to the gateway."),
        ("pull", "Pull", "l", "pull(False)", "Take the gateway's copy over."),
        ("push-anyway", "Push anyway", "P", "push(True)", "Write it over what changed at the gateway."),
        ("pull-anyway", "Pull anyway", "L", "pull(True)", "Take it over what is not saved here."),
        ("check", "Check", "c", "check", "Let the gateway fill the template in, without a run."),
        ("delete", "Delete", "d", "delete", "Delete the gateway's copy."),
    ),
    *_of(
        "preview",
        ("close", "Close", "escape,f3,q", "dismiss(None)", "Go back to the template."),
    ),
    *_of(
        "question",
        ("no", "No", "escape", "dismiss(False)", "Answer no."),
        ("left", "Left", "left", "app.focus_previous", "Go to the other answer."),
        ("right", "Right", "right", "app.focus_next", "Go to the other answer."),
    ),
    *_of(
        "format",
        ("close", "Leave", "escape", "back", "Go back without a change."),
        ("!take", "Take", "ctrl+s", "take", "Take this schema for the answer."),
        ("!kind", "Kind", "f2", "kind", "Go from text to JSON to a schema."),
        ("!strict", "Strict", "f3", "strict", "Hold the model to the schema strictly, or not."),
    ),
    *_of(
        "ask",
        ("close", "Close", "escape", "dismiss(None)", "Leave without an answer."),
        ("down", "Down", "down", "move(1)", "Go to the next line."),
        ("up", "Up", "up", "move(-1)", "Go to the line before."),
    ),
    *_of(
        "jump",
        ("close", "Leave", "escape,ctrl+o", "dismiss(None)", "Stay where you are."),
    ),
    *_of(
        "help",
        ("close", "Close", "escape", "dismiss(None)", "Go back to where you were."),
        ("down", "Down", "down", "scroll(1)", "Scroll down."),
        ("up", "Up", "up", "scroll(-1)", "Scroll up."),
        ("page-down", "Page down", "pagedown", "scroll(10)", "Scroll down by ten lines."),
        ("page-up", "Page up", "pageup", "scroll(-10)", "Scroll up by ten lines."),
    ),
    *_of(
        "themes",
        ("close", "Close", "escape", "leave", "Wear the theme from before again."),
    ),
    *_of(
        "finding",
        ("close", "Close", "escape", "close", "Find no longer, and go back to the prompt."),
        ("up", "Before", "up", "step(-1)", "Go to what was found before this."),
        ("down", "Next", "down", "step(1)", "Go to what was found after this."),
    ),
    *_of(
        "model pane",
        ("choose", "Choose", "enter", "screen.choose_model", "Choose the model for the next message."),
    ),
    *_of(
        "usage pane",
        ("open", "All figures", "enter", "screen.show_usage", "Show the figures over any range, and plots."),
    ),
)
