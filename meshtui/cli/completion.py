"""`meshtui completion`: scripts by which shells complete commands, options and names; made from the parser itself."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from meshtui.cli.output import OK, emit

SHELLS = ("bash", "zsh", "fish")
KINDS = ("profiles", "templates", "tools", "models", "topics")
FILES = {"--attach", "--values", "--respond"}
FOLDERS = {"--home"}
WORDS_OF = {
    "--profile": "profiles",
    "--template": "templates",
    "--model": "models",
    "--judge": "models",
    "--tools": "tools",
}
"""Options whose values are looked up when tab is pressed, and the kind of words they take."""

ARGUMENTS_OF = {"templates": "templates", "tools": "tools", "models": "models", "help": "topics"}
"""Commands whose further arguments are looked up."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a command: its flags, its help, and how its value is completed, None where it takes none.

    `value` is words with blanks between them, `@KIND` for words looked up, `<files>`, `<folders>`, or empty.
    """

    flags: tuple[str, ...]
    help: str
    value: str | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `completion`."""
    parser.add_argument("shell", nargs="?", choices=SHELLS, help="the shell that shall complete")
    parser.add_argument("--words", choices=KINDS, help=argparse.SUPPRESS)


def completion(arguments: argparse.Namespace) -> int:
    """Print the script of a shell, or the words of a kind, a line each; return the exit code."""
    if arguments.words:
        for word in words(arguments):
            emit(word)
    else:
        emit({"bash": _bash, "zsh": _zsh, "fish": _fish}[arguments.shell or _shell()](), end="")
    return OK


def _shell() -> str:
    """Return the user's shell where it is one of ours, else bash."""
    name = os.path.basename(os.environ.get("SHELL", ""))
    return name if name in SHELLS else "bash"


def words(arguments: argparse.Namespace) -> list[str]:
    """Return the words of a kind from what is on disk; none where it cannot be read: a shell must not be disturbed."""
    from meshtui.cli.output import Refused

    if arguments.words == "topics":
        from meshtui.cli.pages import TOPICS

        return list(TOPICS)
    from meshtui.cli.surroundings import look_around

    try:
        here = look_around(arguments, may_ask=True)
        if arguments.words == "profiles":
            return list(here.config.profiles)
        if arguments.words == "templates":
            return [file.key for file in here.template_files().list()]
        if arguments.words == "tools":
            folders = [*([here.config.project / "tools"] if here.config.project else []), here.paths.tools]
            return sorted({path.stem for folder in folders for path in folder.glob("*.*") if path.suffix in _TOOLS})
        from meshtui.store.catalogues import Catalogues

        kept = Catalogues(here.paths.state / "catalogues").read(here.settings.base_url)
        return sorted({str(row["id"]) for row in kept.rows}) if kept is not None else []
    except (Refused, OSError, ValueError, KeyError):
        return []


_TOOLS = (".toml", ".json")


def commands() -> Iterator[tuple[str, str, list[Option], tuple[str, ...]]]:
    """Yield each command, the main one as an empty name: summary, options, the words that its first argument takes."""
    from meshtui.cli import COMMANDS, build_parser

    parser = build_parser(tuple(COMMANDS))
    yield "", "", _options(parser), tuple(COMMANDS)
    subparsers = next(action for action in _actions(parser) if isinstance(action.choices, dict))
    for name, sub in dict(subparsers.choices or {}).items():
        first = next((tuple(map(str, action.choices or ())) for action in _actions(sub) if _is_choice(action)), ())
        yield name, COMMANDS[name][0], _options(sub), first


def _actions(parser: argparse.ArgumentParser) -> Sequence[argparse.Action]:
    return parser._actions  # argparse keeps no other list of them


def _is_choice(action: argparse.Action) -> bool:
    return not action.option_strings and bool(action.choices)


def _options(parser: argparse.ArgumentParser) -> list[Option]:
    found = []
    for action in _actions(parser):
        if action.option_strings and action.help != argparse.SUPPRESS:
            value = None if action.nargs == 0 else _value(action)
            found.append(Option(tuple(action.option_strings), _summary(action), value))
    return found


def _summary(action: argparse.Action) -> str:
    return (action.help or "").partition("(")[0].replace("%(default)s", "").strip().rstrip(";:,")


def _value(action: argparse.Action) -> str:
    if action.choices:
        return " ".join(map(str, action.choices))
    flags = set(action.option_strings)
    if flags & FILES:
        return "<files>"
    if flags & FOLDERS:
        return "<folders>"
    return next((f"@{kind}" for flag, kind in WORDS_OF.items() if flag in flags), "")


def _cases() -> Iterator[str]:
    """Yield the arms of the case statement that bash and zsh share."""
    for name, _, options, first in commands():
        flags = " ".join(flag for option in options for flag in option.flags)
        more = f"@{ARGUMENTS_OF[name]}" if name in ARGUMENTS_OF else ""
        yield f"    {name or '-'}) flags='{flags}' first='{' '.join(first)}' more='{more}'"
        yield '      case "$before" in'
        for option in options:
            if option.value is not None:
                yield f"        {'|'.join(option.flags)}) value='{option.value or '<nothing>'}' ;;"
        yield "      esac ;;"


def _body(complete: str) -> str:
    """Return the function that fills `kinds` from the words before the cursor; `complete` hands them to the shell."""
    names = "|".join(name for name, *_ in commands() if name)
    cases = "\n".join(_cases())
    return f"""\
_meshtui_words() {{
  # $1: words with blanks, @KIND, <files>, <folders>, <nothing>
  case "$1" in
    @*) meshtui $_meshtui_common completion --words "${{1#@}}" 2>/dev/null ;;
    "<"*) ;;
    *) printf '%s\\n' "$1" | tr ' ' '\\n' ;;
  esac
}}

_meshtui_find() {{
  # sets kind to what completes "$1", after the words "$2" …
  current="$1" before="" command="-" given=0 value="" _meshtui_common=""
  shift 2
  local word
  case "$current" in
    --*=*) set -- "$@" "${{current%%=*}}"; current="${{current#*=}}" ;;
  esac
  for word in "$@"; do
    case "$before" in
      --profile|--home|--base-url) _meshtui_common="$_meshtui_common $before $word"; before="$word"; continue ;;
    esac
    case "$word" in
      {names}) if [ "$command" = - ]; then command="$word"; else given=$((given + 1)); fi ;;
      -*) ;;
      *) [ "$command" = - ] || given=$((given + 1)) ;;
    esac
    before="$word"
  done
  case "$command" in
{cases}
  esac
  if [ -n "$value" ]; then kind="$value"
  else
    case "$current" in
      -*) kind="$flags" ;;
      *) if [ -n "$first" ] && [ "$given" -eq 0 ]; then kind="$first"; else kind="$more"; fi ;;
    esac
  fi
}}

{complete}"""


def _bash() -> str:
    return "# bash completion of meshtui\n" + _body("""\
_meshtui() {
  local current before command given value flags first more kind _meshtui_common
  local line="${COMP_LINE:0:COMP_POINT}" typed=() head
  read -ra typed <<< "$line"
  case "$line" in *[[:space:]]) typed+=("") ;; esac
  _meshtui_find "${typed[${#typed[@]}-1]}" "${typed[@]:0:${#typed[@]}-1}"
  # bash replaces only what stands behind the last colon: model ids may hold one
  head="${current%"${current##*:}"}"
  local IFS=$'\\n'
  case "$kind" in
    "<files>") compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current")) ;;
    "<folders>") compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$(_meshtui_words "$kind")" -- "$current"))
       COMPREPLY=("${COMPREPLY[@]#"$head"}") ;;
  esac
}
complete -o default -F _meshtui meshtui
""")


def _zsh() -> str:
    return "#compdef meshtui\n# zsh completion of meshtui\n" + _body("""\
_meshtui() {
  emulate -L zsh
  local current before command given value flags first more kind _meshtui_common
  setopt local_options sh_word_split
  _meshtui_find "${words[CURRENT]}" "${(@)words[1,CURRENT-1]}"
  case "$kind" in
    "<files>") _files ;;
    "<folders>") _files -/ ;;
    *) compadd -- ${(f)"$(_meshtui_words "$kind")"} ;;
  esac
}
compdef _meshtui meshtui
""")


def _fish() -> str:
    lines = ["# fish completion of meshtui", "complete -c meshtui -f"]
    for name, summary, options, first in commands():
        here = f"__fish_seen_subcommand_from {name}" if name else "__fish_use_subcommand"
        if name:
            lines.append(f"complete -c meshtui -n __fish_use_subcommand -a {name} -d {_quoted(summary)}")
            more = f"(meshtui completion --words {ARGUMENTS_OF[name]})" if name in ARGUMENTS_OF else ""
            taken = " ".join(filter(None, (*first, more)))
            if taken:
                lines.append(f"complete -c meshtui -n {_quoted(here)} -a {_quoted(taken)}")
        for option in options:
            flags = " ".join(f"-l {flag[2:]}" if flag[:2] == "--" else f"-s {flag[1:]}" for flag in option.flags)
            line = f"complete -c meshtui -n {_quoted(here)} {flags} -d {_quoted(option.help)}"
            lines.append(line + _fish_value(option.value))
    return "\n".join(lines) + "\n"


def _fish_value(value: str | None) -> str:
    if value is None:
        return ""
    if value in ("<files>", "<folders>"):
        return " -r -F"
    if value.startswith("@"):
        return f" -x -a '(meshtui completion --words {value[1:]})'"
    return f" -x -a {_quoted(value)}" if value else " -x"


def _quoted(text: str) -> str:
    """Return a text as fish and sh read it whole."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
