"""The commands of the template pane, of the lines that find and replace in it, and of the parameters beside it."""

from __future__ import annotations

from meshtui.ui.commands.command import Command

TEMPLATE: tuple[Command, ...] = (
    *(
        Command(f"template.{id}", title, key, f"screen.{action}", help, "template", shown)
        for id, title, key, action, help, shown in (
            ("run", "Run", "f5", "run_template", "Run the template as it stands with these values.", True),
            ("save", "Save", "ctrl+s", "save_template", "Write the template into its file.", True),
            ("preview", "Preview", "f3", "preview_template", "Show the exact messages that would be sent.", True),
            ("edit", "Editor", "f4", "edit_part", "Open the text or value in your own editor ($EDITOR).", False),
            ("add_message", "Add message", "insert", "add_message", "Add a message to the template.", False),
            ("compare", "Compare versions", "ctrl+l", "compare_template", "Run versions or sets side by side.", False),
            ("doubt", "Next doubt", "f8", "next_doubt", "Go to the next slot that is missing, or looks wrong.", False),
        )
    ),
)

PARAMS: tuple[Command, ...] = tuple(
    Command(f"params.{id}", title, key, action, help, "params", priority=True, in_palette=False)
    for id, title, key, action, help in (
        ("drop", "Drop", "alt+d", "drop", "Let the conversation's own value go, so that this one holds."),
        ("editor", "Open editor", "f2", "open_editor", "Open the editor of a value that has one of its own."),
    )
)

REPLACING: tuple[Command, ...] = tuple(
    Command(f"replacing.{id}", title, key, action, help, "replacing", in_palette=False)
    for id, title, key, action, help in (
        ("all", "Replace all", "ctrl+j", "replace_all", "Replace it in all texts of the template."),
        ("close", "Close", "escape", "close", "Find no longer, and go back to the text."),
    )
)
