"""The one table of commands: it feeds the bindings, the palette, the key line and the help page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding, BindingType

Where = Literal["anywhere", "prompt", "conversation", "compare", "template"]


@dataclass(frozen=True, slots=True)
class Command:
    """One thing a user can do. `key` is the default; `action` is Textual's name of it on the workbench screen."""

    id: str
    title: str
    key: str
    action: str
    help: str
    where: Where = "anywhere"
    shown: bool = False
    priority: bool = False
    in_palette: bool = True

    def binding(self) -> Binding:
        """Return the key binding of this command; its id lets the config file change the key."""
        return Binding(
            self.key, self.action, self.title, id=self.id, show=self.shown, priority=self.priority, tooltip=self.help
        )


COMMANDS: tuple[Command, ...] = (
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
    Command("pane.zoom", "Zoom", "f10", "zoom_pane", "Show the template or the conversation alone, or both again."),
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
    Command("key.enter", "API key", "", "enter_key", "Enter another API key for this profile."),
    Command("demo.tour", "Tour", "ctrl+g", "tour", "Show in five steps what can be done; for the demo."),
    Command("app.help", "Help", "f1", "help", "Show the keys and what they do.", shown=True),
    Command("app.palette", "Palette", "ctrl+p", "app.command_palette", "Find any command by name.", shown=True),
    Command("app.copy", "Copy", "ctrl+c", "copy_or_stop", "Copy the selection; while an answer streams, stop it."),
    Command("app.quit", "Quit", "ctrl+q", "app.quit", "Leave; what streams is stopped and kept.", shown=True),
    *(
        Command(f"compare.{id}", title, key, action, help, "compare", shown)
        for id, title, key, action, help, shown in (
            ("keep", "Keep", "enter", "keep_lane", "Let the conversation go on from this lane's answer.", True),
            ("next", "Next lane", "right,tab", "lane(1)", "Go to the lane to the right.", False),
            ("previous", "Lane before", "left,shift+tab", "lane(-1)", "Go to the lane to the left.", False),
            ("zoom", "Zoom", "f10,z", "zoom", "Show this lane alone, or all again.", True),
            ("lock", "Lock", "l", "lock", "Let the lanes scroll together, or each alone.", True),
            ("differ", "Differences", "d", "differ", "Show how the others differ from the baseline.", True),
            ("baseline", "Baseline", "b", "baseline", "Compare the others with this lane.", False),
            ("table", "Table", "t", "table", "Show all figures in a table that can be sorted.", True),
            ("vote", "Vote", "v", "vote", "Vote for this lane.", True),
            ("blind", "Blind", "B", "blind", "Hide the names and shuffle the lanes until a vote is given.", False),
            ("standings", "Votes", "o", "standings", "Show what all votes say of the models.", False),
            ("judge", "Judge", "J", "judge", "Ask all lanes anew through the gateway, with a judge's verdict.", False),
            ("hear", "Verdict", "h", "hear", "Go between the lanes and the judge's verdict.", False),
            ("retry", "Retry", "r,f5,w", "retry_lane", "Ask this lane's model once more.", True),
            ("stop", "Stop", "s", "stop_lane", "Stop this lane; what arrived is kept.", True),
            ("model", "Model", "m,f2", "change_model", "Ask another model in this lane.", True),
            ("parameter", "Parameter", "p", "change_parameter", "Ask with another value of a parameter.", False),
            ("add", "Add", "a,plus", "add_lane", "Ask more models the same, beside the others.", True),
            ("continue", "Continue", "c", "continue_lane", "Keep an answer that broke off, and let it go on.", False),
            ("key", "API key", "K", "enter_key", "Enter another API key; r asks again with it.", False),
            ("version", "Version or set", "e", "add_version", "Add another version or set of this template.", False),
            ("sample", "Sample", "n", "sample", "Ask this lane's model once more, beside it.", False),
            ("remove", "Remove", "x,delete", "remove_lane", "Take this lane away; its answer stays stored.", True),
            ("copy", "Copy", "y,f8", "copy_lane", "Copy this lane's answer as the model wrote it.", False),
            ("fold", "Fold", "space", "fold", "Fold or unfold this lane's reasoning.", False),
            ("stop-all", "Stop all", "ctrl+c", "copy_or_stop", "Stop every lane; with none running, copy.", False),
            ("help", "Help", "f1", "help", "Show the keys and what they do.", True),
            ("palette", "Palette", "ctrl+p", "app.command_palette", "Find any command by name.", False),
            ("back", "Back", "escape", "back", "Go back to the conversation; what streams goes on.", True),
            ("quit", "Quit", "ctrl+q", "app.quit", "Leave; what streams is stopped and kept.", False),
        )
    ),
    *(
        Command(f"compare.{id}", title, key, action, help, "compare", in_palette=False)
        for id, title, key, action, help in (
            ("up", "Up", "up,k", "scroll(-1)", "Scroll up."),
            ("down", "Down", "down,j", "scroll(1)", "Scroll down."),
            ("page-up", "Page up", "pageup", "page(-1)", "Scroll up by a screen."),
            ("page-down", "Page down", "pagedown", "page(1)", "Scroll down by a screen."),
            ("top", "First row", "home", "scroll(-1000000)", "Go to the beginning."),
            ("bottom", "Last row", "end", "scroll(1000000)", "Go to the end, and stay there while text arrives."),
            *((f"lane-{n}", f"Lane {n}", f"{n}", f"nth({n})", f"Go to lane {n}.") for n in range(1, 10)),
        )
    ),
    *(
        Command(f"template.{id}", title, key, f"screen.{action}", help, "template", shown)
        for id, title, key, action, help, shown in (
            ("run", "Run", "f5", "run_template", "Run the template as it stands with these values.", True),
            ("save", "Save", "ctrl+s", "save_template", "Write the template into its file.", True),
            ("preview", "Preview", "f3", "preview_template", "Show the exact messages that would be sent.", True),
            ("edit", "Editor", "f4", "edit_part", "Open the text or value in your own editor ($EDITOR).", False),
            ("compare", "Compare versions", "ctrl+l", "compare_template", "Run versions or sets side by side.", False),
            ("doubt", "Next doubt", "f8", "next_doubt", "Go to the next slot that is missing, or looks wrong.", False),
        )
    ),
)


def bindings(*where: Where) -> list[BindingType]:
    """Return the bindings of the commands that hold in these places."""
    return [command.binding() for command in COMMANDS if command.where in where and command.key]
