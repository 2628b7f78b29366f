"""Which chats go to `/responses`, and how streams are read that leave out events.

The way there and back: `tests/client_api/messages/test_over_responses.py`.
"""

import json
from typing import Any

import pytest

from ai_engine.providers.openai.chat_via_responses import ChatStreamDecoder, chat_of, is_only_way, responses_request
from ai_engine.wire.json_types import Json

CHAT = {"messages": [], "tools": [{"type": "function", "function": {"name": "f"}}]}


@pytest.mark.parametrize(
    "model", ["gpt-5.4", "gpt-5.5-2026-04-23", "openai/gpt-5.6-luna", "gpt-5.10", "gpt-6", "ft:gpt-5.4:acme::x"]
)
def test_models_from_5_4_on_take_tools_there_alone(model: str) -> None:
    assert is_only_way(CHAT, model)


@pytest.mark.parametrize(
    "model", ["gpt-35-turbo", "gpt-41-mini", "gpt-4o", "gpt-4.1", "gpt-5-2025-08-07", "gpt-5.1", "o4-mini", "my-gpt-6"]
)
def test_older_models_by_whatever_name_take_them_in_a_chat(model: str) -> None:
    assert not is_only_way(CHAT, model)


@pytest.mark.parametrize(
    "fields",
    [
        {"tools": []},
        {"tools": None},
        {"reasoning_effort": "none"},
        {"stop": ["END"]},
        {"top_k": 3},
        {"messages": [{"role": "assistant", "content": "Look:", "images": [{"type": "image_url"}]}]},
    ],
)
def test_other_chats_are_sent_as_chats(fields: Json) -> None:
    assert not is_only_way(CHAT | fields, "gpt-5.5")


def test_a_refusal_of_an_earlier_turn_is_what_was_said() -> None:
    turn = {"role": "assistant", "content": None, "refusal": "No."}
    assert responses_request(CHAT | {"messages": [turn]})["input"] == [{"type": "message", "role": "assistant", "content": "No."}]


ITEM: Json = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": '{"a":1}'}
EMPTY: Json = {**ITEM, "arguments": ""}
TEXT: Json = {"type": "message", "id": "msg_1", "content": [{"type": "output_text", "text": "Hi"}]}
CREATED: Json = {"type": "response.created", "response": {"id": "r", "model": "m"}}


def event(kind: str, item: Json | None = None, place: int | None = 0, **fields: Any) -> Json:
    about: Json = {} if item is None else {"item": item} if "item" in kind else {"item_id": item.get("id")}
    return {"type": f"response.{kind}", **({} if place is None else {"output_index": place}), **about, **fields}


def completed(*output: Json) -> Json:
    return event("completed", place=None, response={"status": "completed", "output": list(output)})


def said(*events: Json) -> Json:
    """What an SDK makes of the chunks: text, and name and arguments of the calls."""
    decoder, text, calls = ChatStreamDecoder(), "", list[list[str]]()
    for each in (CREATED, *events):
        for got in decoder.feed(b"data: " + json.dumps(each).encode() + b"\n\n"):
            assert got.failure is None
            for choice in (got.chunk or {"choices": ()})["choices"]:
                text += choice["delta"].get("content") or ""
                for call in choice["delta"].get("tool_calls", ()):
                    if call["index"] == len(calls):
                        calls.append([call["function"]["name"], ""])
                    calls[call["index"]][1] += call["function"]["arguments"]
    return {"text": text, "calls": [tuple(call) for call in calls]}


ADDED, DONE = event("output_item.added", EMPTY), event("output_item.done", ITEM)
PIECES = [event("function_call_arguments.delta", ITEM, delta=piece) for piece in ('{"a"', ":1}")]
WHOLE = event("function_call_arguments.done", ITEM, arguments='{"a":1}')
HALF = event("output_item.done", EMPTY)


@pytest.mark.parametrize(
    "events",
    [
        [ADDED, *PIECES, WHOLE, DONE, completed(ITEM)],
        [ADDED, *PIECES, completed()],
        [ADDED, WHOLE, HALF, completed()],
        [ADDED, WHOLE, completed(EMPTY)],
        [ADDED, DONE, completed()],
        [DONE, completed()],
        [DONE, completed(ITEM)],
        [WHOLE, HALF, completed()],
        [*PIECES, HALF, completed()],
        [ADDED, completed(ITEM)],
        [completed(ITEM)],
        [event("output_item.done", {**ITEM, "arguments": {"a": 1}}), completed()],
        [event("output_item.added", EMPTY, None), event("output_item.done", ITEM, None), completed(ITEM)],
    ],
)
def test_a_call_is_whole_whichever_events_have_it(events: list[Json]) -> None:
    assert said(*events) == {"text": "", "calls": [("f", '{"a":1}')]}


SPOKEN = [event("output_text.delta", TEXT, delta=piece) for piece in "Hi"]


@pytest.mark.parametrize(
    "events",
    [
        [*SPOKEN, event("output_text.done", TEXT, text="Hi"), event("output_item.done", TEXT), completed(TEXT)],
        [event("output_text.done", TEXT, text="Hi"), event("output_item.done", TEXT), completed(TEXT)],
        [event("output_item.done", TEXT), completed()],
        [completed(TEXT)],
        [event("output_text.delta", None, None, delta="Hi"), event("output_item.done", TEXT), completed(TEXT)],
    ],
)
def test_a_text_is_said_once_whichever_events_have_it(events: list[Json]) -> None:
    assert said(*events) == {"text": "Hi", "calls": []}


def test_items_that_all_have_the_index_0_are_told_apart() -> None:
    other = {**ITEM, "id": "fc_2", "call_id": "c2", "arguments": '{"b":2}'}
    calls = {"text": "", "calls": [("f", '{"a":1}'), ("f", '{"b":2}')]}
    assert said(DONE, event("output_item.done", other), completed()) == calls
    assert said(DONE, event("output_item.done", other), completed(ITEM, other)) == calls
    begun = [event("output_item.added", item) for item in (EMPTY, {**other, "arguments": ""})]
    assert said(*begun, DONE, event("output_item.done", other), completed(ITEM, other)) == calls
    nameless = [{**item, "id": None} for item in (ITEM, other)]
    assert said(*(event("output_item.done", item) for item in nameless), completed(*nameless)) == calls


def test_a_whole_response_may_have_arguments_as_an_object() -> None:
    message = chat_of({"output": [{**ITEM, "arguments": {"a": 2**70}}]})["choices"][0]["message"]
    assert message["tool_calls"][0]["function"]["arguments"] == f'{{"a":{2**70}}}'
