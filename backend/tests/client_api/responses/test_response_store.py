"""Responses that are kept for a while."""

import random
from typing import Any

import pytest

from ai_engine.access.roles import Caller
from ai_engine.client_api.responses.response_store import ResponseStore, StoredResponse, Turn, owner_of
from ai_engine.errors import InvalidRequest
from ai_engine.names import Role
from ai_engine.wire.json_types import Json
from tests.fakes.clock import HandTurnedClock


def user(text: str) -> Json:
    return {"type": "message", "role": "user", "content": text}


def answer(response_id: str, text: str = "Hi.") -> Json:
    message = {"id": f"msg_{response_id}", "type": "message", "role": "assistant", "content": [{"text": text}]}
    return {"id": response_id, "status": "completed", "background": False, "output": [message]}


def keep(store: ResponseStore, response_id: str, text: str = "Hello!", after: str | None = None, owner: str = "ada") -> None:
    previous = None if after is None else store.previous(owner, after)
    store.keep(Turn(owner, [user(text)], previous), answer(response_id))


def said(kept: StoredResponse | None) -> list[Any]:
    assert kept is not None
    return [item["content"] if item["role"] == "user" else item["id"] for item in kept.conversation()]


@pytest.fixture
def clock() -> HandTurnedClock:
    return HandTurnedClock()


def test_a_conversation_is_what_was_said_in_all_its_turns(clock: HandTurnedClock) -> None:
    store = ResponseStore(clock)
    keep(store, "r1", "one")
    keep(store, "r2", "two", after="r1")
    keep(store, "r3", "three", after="r1")
    assert said(store.find("ada", "r2")) == ["one", "msg_r1", "two", "msg_r2"]
    assert said(store.find("ada", "r3")) == ["one", "msg_r1", "three", "msg_r3"]


def test_other_callers_cannot_see_it(clock: HandTurnedClock) -> None:
    store = ResponseStore(clock)
    keep(store, "r1")
    assert store.find("bob", "r1") is None
    assert store.items("bob", ["msg_r1"]) == {}
    assert not store.forget("bob", "r1")
    with pytest.raises(InvalidRequest):
        store.previous("bob", "r1")
    assert store.find("ada", "r1") is not None


def test_it_is_gone_when_its_time_is_over(clock: HandTurnedClock) -> None:
    store = ResponseStore(clock, lifetime_seconds=60)
    keep(store, "r1")
    clock.advance(59)
    keep(store, "r2", after="r1")
    clock.advance(1)
    assert store.find("ada", "r1") is None
    assert store.items("ada", ["msg_r1"]) == {}
    assert said(store.find("ada", "r2"))[0] == "Hello!"


def test_the_oldest_goes_first_where_there_are_too_many(clock: HandTurnedClock) -> None:
    store = ResponseStore(clock, max_count=2)
    for name in ("r1", "r2", "r3"):
        keep(store, name)
    assert [store.find("ada", name) is not None for name in ("r1", "r2", "r3")] == [False, True, True]


def test_bytes_are_bounded_and_a_larger_response_is_not_stored(clock: HandTurnedClock) -> None:
    store = ResponseStore(clock, max_bytes=10_000)
    for number in range(20):
        keep(store, f"r{number}", "x" * 2000)
        assert store.size_bytes <= 10_000
    assert store.find("ada", "r19") is not None
    keep(store, "huge", "x" * 20_000)
    assert store.find("ada", "huge") is None
    assert store.find("ada", "r19") is not None


def test_what_turns_share_counts_once_and_goes_with_the_last_of_them(clock: HandTurnedClock) -> None:
    store = ResponseStore(clock)
    keep(store, "r1", "x" * 5000)
    alone = store.size_bytes
    keep(store, "r2", after="r1")
    keep(store, "r3", after="r1")
    assert store.size_bytes < 2 * alone
    assert store.forget("ada", "r1")
    assert said(store.find("ada", "r3"))[0] == "x" * 5000
    assert store.forget("ada", "r2")
    assert store.size_bytes > alone
    assert store.forget("ada", "r3")
    assert store.size_bytes == 0


def test_a_turn_that_was_let_go_while_the_next_was_under_way_is_still_its_beginning(clock: HandTurnedClock) -> None:
    store = ResponseStore(clock)
    keep(store, "r1", "one")
    keep(store, "r2", "two", after="r1")
    turn = Turn("ada", [user("three")], store.previous("ada", "r2"))
    store.forget("ada", "r1")
    store.forget("ada", "r2")
    assert store.size_bytes == 0
    store.keep(turn, answer("r3"))
    assert said(store.find("ada", "r3")) == ["one", "msg_r1", "two", "msg_r2", "three", "msg_r3"]
    store.forget("ada", "r3")
    assert store.size_bytes == 0


def test_an_id_that_comes_again_is_the_newer_response(clock: HandTurnedClock) -> None:
    store = ResponseStore(clock)
    keep(store, "r1", "one")
    keep(store, "r1", "two", after="r1")
    assert said(store.find("ada", "r1")) == ["one", "msg_r1", "two", "msg_r1"]
    assert len(store) == 1


def test_an_item_is_found_by_its_id(clock: HandTurnedClock) -> None:
    store = ResponseStore(clock)
    keep(store, "r1")
    item = store.items("ada", ["msg_r1"]).get("msg_r1")
    assert item is not None
    assert item["role"] == "assistant"
    store.forget("ada", "r1")
    assert store.items("ada", ["msg_r1"]) == {}


def test_many_items_of_one_turn_are_found_in_one_reading(clock: HandTurnedClock) -> None:
    store = ResponseStore(clock)
    added = [{**user("x"), "id": f"msg_{number}"} for number in range(2000)]
    store.keep(Turn("ada", added, None), answer("r1"))
    kept = store.find("ada", "r1")
    assert kept is not None
    assert len(store.items("ada", [item["id"] for item in added])) == 2000
    assert kept.size_bytes > 2000 * 256, "what finding them costs is counted"


@pytest.mark.parametrize("broken", [{}, {"id": 7, "output": []}, {"id": "r1"}, {"id": "r1", "output": [], "x": {1}}])
def test_what_is_not_a_response_is_not_stored(clock: HandTurnedClock, broken: Json) -> None:
    store = ResponseStore(clock)
    store.keep(Turn("ada", [], None), broken)
    assert len(store) == 0


def test_whatever_happens_the_bounds_hold_and_nothing_is_left_over(clock: HandTurnedClock) -> None:
    chance = random.Random(7)
    store = ResponseStore(clock, lifetime_seconds=50, max_bytes=60_000, max_count=30)
    for number in range(3000):
        names = [f"r{max(number - back, 0)}" for back in range(1, 20)]
        after = chance.choice([None, *names])
        if after is not None and store.find("ada", after) is None:
            after = None
        keep(store, f"r{number}", "x" * chance.randrange(4000), after)
        if chance.random() < 0.2:
            store.forget("ada", chance.choice(names))
        clock.advance(chance.randrange(4))
        assert len(store) <= 30
        assert 0 <= store.size_bytes <= 60_000
    for number in range(3000):
        store.forget("ada", f"r{number}")
    assert (store.size_bytes, len(store)) == (0, 0)


def test_the_key_is_the_owner_of_a_response() -> None:
    stored, same_name = Caller(Role.CLIENT, "ada", "key-1"), Caller(Role.CLIENT, "ada", "key-2")
    configured, local = Caller(Role.ADMIN, "admin", None), Caller(Role.ADMIN, "local", None)
    assert len({owner_of(caller) for caller in (stored, same_name, configured, local, None)}) == 5
