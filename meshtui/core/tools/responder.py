"""Responders and canned rules as people write them, in a tool file or in a file for `--respond`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast, get_args

from meshtui.core.json.text import kind_of
from meshtui.core.nearest import did_you_mean, nearest
from meshtui.core.tools.tool import Command, Responder, ResponderKind, Rule

KINDS: tuple[str, ...] = get_args(ResponderKind)
LONGEST_WAIT = 3600.0
"""Seconds that a latency or a time limit may be."""

SYNONYMS: Mapping[str, Sequence[str]] = {
    "tool": ("tool", "name", "function"),
    "when": ("when", "match", "arguments", "args"),
    "result": ("result", "output", "content", "response", "return"),
    "latency": ("latency", "delay"),
    "error": ("error", "fail"),
}
"""The words of a rule, each with those that are taken for it."""

TIME_LIMIT = 30.0
"""Seconds that a command has where its file does not say."""

SLIP = 0.75
"""How like a word of a rule a member is that was meant as one: `whn`, `wehn`, but not `where`."""

RESPONDER_WORDS = ("kind", "rules", "argv", "timeout", "folder", "environment")

_WORD_OF = {synonym: word for word, synonyms in SYNONYMS.items() for synonym in synonyms}


def rules_from(value: object) -> tuple[Rule, ...]:
    """Read canned rules, in the order in which they are tried.

    Known are a list of rules, one rule, `{"rules": […]}`, and `{"tool name": result, or a list of its rules}`.
    Raises ValueError with one sentence that names the rule and the fault.
    """
    if isinstance(value, Mapping) and isinstance(value.get("rules"), list) and len(value) == 1:
        value = value["rules"]
    if isinstance(value, list):
        return tuple(_rule(row, f"rule {number}") for number, row in enumerate(value, 1))
    if not isinstance(value, Mapping):
        raise ValueError(f"rules are a list, or an object with results by tool name, not {kind_of(value)}")
    if _is_rule(value):
        return (_rule(value, "the rule"),)
    return tuple(rule for name, answer in value.items() for rule in _rules_of(str(name), answer))


def _rules_of(name: str, answer: object) -> Sequence[Rule]:
    """Read what stands under a tool's name: its rules, or a result for every call."""
    rows = answer if isinstance(answer, list) and answer else [answer]
    if not all(_is_rule(row) for row in rows) and not _means_rules(answer):
        _refuse_slips(name, answer)
        return [Rule(answer, tool=name)]
    rules = []
    for number, row in enumerate(rows, 1):
        rule = _rule(row, f"rule {number} of {name}")
        if rule.tool not in ("", name):
            raise ValueError(f"rule {number} of {name} is for another tool, {rule.tool}: put it under its name")
        rules.append(Rule(rule.result, rule.when, name, rule.latency, rule.error))
    return rules


def _is_rule(value: object) -> bool:
    """Whether an object has the words of a rule and no others, and says what is answered."""
    if not isinstance(value, Mapping) or not all(word in _WORD_OF for word in value):
        return False
    return bool({_WORD_OF[word] for word in value} & {"result", "error"})


def _means_rules(answer: object) -> bool:
    """Whether what is not made of rules was meant so: a slip in a rule must not send the rule as a result."""
    if isinstance(answer, Mapping):
        return "when" in answer
    rows = answer if isinstance(answer, list) else []
    objects = [row for row in rows if isinstance(row, Mapping)]
    return len(objects) == len(rows) and any("when" in row or "result" in row for row in objects)


def _refuse_slips(name: str, answer: object) -> None:
    """Refuse a list of objects with a member that is nearly a word of a rule: it may be a result, or rules misspelt."""
    rows = [row for row in answer if isinstance(row, Mapping)] if isinstance(answer, list) else []
    strange = [(at, str(word)) for at, row in enumerate(rows, 1) for word in row if word not in _WORD_OF]
    for number, word in strange if isinstance(answer, list) and len(rows) == len(answer) else ():
        if near := nearest(word, SYNONYMS, SLIP):
            slip = f"{word!r} is no part of a rule: did you mean {near!r}?"
            raise ValueError(
                f'rule {number} of {name}: {slip} A list that is the result itself goes into {{"result": […]}}'
            )


def _rule(row: object, where: str) -> Rule:
    if not isinstance(row, Mapping):
        raise ValueError(f"{where} is {kind_of(row)}, not an object with when and result")
    found: dict[str, Any] = {}
    for word, value in row.items():
        name = _WORD_OF.get(word)
        if name is None:
            meant = did_you_mean(str(word), SYNONYMS, f"it has {', '.join(SYNONYMS)}")
            raise ValueError(f"{where}: {word!r} is no part of a rule; {meant}")
        if name in found:
            raise ValueError(f"{where} says {name} twice: {', '.join(key for key in row if _WORD_OF.get(key) == name)}")
        found[name] = value
    when = found.get("when", {})
    if not isinstance(when, Mapping):
        raise ValueError(f"{where}: when is {kind_of(when)}, not an object with values by path")
    tool = found.get("tool", "")
    if not isinstance(tool, str):
        raise ValueError(f"{where}: tool is {kind_of(tool)}, not the name of a tool")
    result = found.get("result")
    error = _error(found.get("error", ""), result)
    if not error and "result" not in found:
        raise ValueError(f"{where} has neither a result nor an error")
    return Rule(result, dict(when), tool, seconds(found.get("latency", 0.0), f"{where}: latency"), error)


def _error(value: Any, result: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or value is False:
        return ""
    if value is True:
        return result if isinstance(result, str) and result else "error"
    return json.dumps(value, ensure_ascii=False)


def seconds(value: object, what: str) -> float:
    """Return a number of seconds; raises ValueError, one sentence that begins with `what`."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{what} is {kind_of(value)}, not a number of seconds")
    if not 0 <= value <= LONGEST_WAIT:
        raise ValueError(f"{what} must be from 0 to {LONGEST_WAIT:g} seconds")
    return float(value)


def responder_from(value: object) -> Responder:
    """Read the `responder` of a tool file; without a kind it is what its members are for.

    Raises ValueError, one sentence. Members that are not ours are passed over.
    """
    if value is None:
        return Responder()
    if not isinstance(value, Mapping):
        raise ValueError(f"responder is {kind_of(value)}, not a table with kind and what belongs to it")
    try:
        rules = rules_from(value["rules"]) if "rules" in value else ()
        command = _command(value) if "argv" in value else None
    except ValueError as error:
        raise ValueError(f"responder: {error}") from None
    kind = value.get("kind", "command" if command else "canned" if rules else "hand")
    if kind not in KINDS:
        raise ValueError(f"responder: kind is {kind!r}, not one of {', '.join(KINDS)}")
    if kind == "command" and command is None:
        raise ValueError('responder: a command needs argv, a list of texts as in ["python3", "weather.py"]')
    return Responder(cast("ResponderKind", kind), rules, command)


def _command(value: Mapping[str, Any]) -> Command:
    argv, environment, folder = value["argv"], value.get("environment", []), value.get("folder", "")
    if not _texts(argv) or not argv or not argv[0]:
        raise ValueError('argv is a list of texts, program first and without a shell, as in ["python3", "weather.py"]')
    if not _texts(environment):
        raise ValueError("environment is a list of the names of variables that the command may see")
    if not isinstance(folder, str):
        raise ValueError(f"folder is {kind_of(folder)}, not a path")
    timeout = seconds(value.get("timeout", TIME_LIMIT), "timeout")
    if not timeout:
        raise ValueError("timeout is 0: a command needs a moment")
    return Command(tuple(argv), timeout, folder, tuple(environment))


def _texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, str) and "\0" not in item for item in value)


def rule_value(rule: Rule) -> dict[str, Any]:
    """Return a rule as it is written in a file, without what it leaves unsaid."""
    row: dict[str, Any] = {"tool": rule.tool} if rule.tool else {}
    if rule.when:
        row["when"] = dict(rule.when)
    if rule.result is not None or not rule.error:
        row["result"] = rule.result
    if rule.latency:
        row["latency"] = rule.latency
    if rule.error:
        row["error"] = rule.error
    return row


def responder_value(responder: Responder) -> dict[str, Any]:
    """Return a responder as it is written in a file; an empty object for one that says nothing."""
    if responder == Responder():
        return {}
    value: dict[str, Any] = {"kind": responder.kind}
    if responder.command is not None:
        command = responder.command
        value["argv"] = list(command.argv)
        if command.timeout != TIME_LIMIT:
            value["timeout"] = command.timeout
        if command.folder:
            value["folder"] = command.folder
        if command.environment:
            value["environment"] = list(command.environment)
    if responder.rules:
        value["rules"] = [rule_value(rule) for rule in responder.rules]
    return value
