"""What the sandbox's models say: the same request and seed always get the same reply."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from meshtui.core.schema_example import value_for

from . import texts
from .catalogue import Model
from .ids import digest
from .media import picture, sound
from .reply import Call, Reply, compact
from .tokens import attachments, split, text_of

LONG_TOKENS = 5_000
MAX_TOKENS = 200_000
INVENTED_TOOLS: tuple[dict[str, Any], ...] = (
    {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
    {"name": "get_time", "parameters": {"type": "object", "properties": {"timezone": {"type": "string"}}}},
)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to one model: what it got after templates and overrides.

    length: number of tokens asked for (X-Sandbox-Tokens). force_tools: call two tools whatever was offered.
    """

    model: Model
    name: str
    body: Mapping[str, Any]
    seed: int = 0
    length: int | None = None
    force_tools: bool = False
    words: str = field(init=False)

    def __post_init__(self) -> None:
        """Write down once what every choice is made from."""
        object.__setattr__(self, "words", json.dumps([self.messages, self.body.get("tools")], sort_keys=True))

    @property
    def messages(self) -> Sequence[Mapping[str, Any]]:
        """The messages, in order."""
        found: Sequence[Mapping[str, Any]] = self.body.get("messages") or ()
        return found

    @property
    def question(self) -> str:
        """The text of the last user message."""
        for message in reversed(self.messages):
            if message.get("role") == "user":
                return text_of(message.get("content"))
        return ""

    @property
    def functions(self) -> list[Mapping[str, Any]]:
        """The function tools offered."""
        tools = self.body.get("tools") or ()
        return [tool["function"] for tool in tools if tool.get("type", "function") == "function" and "function" in tool]

    def pick(self, choices: Sequence[str], salt: str) -> str:
        """One of the choices, always the same for the same request."""
        return choices[int(self.mark(salt)[:8], 16) % len(choices)]

    def mark(self, salt: str) -> str:
        """A digest of the request: messages, model and seeds."""
        return digest(salt, self.name, self.seed, self.body.get("seed"), self.words)


def answer(ask: Ask) -> Reply:
    """The reply of the asked model, cut by `stop` and `max_tokens`."""
    reply = _spoken(ask)
    thoughts = _thoughts(ask)
    if thoughts:
        silent = bool((ask.body.get("reasoning") or {}).get("exclude"))
        reply = replace(reply, reasoning=thoughts, silent=silent)
    return _shortened(reply, ask.body)


def _spoken(ask: Ask) -> Reply:
    if ask.length is not None:
        return Reply(_long(ask.length))
    if ask.force_tools:
        offered = [*ask.functions, *INVENTED_TOOLS]
        return Reply(calls=_calls(ask, offered[:2]), finish="tool_calls")
    called = _tools_to_call(ask)
    if called:
        return Reply(calls=_calls(ask, called), finish="tool_calls")
    if ask.name.startswith("sandbox/echo"):
        return Reply(split(_echo(ask)))
    form = ask.body.get("response_format") or {}
    if form.get("type") in ("json_object", "json_schema") or ask.name == "sandbox/json":
        return Reply(split(_json_text(ask, form)))
    if ask.body.get("modality") == "image" or "image" in (ask.body.get("modalities") or ()):
        return _image(ask)
    if "audio" in (ask.body.get("modalities") or ()):
        return _audio(ask)
    if ask.messages and ask.messages[-1].get("role") == "tool":
        return Reply(split(_tool_answer(ask)))
    special = _OWN.get(ask.name) or _OWN.get(ask.name.rpartition("-")[0])
    return special(ask) if special else Reply(split(_ordinary(ask)))


def _shortened(reply: Reply, body: Mapping[str, Any]) -> Reply:
    stops = body.get("stop")
    for stop in [stops] if isinstance(stops, str) else stops or ():
        place = reply.text.find(stop) if stop else -1
        if place >= 0:
            reply = replace(reply, tokens=split(reply.text[:place]))
    limit = body.get("max_tokens")
    if limit is None or len(reply.reasoning) + len(reply.tokens) + _call_tokens(reply.calls) <= limit:
        return reply
    reasoning = reply.reasoning[:limit]
    left = limit - len(reasoning)
    tokens = reply.tokens[:left]
    left -= len(tokens)
    calls = []
    for call in reply.calls:
        pieces = split(call.arguments)
        if left > 0:
            calls.append(replace(call, arguments="".join(pieces[:left])))
        left -= len(pieces)
    return replace(reply, reasoning=reasoning, tokens=tokens, calls=tuple(calls), finish="length")


def _call_tokens(calls: Sequence[Call]) -> int:
    return sum(len(split(call.arguments)) for call in calls)


def completion_tokens(reply: Reply) -> int:
    """How many tokens a reply is billed for, its reasoning included."""
    media = 85 * len(reply.images) + (50 if reply.audio is not None else 0)
    return len(reply.reasoning) + len(reply.tokens) + media + _call_tokens(reply.calls)


# -- reasoning ------------------------------------------------------------------------------------

_ALWAYS_THINKS = frozenset(
    {"sandbox/reasoning", "deepseek/deepseek-r1", "openai/o4-mini", "mistralai/magistral-medium"}
)
_EFFORT = {"low": 2, "medium": 4, "high": 8}


def _thoughts(ask: Ask) -> Sequence[str]:
    given = ask.body.get("reasoning") or {}
    effort = given.get("effort") or ask.body.get("reasoning_effort")
    asked = effort is not None or given.get("enabled") or given.get("max_tokens")
    if "r" not in ask.model.flags or effort == "none" or given.get("enabled") is False:
        return ()
    if not asked and ask.name not in _ALWAYS_THINKS:
        return ()
    count = _EFFORT.get(str(effort), 4)
    start = int(ask.mark("thoughts")[:4], 16) % len(texts.THOUGHTS)
    chosen = [texts.THOUGHTS[(start + number) % len(texts.THOUGHTS)] for number in range(count)]
    quoted = ask.question[:80].replace("\n", " ")
    tokens = split(f'The user asks: "{quoted}". ' + "".join(chosen))
    budget = given.get("max_tokens")
    return tokens[:budget] if budget else tokens


# -- tools ----------------------------------------------------------------------------------------


def _tools_to_call(ask: Ask) -> Sequence[Mapping[str, Any]]:
    offered = ask.functions
    choice = ask.body.get("tool_choice")
    if not offered or choice == "none":
        return ()
    after_result = bool(ask.messages) and ask.messages[-1].get("role") == "tool"
    stem, _, rounds = ask.name.rpartition("-")
    if after_result and stem == "sandbox/tools" and rounds.isdigit():
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


def _calls(ask: Ask, functions: Sequence[Mapping[str, Any]]) -> tuple[Call, ...]:
    calls = []
    for number, function in enumerate(functions):
        mark = ask.mark(f"call {number} {function['name']}")
        value = value_for(function.get("parameters") or {"type": "object"}, mark, ask.question)
        calls.append(Call(f"call_{mark[:24]}", str(function["name"]), json.dumps(value, ensure_ascii=False)))
    return tuple(calls)


def _tool_answer(ask: Ask) -> str:
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


# -- texts ----------------------------------------------------------------------------------------


def _echo(ask: Ask) -> str:
    shown = {name: value for name, value in ask.body.items() if name != "stream"}
    return json.dumps({"model": ask.name, **shown}, ensure_ascii=False, indent=2)


def _json_text(ask: Ask, form: Mapping[str, Any]) -> str:
    schema = (form.get("json_schema") or {}).get("schema")
    if schema is None:
        return json.dumps({"answer": "This is the sandbox.", "question": ask.question}, ensure_ascii=False)
    return json.dumps(value_for(schema, ask.mark("json"), ask.question), ensure_ascii=False, indent=2)


def _long(count: int) -> list[str]:
    """Exactly `count` tokens of Markdown; cheap, because its parts are cut into tokens once."""
    count = min(count, MAX_TOKENS)
    part = split(texts.SHOWCASE)
    tokens: list[str] = []
    number = 0
    while len(tokens) < count:
        number += 1
        tokens += split(f"\n## Part {number}\n\n")
        tokens += part
    return tokens[:count]


def _ordinary(ask: Ask) -> str:
    """A short honest reply in the voice of the maker: says what it is, quotes the question, offers what to try."""
    openings = texts.OPENINGS.get(ask.model.provider, texts.OPENINGS[""])
    lines = [ask.pick(openings, "opening").format(model=ask.name), ""]
    quoted = ask.question.strip()[:280]
    if quoted:
        lines += ["You wrote:", "", *(f"> {line}" for line in quoted.splitlines()), ""]
    seen = [part for message in ask.messages for part in attachments(message.get("content"))]
    if seen:
        lines += [f"With it came {len(seen)} attachment{'s' * (len(seen) > 1)}: {_kinds(seen)}.", ""]
    topic = _topical(ask)
    lines += [topic or ask.pick(texts.REMARKS, "remark"), ""]
    start = int(ask.mark("suggestions")[:4], 16)
    count = 2 + start % 3
    chosen = [texts.SUGGESTIONS[(start + n * 3) % len(texts.SUGGESTIONS)] for n in range(count)]
    lines += ["Worth a try:", "", *(f"- {line}" for line in dict.fromkeys(chosen)), ""]
    lines.append(ask.pick(texts.CLOSINGS, "closing"))
    return "\n".join(lines)


def _topical(ask: Ask) -> str:
    """A snippet of the kind that the question asks for, if it asks for one."""
    asked = ask.question.casefold()
    for words, snippets in _TOPICS:
        if any(word in asked for word in words):
            return ask.pick(snippets, "topic")
    return ""


def _section(start: str, end: str) -> str:
    begun = texts.SHOWCASE.index(start)
    return texts.SHOWCASE[begun : texts.SHOWCASE.index(end, begun + len(start)) + len(end)].strip()


_TOPICS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("haiku", "poem"), tuple("> " + haiku.replace("\n", "  \n> ") for haiku in texts.HAIKUS)),
    (("sql", "query"), (_section("```sql", "```\n"),)),
    (("python", "code", "function"), (_section("```python", "```\n"), *texts.SNIPPETS)),
    (("table",), (_section("| Workload", "$112.75 |"),)),
    (("list", "steps", "checklist"), (_section("- [x] Measure", "one tenant"),)),
)


def _kinds(parts: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"`{part.get('type')}`" for part in parts)


def _no_tools(ask: Ask) -> Reply:
    return Reply(split("Send a tool definition along, and I call it: the one you name, else the first."))


def _vision(ask: Ask) -> Reply:
    seen = [part for message in ask.messages for part in attachments(message.get("content"))]
    if not seen:
        return Reply(split("I see no attachment; send an image, a video or a sound."))
    rows = ["| # | Type | Form | Characters |", "|--:|---|---|--:|"]
    for number, part in enumerate(seen, 1):
        inner = part.get(str(part.get("type")))
        source = ""
        if isinstance(inner, dict):
            source = str(inner.get("url") or inner.get("uri") or inner.get("data") or "")
        form = "link" if source.startswith("http") else source[5:].partition(";")[0] or "base64"
        rows.append(f"| {number} | `{part.get('type')}` | {form} | {len(source):,} |")
    return Reply(split(f"I got {len(seen)} attachment{'s' * (len(seen) > 1)}.\n\n" + "\n".join(rows) + "\n"))


def _image(ask: Ask) -> Reply:
    count = (ask.body.get("image") or {}).get("n") or 1
    pictures = tuple(picture(ask.mark(f"picture {number}")) for number in range(count))
    return Reply(split("Here is a picture made of nothing but your words."), images=pictures)


def _audio(ask: Ask) -> Reply:
    options = ask.body.get("audio") or {}
    return Reply(audio=sound(ask.mark("sound"), options.get("format") or "wav", "A short note, then silence."))


def _filtered(ask: Ask) -> Reply:
    return Reply(split("I would like to tell you, but"), finish="content_filter")


def _long_model(ask: Ask) -> Reply:
    number = ask.name.rpartition("-")[2]
    return Reply(_long(int(number) if number.isdigit() else LONG_TOKENS))


_OWN: Mapping[str, Callable[[Ask], Reply]] = {
    "sandbox/markdown": lambda ask: Reply(split(texts.SHOWCASE)),
    "sandbox/haiku": lambda ask: Reply(split(ask.pick(texts.HAIKUS, "haiku"))),
    "sandbox/unicode": lambda ask: Reply(split(texts.UNICODE)),
    "sandbox/long": _long_model,
    "sandbox/image": _image,
    "sandbox/audio": _audio,
    "sandbox/vision": _vision,
    "sandbox/tools": _no_tools,
    "sandbox/filtered": _filtered,
}
