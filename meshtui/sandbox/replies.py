"""What the sandbox's models say: the same request and seed always get the same reply."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from meshtui.core.schema.example import value_for

from . import texts
from .ask import Ask
from .media import picture, sound
from .reply import Call, Reply
from .tokens import attachments, split
from .tool_calls import INVENTED_TOOLS, calls_of, tool_answer, tools_to_call

LONG_TOKENS = 5_000
MAX_TOKENS = 200_000


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
        return Reply(calls=calls_of(ask, offered[:2]), finish="tool_calls")
    called = tools_to_call(ask)
    if called:
        return Reply(calls=calls_of(ask, called), finish="tool_calls")
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
        return Reply(split(tool_answer(ask)))
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
    return Reply(_long(int(number) if number.isdecimal() else LONG_TOKENS))


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
