"""Every parameter of a chat request (contract, section 2): its type, range and default, and a sentence of help.

One table serves the form in the workbench and whatever else has to say what a parameter is.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from meshtui.core.json.text import json_to_edit, json_value
from meshtui.core.schema.metaschema import schema_fault

Kind = Literal["number", "int", "text", "choice", "bool", "lines", "object", "list", "mixed", "map"]
"""`lines` is a list of texts, `list` one of objects, `mixed` a word or an object, `map` an object of texts."""

_NUMBER = re.compile(r"-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_INT = re.compile(r"[+-]?\d{1,18}")
_NAMES: Mapping[Kind, str] = {
    "number": "number",
    "int": "whole number",
    "text": "text",
    "choice": "one of",
    "bool": "true or false",
    "lines": "one per line",
    "object": "JSON object",
    "list": "JSON list of objects",
    "mixed": "JSON object, or",
    "map": "JSON object of texts",
}


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter. `low` and `high` are allowed themselves, `above` is not; `most` counts characters.

    `members` are the known ones of an object, `not_both` those of which one alone may be given.
    """

    name: str
    kind: Kind
    help: str
    low: float | None = None
    high: float | None = None
    above: float | None = None
    most: int | None = None
    choices: tuple[str, ...] = ()
    default: str = ""
    members: tuple[Param, ...] = ()
    not_both: tuple[str, ...] = ()
    check_more: Callable[[Any], str] | None = None

    @property
    def wants(self) -> str:
        """What is expected, in a few words: `number, 0 to 2`."""
        words = _NAMES[self.kind]
        if self.choices:
            words = (
                f"{words} {', '.join(self.choices)}" if self.kind != "lines" else f"{words}: {', '.join(self.choices)}"
            )
        if self.low is not None:
            words += (
                f", {_shown(self.low)} to {_shown(self.high)}" if self.high is not None else f" from {_shown(self.low)}"
            )
        if self.above is not None:
            words += f" above {_shown(self.above)}"
        if self.most is not None:
            words += f" of at most {self.most} characters"
        return words

    @property
    def is_short(self) -> bool:
        """Whether its value stands on one line."""
        return self.kind in ("number", "int", "text", "choice", "bool")

    def read(self, text: str) -> Any:
        """Return the value that a text stands for; raises ValueError, one sentence, where it can stand for none.

        A value that is read may still be out of range: see `fault`.
        """
        plain = text.strip()
        if self.kind == "text":
            return text
        if self.kind == "lines":
            return [_item(line) for line in text.split("\n") if line.strip()]
        if self.kind == "bool":
            if plain.lower() not in ("true", "false"):
                raise ValueError("true or false is expected")
            return plain.lower() == "true"
        if self.kind == "choice" or (self.kind == "mixed" and not plain.startswith(("{", "["))):
            return plain
        if self.kind == "int":
            if not _INT.fullmatch(plain):
                raise ValueError("a whole number is expected, such as 42")
            return int(plain)
        if self.kind == "number":
            if not _NUMBER.fullmatch(plain) or not math.isfinite(float(plain)):
                raise ValueError("a number is expected, such as 0.7 (with a point)")
            return int(plain) if _INT.fullmatch(plain) else float(plain)
        return json_value(text)

    def text(self, value: Any) -> str:
        """Return a value as the text that `read` takes for it; a value of another type as JSON."""
        if self.kind in ("text", "choice", "mixed") and isinstance(value, str):
            return value
        if self.kind == "lines" and isinstance(value, str):
            return _line(value)
        if self.kind == "lines" and isinstance(value, list) and all(isinstance(item, str) for item in value):
            return "\n".join(_line(item) for item in value)
        return json_to_edit(value)

    def fault(self, value: Any) -> str:
        """Say in a sentence why the gateway would refuse a value, nothing where it would take it."""
        if self.kind in ("number", "int"):
            return self._number_fault(value)
        if self.kind == "bool":
            return "" if isinstance(value, bool) else "true or false is expected"
        if self.kind == "lines":
            return self._lines_fault(value)
        if isinstance(value, str) and self.kind in ("text", "choice", "mixed"):
            if self.choices and value not in self.choices:
                return f"{', '.join(self.choices)} {'or an object ' * (self.kind == 'mixed')}is expected"
            too_long = self.most is not None and len(value) > self.most
            return f"{len(value)} characters: at most {self.most} are allowed" if too_long else ""
        if self.kind in ("text", "choice"):
            return f"{', '.join(self.choices) or 'a text'} is expected"
        if self.kind == "list":
            right = isinstance(value, list) and all(isinstance(item, dict) for item in value)
            return "" if right else "a JSON list of objects is expected: [{…}]"
        return self._object_fault(value)

    def _number_fault(self, value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return "a number is expected"
        if self.kind == "int" and value != int(value):
            return "a whole number is expected"
        if self.low is not None and self.high is not None and not self.low <= value <= self.high:
            return f"{_shown(self.low)} to {_shown(self.high)} is allowed, not {_shown(value)}"
        if self.low is not None and value < self.low:
            return f"{_shown(self.low)} is the least, not {_shown(value)}"
        if self.above is not None and value <= self.above:
            return f"it must be above {_shown(self.above)}, not {_shown(value)}"
        return ""

    def _lines_fault(self, value: Any) -> str:
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            return "texts are expected, one per line"
        wrong = next((item for item in items if self.choices and item not in self.choices), None)
        return f"{', '.join(self.choices)} are allowed, not {wrong[:40]!r}" if wrong is not None else ""

    def _object_fault(self, value: Any) -> str:
        if not isinstance(value, dict):
            return "a JSON object is expected: {…}"
        if self.kind == "map":
            wrong = next((name for name, item in value.items() if not isinstance(item, str)), None)
            return f"{wrong}: a text is expected" if wrong is not None else ""
        if len([name for name in self.not_both if value.get(name) is not None]) > 1:
            return f"give {' or '.join(self.not_both)}, not both"
        for member in self.members:
            if value.get(member.name) is not None and (words := member.fault(value[member.name])):
                return f"{member.name}: {words}"
        return self.check_more(value) if self.check_more else ""


def _shown(value: float | None) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _line(item: str) -> str:
    plain = item == item.strip() and item and "\n" not in item and "\r" not in item and not item.startswith('"')
    return item if plain else json.dumps(item, ensure_ascii=False)


def _item(line: str) -> str:
    """Read a line of a list; one in quotes is a JSON text, so that a new line or a space can be an item."""
    plain = line.strip()
    if plain.startswith('"'):
        try:
            value = json.loads(plain)
        except ValueError:
            raise ValueError(f'{plain[:40]} is no text in quotes; a new line is written "\\n"') from None
        if isinstance(value, str):
            return value
    return plain


def format_fault(value: Any) -> str:
    """Say what is wrong with a `response_format`, nothing where the gateway would take it (contract, section 2)."""
    if not isinstance(value, dict):
        return "an object is expected"
    kind = value.get("type")
    if kind not in ("text", "json_object", "json_schema"):
        return 'type: "json_object" or "json_schema" is expected'
    if kind != "json_schema":
        return ""
    inner = value.get("json_schema")
    if not isinstance(inner, dict):
        return "json_schema: an object with name and schema is expected"
    name = inner.get("name")
    if not isinstance(name, str) or not name:
        return "json_schema.name: a name is expected"
    if not isinstance(inner.get("strict", False), bool):
        return "json_schema.strict: true or false is expected"
    if "schema" not in inner:
        return "json_schema.schema: a JSON Schema is expected"
    fault = schema_fault(inner["schema"])
    return f"json_schema.schema, {fault}" if fault else ""


_IMAGE = (
    Param("n", "int", "How many pictures.", low=1, high=10),
    Param("size", "text", "Size of the picture."),
    Param("quality", "text", "Quality of the picture."),
    Param("response_format", "choice", "How it comes.", choices=("url", "b64_json")),
    Param("output_format", "choice", "File format.", choices=("png", "jpeg", "webp")),
    Param("output_compression", "int", "Compression in per cent.", low=0, high=100),
    Param("background", "choice", "Background.", choices=("transparent", "opaque", "auto")),
    Param("moderation", "choice", "How strictly it is moderated.", choices=("low", "auto")),
    Param("partial_images", "int", "How many unfinished pictures come first.", low=0),
    Param("image", "lines", "Pictures to begin with."),
    Param("seed", "int", "Seed."),
    Param("sequential_image_generation", "choice", "Several in sequence.", choices=("auto", "disabled")),
    Param("sequential_image_generation_options", "object", "Options of the sequence."),
    Param("guidance_scale", "number", "How closely the text is followed."),
    Param("watermark", "bool", "Whether it is marked."),
    Param("optimize_prompt_options", "object", "How the prompt is rewritten."),
)
_AUDIO = (
    Param("voice", "text", "Voice."),
    Param("format", "choice", "File format.", choices=("wav", "mp3", "flac", "opus", "pcm16")),
)

PARAMS: tuple[Param, ...] = (
    Param("temperature", "number", "Higher is more varied, 0 is the most predictable.", low=0, high=2),
    Param("top_p", "number", "Only the likeliest tokens that together have this share are drawn from.", low=0, high=1),
    Param("max_tokens", "int", "The answer ends after as many tokens, finished or not.", low=1),
    Param("stop", "lines", 'The answer ends before any of these texts; a new line is written "\\n".'),
    Param("seed", "int", "The same seed gives the same answer as far as the provider can."),
    Param("frequency_penalty", "number", "Above 0 words repeat less, the more often they were said.", low=-2, high=2),
    Param("presence_penalty", "number", "Above 0 what was said once is said again less.", low=-2, high=2),
    Param(
        "response_format",
        "object",
        "Makes the answer JSON: any object, or one of a JSON Schema.",
        check_more=format_fault,
    ),
    Param(
        "reasoning_effort",
        "choice",
        "How long the model thinks before it answers; `reasoning` is the newer way to say it.",
        choices=("high", "medium", "low", "none"),
    ),
    Param(
        "reasoning",
        "object",
        'How the model thinks: {"effort": "low"} or {"max_tokens": 2000}; "exclude": true hides the thoughts.',
        members=(
            Param("max_tokens", "int", "Tokens of thought.", low=1),
            Param("exclude", "bool", "Whether the thoughts stay away."),
            Param("enabled", "bool", "Whether it thinks."),
        ),
        not_both=("effort", "max_tokens"),
    ),
    Param("tools", "list", "Functions that the model may call, each with a name and a JSON Schema of its arguments."),
    Param(
        "tool_choice",
        "mixed",
        'Whether the model calls a tool; {"type": "function", "function": {"name": "…"}} forces one.',
        choices=("none", "auto", "required"),
    ),
    Param("models", "lines", "Models that the gateway tries in this order where the first one fails."),
    Param("transforms", "lines", "Changes to the messages on the way, in order, such as middle-out."),
    Param(
        "weight_profile",
        "choice",
        "What the automatic choice of a model looks at first; for the model `auto`.",
        choices=("quality_first", "balanced", "cost_first", "latency_first"),
        default="balanced",
    ),
    Param("service_tier", "choice", "Which class of service the provider gives.", choices=("auto", "default", "flex")),
    Param("stream", "bool", "Whether the answer arrives piece by piece.", default="true here"),
    Param("cache", "bool", "false: the gateway neither gives a stored answer nor stores this one."),
    Param("timeout", "number", "Seconds that the gateway waits for the provider.", above=0, default="300"),
    Param("user", "text", "An id of your end user, for finding abuse.", most=256),
    Param("session_id", "text", "Groups requests in usage reports; no provider sees it."),
    Param("tags", "map", "Labels that come back with the usage."),
    Param("modality", "choice", "`image` makes pictures in place of text.", choices=("text", "image"), default="text"),
    Param("modalities", "lines", "What the answer may be made of.", choices=("text", "audio", "image")),
    Param("audio", "object", "How a spoken answer sounds.", default="voice alloy, format wav", members=_AUDIO),
    Param("image", "object", "How pictures are made.", default="n 1, size auto, quality auto", members=_IMAGE),
    Param("async_mode", "bool", "The gateway answers at once and works on.", default="false"),
)
"""Everything of a request but its model, its messages and its template, which have places of their own."""

BY_NAME: Mapping[str, Param] = {param.name: param for param in PARAMS}


def param_faults(params: Mapping[str, Any]) -> dict[str, str]:
    """Return by name what the gateway would refuse; a name that is not known, and null, is left to it."""
    told = {name: BY_NAME[name].fault(value) for name, value in params.items() if name in BY_NAME and value is not None}
    return {name: words for name, words in told.items() if words}
