"""Templates in the sandbox: the shelf over HTTP, and what a request with a template becomes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from meshtui.sandbox import Settings
from tests.cases import load, needs_cases
from tests.sandbox_caller import Caller, calling


@pytest.fixture
def caller() -> Iterator[Caller]:
    with calling() as caller:
        yield caller


def create(caller: Caller, **fields: Any) -> dict[str, Any]:
    response = caller.http.post("/v1/templates", json={"name": "mine", **fields})
    assert response.status_code == 201, response.text
    row: dict[str, Any] = response.json()
    return row


def echoed(caller: Caller, **fields: Any) -> dict[str, Any]:
    request: dict[str, Any] = json.loads(caller.text("sandbox/echo", **fields))
    return request


def test_a_template_lives_from_creation_to_deletion(caller: Caller) -> None:
    row = create(caller, system="Be {{tone}}.", variables=["tone"], params={"temperature": 0.1})
    assert row["owner"] == "org_demo" and row["is_global"] is False and row["description"] is None
    assert row["created_at"].endswith("Z") and row["created_at"] == row["updated_at"]
    path = f"/v1/templates/{row['id']}"
    assert caller.http.get(path).json() == row
    changed = caller.http.patch(path, json={"system": None, "description": "d", "oddity": 1}).json()
    assert (changed["system"], changed["description"], changed["params"]) == (None, "d", {"temperature": 0.1})
    assert "oddity" not in changed
    deleted = caller.http.delete(path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert caller.http.get(path).json()["error"]["code"] == "not_found"
    assert caller.http.delete(path).status_code == 404


def test_names_are_unique_for_an_owner(caller: Caller) -> None:
    first, second = create(caller), create(caller, name="other")
    twice = caller.http.post("/v1/templates", json={"name": "mine"})
    assert (twice.status_code, twice.json()["error"]["code"]) == (409, "conflict")
    renamed = caller.http.patch(f"/v1/templates/{second['id']}", json={"name": "mine"})
    assert renamed.status_code == 409
    assert caller.http.patch(f"/v1/templates/{first['id']}", json={"name": "mine"}).status_code == 200
    with Caller(caller.box, "rsk_other_owner") as other:
        assert create(other)["owner"] == "org_other"


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "name"), ({"name": ""}, "name"), ({"name": 1}, "name"), ({"name": "x", "variables": "a"}, "variables")],
)
def test_a_bad_template_is_a_422(caller: Caller, body: dict[str, Any], field: str) -> None:
    response = caller.http.post("/v1/templates", json=body)
    assert response.status_code == 422
    assert response.json()["error"]["details"][0]["loc"] == ["body", field]


def test_a_name_cannot_be_cleared(caller: Caller) -> None:
    row = create(caller)
    assert caller.http.patch(f"/v1/templates/{row['id']}", json={"name": None}).status_code == 422


def test_global_templates_are_listed_used_and_left_alone(caller: Caller) -> None:
    rows = {row["name"]: row for row in caller.http.get("/v1/templates").json()}
    path = f"/v1/templates/{rows['summary']['id']}"
    assert rows["summary"]["owner"] is None and caller.http.get(path).status_code == 200
    assert caller.http.patch(path, json={"system": "x"}).status_code == 403
    assert caller.http.delete(path).status_code == 403
    variables = {"reader": "a child", "sentences": "2"}
    messages = echoed(caller, template="summary", variables=variables)["messages"]
    assert messages[0] == {"role": "system", "content": "Sum up what follows in 2 sentences for a child."}
    create(caller, name="summary", system="Mine shadows it.")
    assert echoed(caller, template="summary")["messages"][0]["content"] == "Mine shadows it."


def test_anothers_template_works_by_id_but_cannot_be_seen(caller: Caller) -> None:
    with Caller(caller.box, "rsk_other_owner") as other:
        row = create(other, system="Shared.")
    assert caller.http.get(f"/v1/templates/{row['id']}").status_code == 404
    assert row["id"] not in [seen["id"] for seen in caller.http.get("/v1/templates").json()]
    assert echoed(caller, template=row["id"])["messages"][0]["content"] == "Shared."
    assert caller.refused("sandbox/echo", template="mine")[0] == 404


def test_order_and_precedence(caller: Caller) -> None:
    parts = [{"type": "text", "text": "{{ who }} in parts"}]
    create(
        caller,
        system="S {{who}}",
        messages=[{"role": "user", "content": "T {{who}} {{who}}"}, {"role": "assistant", "content": parts}],
        model="sandbox/echo",
        params={"temperature": 0.3, "max_tokens": 4000},
    )
    own = [{"role": "system", "content": "mine"}, {"role": "user", "content": "literal {{who}}"}]
    body = {"template": "mine", "variables": {"who": "{{who}} & co", "spare": "x"}, "messages": own, "max_tokens": 999}
    request = json.loads(caller.http.post("/v1/chat/completions", json=body).json()["choices"][0]["message"]["content"])
    assert [message["content"] for message in request["messages"]] == [
        "S {{who}} & co",
        "T {{who}} & co {{who}} & co",
        [{"type": "text", "text": "{{who}} & co in parts"}],
        "mine",
        "literal {{who}}",
    ]
    assert (request["temperature"], request["max_tokens"]) == (0.3, 999)
    assert "template" not in request and "variables" not in request
    assert caller.reply("sandbox/haiku", template="mine", variables={"who": ""})["model"] == "sandbox/haiku"


def test_a_missing_variable_is_a_422_that_names_it(caller: Caller) -> None:
    create(caller, system="{{b}} {{ a }} {{c}}", variables=["zzz"])
    status, error = caller.refused("sandbox/echo", template="mine", variables={"a": "", "c": "x"})
    assert (status, error["code"], error["param"]) == (422, "unprocessable_entity", "variables")
    assert error["message"].endswith(": b")
    assert caller.stream("sandbox/echo", template="mine").response.status_code == 422


def test_parameters_of_a_template_are_checked_when_used(caller: Caller) -> None:
    create(caller, params={"temperature": 7})
    assert caller.refused("sandbox/echo", template="mine")[1]["details"][0]["loc"] == ["body", "temperature"]


def test_switches_of_the_shelf() -> None:
    switches = {
        "template-id": "tmpl",
        "template-list": "own",
        "delete-status": "200",
        "missing-variable": "validation_error",
    }
    with calling(Settings(switches=switches)) as caller:
        row = create(caller, system="{{a}}")
        assert row["id"].startswith("tmpl_")
        assert caller.http.get("/v1/templates").json() == [row]
        assert caller.refused("sandbox/echo", template="mine")[1]["code"] == "validation_error"
        assert caller.http.delete(f"/v1/templates/{row['id']}").status_code == 200


CASES = {case["id"]: case for case in load("templates.json").get("cases", [])}
# Names beyond ASCII letters, digits and underscore are no slots for the gateway.
PLAIN = [
    name
    for name, case in CASES.items()
    if (case["missing_one_pass"] or "one pass, trimmed" in case["by_engine"])
    and all(slot.isascii() and slot.replace("_", "a").isalnum() for slot in case["slots_one_pass"])
    and all(isinstance(value, str) for value in case["variables"].values())
]


@needs_cases
@pytest.mark.parametrize("name", PLAIN)
def test_expansion_is_one_pass_as_in_the_shared_cases(caller: Caller, name: str) -> None:
    case = CASES[name]
    create(caller, system=case["text"] or "x")
    fields = {"template": "mine", "variables": case["variables"]}
    if case["missing_one_pass"]:
        assert caller.refused("sandbox/echo", **fields)[0] == 422
    else:
        rendered = case["by_engine"]["one pass, trimmed"]["rendered"]
        assert echoed(caller, **fields)["messages"][0]["content"] == (rendered or "x")
