"""The model catalogue (contract, section 5)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from meshtui.client.types.base import Reply, ReplyPart, Request


class ModelPricing(ReplyPart):
    """Prices as decimal strings in US dollars; None where a model is not billed that way.

    The fields named here are the ones met so far; any other `*_usd_*` field is kept as it came.
    """

    pricing_unit: str | None = None
    prompt_usd_per_1m: str | None = None
    completion_usd_per_1m: str | None = None
    prompt_usd_per_1m_discounted: str | None = None
    completion_usd_per_1m_discounted: str | None = None
    prompt_usd_per_1k: str | None = None
    completion_usd_per_1k: str | None = None
    input_usd_per_unit: str | None = None
    output_usd_per_unit: str | None = None
    request_usd: str | None = None
    cache_read_input_usd_per_1m: str | None = None
    cache_write_input_usd_per_1m: str | None = None
    cache_hit_usd_per_1m: str | None = None
    cache_read_audio_input_usd_per_1m: str | None = None
    cached_audio_input_usd_per_1m: str | None = None
    cached_text_input_usd_per_1m: str | None = None
    long_context_input_usd_per_1m: str | None = None
    long_context_output_usd_per_1m: str | None = None
    long_context_cache_read_input_usd_per_1m: str | None = None
    long_context_cache_write_input_usd_per_1m: str | None = None
    batch_input_usd_per_1m: str | None = None
    batch_output_usd_per_1m: str | None = None
    training_usd_per_1m: str | None = None
    fine_tuned_input_usd_per_1m: str | None = None
    fine_tuned_output_usd_per_1m: str | None = None
    audio_input_usd_per_1m: str | None = None
    audio_output_usd_per_1m: str | None = None
    transcription_usd_per_1m: str | None = None
    output_with_audio_usd_per_1m: str | None = None
    output_with_video_usd_per_1m: str | None = None
    image_input_usd_per_image: str | None = None
    image_output_usd_per_image: str | None = None
    image_output_size: str | None = None
    discount_pct: str | None = None
    effective_date: str | None = None
    deprecated_date: str | None = None
    notes: str | None = None
    source_url: str | None = None


class ModelInfo(Reply):
    """One row of the catalogue; capability flags are hints, None means that nothing was said."""

    id: str = ""
    name: str | None = None
    context_length: int | None = None
    context_window: int | None = None
    is_free: bool | None = None
    pricing: ModelPricing | None = None
    description: str | None = None
    brand: str | None = None
    provider: str | None = None
    model_type: str | None = None
    input_modalities: list[str] | None = None
    output_modalities: list[str] | None = None
    supports_thinking: bool | None = None
    supports_completions_api: bool | None = None
    supports_responses_api: bool | None = None
    supports_realtime: bool | None = None
    supports_embeddings: bool | None = None
    supports_tools: bool | None = None
    supports_structured_output: bool | None = None
    supports_system_prompt: bool | None = None
    supports_batching: bool | None = None
    supports_background_response: bool | None = None
    supports_video_generation: bool | None = None
    supports_image_edit: bool | None = None
    supports_image_inpaint: bool | None = None
    supports_image_outpaint: bool | None = None
    supports_image_mix: bool | None = None
    supports_image_reframe: bool | None = None
    supports_image_upscale: bool | None = None
    supports_image_remove_background: bool | None = None
    supports_image_reference: bool | None = None
    standard_context_threshold: int | None = None
    realtime_session_max_tokens: int | None = None
    realtime_max_concurrent_per_owner: int | None = None
    is_composite: bool | None = None
    composite_models: list[str] | None = None


class ListModelsParams(Request):
    """Filters of `GET /v1/models`."""

    always_sent = frozenset()

    free: bool | None = None
    type: Literal["text", "embedding", "image", "audio", "video"] | None = None
    provider: str | None = None


class ModelSearchParams(Request):
    """Query of `GET /v1/models/search`; `price` sorts only with exactly one output modality."""

    q: str | None = None
    free: bool | None = None
    discounted: bool | None = None
    input_modality: list[str] | None = None
    output_modality: list[str] | None = None
    brand: list[str] | None = None
    sort: Literal["brand", "name", "id", "context_length", "price"] | None = None
    order: Literal["asc", "desc"] | None = None
    limit: int | None = Field(default=None, ge=1)
    offset: int | None = Field(default=None, ge=0)


class ModelsPage(Reply):
    """One page of a search."""

    items: list[ModelInfo] = Field(default_factory=list)
    total: int = 0
    limit: int = 0
    offset: int = 0
    brands: list[str] = Field(default_factory=list)
