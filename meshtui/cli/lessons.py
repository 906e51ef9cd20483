"""What `--help` teaches of each command: what it is for, examples that can be copied, exit codes of its own."""

from __future__ import annotations

import argparse
import shutil
import textwrap
from dataclasses import dataclass

from meshtui.cli.folding import folded_command

EXIT_CODES = (
    (0, "done"),
    (1, "meshtui's own fault"),
    (2, "bad usage or input file"),
    (3, "key refused"),
    (4, "rate limited"),
    (5, "spend cap or balance"),
    (6, "gateway, provider or network failure"),
    (7, "model or template not found"),
    (8, "request refused as invalid"),
    (130, "interrupted"),
)
"""Every exit code and what it says, in the same words everywhere."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is to be known of one command. An example is a command line and what it does."""

    about: str
    examples: tuple[tuple[str, str], ...]
    codes: str = ""


def codes_line() -> str:
    """Return all exit codes in one sentence."""
    return "Exit codes: " + " · ".join(f"{code} {words}" for code, words in EXIT_CODES) + "."


LESSONS = {
    "": Lesson(
        "A terminal workbench for the Mesh API and every other OpenAI-compatible gateway: iterate on prompt templates,"
        " compare models side by side, debug tool calls. Without a command it opens the workbench; the commands do the"
        " same work without a screen.",
        (
            ("meshtui demo", "try everything on a simulated gateway, without a key"),
            ("meshtui", "open the workbench; the first time it asks for a key"),
            ("meshtui --linear", "the same by lines: for screen readers, and terminals that cannot draw"),
            ('meshtui run "Say hello in Latin" -m openai/gpt-4o-mini', "one message, the answer on stdout"),
            ("meshtui help", "list what there is to read"),
        ),
    ),
    "demo": Lesson(
        "Opens the workbench on a simulated gateway that runs inside this very process. It needs no key and no"
        " network and costs nothing; what is said there is kept apart from your own history. ctrl+g gives a tour.",
        (
            ("meshtui demo", "open it"),
            ("meshtui demo --linear", "the same by lines, without a screen"),
            ("meshtui demo --home try", "leave nothing in your own folders"),
        ),
    ),
    "run": Lesson(
        "Sends one message and streams the answer to stdout; everything else that is worth saying goes to stderr. The"
        " prompt is the argument, or stdin where there is none or it is a dash. Templates, values of slots, tools,"
        " attachments and parameters are those of the workbench, and the turn is in the same history. A request that"
        " failed before the first byte of an answer is sent again, twice by default.",
        (
            ('meshtui run "Say hello in Latin" -m openai/gpt-4o-mini', "one question"),
            ('git diff | meshtui run - -s "Review this change"', "what a pipe brings; -v diff=@- puts it into a slot"),
            ("meshtui run -t refund-bot -v company=Acme -v letter=@letter.txt", "a template, one value from a file"),
            (
                'meshtui run "Is it warm in Rome?" --tools weather.toml --respond rules.json --json | jq .rounds',
                "tool calls answered from a file, until the model has what it wants",
            ),
        ),
        codes_line(),
    ),
    "compare": Lesson(
        "Sends one message to several models at once, or several templates, values or parameters to one, and prints a"
        " table of what each took: order of arrival, time to the first word, speed, tokens, price. Lanes beyond what"
        " is left of the minute wait for the next one; each fails, waits and ends for itself.",
        (
            ('meshtui compare "Name three risks." -m openai/gpt-4o -m anthropic/claude-haiku-4.5', "two models"),
            (
                'meshtui compare "Name a colour." -m openai/gpt-4o --vary temperature=0 --vary temperature=1',
                "one model, two temperatures",
            ),
            (
                "meshtui compare - -t refund-bot -t refund-bot-short --samples 3 --text < question.txt",
                "two templates, three answers each, texts before the table",
            ),
            ('meshtui compare "Name a fruit." -m a/b -m c/d --json | jq ".results[].lane"', "for scripts"),
        ),
        "Exit code: 3, 4 or 5 where a lane was refused for its key, a rate limit or a spend limit, whatever the others"
        " did; else 0 where at least one lane was answered in full, else that of the first that failed; 130 where it"
        " was interrupted.",
    ),
    "models": Lesson(
        "Lists the gateway's models, narrowed by words (letters of id, name, provider or description, in order) and by"
        " what they can do and cost. Prices are US dollars per million tokens, in and out.",
        (
            ("meshtui models claude --tools --context 200k --sort price", "narrow and sort"),
            ("meshtui models --free", "what costs nothing"),
            ("meshtui models show openai/gpt-4o-mini", "everything the gateway says of one model, as JSON"),
            ("meshtui models --vision --json | jq -r '.[].id'", "ids only, for scripts"),
        ),
        "Exit codes of its own: 7 where `show` names a model that the gateway does not have.",
    ),
    "templates": Lesson(
        "Works with the templates of this project (.meshtui/templates), of yours, and of the gateway: list and show"
        " them, render the exact messages for given values, import and export, and exchange them with the gateway"
        " without overwriting what changed on the other side.",
        (
            ("meshtui templates", "list what there is, with slots and faults"),
            ("meshtui templates render refund-bot -v company=Acme -v thing=refund", "the exact messages"),
            ("meshtui templates diff refund-bot", "what changed here, there, on both sides"),
            ("meshtui templates push refund-bot", "bring the gateway's copy up to date"),
        ),
        "Exit codes of its own: 7 where a template is not found, 2 where a file cannot be read as one.",
    ),
    "tools": Lesson(
        "Works with tool definitions: list and show those of this project (.meshtui/tools) and yours, check files"
        " against what gateways and providers accept, and import from other formats, such as Python functions,"
        " MCP or Anthropic definitions.",
        (
            ("meshtui tools", "list what there is, with faults"),
            ("meshtui tools check weather.json", "every fault with its place, and how to mend it"),
            ("meshtui tools import functions.py", "a tool for each function, read without running it"),
            ("meshtui tools export weather --shape anthropic", "the same for another provider"),
        ),
        "Exit codes of its own: 2 where `check` finds a fault, 7 where a tool is not found.",
    ),
    "sessions": Lesson(
        "Lists the conversations of the history, newest first, prints one, hands them out whole and takes them in. Ids"
        " may be shortened. What is here already is never taken in twice: new messages are added to it, and where it"
        " went on otherwise here, the other one comes in beside it.",
        (
            ("meshtui sessions search refund --limit 5", "those with a word in title, model or profile"),
            ("meshtui sessions export > all.json", "everything, with branches, requests, bills and attached files"),
            ("meshtui sessions export 01JD --as markdown", "the one whose id begins so, for a reader"),
            ("meshtui sessions import all.json", "on another machine; files with the messages of a request as well"),
        ),
        "Exit codes of its own: 2 where a file is bad, and then nothing of it is taken in; 7 where there is no such"
        " conversation.",
    ),
    "usage": Lesson(
        "Sums up what the history says was used: turns, tokens, cost, time to the first token, speed. A sum with ~"
        " contains estimates; --reconcile asks the gateway for the bills first.",
        (
            ("meshtui usage --since 7d --by model", "the last week, by model"),
            ("meshtui usage --since today --reconcile", "today, as billed"),
            ("meshtui usage --csv > usage.csv", "for a spreadsheet"),
            ("meshtui usage --json | jq -r .total.cost_usd", "one figure"),
        ),
    ),
    "config": Lesson(
        "Says where meshtui keeps things, what is in force here and now (the key masked), and whether gateway and key"
        " work. Flags beat the environment, the environment beats the profile, the profile beats the defaults.",
        (
            ("meshtui config path", "every file and folder"),
            ("meshtui config show --profile work", "what a run with this profile would use"),
            ("meshtui config check", "ask the gateway; one sentence says what is wrong"),
        ),
        "Exit codes of `check`: 0 where gateway and key work, else 3 to 6 as with `run`.",
    ),
    "sandbox": Lesson(
        "Serves the simulated gateway alone, for tests and for trying other programs against it. It implements the"
        " gateway's contract, limits, prices and errors included; faults can be switched on for all requests, or"
        " asked for by the name of a model, such as sandbox/fault-429-rpm, or by the header `X-Sandbox-Fault: NAME`."
        " It prints `listening on URL` when ready.",
        (
            ("meshtui sandbox --port 8089", "then: meshtui --base-url http://127.0.0.1:8089"),
            ("meshtui sandbox --speed 40 --ttft 0.5 --rpm 10", "as slow and as strict as the real one"),
            ("meshtui sandbox --fault cut:1", "cut the first answer off, once"),
            ("meshtui sandbox --list-faults", "everything it can do wrong on purpose"),
        ),
    ),
    "keys": Lesson(
        "Shows what your terminal sends for each key, so that a key that does nothing can be found out; or prints the"
        " table of all commands and their keys, with what your config file changed.",
        (
            ("meshtui keys", "press keys and see what arrives; what a command does with them"),
            ("meshtui keys --markdown", "the table of all keys"),
        ),
    ),
    "help": Lesson(
        "Prints a page of the documentation as plain text, by topic; without one it lists the topics. On a terminal a"
        " long page goes through $PAGER.",
        (
            ("meshtui help", "the topics"),
            ("meshtui help keys", "all keys"),
            ("meshtui help exit-codes", "one section"),
        ),
        "Exit codes of its own: 2 where there is no such topic.",
    ),
    "completion": Lesson(
        "Prints a script by which your shell completes commands, options, topics, profiles, templates, tools, files and"
        " model ids as you press tab. Model ids are those of the list kept on disk: nothing is asked of the network.",
        (
            ('eval "$(meshtui completion bash)"', "in ~/.bashrc"),
            ('eval "$(meshtui completion zsh)"', "in ~/.zshrc, after compinit"),
            ("meshtui completion fish > ~/.config/fish/completions/meshtui.fish", "once"),
        ),
    ),
}


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Gives each of several choices that an option explains a line of its own."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        parts = text.split(" · ")
        hang = "  " if len(parts) > 1 else ""
        return [line for part in parts for line in textwrap.wrap(part, width, subsequent_indent=hang)]


def _usage(parser: argparse.ArgumentParser) -> str:
    """Return how a command is used in one line; the options are told below."""
    words = [action for action in getattr(parser, "words", ()) if action.help != argparse.SUPPRESS]
    rows = []
    for action in words:
        name = action.metavar or "|".join(map(str, action.choices or ())) or action.dest.upper()
        rows.append(f"[{name} …]" if action.nargs == "*" else f"[{name}]")
    return " ".join(["%(prog)s", *(rows or ["[COMMAND]"] * (not hasattr(parser, "words"))), "[OPTION …]"])


def teach(parser: argparse.ArgumentParser, name: str) -> None:
    """Put the lesson of a command into the help of its parser, wrapped to the terminal."""
    lesson = LESSONS.get(name)
    if lesson is None:
        return
    columns = max(min(shutil.get_terminal_size().columns, 102), 40)
    width = columns - 2
    parser.usage = _usage(parser)
    parser.description = textwrap.fill(lesson.about, width, break_on_hyphens=False)
    lines = ["examples:"]
    for command, what in lesson.examples:
        lines += [
            *folded_command(f"  {command}", columns),
            *textwrap.wrap(what, width, initial_indent="      ", subsequent_indent="      "),
        ]
    if lesson.codes:
        lines += ["", *textwrap.wrap(lesson.codes, width, break_on_hyphens=False)]
    parser.epilog = "\n".join(lines)
    parser.formatter_class = Formatter
