"""The commands of a comparison."""

from __future__ import annotations

from meshtui.ui.commands.command import Command

COMPARE: tuple[Command, ...] = (
    *(
        Command(f"compare.{id}", title, key, action, help, "compare", shown)
        for id, title, key, action, help, shown in (
            ("keep", "Keep", "enter", "keep_lane", "Let the conversation go on from this lane's answer.", True),
            ("stop", "Stop", "s", "stop_lane", "Stop this lane; what arrived is kept.", True),
            ("next", "Next lane", "right,tab", "lane(1)", "Go to the lane to the right.", True),
            ("previous", "Lane before", "left,shift+tab", "lane(-1)", "Go to the lane to the left.", False),
            ("back", "Back", "escape", "back", "Go back to the conversation; what streams goes on.", True),
            ("differ", "Differences", "d", "differ", "Show how the others differ from the baseline.", True),
            ("table", "Table", "t", "table", "Show all figures in a table that can be sorted.", True),
            ("retry", "Retry", "r,f5,w", "retry_lane", "Ask this lane's model once more.", True),
            ("model", "Model", "m,f2", "change_model", "Ask another model in this lane.", True),
            ("vote", "Vote", "v", "vote", "Vote for this lane.", True),
            ("zoom", "Zoom", "f10,z", "zoom", "Show this lane alone, or all again.", True),
            ("lock", "Lock", "l", "lock", "Let the lanes scroll together, or each alone.", True),
            ("add", "Add", "a,plus", "add_lane", "Ask more models the same, beside the others.", True),
            ("remove", "Remove", "x,delete", "remove_lane", "Take this lane away; its answer stays stored.", True),
            ("baseline", "Baseline", "b", "baseline", "Compare the others with this lane.", False),
            ("blind", "Blind", "B", "blind", "Hide the names and shuffle the lanes until a vote is given.", False),
            ("standings", "Votes", "o", "standings", "Show what all votes say of the models.", False),
            ("judge", "Judge", "J", "judge", "Ask all lanes anew through the gateway, with a judge's verdict.", False),
            ("hear", "Verdict", "h", "hear", "Go between the lanes and the judge's verdict.", False),
            ("parameter", "Parameter", "p", "change_parameter", "Ask with another value of a parameter.", False),
            ("continue", "Continue", "c", "continue_lane", "Keep an answer that broke off, and let it go on.", False),
            ("key", "API key", "K", "enter_key", "Enter another API key; {compare.retry} asks again with it.", False),
            ("version", "Version or set", "e", "add_version", "Add another version or set of this template.", False),
            ("sample", "Sample", "n", "sample", "Ask this lane's model once more, beside it.", False),
            ("copy", "Copy", "y,f8", "copy_lane", "Copy this lane's answer as the model wrote it.", False),
            ("fold", "Fold", "space", "fold", "Fold or unfold this lane's reasoning.", False),
            ("stop-all", "Stop all", "ctrl+c", "copy_or_stop", "Stop every lane; with none running, copy.", False),
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
)
