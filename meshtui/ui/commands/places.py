"""The places where commands hold: what each is called, and what it is for, for the help page and the documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from meshtui.ui.commands.command import Where


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """What a place is called, what it is for in about two sentences, and keys that are no commands (`notes`);
    `{turn.stop}` stands for the key of a command.

    `typed`: something is typed there, so that a plain letter is no command. `beside`: it is seen in the workbench
    beside others, so that a key that holds in all of it cannot stand for something else there.
    """

    title: str
    about: str
    notes: tuple[tuple[str, str], ...] = ()
    typed: bool = False
    beside: bool = False


CHOICE_KEYS = (
    ("← →", "In a row of choices: take another, or go to one of several; its first letter does too."),
    ("space", "Take the one of several that you went to."),
    ("enter", "In a field of one line: go on."),
)

PLACES: Mapping[Where, PlaceRow] = {
    "prompt": PlaceRow(
        "Prompt",
        "Here you type the next message. {prompt.send} sends it; a pasted text never sends itself, and what stands here"
        " is kept on disk as you type.",
        typed=True,
        beside=True,
    ),
    "typing": PlaceRow(
        "Prompt, while you type",
        "The prompt remembers what was sent, and folds a long paste.",
        (("backspace", "In an empty prompt: take the last attachment away."),),
        typed=True,
        beside=True,
    ),
    "conversation": PlaceRow(
        "Conversation",
        "What was said, in blocks, with a cursor on one of them. Where an answer failed a card says why and what can be"
        " done about it.",
        (("letter", "On a card or a call: what it offers, by the letter in brackets; a click does the same."),),
        beside=True,
    ),
    "template": PlaceRow(
        "Template",
        "The texts of one template, and a field for each {{slot}} in them. Fill the slots in and run it; each run"
        " remembers the exact text, so that versions can be compared.",
        (("{prompt.send}", "In a value: run the template."), ("{prompt.newline}", "In a value: begin a new line.")),
        typed=True,
        beside=True,
    ),
    "tools": PlaceRow(
        "Tools",
        "The functions that the model may call, each a file of its own. Those that are on go with every message of this"
        " conversation or template.",
        (
            ("enter", "Open the tool under the cursor in the editor."),
            ("esc", "In the filter: show all again."),
        ),
        beside=True,
    ),
    "tool editor": PlaceRow(
        "Tool editor",
        "One tool: what the model is told of it, what it gives back, and who answers a call. The form and the JSON are"
        " the same thing, each checked as you type.",
        CHOICE_KEYS,
        typed=True,
    ),
    "schema": PlaceRow(
        "Schema", "The arguments of a tool as a tree. Each row is a property; its details stand beside or under it."
    ),
    "new tool": PlaceRow(
        "New tool", "Makes a tool from nothing, a definition, Python code or an example.", CHOICE_KEYS, typed=True
    ),
    "round": PlaceRow(
        "Tool calls",
        "What the model wants to call, checked against the schema. Answer each call, then go on.",
        typed=True,
        beside=True,
    ),
    "approval": PlaceRow(
        "Approval",
        "A command of yours is to answer a call. It runs only when you say so, for this call or from now on.",
    ),
    "call-differences": PlaceRow("Call differences", "How the tool calls of two answers to one message differ."),
    "model pane": PlaceRow(
        "Model",
        "The model that the next message goes to: what it costs, how much it reads, and what it can do.",
        beside=True,
    ),
    "usage pane": PlaceRow(
        "Usage",
        "What the last run, this conversation and today have used, and what is left of limits and money. A price with"
        " ~ is an estimate of this program, one without was billed by the gateway.",
        beside=True,
    ),
    "replacing": PlaceRow(
        "Find and replace",
        "Finds in the texts of the template, in any case, and puts something else in its place.",
        (
            ("enter", "Go to the next place; in the second line, replace and go on."),
            ("tab", "Go to the other line."),
        ),
        typed=True,
        beside=True,
    ),
    "params": PlaceRow(
        "Parameters",
        "What a request says beside its messages; what is left empty is not sent.",
        (("enter", "Go on to the next."), ("↑ ↓", "Take another choice, or go on.")),
        typed=True,
        beside=True,
    ),
    "finding": PlaceRow(
        "Find",
        "Type what you seek in the conversation.",
        (("enter", "Go to the next place."),),
        typed=True,
        beside=True,
    ),
    "compare": PlaceRow(
        "Compare",
        "One message, several answers, each in a lane of its own. See who was first, cheapest and different, and keep"
        " one: the conversation goes on from there.",
    ),
    "models": PlaceRow(
        "Models",
        "Type to find a model by name, provider or what it can do; {models.mark} marks several to compare. An id that"
        " is in no list is sent as it is typed.",
        (
            ("enter", "Take the model, or ask all that are marked."),
            ("tab", "Go to the filters, and back."),
            ("← → space", "In the filters: go along them, turn one on or off."),
        ),
        typed=True,
    ),
    "fallbacks": PlaceRow(
        "Fallback models", "The models that the gateway tries, in order, where the chosen one fails."
    ),
    "conversations": PlaceRow(
        "Conversations",
        "Type to find a conversation by its title, its model or its profile.",
        (("enter", "Open the conversation."),),
        typed=True,
    ),
    "templates": PlaceRow(
        "Templates",
        "Type to find a template, or a name for a new one.",
        (("enter", "Open the template, or take the name."),),
        typed=True,
    ),
    "sets": PlaceRow(
        "Value sets",
        "Values for all slots at once, under a name; a CSV or a JSON file gives several.",
        (("enter", "Take the set, or the name."),),
        typed=True,
    ),
    "versions": PlaceRow(
        "Versions",
        "Every text of this template that was run, and what it gave.",
        (("enter", "Go back to the version."),),
    ),
    "gateway": PlaceRow("Gateway's copy", "What differs between this template and the gateway's copy of it."),
    "preview": PlaceRow("Preview", "The exact messages that a run would send now."),
    "conflict": PlaceRow("Changed outside", "The file and the edit here differ: choose which one is to stay."),
    "lane-choice": PlaceRow("Compare versions", "Versions of the template and sets of values to run side by side."),
    "table": PlaceRow("Table", "All figures of the lanes, to be sorted by any of them."),
    "standings": PlaceRow("Votes", "What all votes until now say of the models."),
    "usage": PlaceRow("Usage page", "What was used and what it cost, over any range, summed up in several ways."),
    "format": PlaceRow("Answer's schema", "The shape that the answer must have, checked as you type it.", typed=True),
    "profiles": PlaceRow(
        "Profiles",
        "A profile is a gateway, a key and defaults; the next message goes through it.",
        (("enter", "Take the profile."),),
    ),
    "key": PlaceRow(
        "API key",
        "The key is checked before it is kept, in a file that only you can read.",
        (("enter", "Check and keep it."),),
        typed=True,
    ),
    "links": PlaceRow(
        "Links", "The links of one message in full, before one is opened or copied.", (("enter", "Open the link."),)
    ),
    "ask": PlaceRow("Entry", "Type, or choose a line.", (("enter", "Take it."),), typed=True),
    "question": PlaceRow(
        "Question",
        "One answer is needed before it goes on; the careful one is chosen already.",
        (("enter", "Give the answer."),),
    ),
    "themes": PlaceRow("Themes", "Each theme is worn as you go over it.", (("enter", "Keep the theme."),)),
    "tour": PlaceRow("Tour", "Five steps that show what can be done; each can be tried."),
    "jump": PlaceRow(
        "Jump", "Press the letter that stands over a place to go there.", (("letter", "Go where it stands."),)
    ),
    "help": PlaceRow("Help", "This page. Type to find a command; it looks at those of all places.", typed=True),
    "anywhere": PlaceRow("Workbench", "These work wherever the focus is in the workbench.", typed=True, beside=True),
    "everywhere": PlaceRow("Everywhere", "These work on every screen.", typed=True),
}
"""Every place, in the order in which they are told."""
