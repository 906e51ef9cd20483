"""Rounds of tool calls: which calls are open, which canned rule answers one, what goes back to the model."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from meshtui.core.answer_difference import compare_values
from meshtui.core.chat import Message, ToolCall
from meshtui.core.json.place import keys_from
from meshtui.core.json.text import json_or
from meshtui.core.tools.tool import Rule

if TYPE_CHECKING:
    from meshtui.core.calls.verdict import Verdict

EDITED = "its arguments were edited here"
ADDED = "it was added here"
BY_HAND, BY_COMMAND = "by hand", "command"
"""The note of a result that says what gave it, where no canned rule did."""

FAILED = "error"
"""The note of a result that tells of an error."""

_ABSENT = object()


def _at(value: Any, path: str) -> Any:
    """Return what stands at a path, `_ABSENT` where nothing does."""
    if isinstance(value, Mapping) and path in value:
        return value[path]  # a name may have dots in it
    try:
        steps = keys_from(path)
    except ValueError:
        return _ABSENT
    for step in steps:
        if isinstance(value, Mapping):
            value = value.get(str(step), _ABSENT)
        elif isinstance(value, list) and isinstance(step, int | str) and re.fullmatch(r"-?\d{1,9}", str(step)):
            value = value[int(step)] if -len(value) <= int(step) < len(value) else _ABSENT
        else:
            return _ABSENT
    return value


def fits(rule: Rule, name: str, arguments: Any) -> bool:
    """Whether a canned rule answers a call of `name` with these parsed arguments. `1` is `1.0`, and is not `true`."""
    if rule.tool and rule.tool != name:
        return False
    for path, wanted in rule.when.items():
        found = _at(arguments, path)
        if found is _ABSENT or compare_values(wanted, found):
            return False
    return True


def matching(rules: Iterable[Rule], call: ToolCall) -> tuple[int, Rule] | None:
    """Return the first rule that answers a call, with its number from 1; None where none does."""
    arguments = json_or(call.arguments.strip() or "{}")
    return next(((n, rule) for n, rule in enumerate(rules, 1) if fits(rule, call.name, arguments)), None)


def call_object(call: ToolCall, tools: object) -> dict[str, Any]:
    """Return a call as headless commands print it: with parsed arguments and the verdict by the request's tools."""
    verdict = verdict_of(call, parameters_in(tools, call.name))
    row = {"id": call.id, "name": call.name, "arguments": call.arguments, "parsed": json_or(call.arguments)}
    return {**row, "verdict": verdict.to_json()}


def parameters_in(tools: object, name: str) -> tuple[object | None] | None:
    """Return the schema of the tool of a name among the tools of a request, in a tuple; None where there is none."""
    for tool in tools if isinstance(tools, list | tuple) else ():
        function = tool.get("function") if isinstance(tool, Mapping) else None
        if isinstance(function, Mapping) and function.get("name") == name:
            return (function.get("parameters"),)
    return None


def verdict_of(call: ToolCall, parameters: tuple[object | None] | None) -> Verdict:
    """Return the verdict on a call's arguments, by the schema in a tuple; None says that the tool is unknown."""
    from meshtui.core.calls.verdict import Verdict, verdict  # late: it loads jsonschema

    return Verdict("unknown_tool") if parameters is None else verdict(call.arguments, *parameters)


def result_fault(result: str, output: object | None) -> str:
    """Say where a result does not fit the tool's schema of results, an empty text where it does or there is none."""
    if output is None:
        return ""
    from meshtui.core.schema.check import checked, checker_of
    from meshtui.core.schema.run import Run

    checker = checker_of(output)
    if checker.fault:
        return f"The output schema cannot be used: {checker.fault}."
    outcome = checked(checker, json_or(result, result), Run())
    if outcome.faults:
        return f"The result does not fit the tool's output schema: {outcome.faults[0]}."
    return f"The result was not checked: {outcome.given_up}." if outcome.given_up else ""


def failure_text(sentence: str, **more: Any) -> str:
    """Return a failed result as the text of a tool message: `{"error": …}`, which is how models are told."""
    return json.dumps({"error": sentence, **{name: value for name, value in more.items() if value}}, ensure_ascii=False)


def free_id(taken: Iterable[str], stem: str) -> str:
    """Return an id that begins with `stem` and is not taken."""
    used, number = set(taken), 2
    while f"{stem}_{number}" in used:
        number += 1
    return f"{stem}_{number}"


def answers(messages: Sequence[Message]) -> dict[str, Message]:
    """Return the results that directly follow a message of calls, by the id of the call."""
    found: dict[str, Message] = {}
    for message in messages:
        if message.role != "tool":
            break
        found.setdefault(message.tool_call_id or "", message)
    return found


def next_choice(choice: Any) -> Any:
    """Return the `tool_choice` of the request that brings results back: what forces a call holds for one answer only.

    Kept, it would force a call in each answer, and the rounds would never end.
    """
    return choice if choice in ("auto", "none") else None


def with_tools(request: Mapping[str, Any], tools: Sequence[Mapping[str, Any]], choice: Any) -> dict[str, Any]:
    """Return the body of a request with other tools.

    Where it brings results back, what forces a call is left out; and with no tools it keeps its own, because routes
    refuse calls of tools that they are not told of.
    """
    brings_results = (request.get("messages") or [{}])[-1].get("role") == "tool"
    body = {name: value for name, value in request.items() if name not in ("tools", "tool_choice")}
    if definitions := tools or (request.get("tools") if brings_results else ()):
        body["tools"] = list(definitions)
        choice = next_choice(choice) if brings_results else choice
        if choice is not None:
            body["tool_choice"] = choice
    return body


def next_request(request: Mapping[str, Any], said: Sequence[Message]) -> dict[str, Any]:
    """Return the body that follows an answered one: the same with these messages behind."""
    messages = [*(request.get("messages") or ()), *(message.to_wire() for message in said)]
    return with_tools({**request, "messages": messages}, (), request.get("tool_choice"))
