"""The client for programs: the official SDK's asynchronous surface, and the resources which that lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import ValidationError

from meshtui.client.chunks import ChunkStream, CompareStream
from meshtui.client.connection import CONTRACT_VERSION
from meshtui.client.errors import MeshAPIError
from meshtui.client.gateway import CHAT_PATH, Gateway, rows_of
from meshtui.client.limits import Retries, Timeouts
from meshtui.client.parts import name_calls
from meshtui.client.types import (
    Balance,
    ChatCompletionParams,
    ChatCompletionResponse,
    CompareParams,
    CompareResponse,
    CreateTemplateParams,
    ListModelsParams,
    ModelInfo,
    ModelSearchParams,
    ModelsPage,
    RateLimits,
    Reply,
    Request,
    RouterSelectParams,
    RouterSelectResponse,
    Template,
    UpdateTemplateParams,
    UsageEvent,
    explain,
)

_R = TypeVar("_R", bound=Reply)
_COMPARE_PATH = "/v1/chat/compare"
_ModelList = list[ModelInfo]  # inside a class with a method `list`, that word no longer means the type


def body_of(params: Request | Mapping[str, Any], schema: type[Request]) -> dict[str, Any]:
    """Return the JSON object to send: a checked model's own, or a plain mapping as it is once it passed the check."""
    if isinstance(params, Request):
        return params.body()
    try:
        schema.model_validate(params)
    except ValidationError as error:
        rows = explain(error, params)
        paths = [".".join(str(key) for key in row["loc"]) for row in rows]
        words = "; ".join(
            f"{path}: {row['msg']}" if path else row["msg"] for path, row in zip(paths, rows, strict=True)
        )
        raise MeshAPIError(words, error_code="invalid_request", details=rows, param=paths[0] or None) from None
    return dict(params)


def read_as(schema: type[_R], payload: Any) -> _R:
    """Return a reply as a model; what is no object is an error, what is wrong inside it counts as absent."""
    if not isinstance(payload, Mapping):
        words = "The gateway answered with nothing" if payload is None else "The gateway's answer is no JSON object"
        raise MeshAPIError(words, status=200, error_code="empty_reply" if payload is None else "not_a_gateway")
    return schema.model_validate(payload)


def read_rows(schema: type[_R], payload: Any) -> list[_R]:
    """Return a list's rows as models; rows that are no objects are left out."""
    return [schema.model_validate(row) for row in rows_of(payload) if isinstance(row, Mapping)]


class Completions:
    """`POST /v1/chat/completions`."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def create(
        self, params: ChatCompletionParams | Mapping[str, Any], *, headers: Mapping[str, str] | None = None
    ) -> ChatCompletionResponse:
        """Return a whole reply; tool calls without an id get one."""
        body = {**body_of(params, ChatCompletionParams), "stream": False}
        payload, head = await self._gateway.request("POST", CHAT_PATH, body=body, headers=headers)
        if isinstance(payload, dict):
            name_calls(payload)
        reply = read_as(ChatCompletionResponse, payload)
        reply.headers = dict(head)
        reply.request_id = reply.request_id or head.get("x-request-id")
        return reply

    def stream(
        self, params: ChatCompletionParams | Mapping[str, Any], *, headers: Mapping[str, str] | None = None
    ) -> ChunkStream:
        """Return the reply's chunks, to be read once with `async for`; a stream is never sent twice."""
        return ChunkStream(self._gateway, {**body_of(params, ChatCompletionParams), "stream": True}, headers)


class Chat:
    """`client.chat`."""

    def __init__(self, gateway: Gateway) -> None:
        self.completions = Completions(gateway)


class Models:
    """`GET /v1/models…`."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def list(
        self,
        params: ListModelsParams | None = None,
        *,
        free: bool | None = None,
        type: Literal["text", "embedding", "image", "audio", "video"] | None = None,
        provider: str | None = None,
    ) -> _ModelList:
        """Return the catalogue, filtered; a row with something wrong in it loses only that."""
        query: dict[str, Any] = params.body() if params is not None else {}
        query |= {
            name: value for name, value in (("type", type), ("provider", provider), ("free", free)) if value is not None
        }
        return await self._rows("/v1/models", query)

    async def free(self) -> _ModelList:
        """Return the models that cost nothing."""
        return await self._rows("/v1/models/free")

    async def paid(self) -> _ModelList:
        """Return the models that cost something."""
        return await self._rows("/v1/models/paid")

    async def search(self, params: ModelSearchParams | Mapping[str, Any] | None = None) -> ModelsPage:
        """Return one page of a search."""
        query = body_of(params, ModelSearchParams) if params is not None else {}
        payload, _ = await self._gateway.request("GET", "/v1/models/search", params=query)
        return read_as(ModelsPage, payload)

    async def get(self, model_id: str) -> ModelInfo:
        """Return one model; a slash in its id stays one."""
        payload, _ = await self._gateway.request("GET", f"/v1/models/{quote(model_id, safe='/')}")
        return read_as(ModelInfo, payload)

    async def _rows(self, path: str, query: Mapping[str, Any] | None = None) -> _ModelList:
        payload, _ = await self._gateway.request("GET", path, params=query)
        return read_rows(ModelInfo, payload)


class Templates:
    """`/v1/templates`."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def list(self) -> list[Template]:
        """Return the templates that the key may see."""
        payload, _ = await self._gateway.request("GET", "/v1/templates")
        return read_rows(Template, payload)

    async def get(self, template_id: str) -> Template:
        """Return one template."""
        return read_as(Template, (await self._gateway.request("GET", _template(template_id)))[0])

    async def create(self, params: CreateTemplateParams | Mapping[str, Any]) -> Template:
        """Create a template; a name taken already is a `conflict`."""
        body = body_of(params, CreateTemplateParams)
        return read_as(Template, (await self._gateway.request("POST", "/v1/templates", body=body))[0])

    async def update(self, template_id: str, params: UpdateTemplateParams | Mapping[str, Any]) -> Template:
        """Change what is set in `params`; a field set to None is cleared."""
        body = body_of(params, UpdateTemplateParams)
        return read_as(Template, (await self._gateway.request("PATCH", _template(template_id), body=body))[0])

    async def delete(self, template_id: str) -> None:
        """Delete a template."""
        await self._gateway.request("DELETE", _template(template_id))


def _template(template_id: str) -> str:
    return f"/v1/templates/{quote(template_id, safe='')}"


class Compare:
    """`POST /v1/chat/compare`."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def create(self, params: CompareParams | Mapping[str, Any]) -> CompareResponse:
        """Return every model's answer and the comparison. Raises ValueError for params that ask for a stream."""
        body = body_of(params, CompareParams)
        if body.get("stream"):
            raise ValueError("compare.create() does not stream: use compare.stream()")
        payload, _ = await self._gateway.request("POST", _COMPARE_PATH, body={**body, "stream": False})
        return read_as(CompareResponse, payload)

    def stream(self, params: CompareParams | Mapping[str, Any]) -> CompareStream:
        """Return the comparison's events, to be read once with `async for`; one model's error does not end them."""
        return CompareStream(self._gateway, _COMPARE_PATH, {**body_of(params, CompareParams), "stream": True})


class Router:
    """`POST /v1/router/select`."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def select(self, params: RouterSelectParams | Mapping[str, Any]) -> RouterSelectResponse:
        """Return the model that the auto router would take, without asking it anything."""
        body = body_of(params, RouterSelectParams)
        return read_as(RouterSelectResponse, (await self._gateway.request("POST", "/v1/router/select", body=body))[0])


class Usage:
    """`/v1/usage…`."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def events(
        self,
        request_ids: Sequence[str] | None = None,
        *,
        limit: int = 100,
        since: str | None = None,
        offset: int = 0,
    ) -> list[UsageEvent]:
        """Return what requests of this key cost, newest first; only those of `request_ids` where given.

        `since` is an ISO 8601 time, `limit` at most 200 (the gateway's own limit).
        """
        body: dict[str, Any] = {"org_id": "", "limit": max(1, min(limit, 200)), "offset": offset}
        if since is not None:
            body["since"] = since
        payload, _ = await self._gateway.request("POST", "/v1/usage/events", body=body)
        rows = payload.get("events") if isinstance(payload, dict) else payload
        events = read_rows(UsageEvent, rows)
        return events if request_ids is None else [event for event in events if event.request_id in request_ids]

    async def rate_limits(self) -> RateLimits:
        """Return how much of each limit is used."""
        return read_as(RateLimits, (await self._gateway.request("GET", "/v1/usage/rate-limits"))[0])


class AsyncMeshAPI:
    """An asynchronous client of the Mesh API, or of a server that speaks the same.

    `base_url` may end in `/v1`; it defaults to MESHAPI_BASE_URL, then to the gateway's own. `token` defaults to
    MESHAPI_API_KEY, MESH_API_KEY, MESHAPI_TOKEN. `timeout` is one number of seconds for each phase, or `Timeouts`.
    Every failure is a MeshAPIError. Streams are never retried, other calls up to `max_retries` times. Plain http to
    another machine needs `allow_http`.
    """

    def __init__(
        self,
        *,
        base_url: str | None = None,
        token: str | None = None,
        timeout: float | Timeouts | None = None,
        max_retries: int = 3,
        async_httpx_client: httpx.AsyncClient | None = None,
        allow_http: bool = False,
        version: str | None = CONTRACT_VERSION,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        timeouts = Timeouts.every(float(timeout)) if isinstance(timeout, int | float) else timeout
        self.gateway = Gateway(
            base_url,
            token,
            timeouts=timeouts,
            retries=Retries(count=max_retries),
            allow_http=allow_http,
            version=version,
            headers=headers,
            http=async_httpx_client,
        )
        self.chat = Chat(self.gateway)
        self.models = Models(self.gateway)
        self.templates = Templates(self.gateway)
        self.compare = Compare(self.gateway)
        self.router = Router(self.gateway)
        self.usage = Usage(self.gateway)

    async def balance(self) -> Balance:
        """Return the account's money."""
        return read_as(Balance, (await self.gateway.request("GET", "/v1/balance"))[0])

    async def api_versions(self) -> list[dict[str, Any]]:
        """Return the contract versions that the gateway serves, oldest first, as it describes them."""
        payload, _ = await self.gateway.request("GET", "/v1/api-versions")
        rows = payload.get("versions", rows_of(payload)) if isinstance(payload, dict) else rows_of(payload)
        return [row if isinstance(row, dict) else {"version": row} for row in rows]

    async def aclose(self) -> None:
        """Close the connections."""
        await self.gateway.aclose()

    close = aclose

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"AsyncMeshAPI(base_url={str(self.gateway.address)!r})"
