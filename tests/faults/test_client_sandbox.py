"""Every resource of the client against the sandbox."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from meshtui.client import (
    AsyncMeshAPI,
    ChatCompletionParams,
    ChatMessage,
    CompareParams,
    CreateTemplateParams,
    Gateway,
    ListModelsParams,
    MeshAPIError,
    ModelSearchParams,
    RouterSelectParams,
    Timeouts,
    UpdateTemplateParams,
)
from meshtui.client.connection import CONTRACT_VERSION
from meshtui.core.turn import TextDelta
from meshtui.sandbox import Sandbox, Settings
from tests.client_calls import KEY, said


@pytest.fixture(scope="module")
def url() -> Any:
    with Sandbox(Settings()) as box:
        yield box.url


def run(url: str, work: Callable[[AsyncMeshAPI], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        async with AsyncMeshAPI(base_url=url, token=KEY) as client:
            return await work(client)

    return asyncio.run(main())


def test_create_and_stream_say_the_same(url: str) -> None:
    params = ChatCompletionParams(model="sandbox/echo", messages=[ChatMessage(role="user", content="hello")])

    async def work(client: AsyncMeshAPI) -> None:
        reply = await client.chat.completions.create(params)
        assert reply.choices[0].message is not None
        chunks = [chunk async for chunk in client.chat.completions.stream(params)]
        assert said(chunks) == reply.choices[0].message.content
        assert reply.request_id
        assert reply.usage is not None
        costs = await client.usage.events([reply.request_id], limit=50)
        assert [event.request_id for event in costs] == [reply.request_id]

    run(url, work)


def test_models(url: str) -> None:
    async def work(client: AsyncMeshAPI) -> None:
        every = await client.models.list()
        assert len(every) >= 40
        free, paid = await client.models.free(), await client.models.paid()
        assert free
        assert len(free) + len(paid) <= len(every)
        assert await client.models.list(ListModelsParams(free=True)) == await client.models.list(free=True)
        page = await client.models.search(ModelSearchParams(q="gpt", limit=2, output_modality=["text"]))
        assert 0 < len(page.items) <= 2
        assert (await client.models.get(page.items[0].id)).id == page.items[0].id
        with pytest.raises(MeshAPIError) as caught:
            await client.models.get("no/such")
        assert caught.value.status == 404

    run(url, work)


def test_templates(url: str) -> None:
    async def work(client: AsyncMeshAPI) -> None:
        made = await client.templates.create(CreateTemplateParams(name="t1", system="Be {{tone}}.", description="d"))
        with pytest.raises(MeshAPIError) as caught:
            await client.templates.create({"name": "t1"})
        assert caught.value.code == "conflict"
        assert made.id in [template.id for template in await client.templates.list()]
        changed = await client.templates.update(made.id, UpdateTemplateParams(description=None))
        assert (changed.description, changed.system) == (None, "Be {{tone}}.")
        await client.templates.delete(made.id)
        with pytest.raises(MeshAPIError) as caught:
            await client.templates.get(made.id)
        assert caught.value.status == 404

    run(url, work)


@pytest.mark.parametrize("skip", [False, True])
def test_compare(url: str, skip: bool) -> None:
    params = CompareParams(
        models=["sandbox/echo", "sandbox/markdown"],
        messages=[ChatMessage(role="user", content="hello")],
        skip_comparison=skip,
    )

    async def work(client: AsyncMeshAPI) -> None:
        whole = await client.compare.create(params)
        assert [result.model for result in whole.results] == params.models
        found = [event async for event in client.compare.stream(params)]
        assert found[0].event == "meta"
        assert found[-1].event == "done"
        assert {event.model for event in found if event.event == "model_chunk"} == set(params.models)

    run(url, work)


def test_money_limits_versions_and_routing(url: str) -> None:
    async def work(client: AsyncMeshAPI) -> None:
        limits = await client.usage.rate_limits()
        assert limits.key is not None
        assert limits.key["rpm"] is not None
        assert limits.key["rpm"].limit == 100
        assert (await client.balance()).available_usd is not None
        assert CONTRACT_VERSION in json.dumps(await client.api_versions())
        picked = await client.router.select(RouterSelectParams(messages=[ChatMessage(role="user", content="hi")]))
        assert picked.model

    run(url, work)


def test_only_what_is_used_is_loaded() -> None:
    code = (
        "import sys, meshtui.client; assert not {'httpx', 'pydantic', 'asyncio'} & set(sys.modules), sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    session_only = "import sys; from meshtui.client import Gateway; assert 'pydantic' not in sys.modules"
    subprocess.run([sys.executable, "-c", session_only], check=True)


def test_every_public_name_is_there() -> None:
    import meshtui.client as client

    for name in client.__all__:
        assert getattr(client, name) is not None
    with pytest.raises(AttributeError):
        _ = client.no_such_name


@pytest.mark.anyio
async def test_a_whole_reply_need_not_wait_for_a_connection_that_stays_open() -> None:
    request = {"model": "sandbox/fault-keepalive-after-done", "messages": [{"role": "user", "content": "hi"}]}
    with Sandbox(Settings()) as box:
        async with asyncio.timeout(20), Gateway(box.url, KEY, timeouts=Timeouts(after_finish=0.1)) as gateway:
            deltas = [delta async for delta in gateway.stream(request, stream=False)]
    assert any(isinstance(delta, TextDelta) for delta in deltas)
