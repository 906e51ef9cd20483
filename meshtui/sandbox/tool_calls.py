"""Which tools the sandbox's models call, with which arguments, and what they make of the results."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from meshtui.core.schema.example import value_for

from .ask import Ask
from .reply import Call, compact
from .tokens import text_of

INVENTED_TOOLS: tuple[dict[str, Any], ...] = (
    {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
    {"name": "get_time", "parameters": {"type": "object", "properties": {"timezone": {"type": "string"}}}},
)

_ELSEWHERE = ("Oslo", "Lima", "Nairobi", "Kyoto")
"""Where a second call of the same function looks."""


def tools_to_call(ask: Ask) -> Sequence[Mapping[str, Any]]:
    """The functions that the model calls for this request, none where it answers."""
    offered = ask.functions
    choice = ask.body.get("tool_choice")
    if not offered or choice == "none":
        return ()
    after_result = bool(ask.messages) and ask.messages[-1].get("role") == "tool"
    stem, _, rounds = ask.name.rpartition("-")
    if after_result and stem == "sandbox/tools" and rounds.isdecimal():
        after_result = _rounds_so_far(ask) >= int(rounds)
    if isinstance(choice, dict):
        wanted = (choice.get("function") or {}).get("name")
        return [tool for tool in offered if tool["name"] == wanted]
    if after_result and choice != "required":
        return ()
    if ask.name == "sandbox/tools-parallel":
        return offered[:4] if len(offered) > 1 else offered * 2
    fitting = _fitting_tools(ask.question, offered)
    if fitting:
        return fitting[:4]
    return offered[:1] if choice == "required" or ask.name.startswith("sandbox/tools") else ()


def _rounds_so_far(ask: Ask) -> int:
    """How often the model called something since the user spoke last."""
    said = [number for number, message in enumerate(ask.messages) if message.get("role") == "user"]
    return sum(bool(message.get("tool_calls")) for message in ask.messages[said[-1] if said else 0 :])


def _fitting_tools(question: str, offered: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The tools that the question names, in full or by a word of the name that is long enough to mean it."""
    words = {word.strip(".,;:!?\"'()").casefold() for word in question.split()}
    asked = question.casefold()
    fitting = []
    for tool in offered:
        name = str(tool["name"]).casefold()
        parts = {part for part in name.replace("-", "_").replace(".", "_").split("_") if len(part) > 3}
        if name in asked or parts & words:
            fitting.append(tool)
    return fitting


def calls_of(ask: Ask, functions: Sequence[Mapping[str, Any]]) -> tuple[Call, ...]:
    """A call of each function, with arguments made of its schema and the question; of one twice, with others."""
    calls: list[Call] = []
    for number, function in enumerate(functions):
        name, mark = str(function["name"]), ask.mark(f"call {number} {function['name']}")
        taken = {call.arguments for call in calls if call.name == name}
        calls.append(Call(f"call_{mark[:24]}", name, _arguments(function, mark, ask.question, taken)))
    return tuple(calls)


def _arguments(function: Mapping[str, Any], mark: str, question: str, taken: Collection[str]) -> str:
    """Return arguments for a function that are not `taken`, where its schema has others."""
    schema = function.get("parameters") or {"type": "object"}
    made = json.dumps(value_for(schema, mark, question), ensure_ascii=False)
    others = (value_for(schema, f"{mark} {place}", f"{question} in {place}") for place in _ELSEWHERE)
    while made in taken and (other := next(others, None)) is not None:
        made = json.dumps(other, ensure_ascii=False)
    return made


def tool_answer(ask: Ask) -> str:
    """An answer made of the results of the last round."""
    names: dict[str, str] = {}
    for message in ask.messages:
        for call in message.get("tool_calls") or ():
            names[str(call.get("id"))] = str((call.get("function") or {}).get("name"))
    results = []
    for message in reversed(ask.messages):
        if message.get("role") != "tool":
            break
        results.append(message)
    lines = [ask.pick(("Here is what came back.", "The tools have answered.", "I looked it up."), "opening"), ""]
    for message in reversed(results):
        name = names.get(str(message.get("tool_call_id"))) or message.get("name") or "tool"
        lines += _result_lines(str(name), text_of(message.get("content")))
    return "\n".join(lines).rstrip() + "\n"


def _result_lines(name: str, result: str) -> list[str]:
    try:
        value = json.loads(result)
    except ValueError:
        value = result
    if isinstance(value, dict) and value:
        fields = [f"- **{key}**: {field if isinstance(field, str) else compact(field)}" for key, field in value.items()]
        return [f"`{name}` says:", "", *fields, ""]
    if isinstance(value, list):
        items = [f"{i}. {item if isinstance(item, str) else compact(item)}" for i, item in enumerate(value, 1)]
        return [f"`{name}` found {len(value)}:", "", *items, ""]
    return [f"`{name}` says: {value if isinstance(value, str) else compact(value)}", ""]
