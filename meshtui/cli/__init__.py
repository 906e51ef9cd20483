"""The command line: what to do, with what, how it ended. What is heavy is imported by the command that needs it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from meshtui import __version__
from meshtui.cli.command_line import Command, Line
from meshtui.cli.output import FAULT, INTERRUPTED, OK, Refused, close_quietly, emit, say
from meshtui.cli.values import named


def run_command(arguments: Sequence[str]) -> int:
    """Run one command line; return its exit code. Every expected failure is one sentence on stderr."""
    parser = build_parser(arguments)
    parsed = parser.parse_args(arguments)
    try:
        code: int = parsed.command(parsed)
        return code
    except Refused as refused:
        say(str(refused))
        return refused.code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        close_quietly(sys.stdout)
        return INTERRUPTED
    except Exception as error:
        if os.environ.get("MESHTUI_TRACEBACK"):
            raise
        say(f"a fault of meshtui's own, {type(error).__name__}: {error} (MESHTUI_TRACEBACK=1 shows where)")
        return FAULT


def build_parser(arguments: Sequence[str] = ()) -> argparse.ArgumentParser:
    """Return the parser; a command's options are only there when `arguments` name it.

    Where their first word is a command, or there is none, no other command is there either: nothing would tell of it.
    """
    asked = "-h" in arguments or "--help" in arguments
    if asked:
        from meshtui.cli.lessons import teach
    common = Command(add_help=False)
    _add_common(common)
    parser = Line(
        prog="meshtui",
        parents=[common],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.flags += common.flags
    if asked:
        teach(parser, "")
    parser.add_argument("--version", action="version", version=f"meshtui {__version__}")
    _add_linear(parser)
    parser.set_defaults(command=_workbench)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", prog="meshtui", parser_class=Command)
    alone = not asked and (not arguments or arguments[0] in COMMANDS)
    for name, (summary, add, command) in COMMANDS.items():
        if alone and name not in arguments:
            continue
        sub = commands.add_parser(
            name,
            help=summary,
            description=summary,
            parents=[common],
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.set_defaults(command=command)
        if name in arguments:
            add(sub)
            parser.below.append(sub)
        if asked and name in arguments:
            teach(sub, name)
    return parser


def _add_common(parser: argparse.ArgumentParser) -> None:
    """Add the options that work on every command, before or after its name."""
    for flag, metavar, kind, help in (
        ("--base-url", "URL", str, "the gateway, with or without /v1 (MESHAPI_BASE_URL)"),
        ("--profile", "NAME", named, "a profile of the config file"),
        ("--home", "DIR", named, "one folder for config, data and state (MESHTUI_HOME)"),
    ):
        parser.add_argument(flag, type=kind, metavar=metavar, help=help, default=argparse.SUPPRESS)


def _add_linear(parser: argparse.ArgumentParser) -> None:
    """Add the option of what opens the workbench."""
    parser.add_argument(
        "--linear",
        action="store_true",
        default=argparse.SUPPRESS,
        help="lines instead of a screen, for screen readers and terminals that cannot draw",
    )


def _workbench(arguments: argparse.Namespace) -> int:
    from meshtui.cli.workbench import workbench

    return workbench(arguments)


def _demo(arguments: argparse.Namespace) -> int:
    from meshtui.cli.workbench import demo

    return demo(arguments)


def _add_sandbox(parser: argparse.ArgumentParser) -> None:
    from meshtui.sandbox.options import add_arguments

    add_arguments(parser)


def _sandbox(arguments: argparse.Namespace) -> int:
    from meshtui.sandbox import serve
    from meshtui.sandbox.options import faults_and_switches, settings_from

    if arguments.list_faults:
        emit(faults_and_switches())
        return OK
    try:
        settings = settings_from(arguments)
    except ValueError as error:
        raise Refused(str(error)) from None
    try:
        serve(settings)
    except OSError as error:
        raise Refused(str(error.strerror or error)) from None
    return OK


def _add_run(parser: argparse.ArgumentParser) -> None:
    from meshtui.cli.run import add_arguments

    add_arguments(parser)


def _run(arguments: argparse.Namespace) -> int:
    from meshtui.cli.run import run

    return run(arguments)


def _add_compare(parser: argparse.ArgumentParser) -> None:
    from meshtui.cli.compare import add_arguments

    add_arguments(parser)


def _compare(arguments: argparse.Namespace) -> int:
    from meshtui.cli.compare import compare
    from meshtui.cli.surroundings import look_around

    return compare(arguments, look_around(arguments))


def _add_models(parser: argparse.ArgumentParser) -> None:
    from meshtui.cli.models import add_arguments

    add_arguments(parser)


def _models(arguments: argparse.Namespace) -> int:
    from meshtui.cli.models import models

    return models(arguments)


def _add_config(parser: argparse.ArgumentParser) -> None:
    from meshtui.cli.config import add_arguments

    add_arguments(parser)


def _config(arguments: argparse.Namespace) -> int:
    from meshtui.cli.config import config

    return config(arguments)


def _add_keys(parser: argparse.ArgumentParser) -> None:
    from meshtui.cli.keys import add_arguments

    add_arguments(parser)


def _keys(arguments: argparse.Namespace) -> int:
    from meshtui.cli.keys import keys

    return keys(arguments)


def _add_sessions(parser: argparse.ArgumentParser) -> None:
    from meshtui.cli.sessions import add_arguments

    add_arguments(parser)


def _sessions(arguments: argparse.Namespace) -> int:
    from meshtui.cli.sessions import sessions

    return sessions(arguments)


def _add_usage(parser: argparse.ArgumentParser) -> None:
    from meshtui.cli.usage import add_arguments

    add_arguments(parser)


def _usage(arguments: argparse.Namespace) -> int:
    from meshtui.cli.usage import usage

    return usage(arguments)


def _add_templates(parser: argparse.ArgumentParser) -> None:
    from meshtui.cli.templates import add_arguments

    add_arguments(parser)


def _templates(arguments: argparse.Namespace) -> int:
    from meshtui.cli.templates import templates

    return templates(arguments)


def _add_help(parser: argparse.ArgumentParser) -> None:
    from meshtui.cli.pages import add_arguments

    add_arguments(parser)


def _help(arguments: argparse.Namespace) -> int:
    from meshtui.cli.pages import help_command

    return help_command(arguments)


def _add_completion(parser: argparse.ArgumentParser) -> None:
    from meshtui.cli.completion import add_arguments

    add_arguments(parser)


def _completion(arguments: argparse.Namespace) -> int:
    from meshtui.cli.completion import completion

    return completion(arguments)


def _add_tools(parser: argparse.ArgumentParser) -> None:
    from meshtui.cli.tools import add_arguments

    add_arguments(parser)


def _tools(arguments: argparse.Namespace) -> int:
    from meshtui.cli.tools import tools

    return tools(arguments)


Add = Callable[[argparse.ArgumentParser], None]
Run = Callable[[argparse.Namespace], int]

COMMANDS: dict[str, tuple[str, Add, Run]] = {
    "demo": ("open the workbench on a simulated gateway; no key is needed", _add_linear, _demo),
    "run": ("send one message without a screen and print the answer", _add_run, _run),
    "compare": ("send one message to several models at once and print what each took", _add_compare, _compare),
    "models": ("list, search or show the gateway's models", _add_models, _models),
    "templates": ("list, show, import, export and exchange templates with the gateway", _add_templates, _templates),
    "tools": ("list, check, import and export tool definitions", _add_tools, _tools),
    "sessions": ("list, show, export and import conversations", _add_sessions, _sessions),
    "usage": ("show what was used and what it cost, by day, model, session or profile", _add_usage, _usage),
    "config": ("show where things are kept and what is set, check gateway and key", _add_config, _config),
    "keys": ("show what your terminal sends for a key and what that runs, or list all keys", _add_keys, _keys),
    "sandbox": ("serve the simulated gateway alone", _add_sandbox, _sandbox),
    "help": ("print a page of the documentation", _add_help, _help),
    "completion": ("print what makes your shell complete what you type", _add_completion, _completion),
}
