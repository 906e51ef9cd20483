"""The sandbox's models: a realistic catalogue with realistic flaws, and the models that are only here.

Prices, context sizes and capabilities are plausible, not current: nothing here is a statement about a vendor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

from .faults import FAULTS

MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Model:
    """One row. Prices are US dollars per million tokens, None where the model is not billed that way.

    flags: t tools, s structured output, r reasoning, v images in, a audio in, m video in, f free,
    w context only under `context_window`, c listed with model_type "chat".
    pace and patience scale the sandbox's speed and time to first token, so that a comparison has a winner.
    """

    id: str
    name: str
    context: int | None
    prompt: Decimal | None
    completion: Decimal | None
    cache_read: Decimal | None = None
    flags: str = ""
    kind: str = "text"
    build: str = ""
    description: str = ""
    pricing: Mapping[str, str | None] = field(default_factory=dict)
    pace: float = 1.0
    patience: float = 1.0

    @property
    def provider(self) -> str:
        """The part before the slash; `mesh` where the id has none."""
        return self.id.split("/")[0] if "/" in self.id else "mesh"

    @property
    def brand(self) -> str:
        """The name of the maker."""
        return BRANDS.get(self.provider, self.provider.title())

    @property
    def free(self) -> bool:
        """Whether tokens of this model cost nothing."""
        return "f" in self.flags

    @property
    def inputs(self) -> list[str]:
        """Input modalities."""
        more = [name for flag, name in (("v", "image"), ("a", "audio"), ("m", "video")) if flag in self.flags]
        return ["text", *more]

    @property
    def outputs(self) -> list[str]:
        """Output modalities."""
        if self.id == "sandbox/audio":
            return ["text", "audio"]
        if self.id == "sandbox/image":
            return ["text", "image"]
        return [self.kind if self.kind in ("image", "audio", "video", "embedding") else "text"]

    @property
    def chats(self) -> bool:
        """Whether /v1/chat/completions can use it."""
        return self.kind == "text"

    def cost(self, prompt: int, completion: int, cached: int = 0, classifier: tuple[int, int] = (0, 0)) -> Decimal:
        """Price of one reply in US dollars, by the estimate of contract section 5; zero where unpriced.

        classifier: tokens that the router read and wrote, charged at the same two rates.
        """
        if self.prompt is None or self.completion is None:
            return Decimal(0)
        rate_in, rate_out, rate_cached = self.prompt, self.completion, self.cache_read
        if self.standard_context and prompt > self.standard_context and "long_context_input_usd_per_1m" in self.pricing:
            rate_in = Decimal(self.pricing["long_context_input_usd_per_1m"] or 0)
            rate_out, rate_cached = Decimal(self.pricing["long_context_output_usd_per_1m"] or 0), None
        total = (prompt - cached + classifier[0]) * rate_in + cached * (rate_in if rate_cached is None else rate_cached)
        total += (completion + classifier[1]) * rate_out
        discount = Decimal(self.pricing.get("discount_pct") or 0)
        return total / MILLION * (1 - discount / 100)

    @property
    def standard_context(self) -> int | None:
        """Prompt tokens beyond which the long-context prices hold."""
        return 200_000 if (self.context or 0) > 900_000 else None

    def row(self) -> dict[str, Any]:
        """The catalogue entry as the gateway sends it."""
        has = {flag: flag in self.flags for flag in "tsrvamfwc"}
        return {
            "id": self.id,
            "name": self.name,
            "context_length": None if has["w"] else self.context,
            "context_window": self.context if has["w"] else None,
            "is_free": self.free,
            "description": self.description or None,
            "provider": self.provider,
            "brand": self.brand,
            "model_type": "chat" if has["c"] else self.kind,
            "input_modalities": self.inputs,
            "output_modalities": self.outputs,
            "supports_tools": has["t"],
            "supports_thinking": has["r"],
            "supports_structured_output": has["s"],
            "supports_system_prompt": self.chats,
            "supports_completions_api": self.chats,
            "supports_responses_api": False,
            "supports_realtime": False,
            "supports_embeddings": self.kind == "embedding",
            "supports_batching": False,
            "supports_background_response": False,
            "supports_video_generation": self.kind == "video",
            "supports_image_edit": False,
            "standard_context_threshold": self.standard_context,
            "is_composite": False,
            "composite_models": None,
            "pricing": self._pricing(),
        }

    def _pricing(self) -> dict[str, str | None] | None:
        if self.prompt is None and not self.pricing:
            return None
        tokens = self.prompt is not None
        return {
            "pricing_unit": "per_1m_tokens" if tokens else None,
            "prompt_usd_per_1m": _money(self.prompt),
            "completion_usd_per_1m": _money(self.completion),
            "cache_read_input_usd_per_1m": _money(self.cache_read),
            "input_usd_per_unit": None,
            "output_usd_per_unit": None,
            "request_usd": None,
            "discount_pct": None,
            **self.pricing,
        }


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.8f}"


BRANDS = {
    "openai": "OpenAI",
    "anthropic": "Anthropic",
    "google": "Google",
    "meta-llama": "Meta",
    "mistralai": "Mistral AI",
    "deepseek": "DeepSeek",
    "qwen": "Qwen",
    "x-ai": "xAI",
    "cohere": "Cohere",
    "amazon": "Amazon",
    "moonshotai": "Moonshot AI",
    "z-ai": "Z.ai",
    "nvidia": "NVIDIA",
    "mesh": "Mesh",
    "sandbox": "Sandbox",
}

# id | name | context | prompt | completion | cache read | flags | pace | patience | build id
_CHAT = """
openai/gpt-4o|GPT-4o|128000|2.50|10.00|1.25|tsv|1.0|1.0|gpt-4o-2024-08-06
openai/gpt-4o-mini|GPT-4o mini|128000|0.15|0.60|0.075|tsv|1.3|0.8|gpt-4o-mini-2024-07-18
openai/gpt-4.1|GPT-4.1|1047576|2.00|8.00|0.50|tsv|1.0|1.0|gpt-4.1-2025-04-14
openai/gpt-4.1-mini|GPT-4.1 mini|1047576|0.40|1.60|0.10|tsv|1.2|0.8|gpt-4.1-mini-2025-04-14
openai/gpt-4.1-nano|GPT-4.1 nano|1047576|0.10|0.40|0.025|tsv|1.7|0.6|
openai/gpt-5|GPT-5|400000|1.25|10.00|0.125|tsvr|0.8|2.0|gpt-5-2025-08-07
openai/gpt-5-mini|GPT-5 mini|400000|0.25|2.00|0.025|tsvr|1.1|1.5|
openai/o4-mini|o4-mini|200000|1.10|4.40|0.275|tsvr|0.9|2.4|
openai/gpt-4o-audio|GPT-4o Audio|128000|2.50|10.00||tac|1.0|1.0|
anthropic/claude-opus-4.1|Claude Opus 4.1|200000|15.00|75.00|1.50|tvr|0.6|1.6|
anthropic/claude-sonnet-4.5|Claude Sonnet 4.5|1000000|3.00|15.00|0.30|tsvr|0.8|1.2|
anthropic/claude-haiku-4.5|Claude Haiku 4.5|200000|1.00|5.00|0.10|tsvr|1.5|0.7|
anthropic/claude-3.5-haiku|Claude 3.5 Haiku|200000|0.80|4.00|0.08|tvw|1.2|0.8|
google/gemini-2.5-pro|Gemini 2.5 Pro|1048576|1.25|10.00|0.31|tsvamr|0.9|1.8|
google/gemini-2.5-flash|Gemini 2.5 Flash|1048576|0.30|2.50|0.075|tsvamr|1.8|0.7|
google/gemini-2.5-flash-lite|Gemini 2.5 Flash-Lite|1048576|0.10|0.40|0.025|tsvam|2.2|0.5|
google/gemma-3-27b|Gemma 3 27B|131072|0|0||vfc|1.0|1.0|
meta-llama/llama-3.3-70b-instruct|[bold]Llama[/] 3.3 [@click=app.quit]70B[/x]|131072|0.12|0.30||tc|1.4|0.6|
meta-llama/llama-3.1-8b-instruct|Llama 3.1 8B Instruct|131072|0.02|0.05||tc|2.4|0.4|
meta-llama/llama-4-maverick|Llama 4 Maverick|1048576|0.15|0.60||tvw|1.3|0.8|
meta-llama/llama-4-scout|Llama 4 Scout|327680|0.08|0.30||tvw|1.6|0.7|
mistralai/mistral-large-2411|Mistral Large 2411|131072|2.00|6.00||ts|0.9|1.0|
mistralai/mistral-small-3.2|Mistral Small 3.2|131072|0.06|0.18||tsv|1.5|0.7|
mistralai/codestral-2508|Codestral 2508|262144|0.30|0.90||t|1.7|0.6|
mistralai/magistral-medium|Magistral Medium|40960|2.00|5.00||tr|0.8|1.8|
deepseek/deepseek-chat-v3.1|DeepSeek V3.1|163840|0.27|1.10|0.07|ts|0.8|1.4|
deepseek/deepseek-r1|DeepSeek R1|163840|0.55|2.19|0.14|r|0.6|2.2|
qwen/qwen3-235b-a22b|Qwen3 235B A22B|131072|0.18|0.54||tr|0.9|1.2|
qwen/qwen3-32b|Qwen3 32B|40960|0.05|0.20||tr|1.2|0.9|
qwen/qwen3-coder|Qwen3 Coder|262144|0.22|0.95||tw|1.1|1.0|
qwen/qwen-2.5-7b-instruct|Qwen2.5 7B Instruct|32768|0|0||f|1.9|0.5|
x-ai/grok-4|Grok 4|256000|3.00|15.00|0.75|tsvr|0.8|1.9|
x-ai/grok-3-mini|Grok 3 mini|131072|0.30|0.50|0.075|tsr|1.3|1.1|
cohere/command-a|Command A|256000|2.50|10.00||t|0.9|0.9|
cohere/command-r-08-2024|Command R (08-2024)||0.15|0.60||t|1.1|0.8|
amazon/nova-pro|Nova Pro|300000|0.80|3.20|0.20|tvm|1.1|0.9|
amazon/nova-micro|Nova Micro|128000|0.035|0.14||tw|2.0|0.5|
moonshotai/kimi-k2|Kimi K2|131072|0.55|2.20|0.15|t|0.9|1.1|
z-ai/glm-4.5|GLM 4.5|131072|0.60|2.20|0.11|tr|0.9|1.3|
nvidia/nemotron-nano-9b|Nemotron Nano 9B|131072|0|0||fr|1.6|0.7|
gpt-oss-120b|gpt-oss-120b|131072|0.09|0.45||tr|1.6|0.7|
mistral-small-eu|Mistral Small (EU)|131072||||t|1.2|0.8|
research/preview-7b||8192|||||1.0|1.0|
"""

# Models with nothing per token: (id, name, kind, pricing)
_OTHER: tuple[tuple[str, str, str, dict[str, str | None]], ...] = (
    ("openai/gpt-image-1", "GPT Image 1", "image", {"image_output_usd_per_image": "0.04000000"}),
    ("google/imagen-4", "Imagen 4", "image", {"image_output_usd_per_image": "0.03000000"}),
    ("openai/gpt-4o-mini-tts", "GPT-4o mini TTS", "audio", {"output_usd_per_unit": "0.00025000"}),
    ("openai/whisper-1", "Whisper", "audio", {"input_usd_per_unit": "0.00010000"}),
    ("google/veo-3", "Veo 3", "video", {"output_usd_per_unit": "0.40000000"}),
)

# id after `sandbox/` | context | flags | what it does
_OWN = """
echo|128000|tsvam|Sends the request back as JSON: the messages, parameters and tools as the model got them.
markdown|128000|t|Answers with a long Markdown text: headings, code, a table, lists, a quote.
haiku|128000||Answers with a haiku.
tools|128000|ts|Calls the tool named in the prompt, else the first; then uses its result. sandbox/tools-N: N rounds.
tools-parallel|128000|ts|Calls every tool offered at once (one tool: twice); then uses the results.
reasoning|128000|tsr|Thinks aloud before it answers.
json|128000|tsr|Answers with a JSON value that fits the response_format sent.
slow|128000||Takes 1.5 s for the first token, then 8 tokens per second.
fast|128000||Answers at once, at any speed set.
long|1000000||Answers with 5,000 tokens; sandbox/long-N with N, or the header X-Sandbox-Tokens: N.
image|128000|v|Answers with a small picture.
audio|128000|a|Answers with half a second of sound.
vision|128000|vam|Says which attachments it got.
unicode|128000||Answers in many scripts, with wide, combining and emoji characters.
filtered|128000||Stops in mid-sentence with finish_reason content_filter.
tiny|256||Has a context window of 256 tokens, so that it overflows.
expensive|128000|t|Costs 1,000 dollars per million tokens: reaches a spend cap in a few turns.
"""


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if text else None


@cache
def built_in() -> tuple[Model, ...]:
    """Every model of the sandbox, the catalogue first, then its own, then one for each fault."""
    return tuple([*_chat_rows(), *_other_rows(), *_own_rows(), *_fault_rows()])


def _chat_rows() -> Iterable[Model]:
    for line in _CHAT.strip().splitlines():
        id_, name, context, prompt, completion, cached, flags, pace, patience, build = line.split("|")
        description, pricing = _NOTES.get(id_, ("", {}))
        yield Model(
            id_,
            name,
            int(context) if context else None,
            _decimal(prompt),
            _decimal(completion),
            _decimal(cached),
            flags,
            build=build,
            description=description,
            pricing=pricing,
            pace=float(pace),
            patience=float(patience),
        )


# Descriptions and further prices of a few rows; some are as careless as real ones.
_NOTES: Mapping[str, tuple[str, dict[str, str | None]]] = {
    "openai/gpt-4o-mini": ("Small, fast and cheap; reads images.", {}),
    "anthropic/claude-sonnet-4.5": (
        "Long context at a higher price.",
        {"long_context_input_usd_per_1m": "6.00000000", "long_context_output_usd_per_1m": "22.50000000"},
    ),
    "deepseek/deepseek-chat-v3.1": ("Ten percent off this month.", {"discount_pct": "10"}),
    "cohere/command-a": ("Colours \x1b[31mits description\x1b[0m with control codes.", {}),
    "qwen/qwen3-32b": ("说明：多语言模型，支持思考模式。", {}),
}


def _other_rows() -> Iterable[Model]:
    for id_, name, kind, pricing in _OTHER:
        unit = "per_image" if kind == "image" else "per_second"
        yield Model(id_, name, None, None, None, kind=kind, pricing={"pricing_unit": unit, **pricing})
    for id_, name, price in (
        ("openai/text-embedding-3-small", "Text Embedding 3 Small", "0.02"),
        ("cohere/embed-v4", "Embed v4", "0.12"),
    ):
        yield Model(id_, name, 8191, Decimal(price), None, kind="embedding")


def _own_rows() -> Iterable[Model]:
    for line in _OWN.strip().splitlines():
        name, context, flags, description = line.split("|")
        price = Decimal(1000) if name == "expensive" else Decimal("0.50")
        free = price == Decimal("0.50") and name in ("fast", "long")
        rate = Decimal(0) if free else price
        yield Model(
            f"sandbox/{name}",
            f"Sandbox {name}",
            int(context),
            rate,
            rate * (1 if name == "expensive" else 3),
            None if free else rate / 2,
            flags + ("f" if free else ""),
            description=description,
        )


def _fault_rows() -> Iterable[Model]:
    for fault in FAULTS.values():
        yield Model(
            f"sandbox/fault-{fault.name}",
            f"Fault: {fault.name}",
            128_000,
            Decimal(0),
            Decimal(0),
            flags="tsrvamf",
            description=fault.summary,
        )


class Catalogue:
    """The models one sandbox knows, in order and by id."""

    def __init__(self, rows: int | None = None) -> None:
        models = list(built_in())
        if rows is not None:
            models = [*models[:rows], *_bulk(rows - len(models))]
        self.models: tuple[Model, ...] = tuple(models)
        # Lookup keeps the sandbox's own models, however few rows are listed.
        self._by_id = {model.id: model for model in (*built_in(), *models)}

    def find(self, model_id: str) -> Model | None:
        """The model of that exact id; ids are case-sensitive (contract section 2)."""
        found = self._by_id.get(model_id)
        if found is None and model_id.startswith("sandbox/"):
            found = self._variant(model_id)
        return found

    def _variant(self, model_id: str) -> Model | None:
        stem, _, count = model_id.rpartition(":" if model_id.startswith("sandbox/fault-") else "-")
        if (stem in ("sandbox/long", "sandbox/tools") or stem.startswith("sandbox/fault-")) and count.isdecimal():
            return self._by_id.get(stem)
        return None


def _bulk(count: int) -> Iterable[Model]:
    """Invented rows, to see what a large catalogue does to a client."""
    for number in range(max(0, count)):
        vendor = f"vendor{number % 37:02d}"
        price = Decimal(number % 400 + 1) / 100
        yield Model(
            f"{vendor}/model-{number:05d}",
            f"Model {number:05d} of {vendor.title()}",
            (number % 32 + 1) * 8192,
            price,
            price * 4,
            flags=("t", "ts", "tsv", "r", "")[number % 5],
            description=f"Row {number} of an invented catalogue.",
        )
