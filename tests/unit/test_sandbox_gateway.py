"""The sandbox's front: keys, versions, request ids, sizes, paths, the models, usage, and the control plane."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from decimal import Decimal

import httpx
import pytest

from meshtui.sandbox import Sandbox, Script, Settings
from tests.sandbox_caller import KEY, Caller, calling

REQUEST_ID = re.compile(r"req_[0-9A-HJKMNP-TV-Z]{26}")


@pytest.fixture(scope="module")
def caller() -> Iterator[Caller]:
    with calling() as caller:
        yield caller


# -- keys and versions ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("authorization", "status", "code", "word"),
    [
        (None, 401, "unauthorized", "Missing"),
        ("Bearer", 401, "unauthorized", "Missing"),
        ("Bearer sk-abc", 401, "unauthorized", "Malformed"),
        ("Bearer mak_01JDEMO00000000000000000", 401, "unauthorized", "Malformed"),
        (f"Basic {KEY}", 401, "unauthorized", "Malformed"),
        ("Bearer rsk_unknown0000000000000000", 401, "unauthorized", "Invalid"),
        ("Bearer rsk_suspended00000000000000", 403, "forbidden", "suspended"),
    ],
)
def test_a_bad_key_is_refused_on_every_path(
    caller: Caller, authorization: str | None, status: int, code: str, word: str
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    with httpx.Client(base_url=caller.box.url, headers=headers) as http:
        for response in (
            http.get("/v1/models"),
            http.post("/v1/chat/completions", json={"messages": [], "stream": True}),
            http.get("/v1/no-such-path"),
        ):
            body = response.json()
            assert (response.status_code, body["error"]["code"]) == (status, code)
            assert word in body["error"]["message"]
            assert body["request_id"] == response.headers["x-request-id"]


def test_only_listed_keys_are_known_once_some_are_listed() -> None:
    with Sandbox(Settings(keys=("rsk_mine0000",))) as box:
        with Caller(box, "rsk_mine0000") as mine, Caller(box, "rsk_yours000") as yours:
            assert mine.http.get("/v1/models").status_code == 200
            assert yours.http.get("/v1/models").status_code == 401


def test_request_ids_are_on_every_answer_and_never_twice(caller: Caller) -> None:
    answers = [caller.http.get("/v1/models"), caller.http.get("/v1/nowhere"), caller.post(), caller.post("no/model")]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert all(REQUEST_ID.fullmatch(id_) for id_ in ids)
    assert len(set(ids)) == len(ids)
    assert {answer.headers["x-mesh-version"] for answer in answers} == {"2026-08"}


@pytest.mark.parametrize("versions", [["2026-13"], [""], ["latest"], ["2026-08", "2026-09"]])
def test_a_version_that_is_not_served_is_refused_before_the_key(caller: Caller, versions: list[str]) -> None:
    headers = [("X-Mesh-Version", version) for version in versions]
    response = httpx.get(f"{caller.box.url}/v1/models", headers=headers)
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid_api_version"
    assert "2026-08, 2026-09" in response.json()["error"]["message"]


def test_a_served_version_is_named_in_the_answer(caller: Caller) -> None:
    twice = [("X-Mesh-Version", "2026-09"), ("X-Mesh-Version", "2026-09")]
    assert caller.http.get("/v1/models", headers=twice).headers["x-mesh-version"] == "2026-09"
    versions = caller.http.get("/v1/api-versions").json()["versions"]
    assert [row["version"] for row in versions if row["latest"]] == ["2026-09"]


# -- sizes and paths ------------------------------------------------------------------------------


def test_a_body_over_32_mib_gets_a_page_without_an_id_and_is_not_counted() -> None:
    with calling(Settings(rpm=100)) as caller:
        response = caller.http.post("/v1/chat/completions", content=b"x" * (32 * 1024 * 1024 + 1))
        assert response.status_code == 413
        assert response.headers["content-type"].startswith("text/html")
        assert "x-request-id" not in response.headers
        assert caller.http.get("/v1/usage/rate-limits").json()["key"]["rpm"]["current"] == 0


def test_a_body_just_below_the_ceiling_is_read(caller: Caller) -> None:
    fill = "y" * (32 * 1024 * 1024 - 200)
    assert caller.refused("openai/gpt-4o", fill)[1]["code"] == "context_window_exceeded"


def test_an_unknown_path_and_a_wrong_method_say_so(caller: Caller) -> None:
    unknown = caller.http.get("/v1/nowhere")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "not_found")
    assert caller.http.get("/v1/chat/completions").status_code == 405


@pytest.mark.parametrize(
    ("body", "kind"), [(b"{", "json_invalid"), (b"[]", "model_attributes_type"), (b"", "json_invalid")]
)
def test_a_body_that_is_no_object_is_a_422(caller: Caller, body: bytes, kind: str) -> None:
    response = caller.http.post("/v1/chat/completions", content=body)
    assert response.status_code == 422
    assert response.json()["error"]["details"][0]["type"] == kind


# -- models ---------------------------------------------------------------------------------------


def test_the_catalogue_is_an_array_with_the_flaws_of_the_contract(caller: Caller) -> None:
    rows = caller.http.get("/v1/models").json()
    assert len({row["id"] for row in rows}) == len(rows)
    assert len([row for row in rows if row["provider"] != "sandbox"]) >= 40
    assert any(row["context_length"] is None and row["context_window"] for row in rows)
    assert any(row["context_length"] is None and row["context_window"] is None for row in rows)
    assert any(row["pricing"] is None for row in rows)
    assert any("/" not in row["id"] for row in rows)
    assert any("[@click=" in row["name"] for row in rows)
    assert {"text", "chat", "image", "embedding", "audio", "video"} <= {row["model_type"] for row in rows}
    for row in rows:
        for name, value in (row["pricing"] or {}).items():
            assert value is None or isinstance(value, str), name


def test_the_catalogue_can_be_filtered(caller: Caller) -> None:
    get = caller.http.get
    every = get("/v1/models").json()
    free = get("/v1/models?free=true").json()
    assert free == get("/v1/models/free").json() and all(row["is_free"] for row in free)
    assert len(free) + len(get("/v1/models/paid").json()) == len(every)
    assert {row["provider"] for row in get("/v1/models?provider=openai&type=text").json()} == {"openai"}
    bad = get("/v1/models?free=perhaps")
    assert bad.json()["error"]["details"][0]["loc"] == ["query", "free"]


def test_search_pages_sorts_and_filters(caller: Caller) -> None:
    query = "q=gpt&output_modality=text&sort=price&order=desc&limit=3&offset=1&brand=OpenAI"
    page = caller.http.get(f"/v1/models/search?{query}").json()
    assert len(page["items"]) == 3 and page["total"] > 3 and (page["limit"], page["offset"]) == (3, 1)
    prices = [Decimal(row["pricing"]["prompt_usd_per_1m"] or "inf") for row in page["items"]]
    assert prices == sorted(prices, reverse=True)
    assert page["brands"] == ["OpenAI"]
    vision = caller.http.get("/v1/models/search?input_modality=image&input_modality=audio").json()["items"]
    assert vision and all({"image", "audio"} <= set(row["input_modalities"]) for row in vision)
    assert caller.http.get("/v1/models/search?sort=colour").status_code == 422
    assert caller.http.get("/v1/models/search?sort=price").status_code == 422
    for limit in ("0", "--5", "2²"):
        assert caller.http.get("/v1/models/search", params={"limit": limit}).status_code == 422


def test_one_model_by_id_and_the_odd_404(caller: Caller) -> None:
    assert caller.http.get("/v1/models/openai/gpt-4o-mini").json()["name"] == "GPT-4o mini"
    assert caller.http.get("/v1/models/sandbox/long-2²").status_code == 404
    missing = caller.http.get("/v1/models/openai/gpt-9")
    assert (missing.status_code, list(missing.json())) == (404, ["detail"])


@pytest.mark.parametrize("count", [5, 40, 5000])
def test_the_catalogue_has_as_many_rows_as_wanted(count: int) -> None:
    with calling(Settings(catalogue_rows=count)) as caller:
        rows = caller.http.get("/v1/models").json()
        assert len({row["id"] for row in rows}) == count
        assert caller.post("sandbox/haiku").status_code == 200


def test_the_openai_shape_of_the_catalogue() -> None:
    with calling(Settings(switches={"models-shape": "openai"})) as caller:
        body = caller.http.get("/v1/models").json()
        assert body["object"] == "list" and {"id", "object", "created", "owned_by"} == set(body["data"][0])


# -- usage ----------------------------------------------------------------------------------------


def test_usage_events_carry_the_price_of_the_request_by_its_id() -> None:
    with calling() as caller:
        first = caller.post("openai/gpt-4o-mini", session_id="s1", tags={"team": "a"})
        caller.stream("openai/gpt-4o")
        caller.post("no/such")
        rows = caller.http.post("/v1/usage/events", json={"org_id": ""}).json()["events"]
        assert [row["model"] for row in rows] == [None, "openai/gpt-4o", "openai/gpt-4o-mini"]
        mine = rows[-1]
        assert mine["request_id"] == first.headers["x-request-id"]
        usage = first.json()["usage"]
        price = (usage["prompt_tokens"] * Decimal("0.15") + usage["completion_tokens"] * Decimal("0.60")) / 1_000_000
        assert mine["cost_usd"] == f"{price:.8f}"
        assert (mine["session_id"], mine["tags"]) == ("s1", {"team": "a"})
        assert rows[0]["failure_stage"] == "credentials" and rows[0]["cost_usd"] == "0.00000000"
        page = caller.http.post("/v1/usage/events", json={"org_id": "", "limit": 1, "offset": 1}).json()["events"]
        assert page == rows[1:2]
        totals = caller.http.post("/v1/usage", json={}).json()
        assert Decimal(totals["totals"]["cost_usd"]) == sum(Decimal(row["cost_usd"]) for row in rows)
        trend = caller.http.get("/v1/usage/spend-trend").json()["points"]
        assert sum(point["requests"] for point in trend) == 3
        attempts = caller.http.get(f"/v1/usage/events/{mine['request_id']}/attempts").json()["attempts"]
        assert len(attempts) == 1
        balance = caller.http.get("/v1/balance").json()
        assert Decimal(balance["balance_usd"]) == 25 - Decimal(totals["totals"]["cost_usd"])
        assert caller.http.get("/v1/usage/events/req_none/attempts").status_code == 404


@pytest.mark.parametrize(
    ("body", "field", "kind"),
    [
        ({}, "org_id", "missing"),
        ({"org_id": None}, "org_id", "string_type"),
        ({"org_id": "", "limit": 201}, "limit", "less_than_equal"),
        ({"org_id": "", "limit": "5"}, "limit", "int_type"),
        ({"org_id": "", "offset": -1}, "offset", "greater_than_equal"),
    ],
)
def test_usage_events_check_their_body(caller: Caller, body: dict[str, object], field: str, kind: str) -> None:
    caller.post()
    response = caller.http.post("/v1/usage/events", json=body)
    assert response.status_code == 422
    row = response.json()["error"]["details"][0]
    assert (row["loc"], row["type"]) == (["body", field], kind)


def test_usage_is_the_calling_keys_own(caller: Caller) -> None:
    with Caller(caller.box, "rsk_somebody_else") as other:
        assert other.http.post("/v1/usage/events", json={"org_id": ""}).json()["events"] == []


def test_usage_since_a_time(caller: Caller) -> None:
    caller.post()
    future = caller.http.post("/v1/usage/events", json={"org_id": "", "since": "2999-01-01T00:00:00Z"})
    assert future.json()["events"] == []
    assert caller.http.post("/v1/usage/events", json={"org_id": "", "since": "soon"}).status_code == 422


# -- control plane --------------------------------------------------------------------------------


def test_requests_are_remembered_with_the_key_masked(caller: Caller) -> None:
    caller.post("sandbox/haiku", "remember this", headers={"X-Extra": "1"})
    seen = caller.http.get("/sandbox/requests").json()[-1]
    assert (seen["method"], seen["path"], seen["status"]) == ("POST", "/v1/chat/completions", 200)
    assert seen["body"]["messages"][0]["content"] == "remember this"
    assert seen["headers"]["authorization"] == "Bearer rsk_…0000"
    assert seen["headers"]["x-extra"] == "1"
    assert KEY not in caller.http.get("/sandbox/requests").text
    assert caller.box.requests[-1] == seen
    caller.http.delete("/sandbox/requests")
    assert caller.http.get("/sandbox/requests").json() == []


def test_a_scripted_answer_is_served_byte_for_byte_and_once(caller: Caller) -> None:
    chunks = [b"data: {\xf0\x9f", b"\x98\x80}\r\r", b"", b"\x00\xff"]
    script = {
        "status": 206,
        "headers": {"content-type": "text/x-odd", "x-mine": "yes"},
        "chunks": [base64.b64encode(chunk).decode() for chunk in chunks],
    }
    assert httpx.post(f"{caller.box.url}/sandbox/next", json=script).status_code == 202
    got = caller.stream()
    assert (got.response.status_code, got.response.headers["x-mine"], got.raw) == (206, "yes", b"".join(chunks))
    assert caller.stream().done


@pytest.mark.parametrize(
    ("end", "error"),
    [("cut", httpx.RemoteProtocolError), ("reset", httpx.ReadError), ("hang", httpx.ReadTimeout)],
)
def test_a_script_ends_as_it_says(caller: Caller, end: str, error: type[Exception]) -> None:
    caller.box.script(Script.read({"chunks": [base64.b64encode(b"data: 1\n\n").decode()], "end": end}))
    with Caller(caller.box, timeout=0.3) as hasty, pytest.raises(error):
        hasty.stream()


@pytest.mark.parametrize("body", [3, {"chunks": ["%%%"]}, {"end": "never"}, {"colour": "red"}, {"headers": []}])
def test_a_script_that_cannot_be_read_is_refused(caller: Caller, body: object) -> None:
    response = httpx.post(f"{caller.box.url}/sandbox/next", json=body)
    assert response.status_code == 422 and response.json()["error"]


def test_the_overview_names_faults_switches_and_models(caller: Caller) -> None:
    overview = httpx.get(f"{caller.box.url}/sandbox").json()
    assert overview["faults"]["cut"] and overview["switches"]["cost"]["now"] == "absent"
    assert "sandbox/echo" in overview["models"]
    assert httpx.get(caller.box.url).json() == overview
    assert httpx.get(f"{caller.box.url}/sandbox/nothing").status_code == 404
