"""The client of the Mesh API, usable without the rest of meshtui; names as in the official SDK where it has one.

    async with AsyncMeshAPI(base_url="https://api.meshapi.ai", token="rsk_…") as client:
        async for chunk in client.chat.completions.stream(ChatCompletionParams(model="auto", messages=[…])):
            …

Importing this package loads nothing: each name loads its module when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meshtui.client.api import (
        AsyncMeshAPI,
    )
    from meshtui.client.errors import (
        MeshAPIError,
        problem_from,
    )
    from meshtui.client.gateway import (
        Catalogue,
        Gateway,
    )
    from meshtui.client.limits import (
        Retries,
        Timeouts,
    )
    from meshtui.client.types import (
        AudioOutputOptions,
        AutoRouterMeta,
        Balance,
        ChatCompletionChoice,
        ChatCompletionChunk,
        ChatCompletionChunkChoice,
        ChatCompletionChunkDelta,
        ChatCompletionMessage,
        ChatCompletionParams,
        ChatCompletionResponse,
        ChatMessage,
        ChatRole,
        CompareParams,
        CompareResponse,
        CompareStreamEvent,
        ContentPart,
        ContentPartAudio,
        ContentPartImage,
        ContentPartOther,
        ContentPartText,
        ContentPartVideo,
        CreateTemplateParams,
        ImageDetail,
        ImageOptions,
        InputAudio,
        ListModelsParams,
        ModelCompareResult,
        ModelInfo,
        ModelOverride,
        ModelPricing,
        ModelSearchParams,
        ModelsPage,
        RateLimits,
        RateLimitWindow,
        RouterSelectParams,
        RouterSelectResponse,
        ServerTool,
        Template,
        TemplateSummary,
        TokenUsage,
        Tool,
        ToolCall,
        ToolCallChunk,
        ToolCallFunction,
        ToolCallFunctionChunk,
        ToolChoice,
        ToolChoiceFunction,
        ToolChoiceObject,
        ToolFunction,
        UpdateTemplateParams,
        UsageEvent,
        UsageInfo,
        VideoUrl,
    )
    from meshtui.client.wire import (
        WireEvent,
    )

__all__ = [
    "AsyncMeshAPI",
    "AudioOutputOptions",
    "AutoRouterMeta",
    "Balance",
    "Catalogue",
    "ChatCompletionChoice",
    "ChatCompletionChunk",
    "ChatCompletionChunkChoice",
    "ChatCompletionChunkDelta",
    "ChatCompletionMessage",
    "ChatCompletionParams",
    "ChatCompletionResponse",
    "ChatMessage",
    "ChatRole",
    "CompareParams",
    "CompareResponse",
    "CompareStreamEvent",
    "ContentPart",
    "ContentPartAudio",
    "ContentPartImage",
    "ContentPartOther",
    "ContentPartText",
    "ContentPartVideo",
    "CreateTemplateParams",
    "Gateway",
    "ImageDetail",
    "ImageOptions",
    "InputAudio",
    "ListModelsParams",
    "MeshAPIError",
    "ModelCompareResult",
    "ModelInfo",
    "ModelOverride",
    "ModelPricing",
    "ModelSearchParams",
    "ModelsPage",
    "RateLimitWindow",
    "RateLimits",
    "Retries",
    "RouterSelectParams",
    "RouterSelectResponse",
    "ServerTool",
    "Template",
    "TemplateSummary",
    "Timeouts",
    "TokenUsage",
    "Tool",
    "ToolCall",
    "ToolCallChunk",
    "ToolCallFunction",
    "ToolCallFunctionChunk",
    "ToolChoice",
    "ToolChoiceFunction",
    "ToolChoiceObject",
    "ToolFunction",
    "UpdateTemplateParams",
    "UsageEvent",
    "UsageInfo",
    "VideoUrl",
    "WireEvent",
    "problem_from",
]

_HOME = {
    "AsyncMeshAPI": "api",
    "Catalogue": "gateway",
    "Gateway": "gateway",
    "MeshAPIError": "errors",
    "Retries": "limits",
    "Timeouts": "limits",
    "WireEvent": "wire",
    "problem_from": "errors",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME.get(name, 'types')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
