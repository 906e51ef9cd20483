"""The auto router: which model `auto` becomes, and POST /v1/router/select (contract section 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from .errors import Refusal, json_response
from .tokens import count_prompt, text_of

if TYPE_CHECKING:
    from starlette.datastructures import Headers

    from .state import Exchange

DEFAULT = "openai/gpt-4o-mini"
CLASSIFIER = "openai/gpt-4.1-nano"
# The classifier's own instructions; they dominate the price of a short prompt.
CLASSIFIER_PROMPT_TOKENS = 1_380
CLASSIFIER_COMPLETION_TOKENS = 24

_PROFILES = {
    "quality_first": "anthropic/claude-sonnet-4.5",
    "cost_first": "openai/gpt-4.1-nano",
    "latency_first": "google/gemini-2.5-flash-lite",
}
_HARD_WORDS = ("code", "function", "prove", "debug", "refactor", "sql", "python")
_LONG_PROMPT_TOKENS = 800


@dataclass(frozen=True, slots=True)
class Pick:
    """The router's choice and what choosing cost."""

    model: str
    fallback: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def tokens(self) -> int:
        """Tokens of the classifier, both ways."""
        return self.prompt_tokens + self.completion_tokens

    def usage(self) -> list[dict[str, Any]]:
        """`x_classifier_usage` of a reply."""
        if not self.tokens:
            return []
        tokens = {"prompt_tokens": self.prompt_tokens, "completion_tokens": self.completion_tokens}
        return [{"model_id": CLASSIFIER, **tokens}]


def route(body: Mapping[str, Any], headers: Headers | None, fallback: str) -> Pick:
    """Choose a model by weight profile, else by what the prompt looks like; never fails."""
    if fallback != "none":
        return Pick(DEFAULT, fallback)
    messages = body.get("messages") or ()
    prompt = count_prompt(messages)
    profile = body.get("weight_profile") or (headers.get("x-mesh-weight-profile") if headers else None)
    model = _PROFILES.get(str(profile))
    if model is None:
        said = " ".join(text_of(message.get("content")) for message in messages).casefold()
        hard = prompt > _LONG_PROMPT_TOKENS or any(word in said for word in _HARD_WORDS)
        model = "anthropic/claude-sonnet-4.5" if hard else DEFAULT
    return Pick(model, "", CLASSIFIER_PROMPT_TOKENS + prompt, CLASSIFIER_COMPLETION_TOKENS)


async def select(exchange: Exchange) -> Response:
    """POST /v1/router/select: the choice alone, no inference."""
    body = exchange.json()
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        row = {"loc": ["body", "messages"], "msg": "List should have at least 1 item", "type": "too_short"}
        raise Refusal("validation_error", "Request validation failed.", details=[row])
    pick = route(body, exchange.headers, exchange.settings.switch("router-fallback"))
    model = _among(exchange, pick.model, body.get("candidate_models"), body.get("exclude_models") or ())
    return json_response(
        {
            "model": model,
            "auto_router": {"fallback_used": bool(pick.fallback), "fallback_reason": pick.fallback or None},
            "reasoning_effort": None,
        }
    )


def _among(exchange: Exchange, model: str, candidates: Sequence[str] | None, excluded: Sequence[str]) -> str:
    known = [m.id for m in exchange.state.catalogue.models if m.chats]
    allowed = [id_ for id_ in (candidates or known) if id_ in known and id_ not in excluded]
    if not allowed:
        raise Refusal("unprocessable_entity", "No candidate model is left.", param="candidate_models")
    return model if model in allowed else allowed[0]
