"""The completion scripts of bash, zsh and fish. Names are foreign text: nothing of them is ever evaluated.

Each finds the command, its first word and the option that waits for its value, whatever stands between them; `--home`,
`--profile` and `--base-url` of the line count when names are looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from meshtui.cli.completion import Completed, Option

# bash

_BASH = r"""# bash completion of meshtui
_meshtui_value() {
  # sets value to what the option $2 of the command $1 takes; empty where it takes none
  value=""
  case "$1 $2" in
@VALUES@
  esac
}

_meshtui_command() {
  # sets flags, and more to what may stand next in the command $1 whose first word is $2
  flags="" more=""
  case "$1" in
@FLAGS@
  esac
  case "$1 $2" in
@MORE@
  esac
}

_meshtui_split() {
  # splits the line $1 into typed, as bash itself does; the last one is what tab completes.
  # quote is the quote that is open, head how much of the last word bash will leave as it is.
  local i char token="" some="" breaks="${COMP_WORDBREAKS//[^:=@]/}"
  typed=() quote="" head=0
  for ((i = 0; i < ${#1}; i++)); do
    char="${1:i:1}"
    if [[ $quote == "'" ]]; then
      if [[ $char == "'" ]]; then quote=""; else token+="$char"; fi
    elif [[ $char == "\\" ]]; then
      i=$((i + 1)) some=1 token+="${1:i:1}"
    elif [[ $quote == '"' ]]; then
      if [[ $char == '"' ]]; then quote=""; else token+="$char"; fi
    elif [[ $char == "'" || $char == '"' ]]; then
      quote="$char" some=1 head=${#token}
    elif [[ $char == [[:space:]] ]]; then
      [[ -z $some ]] || typed+=("$token")
      token="" some="" head=0
    else
      token+="$char" some=1
      [[ $breaks != *"$char"* ]] || head=${#token}
    fi
  done
  typed+=("$token")
}

_meshtui_find() {
  # from the words before the last one: command, first, pending (the option that waits for its value), common
  local word
  command="-" first="" pending="" common=()
  for word in "$@"; do
    if [[ -n $pending ]]; then
      case "$pending" in --profile|--home|--base-url) common+=("$pending" "${word/#\~\//$HOME/}") ;; esac
      pending=""
      continue
    fi
    case "$word" in
      --profile=*|--home=*|--base-url=*) common+=("$word") ;;
      -*=*) ;;
      -*) _meshtui_value "$command" "$word"; [[ -z $value ]] || pending="$word" ;;
      *) if [[ $command != - ]]; then first="${first:-$word}"
         else case "$word" in @NAMES@) command="$word" ;; esac; fi ;;
    esac
  done
}

_meshtui_offer() {
  # adds a word to the reply, written as the line has it
  local word="${1:head}"
  case "$quote" in
    "'") word="${word//\'/\'\\\'\'}" ;;
    '"') word="${word//\\/\\\\}" word="${word//\"/\\\"}" word="${word//\$/\\\$}" word="${word//\`/\\\`}" ;;
    *) [[ -n $files ]] || printf -v word %q "$word" ;;
  esac
  COMPREPLY+=("$word")
}

_meshtui() {
  local typed quote head command first pending value flags more common current before="" kind files="" word
  _meshtui_split "${COMP_LINE:0:COMP_POINT}"
  current="${typed[${#typed[@]}-1]}"
  _meshtui_find "${typed[@]:1:${#typed[@]}-2}"
  if [[ -z $pending && $current == --*=* ]]; then
    before="${current%%=*}=" pending="${current%%=*}" current="${current#*=}"
  fi
  _meshtui_command "$command" "$first"
  if [[ -n $pending ]]; then _meshtui_value "$command" "$pending"; kind="$value"
  elif [[ $current == -* ]]; then kind="$flags"
  else kind="$more"; fi
  COMPREPLY=()
  case "$kind" in *"<files>"*|*"<folders>"*) files=1; compopt -o filenames 2>/dev/null ;; esac
  for kind in $kind; do
    while IFS= read -r word; do
      [[ $word != "$current"* ]] || _meshtui_offer "$before$word"
    done < <(case "$kind" in
      @*) command meshtui "${common[@]}" completion --words "${kind#@}" 2>/dev/null ;;
      "<files>") compgen -f -- "$current" ;;
      "<folders>") compgen -d -- "$current" ;;
      "<nothing>") ;;
      *) printf '%s\n' "$kind" ;;
    esac)
  done
}
complete -F _meshtui meshtui
"""


def bash(commands: Sequence[Completed]) -> str:
    """Return the script of bash, from 3.2 on."""
    texts = {
        "NAMES": "|".join(command.name for command in commands if command.name),
        "VALUES": "\n".join(_bash_values(commands)),
        "FLAGS": "\n".join(
            f'    {command.name or "-"}) flags="{" ".join(flag for one in command.options for flag in one.flags)}" ;;'
            for command in commands
        ),
        "MORE": "\n".join(_bash_more(commands)),
    }
    return _filled(_BASH, texts)


def _bash_values(commands: Sequence[Completed]) -> Iterator[str]:
    """Yield an arm for all options that take the same."""
    taken: dict[str, list[str]] = {}
    for command in commands:
        for option in command.options:
            if option.value is not None:
                taken.setdefault(option.value or "<nothing>", []).extend(
                    f'"{command.name or "-"} {flag}"' for flag in option.flags
                )
    return (f"    {'|'.join(flags)}) value='{value}' ;;" for value, flags in taken.items())


def _bash_more(commands: Sequence[Completed]) -> Iterator[str]:
    for command in commands:
        name = command.name or "-"
        yield f"    \"{name} \") more='{' '.join(command.first)}' ;;"
        yield from (f"    \"{name} {word}\") more='{value}' ;;" for word, value in command.arguments.items())


# zsh

_ZSH = r"""#compdef meshtui
# zsh completion of meshtui
_meshtui_from() {
  # offers what each argument stands for: @KIND, <files>, <folders>
  local kind expl
  local -a found
  for kind in "$@"; do
    case "$kind" in
      @*)
        found=("${(@f)$(command meshtui "${(@)common}" completion --words "${kind#@}" 2>/dev/null)}")
        found=("${(@)found:#}")
        _wanted "${kind#@}" expl "${kind#@}" compadd -a found ;;
      "<files>") _files ;;
      "<folders>") _files -/ ;;
    esac
  done
}

_meshtui_first() {
  # offers the first words of the command $1
  local -a first
  case "$1" in
@FIRST@
  esac
  _describe -t commands word first
}

_meshtui_more() {
  # offers what may follow the first word of the command $1
  case "$1 ${line[1]}" in
@MORE@
  esac
}

_meshtui() {
  local curcontext="$curcontext" context state state_descr word pending=""
  local -a line common
  local -A opt_args
  for word in "${(@)words[2,CURRENT-1]}"; do
    word="${(Q)word}"
    case "$pending$word" in
      "--profile "*|"--home "*|"--base-url "*) common+=("${pending% }" "${word/#\~\//$HOME/}"); pending="" ;;
      --profile|--home|--base-url) pending="$word " ;;
      --profile=*|--home=*|--base-url=*) common+=("$word") ;;
    esac
  done
  _arguments -C -S \
@MAIN@
    '1: :->command' '*:: :->rest' && return
  case "$state" in
    command) _meshtui_first - ;;
    rest)
      case "${words[1]}" in
@COMMANDS@
      esac ;;
  esac
}

(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
if [[ "${funcstack[1]}" == _meshtui ]]; then _meshtui "$@"; else compdef _meshtui meshtui; fi
"""


def zsh(commands: Sequence[Completed]) -> str:
    """Return the script of zsh, for `eval` or as the file `_meshtui` of a folder in `fpath`."""
    main, *others = commands
    more = [
        f'    "{command.name} {word}") _meshtui_from {" ".join(_single(one) for one in value.split())} ;;'
        for command in others
        for word, value in command.arguments.items()
    ]
    texts = {
        "MORE": "\n".join(more),
        "MAIN": " \\\n".join(f"    {_zsh_option(option)}" for option in main.options) + " \\",
        "FIRST": "\n".join(_zsh_first(command) for command in commands if command.first),
        "COMMANDS": "\n".join(map(_zsh_command, others)),
    }
    return _filled(_ZSH, texts)


def _zsh_first(command: Completed) -> str:
    rows = (
        _single(f"{word}:{about}" if about else word)
        for word, about in ((word, about.replace(":", "\\:")) for word, about in command.first.items())
    )
    return f"    {command.name or '-'}) first=({' '.join(rows)}) ;;"


def _zsh_command(command: Completed) -> str:
    rows = [_zsh_option(option) for option in command.options]
    if command.first:
        rows.append(f"'1: : _meshtui_first {command.name}'")
    rows.append(f"'*: : _meshtui_more {command.name}'")
    return f"        {command.name}) _arguments -C -S \\\n          " + " \\\n          ".join(rows) + " ;;"


def _zsh_option(option: Option) -> str:
    """Return an option as `_arguments` takes it."""
    about = "".join(f"\\{char}" if char in "\\[]:" else char for char in option.help)
    spec = f"[{about}]"
    if option.value is not None:
        spec += f": :{_zsh_value(option.value)}"
    flags = [flag if option.value is None else flag + ("=" if flag[:2] == "--" else "+") for flag in option.flags]
    before = "*" if option.repeats else f"({' '.join(option.flags)})"
    if len(flags) == 1:
        return _single(before + flags[0] + spec)
    return f"{_single(before)}{{{','.join(flags)}}}{_single(spec)}"


def _zsh_value(value: str) -> str:
    if not value:
        return " "
    if value[0] in "@<":
        return " _meshtui_from " + " ".join(f'"{one}"' for one in value.split())
    return f"({value})"


# fish

_FISH = r"""# fish completion of meshtui
function __meshtui_takes
    # whether the option $argv[2] of the command $argv[1] takes a value
    switch "$argv"
        case @TAKING@
            return 0
    end
    return 1
end

function __meshtui_line
    # prints the command, - where there is none yet, and its first word
    set -l command -
    set -l first
    set -l pending
    for word in (commandline -opc)[2..-1]
        if test -n "$pending"
            set pending
            continue
        end
        switch "$word"
            case '-*=*'
            case '-*'
                __meshtui_takes $command $word; and set pending $word
            case '*'
                if test $command != -
                    test -n "$first"; or set first $word
                else if contains -- "$word" @NAMES@
                    set command $word
                end
        end
    end
    printf '%s\n' $command "$first"
end

function __meshtui_at
    # whether the line is in the command $argv[1], and its first word is one of the others, '' for none yet
    set -l line (__meshtui_line)
    test $line[1] = $argv[1]; or return 1
    test (count $argv) -eq 1; or contains -- "$line[2]" $argv[2..-1]
end

function __meshtui_words
    # prints the names of a kind, looked up as the line says
    set -l common
    set -l pending
    for word in (commandline -opc)[2..-1]
        if test -n "$pending"
            set -a common $pending (string replace -r '^~(?=/)' $HOME -- $word)
            set pending
            continue
        end
        switch "$word"
            case --profile --home --base-url
                set pending $word
            case '--profile=*' '--home=*' '--base-url=*'
                set -a common $word
        end
    end
    command meshtui $common completion --words $argv[1] 2>/dev/null
end

complete -c meshtui -e
complete -c meshtui -f
"""


NONE_YET = " ''"


def fish(commands: Sequence[Completed]) -> str:
    """Return the script of fish."""
    taking = [
        _single(f"{command.name or '-'} {flag}")
        for command in commands
        for option in command.options
        if option.value is not None
        for flag in option.flags
    ]
    texts = {
        "TAKING": " ".join(taking),
        "NAMES": " ".join(command.name for command in commands if command.name),
    }
    return _filled(_FISH, texts) + "\n".join(line for command in commands for line in _fish_lines(command)) + "\n"


def _fish_lines(command: Completed) -> Iterator[str]:
    here = f"__meshtui_at {command.name or '-'}"
    for word, about in command.first.items():
        yield f"complete -c meshtui -n {_fish_quoted(here + NONE_YET)} -a {word} -d {_fish_quoted(about)}"
    for value in dict.fromkeys(command.arguments.values()):
        firsts = " ".join(word for word, taken in command.arguments.items() if taken == value)
        yield f"complete -c meshtui -n {_fish_quoted(f'{here} {firsts}')}{_fish_value(value, '')}"
    for option in command.options:
        flags = " ".join(f"-l {flag[2:]}" if flag[:2] == "--" else f"-s {flag[1:]}" for flag in option.flags)
        line = f"complete -c meshtui -n {_fish_quoted(here)} {flags} -d {_fish_quoted(option.help)}"
        yield line + ("" if option.value is None else _fish_value(option.value, " -r"))


def _fish_value(value: str, needed: str) -> str:
    """Return what offers a value; `needed` says that there must be one."""
    words = [f"(__meshtui_words {one[1:]})" if one[0] == "@" else one for one in value.split() if one[0] != "<"]
    files = " -F" if "<" in value else " -f"
    return f"{needed}{files}" + (f" -a {_fish_quoted(' '.join(words))}" if words else "")


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _single(text: str) -> str:
    """Return a text in single quotes, as every POSIX shell reads it."""
    return "'" + text.replace("'", "'\\''") + "'"


def _filled(script: str, texts: Mapping[str, str]) -> str:
    for name, text in texts.items():
        script = script.replace(f"@{name}@", text)
    return script


SCRIPTS: Mapping[str, Callable[[Sequence[Completed]], str]] = {"bash": bash, "zsh": zsh, "fish": fish}
"""The script of each shell, made from the commands."""
