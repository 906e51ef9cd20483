"""The commands of the tools view, of the tool editor, and of the tree of a schema in it."""

from __future__ import annotations

from meshtui.ui.commands.command import Command

TOOLS: tuple[Command, ...] = (
    Command(
        "tools.show",
        "Tools",
        "alt+o",
        "show_tools",
        "Show the tools that the model may call; again, go back.",
        priority=True,
    ),
    *(
        Command(f"tools.{id}", title, key, f"screen.{action}", help, "tools", shown)
        for id, title, key, action, help, shown in (
            ("toggle", "Tool on or off", "space", "toggle_tool", "Offer the tool under the cursor here, or not.", True),
            (
                "edit",
                "Edit tool",
                "e",
                "edit_tool",
                "Open the tool under the cursor in the editor; enter does too.",
                True,
            ),
            (
                "new",
                "New tool",
                "n",
                "new_tool",
                "Make a tool: from nothing, a definition, Python or an example.",
                True,
            ),
            (
                "duplicate",
                "Copy tool",
                "D",
                "duplicate_tool",
                "Copy the tool under the cursor under another name.",
                False,
            ),
            (
                "delete",
                "Delete tool",
                "x,delete",
                "delete_tool",
                "Delete the tool under the cursor; it can be taken back.",
                False,
            ),
            ("restore", "Undo deleting a tool", "z", "restore_tool", "Bring the tool deleted last back.", False),
            (
                "choice",
                "Tool choice",
                "c",
                "tool_choice",
                "Let the model choose, forbid, demand a call, or this one.",
                True,
            ),
            (
                "filter",
                "Filter tools",
                "slash",
                "filter_tools",
                "Show the tools whose name or description fits.",
                False,
            ),
        )
    ),
    *(
        Command(f"tools.{id}", title, key, action, help, "tools", in_palette=False)
        for id, title, key, action, help in (
            ("down", "Tool below", "down,j", "cursor_down", "Go to the tool below."),
            ("up", "Tool above", "up,k", "cursor_up", "Go to the tool above."),
            ("first", "First tool", "home", "first", "Go to the first tool."),
            ("last", "Last tool", "end", "last", "Go to the last tool."),
        )
    ),
)

TOOL_EDITOR: tuple[Command, ...] = (
    *(
        Command(f"tool.{id}", title, key, action, help, "tool editor", shown, priority=True)
        for id, title, key, action, help, shown in (
            ("save", "Save", "ctrl+s", "save", "Write the tool into its file.", True),
            ("back", "Back", "escape", "back", "Go back to the conversation; the edit is kept.", True),
            (
                "section",
                "Section",
                "f2",
                "section(1)",
                "Go on to the result's schema, to the responder, and round.",
                True,
            ),
            ("view", "Form/JSON", "f3", "other_view", "Go from the form to the JSON, and back.", True),
            ("external", "Editor", "f4", "external", "Open the JSON in your own editor ($EDITOR).", False),
            ("fix", "Fix", "f6", "fix", "Put the finding under the cursor right, where the program can.", True),
            ("fix-all", "Fix all", "f7", "fix_all", "Make the schema fit strict mode, all at once.", True),
            ("next", "Next", "f8", "next_finding", "Go to the place of the next finding.", True),
            ("copy", "Copy", "ctrl+c", "copy_or_stop", "Copy the selection.", False),
            ("zoom", "Zoom", "f10", "zoom", "Show the form or the JSON alone, or both.", False),
            ("revert", "Drop the edit", "alt+r", "revert", "Go back to what the file says.", False),
            ("rename", "Rename the file", "alt+n", "rename", "Give the file of the tool another name.", False),
        )
    ),
    *(
        Command(f"tool.{id}", title, key, action, help, "tool editor", shown)
        for id, title, key, action, help, shown in (
            ("undo", "Undo", "ctrl+z", "undo", "Take the last change back, in the form and in the JSON.", False),
            ("redo", "Redo", "ctrl+y", "redo", "Make the change again that was taken back.", False),
        )
    ),
)

SCHEMA: tuple[Command, ...] = tuple(
    Command(f"schema.{id}", title, key, f"screen.schema({action!r})", help, "schema")
    for id, title, key, action, help in (
        ("edit", "Edit property", "e", "edit", "Go to the name or the description of the row; enter does too."),
        ("add", "Add property", "a,insert", "add", "Add a property beside the row, or in an object that is empty."),
        ("child", "Add inside", "c", "child", "Add a property or a variant inside the row."),
        ("rename", "Rename property", "n", "rename", "Give the property another name."),
        ("type", "Type", "t", "type", "Go to the types of the row."),
        ("required", "Required", "r,space", "required", "Demand the property, or not."),
        ("nullable", "Nullable", "u", "nullable", "Let the value be null, or not."),
        ("enum", "Enum", "v", "enum", "Go to the values that it can have."),
        ("union", "Variants", "o", "union", "Let the row be one of several variants (anyOf)."),
        ("up", "Move up", "K,alt+up", "up", "Move the property up."),
        ("down", "Move down", "J,alt+down", "down", "Move the property down."),
        ("remove", "Remove property", "x,delete", "remove", "Remove the row; {tool.undo} brings it back."),
    )
)

NEW_TOOL: tuple[Command, ...] = tuple(
    Command(f"new-tool.{id}", title, key, action, help, "new tool", priority=True)
    for id, title, key, action, help in (
        ("close", "Close", "escape", "back", "Leave without a tool; what is typed is there the next time."),
        ("make", "Make", "ctrl+s", "make", "Write the tool, or those that are ticked, into files."),
        ("source", "Source", "f2", "source(1)", "Begin from something else."),
    )
)
