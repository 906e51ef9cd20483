"""The model list of a session: from disk at once, from the gateway behind that; favourites, fallbacks, the router."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from meshtui.core.problem import Problem, ProblemKind
from meshtui.core.turn import TurnState
from meshtui.sandbox import Sandbox, Settings
from meshtui.store.catalogues import Catalogues
from tests.workbench import OTHER_KEY, opened, surroundings

GOOD = "openai/gpt-4o-mini"


def kept_in(home: Path) -> Catalogues:
    return Catalogues(home / "state" / "catalogues")


def files_of(home: Path) -> list[Path]:
    return sorted((home / "state" / "catalogues").iterdir())


@pytest.mark.anyio
async def test_a_list_once_fetched_is_there_without_a_gateway(home: Path) -> None:
    with Sandbox(Settings(catalogue_rows=40)) as box:
        async with opened(home, box, catalogues=kept_in(home)) as session:
            await session.models.load()
            assert session.models.age() is None and not session.cards
            assert len(await session.catalogue()) == 41  # and the router
    async with opened(home, box, catalogues=kept_in(home)) as later:
        await later.models.load()
        assert len(later.cards) == 41 and later.models.card(GOOD) is not None
        age = later.models.age()
        assert age is not None and age < 60 and later.models.is_fresh
        with pytest.raises(Problem):
            await later.catalogue()
        assert len(later.cards) == 41 and "cannot be reached" in later.models.fault


@pytest.mark.anyio
async def test_the_file_is_private_holds_no_key_and_nothing_is_left_beside_it(home: Path) -> None:
    with Sandbox(Settings(catalogue_rows=5)) as box:
        async with opened(home, box, catalogues=kept_in(home)) as session:
            await session.catalogue()
            await session.catalogue()
    (file,) = files_of(home)
    assert file.stat().st_mode & 0o777 == 0o600
    assert "rsk_" not in file.read_text() and len(json.loads(file.read_text())["rows"]) == 5


@pytest.mark.anyio
async def test_each_gateway_has_its_own_list_favourites_and_recents(home: Path) -> None:
    with Sandbox(Settings(catalogue_rows=5)) as one, Sandbox(Settings(catalogue_rows=9)) as two:
        async with opened(home, one, catalogues=kept_in(home)) as session:
            await session.catalogue()
            session.toggle_favourite(GOOD)
            first = session.models
            session.switch(replace(surroundings(home, two.url).target(), profile="two"))
            await session.catalogue()
            assert session.models is not first and len(session.cards) == 10 and session.models.favourites == ()
            assert len(first.cards) == 6 and first.favourites == (GOOD,)
    assert len(files_of(home)) == 2


@pytest.mark.parametrize(
    "broken", [b"", b"{", b"[]", b'{"version": 99}', b'{"version": 1, "base_url": "other", "rows": []}', b"\xff\xfe"]
)
def test_a_broken_file_counts_as_absent(home: Path, broken: bytes) -> None:
    kept = kept_in(home)
    kept.write("http://x", [{"id": "a"}], 1.0)
    kept.file("http://x").write_bytes(broken)
    assert kept.read("http://x") is None


def test_rows_that_cannot_be_encoded_are_kept_all_the_same(home: Path) -> None:
    kept = kept_in(home)
    kept.write("http://x", [{"id": "a", "name": "half \ud83d"}], 7.0)
    saved = kept.read("http://x")
    assert saved is not None and saved.rows[0]["name"] == "half \ud83d" and saved.fetched_at == 7.0


@pytest.mark.anyio
async def test_a_list_that_cannot_be_kept_is_told_and_used(home: Path) -> None:
    with Sandbox(Settings(catalogue_rows=5)) as box:
        blocked = home / "file"
        blocked.parent.mkdir(parents=True)
        blocked.write_text("in the way")
        async with opened(home, box, catalogues=Catalogues(blocked)) as session:
            told: list[str] = []
            session.on_notice = told.append
            await session.catalogue()
            assert len(session.cards) == 6 and "could not be kept" in told[0]


@pytest.mark.anyio
async def test_an_old_list_is_not_fresh(home: Path) -> None:
    clock = [1000.0]
    with Sandbox(Settings(catalogue_rows=5)) as box:
        async with opened(home, box, now=lambda: clock[0]) as session:
            await session.catalogue()
            assert session.models.is_fresh
            clock[0] += 3600
            assert not session.models.is_fresh and session.models.age() == 3600
            clock[0] = 0  # a clock that was set back gives no negative age
            assert session.models.age() == 0


@pytest.mark.anyio
async def test_an_empty_answer_does_not_take_the_list_away(home: Path) -> None:
    with Sandbox(Settings(catalogue_rows=5)) as box:
        async with opened(home, box, catalogues=kept_in(home)) as session:
            await session.catalogue()
            rows = kept_in(home).read(box.url)
            assert rows is not None
    with Sandbox(Settings(faults=("empty",), switches={"fault-scope": "all"})) as empty:
        kept_in(home).write(empty.url, rows.rows, 0.0)
        async with opened(home, empty, catalogues=kept_in(home)) as later:
            await later.models.load()
            await later.catalogue()
            assert len(later.cards) == 6 and "empty list" in later.models.fault


@pytest.mark.anyio
async def test_without_a_list_ids_typed_by_hand_are_remembered(home: Path) -> None:
    with Sandbox(Settings(faults=("404",), switches={"fault-scope": "all"})) as box:
        async with opened(home, box) as session:
            await session.catalogue()
            assert list(session.cards) == [] and len(session.models.index) == 0
            session.choose_model("my/own-model")
            session.toggle_favourite("my/favourite")
        async with opened(home, box, model="") as later:
            assert [card.id for card in later.models.index.find("my")] == ["my/favourite", "my/own-model"]
            later.take_last_choice()
            assert later.draft.model == "my/own-model"


@pytest.mark.anyio
async def test_favourites_and_recents_last_and_come_first(home: Path) -> None:
    with Sandbox(Settings()) as box:
        async with opened(home, box) as session:
            await session.catalogue()
            for id in ("openai/gpt-5", GOOD, "openai/gpt-5"):
                session.choose_model(id)
            session.toggle_favourite("x-ai/grok-4")
            session.toggle_favourite("x-ai/grok-3-mini")
            session.toggle_favourite("x-ai/grok-3-mini")
        async with opened(home, box) as later:
            assert later.models.favourites == ("x-ai/grok-4",) and later.models.recents == ("openai/gpt-5", GOOD)
            assert list(later.models.first) == ["x-ai/grok-4", "openai/gpt-5", GOOD]


@pytest.mark.anyio
async def test_a_script_does_not_get_what_was_chosen_on_the_screen(home: Path) -> None:
    with Sandbox(Settings()) as box:
        async with opened(home, box) as session:
            session.choose_model(GOOD)
            session.choose_fallbacks(["sandbox/haiku"])
        async with opened(home, box, model="") as script:
            assert script.draft.model == "" and script.fallbacks == ()


@pytest.mark.anyio
async def test_fallbacks_go_out_in_order_and_can_be_taken_away(home: Path) -> None:
    with Sandbox(Settings()) as box:
        async with opened(home, box) as session:
            session.choose_fallbacks(["sandbox/echo", "sandbox/haiku", "sandbox/echo"])
            turn = session.say("hello")
            await session.run(turn)
            assert turn.state is TurnState.DONE
            assert box.requests[-1]["body"]["models"] == ["sandbox/echo", "sandbox/haiku"]
            session.choose_fallbacks(["sandbox/haiku", "sandbox/echo"])
        async with opened(home, box) as later:
            later.take_last_choice()
            assert later.fallbacks == ("sandbox/haiku", "sandbox/echo")
            later.choose_fallbacks([])
            assert "models" not in later.say("again").request


@pytest.mark.anyio
async def test_the_router_says_what_it_would_take_and_the_turn_what_it_took(home: Path) -> None:
    with Sandbox(Settings()) as box:
        async with opened(home, box, model="auto") as session:
            route = await session.ask_router("prove that there is no largest prime")
            assert route.model == "anthropic/claude-sonnet-4.5" and route.fallback == ""
            turn = session.say("prove that there is no largest prime")
            await session.run(turn)
            assert turn.headers["x-resolved-model-id"] == route.model
            asked = [request["path"] for request in box.requests]
            assert asked == ["/v1/router/select", "/v1/chat/completions"]


@pytest.mark.anyio
async def test_a_router_that_fell_back_says_why_and_one_that_is_absent_is_a_problem(home: Path) -> None:
    with Sandbox(Settings(switches={"router-fallback": "classifier_timeout"})) as box:
        async with opened(home, box) as session:
            assert (await session.ask_router("hello")).fallback == "classifier_timeout"
    with Sandbox(Settings(faults=("404",), switches={"fault-scope": "all"})) as box:
        async with opened(home, box) as session:
            with pytest.raises(Problem):
                await session.ask_router("hello")


@pytest.mark.anyio
async def test_a_turn_goes_where_it_was_begun_although_the_profile_changed(home: Path) -> None:
    with Sandbox(Settings()) as one, Sandbox(Settings()) as two:
        async with opened(home, one) as session:
            turn = session.say("for the first")
            session.switch(replace(surroundings(home, two.url).target(), profile="two", model="sandbox/haiku"))
            await session.run(turn)
            assert turn.state is TurnState.DONE and (len(one.requests), len(two.requests)) == (1, 0)
            other = session.say("for the second")
            await session.run(other)
            assert (turn.profile, other.profile, len(two.requests)) == ("default", "two", 1)


@pytest.mark.anyio
async def test_nothing_goes_unencrypted_before_that_was_allowed(home: Path) -> None:
    with Sandbox(Settings()) as box:
        async with opened(home, box) as session:
            session.switch(replace(session.target, insecure=True))
            turn = session.say("secret")
            await session.run(turn)
            assert turn.problem is not None and turn.problem.code == "insecure_url"
            assert turn.problem.kind is ProblemKind.TLS and box.requests == []


@pytest.mark.anyio
async def test_a_gateway_that_hangs_is_not_waited_for(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meshtui.session.models.FETCH_SECONDS", 0.3)
    with Sandbox(Settings(faults=("hang",), switches={"fault-scope": "all"})) as box:
        async with opened(home, box) as session:
            began = time.monotonic()
            with pytest.raises(Problem) as caught:
                await session.catalogue()
            assert caught.value.kind is ProblemKind.TIMEOUT and time.monotonic() - began < 5
            assert not session.models.fetching
            with pytest.raises(Problem):
                await session.aim(surroundings(home, box.url, OTHER_KEY).target())
