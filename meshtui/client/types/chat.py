"""Chat requests (contract, section 2): messages, their parts, tools, parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from meshtui.client.types.base import Request
from meshtui.client.types.replies import ToolCall

ChatRole = Literal["system", "user", "assistant", "tool"]
AudioFormat = Literal["wav", "mp3", "aiff", "aac", "ogg", "flac", "m4a", "pcm16", "pcm24"]


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)


def _one_or_list(value: Any) -> str:
    return "list" if isinstance(value, list | tuple) else "one"


def _name_or_object(value: Any) -> str:
    return "name" if isinstance(value, str) else "object"


class ImageDetail(Request):
    """An image: https URL or data URI."""

    url: str
    detail: Literal["auto", "low", "high"] | None = None


class ContentPartText(Request):
    """Text; `cache_control` may sit beside it."""

    type: Literal["text"] = "text"
    text: str


class ContentPartImage(Request):
    """An image."""

    type: Literal["image_url"] = "image_url"
    image_url: ImageDetail


class VideoUrl(Request):
    """A video: https URL or data URI."""

    url: str


class ContentPartVideo(Request):
    """A video; `fps`, frames per second to look at, is a string on the wire and stands beside `video_url`."""

    type: Literal["video_url"] = "video_url"
    video_url: VideoUrl
    fps: str | None = Field(default=None, coerce_numbers_to_str=True)


class InputAudio(Request):
    """Sound: exactly one of base64 `data`, `uri` or `url`."""

    format: AudioFormat
    data: str | None = None
    uri: str | None = None
    url: str | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if sum(source is not None for source in (self.data, self.uri, self.url)) != 1:
            raise ValueError("Give exactly one of data, uri or url")
        return self


class ContentPartAudio(Request):
    """Sound."""

    type: Literal["input_audio"] = "input_audio"
    input_audio: InputAudio


class ContentPartOther(Request):
    """A part of a type that is not known here; sent as it is."""

    type: str


_KNOWN_PARTS = frozenset({"text", "image_url", "video_url", "input_audio"})


def _part_tag(value: Any) -> str:
    kind = _member(value, "type")
    return kind if isinstance(kind, str) and kind in _KNOWN_PARTS else "other"


ContentPart = Annotated[
    Annotated[ContentPartText, Tag("text")]
    | Annotated[ContentPartImage, Tag("image_url")]
    | Annotated[ContentPartVideo, Tag("video_url")]
    | Annotated[ContentPartAudio, Tag("input_audio")]
    | Annotated[ContentPartOther, Tag("other")],
    Discriminator(_part_tag),
]
MessageContent = Annotated[
    Annotated[str, Tag("one")] | Annotated[list[ContentPart], Tag("list")], Discriminator(_one_or_list)
]


class ChatMessage(Request):
    """One message. `content=None` given explicitly is sent as null (an assistant that only calls tools)."""

    null_is_sent: ClassVar[frozenset[str]] = frozenset({"content"})

    role: ChatRole
    content: MessageContent | None = None
    name: str | None = None
    tool_call_id: str | None = None
    tool_calls: list[ToolCall] | None = None
    reasoning_details: list[dict[str, Any]] | None = None


class ToolFunction(Request):
    """A function that the model may call; `parameters` is a JSON Schema."""

    name: str = Field(min_length=1)
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class Tool(Request):
    """A function tool."""

    type: Literal["function"] = "function"
    function: ToolFunction


class ServerTool(Request):
    """A tool that the gateway or the provider runs; its members depend on its type."""

    type: str = Field(min_length=1)


def _tool_tag(value: Any) -> str:
    return "function" if _member(value, "type") in (None, "function") else "server"


AnyTool = Annotated[Annotated[Tool, Tag("function")] | Annotated[ServerTool, Tag("server")], Discriminator(_tool_tag)]


class ToolChoiceFunction(Request):
    """The name of the one function to call."""

    name: str


class ToolChoiceObject(Request):
    """Forces one function, or names a choice of another type, whose members are kept."""

    type: str = "function"
    function: ToolChoiceFunction | None = None


ToolChoice = Annotated[
    Annotated[Literal["none", "auto", "required"], Tag("name")] | Annotated[ToolChoiceObject, Tag("object")],
    Discriminator(_name_or_object),
]


class AudioOutputOptions(Request):
    """How a spoken answer should sound; the gateway's defaults are alloy and wav."""

    voice: str | None = None
    format: Literal["wav", "mp3", "flac", "opus", "pcm16"] | None = None


class ImageOptions(Request):
    """Options of image generation; nothing is sent that the caller did not set."""

    n: int | None = Field(default=None, ge=1, le=10)
    size: str | None = None
    quality: str | None = None
    response_format: Literal["url", "b64_json"] | None = None
    output_format: Literal["png", "jpeg", "webp"] | None = None
    output_compression: int | None = Field(default=None, ge=0, le=100)
    background: Literal["transparent", "opaque", "auto"] | None = None
    moderation: Literal["low", "auto"] | None = None
    partial_images: int | None = Field(default=None, ge=0)
    image: (
        Annotated[Annotated[str, Tag("one")] | Annotated[list[str], Tag("list")], Discriminator(_one_or_list)] | None
    ) = None
    seed: int | None = None
    sequential_image_generation: Literal["auto", "disabled"] | None = None
    sequential_image_generation_options: dict[str, Any] | None = None
    guidance_scale: float | None = None
    watermark: bool | None = None
    optimize_prompt_options: dict[str, Any] | None = None


class ChatCompletionParams(Request):
    """Body of `POST /v1/chat/completions`. `timeout` (seconds) is the gateway's limit for the provider."""

    messages: list[ChatMessage]
    model: str | None = None
    models: list[str] | None = None
    stream: bool | None = None

    template: str | None = None
    variables: dict[str, str] | None = None
    session_id: str | None = None

    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, ge=0, le=1)
    frequency_penalty: float | None = Field(default=None, ge=-2, le=2)
    presence_penalty: float | None = Field(default=None, ge=-2, le=2)
    max_tokens: int | None = Field(default=None, ge=1)
    stop: (
        Annotated[Annotated[str, Tag("one")] | Annotated[list[str], Tag("list")], Discriminator(_one_or_list)] | None
    ) = None
    seed: int | None = None

    tools: list[AnyTool] | None = None
    tool_choice: ToolChoice | None = None
    response_format: dict[str, Any] | None = None

    reasoning_effort: Literal["high", "medium", "low", "none"] | None = None
    reasoning: dict[str, Any] | None = None

    modality: Literal["text", "image"] | None = None
    modalities: list[Literal["text", "audio", "image"]] | None = None
    image: ImageOptions | None = None
    audio: AudioOutputOptions | None = None
    async_mode: bool | None = None

    cache: bool | None = None
    transforms: list[str] | None = None
    timeout: float | None = Field(default=None, gt=0)
    user: str | None = Field(default=None, max_length=256)
    weight_profile: Literal["quality_first", "balanced", "cost_first", "latency_first"] | None = None
    service_tier: Literal["auto", "default", "flex"] | None = None
    tags: dict[str, str] | None = None

    @field_validator("reasoning")
    @classmethod
    def _effort_or_budget(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        if value and value.get("effort") is not None and value.get("max_tokens") is not None:
            raise ValueError("Give effort or max_tokens, not both")
        return value
