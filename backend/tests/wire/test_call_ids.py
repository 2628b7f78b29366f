"""Calls and results of a conversation whose ids may repeat."""

import re

from hypothesis import given
from hypothesis import strategies as st

from ai_engine.wire.call_ids import CallIds, distinct, ids_in


def test_an_id_that_is_free_stays() -> None:
    assert distinct("call_0", ()) == "call_0"


@given(st.text(max_size=60), st.sets(st.text(max_size=3)), st.text(max_size=9))
def test_an_id_that_is_taken_or_missing_becomes_one_for_every_protocol(call_id: str, others: set[str], answer: str) -> None:
    taken = {call_id, *others}
    made = distinct(call_id, taken, answer)
    assert made not in taken
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,40}", made)
    assert made == distinct(call_id, taken, answer)
    assert distinct(call_id, {*taken, made}, answer) not in {*taken, made}


def test_ids_without_a_turn_of_their_own_are_paired_in_their_order() -> None:
    ids = CallIds()
    ids.begin_turn()
    first, second = ids.call("call_0", "a"), ids.call("call_0", "b")
    assert (ids.result("call_0"), ids.result("call_0")) == (first, second)
    assert ids.unanswered == {}


def test_a_result_answers_the_nearest_turn_with_an_open_call() -> None:
    ids = CallIds()
    turns = []
    for where in ("a", "b"):
        ids.begin_turn()
        turns.append(ids.call("call_0", where))
    assert turns[0] != turns[1]
    assert ids.result("call_0") == turns[1]
    assert ids.unanswered == {turns[0]: "a"}
    assert ids.result("call_0") == turns[0]


def test_a_second_result_belongs_to_the_same_call() -> None:
    ids = CallIds()
    assert ids.result("call_0") is None
    call = ids.call("call_0", "a")
    assert (ids.result("call_0"), ids.result("call_0")) == (call, call)


def test_calls_without_ids_are_paired_too() -> None:
    ids = CallIds()
    first, second = ids.call("", "a"), ids.call("", "b")
    assert "" not in (first, second)
    assert (ids.result(""), ids.result("")) == (first, second)


@given(st.lists(st.lists(st.sampled_from(["a", "b", "a.b", "a_b", ""]), min_size=1, max_size=3), max_size=6))
def test_every_call_has_its_own_id_and_every_result_its_call(turns: list[list[str]]) -> None:
    ids = CallIds(lambda call_id: call_id.replace(".", "_"))
    made: list[str] = []
    for turn in turns:
        ids.begin_turn()
        own = [ids.call(call_id, "") for call_id in turn]
        assert [ids.result(call_id) for call_id in turn] == own
        made += own
    assert len(set(made)) == len(made)


@given(st.lists(st.sampled_from("ab"), max_size=9), st.integers(0, 9))
def test_a_longer_conversation_begins_with_the_same_ids(calls: list[str], length: int) -> None:
    shorter, longer = CallIds(), CallIds()
    assert [longer.call(call_id, "") for call_id in calls][:length] == [shorter.call(call_id, "") for call_id in calls[:length]]


def test_the_ids_of_a_chat_are_those_of_its_calls() -> None:
    called = {"role": "assistant", "tool_calls": [{"id": "a"}, {"id": 7}, "odd"]}
    assert ids_in({"messages": ["odd", {"role": "user"}, called]}) == {"a", ""}
    assert ids_in({"messages": 7}) == set()
