"""Calls in pieces and whole, as servers send them, become calls with numbers, ids and arguments."""

import json
from collections.abc import Iterable
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_engine.wire.json_types import Json
from ai_engine.wire.sound_calls import SoundCalls

WEI = 123_456_789_012_345_678_901_234_567_890


def piece(index: int | None = 0, call_id: str | None = None, name: str | None = None, arguments: object = None) -> Json:
    function = {field: value for field, value in (("name", name), ("arguments", arguments)) if value is not None}
    return {field: value for field, value in (("index", index), ("id", call_id), ("function", function)) if value is not None}


def chunk(*pieces: Json, finish: str | None = None, **fields: Any) -> Json:
    return {"id": "c", "choices": [{"index": 0, "delta": {"tool_calls": list(pieces), **fields}, "finish_reason": finish}]}


FINISH: Json = {"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}


def read(*chunks: Json, ids: Iterable[str] = ()) -> list[tuple[str, str, str]]:
    """Id, name and arguments of each call, as an SDK puts the pieces together by their index."""
    reader = SoundCalls(lambda: set(ids))
    made = [reader.chunk(each, json.dumps(each).encode()) for each in (*chunks, FINISH)]
    assert reader.waiting() is None, "nothing waits behind the finish"
    calls: list[list[str]] = []
    for each in made:
        for call in each["choices"][0]["delta"].get("tool_calls", ()):
            function = call["function"]
            if call["index"] == len(calls):
                assert call["id"]
                calls.append([call["id"], function["name"], ""])
            calls[call["index"]][2] += function["arguments"]
    assert len({call_id for call_id, _, _ in calls}.union(ids)) == len(calls) + len(set(ids))
    return [(call_id, name, arguments) for call_id, name, arguments in calls]


def said(*chunks: Json) -> list[tuple[str, str]]:
    return [(name, arguments) for _, name, arguments in read(*chunks)]


@pytest.mark.parametrize("index", [0, None])
@pytest.mark.parametrize("call_id", ["", None, "call_0"])
@pytest.mark.parametrize("name", ["f", "g"])
def test_whole_calls_under_one_index_are_told_apart(index: int | None, call_id: str | None, name: str) -> None:
    first, second = piece(index, call_id, "f", '{"a":1}'), piece(index, call_id, name, '{"b":2}')
    assert said(chunk(first), chunk(second)) == [("f", '{"a":1}'), (name, '{"b":2}')]
    assert said(chunk(first, second)) == [("f", '{"a":1}'), (name, '{"b":2}')]


def test_another_id_under_the_same_index_is_another_call() -> None:
    pieces = [piece(0, "a", "f", ""), piece(0, None, None, '{"a"'), piece(0, None, None, ":1}"), piece(0, "b", "f", "{}")]
    assert read(*map(chunk, pieces)) == [("a", "f", '{"a":1}'), ("b", "f", "{}")]


def test_a_name_comes_again_before_the_arguments_of_the_second_call() -> None:
    pieces = [piece(0, None, "f", '{"a":1}'), piece(0, None, "f", ""), piece(0, None, None, '{"b"'), piece(0, None, None, ":2}")]
    assert said(*map(chunk, pieces)) == [("f", '{"a":1}'), ("f", '{"b":2}')]


@pytest.mark.parametrize(
    "pieces",
    [
        [piece(0, "a", "f", '{"a"'), piece(0, "a", "f", ":"), piece(0, "a", "f", "1}"), piece(0, "a", "f", "")],
        [piece(0, "a", "f", '{"a"'), piece(0, "b", None, ":"), piece(0, "c", None, "1}")],
        [piece(0, "a", "f", '{"a"'), piece(0, "b", "f", ":"), piece(0, "c", "f", "1}")],
        [piece(None, "a", "f", '{"a"'), piece(None, "a", None, ":1}")],
        [piece(0, "a"), piece(0, None, None, '{"a"'), piece(0, None, "f"), piece(0, None, None, ":1}")],
        [piece(0, None, "f"), piece(0, "a", None, '{"a":1}')],
        [piece(0, None, "f"), piece(0, "a", "f", '{"a":1}')],
        [piece(0, "a", "f", {"a": 1})],
        [piece(0, "a", "f", ""), piece(0, None, None, {"a": 1})],
    ],
)  # fmt: skip
def test_pieces_of_one_call_stay_together(pieces: list[Json]) -> None:
    assert [(call_id, name, arguments) for call_id, name, arguments in read(*map(chunk, pieces))] == [("a", "f", '{"a":1}')]


def test_pieces_without_an_index_go_to_the_call_of_their_id() -> None:
    pieces = [
        piece(None, "a", "f", "{"),
        piece(None, "b", "g", "{"),
        piece(None, "a", None, '"a":1}'),
        piece(None, "b", None, "}"),
    ]
    assert read(*map(chunk, pieces)) == [("a", "f", '{"a":1}'), ("b", "g", "{}")]


def test_a_call_without_id_and_arguments_begins_at_the_finish() -> None:
    assert said(chunk(piece(0, None, "f"))) == [("f", "")]
    assert said(chunk(piece(0, "a", None, "{}"))) == [("", "{}")]


def test_a_call_that_waits_for_a_finish_that_never_comes_is_not_lost() -> None:
    calls = SoundCalls(set)
    assert calls.chunk(chunk(piece(0, None, "f")), b"{}")["choices"][0]["delta"]["tool_calls"] == []
    waiting = calls.waiting()
    assert waiting is not None
    assert (waiting["id"], waiting["choices"][0]["delta"]["tool_calls"][0]["function"]["name"]) == ("c", "f")


def test_ids_of_the_conversation_and_of_the_answer_are_not_given_again() -> None:
    first = piece(0, "call_0", "f", "{}")
    ((once, *_),) = read(chunk(first), ids=["call_0"])
    ((again, *_),) = read(chunk(first), ids=["call_0"])
    ((later, *_),) = read(chunk(first), ids=["call_0", once])
    assert once == again != later
    assert [call_id for call_id, *_ in read(chunk(first))] == ["call_0"], "a free id stays"


def test_whole_answers_and_streams_give_the_same_ids() -> None:
    calls = [piece(number, "call_0", "f", "{}") for number in range(3)]
    whole = SoundCalls(lambda: {"call_0"}).answer({"id": "c", "choices": [{"index": 0, "message": {"tool_calls": calls}}]}, b"")
    made = whole["choices"][0]["message"]["tool_calls"]
    assert [call["id"] for call in made] == [call_id for call_id, *_ in read(*map(chunk, calls), ids=["call_0"])]
    assert all("index" not in call for call in made)


def test_an_object_keeps_the_digits_of_its_integers() -> None:
    assert said(chunk(piece(0, "a", "f", {"wei": WEI}))) == [("f", '{"wei":' + f"{WEI}}}")]


def test_a_signature_follows_the_id_of_its_call() -> None:
    details = [{"type": "reasoning.encrypted", "id": "call_0", "data": data} for data in ("x", "y")]
    calls = SoundCalls(set)
    given = chunk(piece(0, "call_0", "f", "{}"), piece(1, "call_0", "f", "{}"), reasoning_details=[*details, {"id": "other"}])
    delta = calls.chunk(given, b"")["choices"][0]["delta"]
    ids = [call["id"] for call in delta["tool_calls"]]
    assert [detail["id"] for detail in delta["reasoning_details"]] == [*ids, "other"]


def test_fields_of_a_protocol_stay_with_their_call() -> None:
    extra = {"extra_content": {"google": {"thought_signature": "x"}}}
    delta = SoundCalls(set).chunk(chunk({**piece(0, "a", "f", "{}"), **extra}), b"")["choices"][0]["delta"]
    assert delta["tool_calls"][0]["extra_content"] == extra["extra_content"]


def test_choices_have_calls_of_their_own() -> None:
    both: Json = {"choices": [{"index": index, "delta": {"tool_calls": [piece(0, "a", "f", "{}")]}} for index in (0, 1)]}
    made = SoundCalls(set).chunk(both, b"{}")["choices"]
    assert [choice["delta"]["tool_calls"][0]["id"] for choice in made] == ["a", "a"]


def test_an_answer_without_calls_is_returned_unchanged() -> None:
    chat: Json = {"choices": [{"index": 0, "message": {"content": "hi"}}]}
    text: Json = {"choices": [{"index": 0, "delta": {"content": "hi"}}]}
    assert SoundCalls(set).answer(chat, b"{}") is chat
    assert SoundCalls(set).chunk(text, b"{}") is text
    assert SoundCalls(set).chunk(text, b"") is text


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
ARGUMENTS = st.dictionaries(TEXTS, TEXTS | st.integers(0, 10**30) | st.dictionaries(TEXTS, TEXTS, max_size=2), max_size=3).map(
    json.dumps
)


@st.composite
def calls_in_pieces(draw: st.DrawFn) -> tuple[list[tuple[str, str]], list[Json]]:
    """Calls, one after the other, and their pieces in one of the manners of servers."""
    calls = draw(st.lists(st.tuples(st.sampled_from(["f", "g"]), ARGUMENTS), max_size=4))
    index_of = draw(st.sampled_from([lambda number: number, lambda _: 0, lambda _: None]))
    id_of = draw(st.sampled_from([lambda number: f"c{number}", lambda _: "call_0", lambda _: "", lambda _: None]))
    repeats_name, repeats_id = draw(st.booleans()), draw(st.booleans())
    pieces = []
    for number, (name, arguments) in enumerate(calls):
        cuts = sorted(draw(st.sets(st.integers(1, max(len(arguments) - 1, 1)), max_size=3)))
        parts = [arguments[start:end] for start, end in zip([0, *cuts], [*cuts, None], strict=True)]
        if draw(st.booleans()):
            parts.insert(0, "")
        for place, part in enumerate(parts):
            is_first = place == 0
            pieces.append(
                piece(
                    index_of(number),
                    id_of(number) if is_first or repeats_id else None,
                    name if is_first or repeats_name else None,
                    part,
                )
            )
    return calls, pieces


@given(calls_in_pieces(), st.data())
def test_any_cutting_of_calls_into_pieces_gives_the_same_calls(
    cut: tuple[list[tuple[str, str]], list[Json]], data: st.DataObject
) -> None:
    calls, pieces = cut
    chunks = []
    while pieces:
        count = data.draw(st.integers(1, len(pieces)))
        chunks.append(chunk(*pieces[:count]))
        pieces = pieces[count:]
    assert said(*chunks) == calls


ODD: Any = (
    st.none() | st.sampled_from([0, 1, "", "a", "f", "{", "}", '{"a":1}', 7.5, WEI, True]) | st.just({"a": 1}) | st.just([1])
)


@given(st.lists(st.lists(st.fixed_dictionaries({}, optional={
    "index": ODD, "id": ODD, "type": ODD, "function": ODD | st.fixed_dictionaries({}, optional={"name": ODD, "arguments": ODD}),
}), max_size=3), max_size=6))  # fmt: skip
def test_any_pieces_make_calls_in_order(chunks: list[list[Json]]) -> None:
    read(*(chunk(*pieces) for pieces in chunks))


def test_many_pieces_in_braces_are_read_at_once() -> None:
    pieces = [piece(0, "a", "f", '{"code":"'), *[piece(0, "a", "f", "{}")] * 60_000, piece(0, "a", "f", '"}')]
    start = process_time()
    assert read(chunk(*pieces)) == [("a", "f", '{"code":"' + "{}" * 60_000 + '"}')]
    assert process_time() - start < 3, "quadratic, it takes ten"
