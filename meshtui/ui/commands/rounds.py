"""The commands of tool calls: of the round panel, of the question before a command runs, and of both from elsewhere."""

from __future__ import annotations

from meshtui.ui.commands.command import Command

ROUNDS: tuple[Command, ...] = (
    Command(
        "round.open",
        "Answer calls",
        "alt+a",
        "open_round",
        "Answer the tool calls at the end of the conversation, or go to where they are answered.",
        priority=True,
    ),
    Command(
        "round.automatic",
        "Automatic rounds",
        "alt+j",
        "round_automatic",
        "Let rounds of tool calls go on by themselves up to a limit, or stop before each.",
        priority=True,
    ),
    Command(
        "round.differences",
        "Differences of calls",
        "d",
        "screen.call_differences",
        "Show how the tool calls of an answer differ from those of the answers beside it.",
        "conversation",
    ),
    # With priority, what each does is put behind the keys that are still to be typed, in their order.
    *(
        Command(
            f"round.{id}",
            title,
            key,
            f"screen.{action}",
            help,
            "round",
            shown,
            priority=True,
            in_palette=id != "loop",  # for that it has a name which says more, above
        )
        for id, title, key, action, help, shown in (
            ("send", "Send results", "f5", "round_send", "Send all results back and go on.", True),
            (
                "later",
                "Later",
                "escape",
                "round_later",
                "Stop what runs; again, leave it for later.",
                True,
            ),
            ("next", "Next call", "alt+down", "round_go(1)", "Go to the next call.", True),
            ("previous", "Call before", "alt+up", "round_go(-1)", "Go to the call before.", False),
            ("error", "Error", "alt+e", "round_error", "Tell the model that this result is an error, or not.", True),
            ("drop", "Drop call", "alt+d", "round_drop", "Let this call not go back, or take it up again.", True),
            ("add", "Add a call", "alt+n", "round_add", "Add a call, as if the model had made it.", False),
            (
                "fix",
                "Take the repair",
                "alt+x",
                "round_fix",
                "Put right arguments that are no JSON, as suggested.",
                False,
            ),
            ("reset", "As it came", "alt+r", "round_reset", "Take arguments and answer back to how they came.", False),
            (
                "again",
                "Answer again",
                "alt+g",
                "round_again",
                "Let the rule or the command answer this call, with the arguments as they stand.",
                False,
            ),
            ("loop", "Automatic", "alt+l", "round_automatic", "Let rounds go on by themselves, or stop at each.", True),
            ("edit", "Editor", "f4", "round_edit", "Open this text in your own editor ($EDITOR).", False),
        )
    ),
)

APPROVAL: tuple[Command, ...] = (
    *(
        Command(f"approval.{id}", title, key, f"dismiss({said!r})", help, "approval", True, in_palette=False)
        for id, title, key, said, help in (
            ("once", "Once", "a", "once", "Run it this time."),
            (
                "conversation",
                "In this conversation",
                "A",
                "conversation",
                "Run exactly this whenever it is called here.",
            ),
            ("refuse", "Refuse", "r,R,escape", "refuse", "Do not run it; answer the call by hand."),
        )
    ),
    *(
        Command(f"approval.{id}", id.capitalize(), id, action, "Go to the other answer.", "approval", in_palette=False)
        for id, action in (("left", "app.focus_previous"), ("right", "app.focus_next"))
    ),
)

CALL_DIFFERENCES: tuple[Command, ...] = tuple(
    Command(f"differences.{id}", title, key, action, help, "call-differences", priority=True, in_palette=False)
    for id, title, key, action, help in (
        ("before", "Answer before", "left", "other(-1)", "Compare with the answer before."),
        ("next", "Next answer", "right", "other(1)", "Compare with the next answer."),
        ("close", "Close", "escape,q", "dismiss(None)", "Go back to the conversation."),
    )
)
