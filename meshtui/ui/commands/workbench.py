"""The commands of the workbench: wherever the focus is, and in the prompt."""

from __future__ import annotations

from meshtui.ui.commands.command import Command

WORKBENCH: tuple[Command, ...] = (
    Command(
        "prompt.send", "Send", "enter", "send", "Send what stands in the prompt.", "prompt", True, in_palette=False
    ),
    Command(
        "prompt.newline",
        "New line",
        "ctrl+j,shift+enter,alt+enter",
        "newline",
        "Begin a new line in the prompt.",
        "prompt",
        True,
        in_palette=False,
    ),
    Command("turn.stop", "Stop", "escape", "stop", "Stop the answer that streams; what arrived is kept.", shown=True),
    Command(
        "turn.retry", "Retry", "f5", "retry", "Ask again: what is under the cursor, or the last message.", shown=True
    ),
    Command("model.choose", "Model", "f2", "choose_model", "Choose the model for the next message.", shown=True),
    Command(
        "model.fallbacks",
        "Fallback models",
        "",
        "choose_fallbacks",
        "Choose the models that the gateway tries, in order, where the chosen one fails.",
    ),
    Command(
        "compare.open",
        "Compare",
        "ctrl+l",
        "compare",
        "Ask several models what stands in the prompt, side by side; without it, compare the last answers.",
        shown=True,
    ),
    Command(
        "template.list",
        "Templates",
        "f12",
        "list_templates",
        "Find a template and open it, or make a new one.",
        shown=True,
    ),
    Command("template.pane", "Template", "f9", "toggle_template", "Show the template and go to it, or hide it."),
    # Terminals send alt with a letter as a key that has a character: without priority a text would take it.
    Command(
        "params.show",
        "Parameters",
        "alt+p",
        "show_params",
        "Show the parameters of the template, or of the conversation; again, as JSON; again, go back.",
        priority=True,
    ),
    Command("pane.zoom", "Zoom", "f10", "zoom_pane", "Show the pane in use alone, or all again."),
    Command(
        "pane.jump",
        "Jump",
        "ctrl+o",
        "jump",
        "Show a letter over each pane and field; press one to go there.",
        shown=True,
        priority=True,
    ),
    Command("pane.next", "Next pane", "alt+right", "next_pane(1)", "Go to the pane to the right.", priority=True),
    Command("pane.previous", "Pane before", "alt+left", "next_pane(-1)", "Go to the pane to the left.", priority=True),
    Command("pane.wider", "Wider", "alt+shift+right", "widen(1)", "Make the pane in use wider.", priority=True),
    Command(
        "pane.narrower", "Narrower", "alt+shift+left", "widen(-1)", "Make the pane in use narrower.", priority=True
    ),
    Command(
        "pane.side",
        "Right column",
        "alt+m",
        "toggle_side",
        "Show the right column, or fold it into a line.",
        priority=True,
    ),
    Command("pane.reset", "Reset layout", "", "reset_layout", "Give all columns their first widths again."),
    Command("pane.tools", "Go to tools", "", "show_pane('tools')", "Bring the tools to the front."),
    Command("pane.params", "Go to parameters", "", "show_pane('params')", "Bring the parameters to the front."),
    Command("pane.model", "Go to model", "", "show_pane('model')", "Bring what is known of the model to the front."),
    Command("pane.usage", "Go to usage", "", "show_pane('usage')", "Bring the figures and the limits to the front."),
    Command(
        "template.next",
        "Next set",
        "ctrl+right_square_bracket",
        "run_next_set",
        "Run the template with its next set of values.",
    ),
    Command("template.run-all", "Run all sets", "", "run_all_sets", "Run the template once with each set of values."),
    Command("template.sets", "Value sets", "", "value_sets", "Take, keep or paste sets of values for the slots."),
    Command("template.versions", "Versions", "", "template_versions", "The texts that runs used, and what they gave."),
    Command("template.gateway", "Gateway's copy", "", "template_gateway", "Compare with the gateway, push and pull."),
    Command("template.add_message", "Add message", "", "add_message", "Add a message to the template."),
    Command(
        "template.expand", "Expand", "", "toggle_expand", "Let the gateway fill the template in, or fill it in here."
    ),
    Command("profile.choose", "Profile", "", "choose_profile", "Send through another profile: gateway, key, defaults."),
    Command("prompt.edit", "Editor", "f4", "edit_prompt", "Open the prompt in your own editor ($EDITOR)."),
    Command("message.edit", "Edit message", "", "edit_last", "Change the message under the cursor, or the last one."),
    Command("branch.other", "Other branch", "alt+b", "other_branch", "Go to the branch left last.", priority=True),
    Command("prompt.recall", "Earlier prompts", "", "recall_prompt", "Find an earlier prompt and take it again."),
    Command("prompt.attach", "Attach", "ctrl+t", "attach", "Attach a picture, video or sound."),
    Command("prompt.detach", "Detach", "", "detach", "Take the last attachment away again."),
    Command(
        "conversation.find",
        "Find",
        "ctrl+f",
        "find",
        "Find text in this conversation.",
        priority=True,
    ),
    Command("block.page", "Pager", "f3", "page", "Show the block under the cursor, or the last answer, in $PAGER."),
    Command("conversation.new", "New", "ctrl+n", "new_conversation", "Begin an empty conversation.", shown=True),
    Command(
        "conversation.list", "Conversations", "ctrl+r", "list_conversations", "Open another conversation.", shown=True
    ),
    Command("answer.copy", "Copy answer", "f8", "copy_answer", "Copy the last answer as the model wrote it."),
    Command(
        "request.copy",
        "Copy request id",
        "alt+y",
        "copy_request_id",
        "Copy the id by which the gateway knows the last request.",
        priority=True,
    ),
    # Textual's own text area takes f6 and f7 otherwise.
    Command("focus.prompt", "Prompt", "f6", "focus_prompt", "Go to the prompt.", priority=True),
    Command("focus.conversation", "Conversation", "f7", "focus_conversation", "Go to the conversation.", priority=True),
    Command("block.up", "Block up", "alt+up", "block(-1)", "Move to the block above, in the conversation."),
    Command("block.down", "Block down", "alt+down", "block(1)", "Move to the block below, in the conversation."),
    Command(
        "usage.show",
        "Usage",
        "alt+u",
        "show_usage",
        "Show what was used, what it cost, and what is left of limits.",
        priority=True,
    ),
    Command(
        "queue.clear",
        "Wait no longer",
        "alt+w",
        "clear_queue",
        "Let go of the messages that wait for a limit to end.",
        priority=True,
    ),
    Command(
        "app.theme",
        "Theme",
        "alt+t",
        "app.choose_theme",
        "Try the themes on and keep one; your own are read as you save them.",
        priority=True,
    ),
    Command("key.enter", "API key", "", "enter_key", "Enter another API key for this profile."),
    Command("demo.tour", "Tour", "ctrl+g", "tour", "Show in five steps what can be done; for the demo."),
    Command("app.help", "Help", "f1", "help", "Show the keys and what they do.", shown=True),
    Command("app.palette", "Palette", "ctrl+p", "app.command_palette", "Find any command by name.", shown=True),
    Command("app.copy", "Copy", "ctrl+c", "copy_or_stop", "Copy the selection; while an answer streams, stop it."),
    Command("app.quit", "Quit", "ctrl+q", "app.quit", "Leave; what streams is stopped and kept.", shown=True),
)
