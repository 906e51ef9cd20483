"""What a reply says, payload by payload: stream events or a whole completion to deltas. No I/O, no clock.

Rules where providers differ are those of the contract (section 3) and of quirks 5 to 17. The hot path is
`ReplyReader.text_delta`: providers repeat the same JSON around every few characters of text, so an event that is
equal to the one before except inside that one string needs no JSON parse.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from meshtui.client.bodies import looks_like_error
from meshtui.client.halves import PairJoiner
from meshtui.client.parts import SpokenAnswer, fragment, number_calls, reasoning_of, split_content
from meshtui.client.shapes import Shape, parse, scan, shape_of
from meshtui.core.chat import part_from_wire
from meshtui.core.money import amount_from
from meshtui.core.turn import (
    Delta,
    Finished,
    MediaDelta,
    Noise,
    ReasoningDelta,
    ReasoningDetails,
    ReplyMeta,
    TextDelta,
    UsageDelta,
)

DONE = "[DONE]"
_META = (
    "x_auto_routed",
    "x_resolved_model_id",
    "x_auto_routed_fallback",
    "x_auto_routed_fallback_reason",
    "x_classifier_usage",
    "system_fingerprint",
    "service_tier",
    "provider",
)
_META_NAMES = frozenset(_META)
_BESIDE_A_CHUNK = _META_NAMES | {"error", "cost", "x_groq"}
_BESIDE_TEXT = frozenset(
    {"reasoning_content", "reasoning", "reasoning_details", "refusal", "tool_calls", "function_call", "images", "audio"}
)
_SAMPLE = 500
_SHORT = 20
_WORTH_LEARNING = 4


class ReplyReader:
    """Reads one reply. Feed it each payload, take the deltas, then look at `error` and `done`.

    `error` is the payload of an in-band failure: the deltas of the same payload come first. `done` is [DONE].
    `finished` says that a finish_reason was seen, `received` that there was a payload of a reply, `output` that it
    held something of the answer. `sample` is the first payload that was none.
    """

    __slots__ = (
        "_call_ids",
        "_extra",
        "_id",
        "_ids_vary",
        "_joiner",
        "_hits",
        "_misses",
        "_model",
        "_open",
        "_other_id",
        "_shape",
        "_spoken",
        "done",
        "error",
        "finished",
        "output",
        "received",
        "sample",
    )

    def __init__(self) -> None:
        self.done = False
        self.finished = False
        self.received = False
        self.output = False
        self.sample = ""
        self.error: Mapping[str, Any] | None = None
        self._id: str | None = None
        self._ids_vary = False
        self._other_id: str | None = None
        self._model: str | None = None
        self._extra: dict[str, Any] = {}
        self._joiner = PairJoiner()
        self._spoken = SpokenAnswer()
        self._call_ids: dict[int, list[str]] = {}
        self._open: set[int] = set()
        self._shape: Shape | None = None
        self._hits = 0
        self._misses = 0

    @property
    def complete(self) -> bool:
        """Whether the reply is whole: [DONE] or a finish_reason was seen."""
        return self.done or self.finished

    def text_delta(self, data: str) -> TextDelta | ReasoningDelta | None:
        """Return the delta of an event that differs from an earlier one only in its text, else None: use `read`."""
        shape = self._shape
        if shape is None or not data.startswith(shape.before) or not data.endswith(shape.after):
            return None
        start = len(shape.before)
        try:
            text, end = scan(data, start)
        except (ValueError, RecursionError):
            return None
        # Without an escape the literal is as long as its text and two quotes: then it holds no surrogate either.
        if end + len(shape.after) != len(data) or text.__class__ is not str:
            return None
        if end - start != len(text) + 2 and ("\\ud" in data or "\\uD" in data):
            return None
        self._hits += 1
        return shape.make(text) if text else None

    def read(self, data: str, event: str = "message") -> list[Delta]:
        """Return the deltas of one event's data."""
        if len(data) < _SHORT:
            if not data or data.isspace():
                return []
            if data.strip() == DONE:
                self.done = True
                return self.end()
        payload = self.payload(data, event)
        if isinstance(payload, Noise):
            self.sample = self.sample or payload.sample
            return [payload]
        if (text := self._only_text(payload)) is not None:
            self._learn(data)
            return [TextDelta(text)]
        deltas = self.deltas(payload)
        if len(deltas) == 1 and deltas[0].__class__ in (TextDelta, ReasoningDelta):
            self._learn(data)
        return deltas

    def payload(self, data: str, event: str = "message") -> dict[str, Any] | Noise:
        """Return one event's JSON object with whole characters in it, or what is wrong with it."""
        try:
            payload = parse(data)
        except (ValueError, RecursionError):
            if event == "error":
                payload = {"error": {"message": data}}
            else:
                return Noise("bad_json", data[:_SAMPLE])
        if isinstance(payload, list) and len(payload) == 1:
            payload = payload[0]
        if not isinstance(payload, dict):
            return Noise("not_an_object", data[:_SAMPLE])
        if event == "error" and not payload.get("error"):
            payload = {"error": payload}
        if self._joiner.waiting or "\\ud" in data or "\\uD" in data:
            self._shape = None
            self._joiner.join(payload)
        return payload

    def _only_text(self, payload: Mapping[str, Any]) -> str | None:
        """Return the text of a chunk that says nothing else new, the usual case; else None."""
        choices = payload.get("choices")
        if choices.__class__ is not list or len(choices) != 1 or payload.get("usage") is not None:
            return None
        if payload.get("id") != self._id or payload.get("model") != self._model or self.finished:
            return None
        choice = choices[0]
        if choice.__class__ is not dict or choice.get("finish_reason") or choice.get("index") != 0:
            return None
        delta = choice.get("delta")
        if delta.__class__ is not dict or not _BESIDE_A_CHUNK.isdisjoint(payload):
            return None
        content = delta.get("content")
        if content.__class__ is not str or not content or not _BESIDE_TEXT.isdisjoint(delta):
            return None
        self.received = self.output = True
        return content

    def _pass_over(self, payload: Mapping[str, Any]) -> Noise | None:
        """Note what the payload says about the reply as a whole; return what it is if no part of the reply."""
        choices = payload.get("choices")
        if payload.get("error") or (choices is None and looks_like_error(payload)):
            self.error = payload
        elif not isinstance(choices, list) and not isinstance(payload.get("usage"), dict):
            kind = "response_event" if str(payload.get("type", "")).startswith("response.") else "no_choices"
            self.sample = self.sample or json.dumps(payload, ensure_ascii=False)[:_SAMPLE]
            return Noise(kind, json.dumps(payload, ensure_ascii=False)[:_SAMPLE])
        if self._is_second(payload, choices):
            return Noise("second_completion", str(payload.get("id")))
        self.received = True
        return None

    def deltas(self, payload: Mapping[str, Any]) -> list[Delta]:
        """Return the deltas of one JSON object, a chunk or a whole completion."""
        if (noise := self._pass_over(payload)) is not None:
            return [noise]
        deltas: list[Delta] = []
        self._meta(payload, deltas)
        choices = payload.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if not isinstance(choice, dict):
                deltas.append(Noise("bad_choice", repr(choice)[:_SAMPLE]))
            elif choice.get("index") in (0, None, "0"):
                self._choice(choice, deltas)
            else:
                deltas.append(Noise("other_choice"))
        self._usage(payload, deltas)
        return deltas

    def chunk(self, payload: dict[str, Any]) -> bool:
        """Make one JSON object fit to be a chunk, all its choices kept; False where it is no part of the reply."""
        if 0 in self._open and self._only_text(payload) is not None:
            return True
        if self._pass_over(payload) is not None:
            return False
        self._model = payload.get("model")
        choices = payload.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if not isinstance(choice, dict):
                continue
            if not isinstance(choice.get("delta"), dict) and isinstance(choice.get("message"), dict):
                choice["delta"] = choice["message"] if not self.output else {}
            delta, index = choice.get("delta"), choice.get("index")
            index = index if isinstance(index, int) else 0
            if isinstance(delta, dict):
                self.output = self.output or bool(delta)
                number_calls(delta.get("tool_calls"), self._call_ids.setdefault(index, []))
            self._open.add(index)
            if choice.get("finish_reason"):
                self._open.discard(index)
                self.finished = not self._open
                for name, text in self._joiner.flush(index):
                    if isinstance(delta, dict):
                        delta[name] = (delta.get(name) or "") + text
        return self.error is None or bool(choices)

    def end(self) -> list[Delta]:
        """Return what still waited for more: half a character, a spoken answer."""
        deltas: list[Delta] = [
            ReasoningDelta(text) if name.startswith("reasoning") else TextDelta(text)
            for name, text in self._joiner.flush(0)
        ]
        if (part := self._spoken.take()) is not None:
            deltas.append(MediaDelta(part))
        return deltas

    def _is_second(self, payload: Mapping[str, Any], choices: Any) -> bool:
        """Whether this belongs to a second completion after the end of the first: another id, and a beginning."""
        chunk_id = payload.get("id")
        if not isinstance(chunk_id, str) or not chunk_id:
            return False
        if self._id is None:
            self._id = chunk_id
            return False
        if chunk_id == self._id:
            return False
        if not self.finished:
            self._ids_vary = True
        if self._ids_vary or self.error is not None:
            return False
        if chunk_id != self._other_id:
            if not choices or isinstance(payload.get("usage"), dict):
                return False
            self._other_id = chunk_id
        return True

    def _meta(self, payload: Mapping[str, Any], deltas: list[Delta]) -> None:
        """Say what is new about the reply: its id (the first one), the serving model, routing members."""
        reply_id, model = payload.get("id"), payload.get("model")
        if self._model and model == self._model and _META_NAMES.isdisjoint(payload):
            return
        extra = {
            name: payload[name]
            for name in _META
            if payload.get(name) is not None and payload[name] != self._extra.get(name)
        }
        new_model = model if isinstance(model, str) and model and model != self._model else None
        new_id = reply_id if isinstance(reply_id, str) and reply_id and self._model is None else None
        if new_model or extra or new_id:
            self._model = new_model or self._model or ""
            self._extra.update(extra)
            deltas.append(ReplyMeta(new_id, new_model, extra))

    def _choice(self, choice: Mapping[str, Any], deltas: list[Delta]) -> None:
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            # Some send the whole message so far beside each delta: it counts only where nothing else came.
            delta = choice.get("message") if not self.output else None
        if isinstance(delta, dict):
            before = len(deltas)
            self._delta(delta, deltas)
            self.output = self.output or len(deltas) > before
        elif isinstance(text := choice.get("text"), str) and text:
            deltas.append(TextDelta(text))
            self.output = True
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and reason:
            self._shape = None
            self.finished = True
            deltas.extend(self.end())
            deltas.append(Finished(reason))

    def _delta(self, delta: Mapping[str, Any], deltas: list[Delta]) -> None:
        content = delta.get("content")
        if content.__class__ is str and _BESIDE_TEXT.isdisjoint(delta):
            if content:
                deltas.append(TextDelta(content))
            return
        thought = reasoning_of(delta)
        if isinstance(content, list):
            deltas.extend(split_content(content, reasoning_came=bool(thought)))
        if thought:
            deltas.append(ReasoningDelta(thought))
        details = delta.get("reasoning_details")
        if isinstance(details, list) and (rows := tuple(row for row in details if isinstance(row, dict))):
            deltas.append(ReasoningDetails(rows))
        if isinstance(content, str) and content:
            deltas.append(TextDelta(content))
        refusal = delta.get("refusal")
        if isinstance(refusal, str) and refusal:
            deltas.append(TextDelta(refusal))
        calls = delta.get("tool_calls")
        calls = [calls] if isinstance(calls, dict) else calls if isinstance(calls, list) else []
        deltas += [
            fragment(call) if isinstance(call, dict) else Noise("bad_tool_call", repr(call)[:_SAMPLE]) for call in calls
        ]
        old_call = delta.get("function_call")
        if isinstance(old_call, dict) and not calls:
            deltas.append(fragment({"index": 0, "function": old_call}))
        images = delta.get("images")
        images = images if isinstance(images, list) else []
        deltas += [MediaDelta(part_from_wire(image)) for image in images if isinstance(image, dict)]
        audio = delta.get("audio")
        if isinstance(audio, dict) and (said := self._spoken.add(audio)):
            deltas.append(TextDelta(said))

    def _usage(self, payload: Mapping[str, Any], deltas: list[Delta]) -> None:
        usage = payload.get("usage")
        if usage is None and "cost" not in payload and "x_groq" not in payload:
            return
        if not isinstance(usage, dict) or not usage:
            groq = payload.get("x_groq")
            usage = groq.get("usage") if isinstance(groq, dict) else None
        usage = usage if isinstance(usage, dict) and usage else None
        cost = amount_from(payload.get("cost"))
        if cost is None and usage is not None:
            stated = usage.get("cost")
            cost = amount_from(stated.get("total_cost") if isinstance(stated, dict) else stated)
        if usage is not None or cost is not None:
            deltas.append(UsageDelta(usage, cost))

    def _learn(self, data: str) -> None:
        """Remember what stands around the text; ever more seldom where that never comes again."""
        self._misses = 1 if self._hits > _WORTH_LEARNING else self._misses + 1
        if self._misses & (self._misses - 1) == 0 and not self.finished and not self._joiner.waiting:
            self._shape = shape_of(data)
            self._hits = 0
