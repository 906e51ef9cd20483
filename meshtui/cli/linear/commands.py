"""The one table of slash words: it feeds the loop, /help and the completion."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Slash:
    """One slash word: what it takes, what it does in one line, and the method that does it."""

    name: str
    takes: str
    help: str

    @property
    def method(self) -> str:
        """The name of the method that does it; it is given what stands behind the word."""
        return f"do_{self.name}"

    @property
    def line(self) -> str:
        """The word, what it takes and its help, in one line."""
        return f"/{self.name}{f' {self.takes}' if self.takes else ''}: {self.help}"


COMMANDS = tuple(
    Slash(*row)
    for row in (
        ("help", "[WORD]", "list these words, or explain one"),
        ("model", "[ID]", "say which model answers, or choose another by id, by words or by its number"),
        ("models", "[WORDS]", "list the models that fit, with numbers"),
        ("param", "[NAME=VALUE]", "set a parameter of the request; without a value remove it; alone, list what is set"),
        ("params", "[WORDS]", "list every parameter with what it takes, with numbers"),
        ("attach", "PATH", "attach a picture, video or sound to the next message"),
        ("retry", "[MODEL]", "ask the last message again, perhaps another model"),
        ("read", "", "read the last answer again"),
        ("thought", "", "read the reasoning of the last answer"),
        ("history", "", "read the whole conversation"),
        (
            "compare",
            "MODEL MODEL …",
            "ask several models one message; numbers work too; the word blind first hides names",
        ),
        ("answers", "[N]", "list the answers of the comparison, or read one"),
        ("keep", "N", "go on with one answer of the comparison"),
        ("vote", "N", "say which answer of the comparison is best; after a blind one the names are told"),
        ("votes", "", "say what all votes say of the models"),
        ("judge", "[MODEL]", "ask all again through the gateway, and let a model judge the answers"),
        ("diff", "[N M]", "say how two answers differ; after a template run, from the last version's"),
        ("templates", "[WORDS]", "list the templates, with numbers"),
        ("template", "[NAME]", "open a template by name or number, or read the open one"),
        ("set", "NAME=VALUE", "set the value of a slot"),
        (
            "values",
            "[NAME]",
            "list the template's sets of values, or take one; save NAME keeps one, delete NAME deletes it",
        ),
        ("line", "N [TEXT]", "change a line of the template; without a text, edit or ask for it"),
        ("insert", "N TEXT", "put a line before line N of the template"),
        ("delete", "N", "delete a line of the template"),
        ("run", "[MESSAGE]", "run the template as it stands, perhaps with a message behind it"),
        ("save", "", "write the template into its file"),
        ("versions", "", "list the versions of the template that were run"),
        ("tools", "[NAME …]", "list the tools; with names, turn each on or off"),
        ("calls", "", "read the tool calls that wait for results"),
        ("result", "N TEXT", "give the result of a call"),
        ("arguments", "N JSON", "change the arguments of a call"),
        ("drop", "N", "let a call not go back"),
        ("go", "", "send the results back"),
        ("usage", "", "say what was used, what it cost and what is left of limits"),
        ("conversations", "[WORDS]", "list the conversations, with numbers"),
        ("open", "N", "open a conversation of that list"),
        ("new", "", "begin an empty conversation"),
        ("profile", "[NAME]", "list the profiles, or send through another one"),
        ("key", "", "enter another API key; it is not shown"),
        ("quit", "", "leave; ctrl+d does too"),
    )
)

BY_NAME = {command.name: command for command in COMMANDS}
