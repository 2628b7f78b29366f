"""A streamed chat as the events of a response."""

from collections.abc import Sequence
from typing import Any

import pytest

from ai_engine.client_api.responses.reasoning import unseal
from ai_engine.wire.json_types import Json
from ai_engine.wire.sse import encode_events
from tests.client_api.responses.response_builders import (
    MADE,
    PATCH,
    PICTURE,
    SIGNED,
    USAGE_CHUNK,
    WEATHER,
    Reader,
    chunk,
    kinds,
    streamed,
    translation,
)


def piece(index: int, arguments: str = "", **first: str) -> Json:
    """A piece of a call; the first has `id` and `name`."""
    if not first:
        return {"index": index, "function": {"arguments": arguments}}
    return {"index": index, "id": first["id"], "type": "function", "function": {"name": first["name"], "arguments": arguments}}


def read(chunks: Sequence[Json], **fields: Any) -> tuple[list[Json], Json]:
    events, answer = streamed(translation(**fields), chunks)
    assert Reader().read(events) == answer
    return events, answer


def test_a_text_comes_in_the_order_that_sdks_check() -> None:
    events, answer = read(
        [chunk({"role": "assistant", "content": ""}), chunk({"content": "Hel"}), chunk({"content": "lo"}, "stop")]
    )
    assert kinds(events) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert answer["output"][0]["content"][0]["text"] == "Hello"
    assert "usage" not in answer


@pytest.mark.parametrize("place", ["content", "finish", "alone"])
def test_usage_is_told_wherever_it_came(place: str) -> None:
    usage = {"usage": USAGE_CHUNK["usage"]}
    chunks = [
        chunk({"content": "Hi"}, **(usage if place == "content" else {})),
        chunk({}, "stop", **(usage if place == "finish" else {})),
        *([USAGE_CHUNK] if place == "alone" else []),
    ]
    assert read(chunks)[1]["usage"] == {
        "input_tokens": 7,
        "input_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 2},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 4},
        "total_tokens": 12,
    }


def test_everything_but_the_last_event_is_said_before_the_usage_comes() -> None:
    stream = translation().stream()
    stream.translate(chunk({"content": "Hi"}))
    assert b"response.output_item.done" in encode_events(stream.translate(chunk({}, "stop")))
    assert encode_events(stream.translate(USAGE_CHUNK)) == b""
    assert encode_events(stream.ending()).startswith(b"event: response.completed\n")


def test_reasoning_is_a_summary_that_ends_where_the_answer_begins() -> None:
    events, answer = read(
        [
            chunk({"reasoning_content": "H", "reasoning_details": [{**SIGNED, "text": "H", "signature": None}]}),
            chunk({"reasoning_content": "m.", "reasoning_details": [{**SIGNED, "text": "m.", "signature": None}]}),
            chunk({"reasoning_details": [{**SIGNED, "text": ""}]}),
            chunk({"content": "So."}),
            chunk({}, "stop"),
        ]
    )
    assert kinds(events)[2:9] == [
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
    ]
    reasoning = answer["output"][0]
    assert reasoning["summary"] == [{"type": "summary_text", "text": "Hm."}]
    assert unseal(reasoning["encrypted_content"], None, "here") == [SIGNED]


def test_thoughts_between_texts_keep_their_place() -> None:
    _, answer = read(
        [
            chunk({"reasoning_content": "a"}),
            chunk({"content": "b"}),
            chunk({"reasoning_content": "c"}),
            chunk({"content": "d"}),
            chunk({}, "stop"),
        ]
    )
    assert [item["type"] for item in answer["output"]] == ["reasoning", "message", "reasoning", "message"]


def test_a_signature_that_comes_late_ends_nothing() -> None:
    detail = {"type": "reasoning.encrypted", "data": "x", "id": "c1", "format": "google-gemini-v1", "index": 0}
    _, answer = read(
        [chunk({"content": "a"}), chunk({"reasoning_details": [detail]}), chunk({"content": "b"}), chunk({}, "stop")]
    )
    message, reasoning = answer["output"]
    assert message["content"][0]["text"] == "ab"
    assert unseal(reasoning["encrypted_content"], None, "here") == [detail]


def test_parallel_calls_grow_side_by_side() -> None:
    chunks = [
        chunk({"content": "I look."}),
        chunk({"tool_calls": [piece(0, id="c1", name="get_weather")]}),
        chunk({"tool_calls": [piece(1, '{"a"', id="c2", name="get_weather")]}),
        chunk({"tool_calls": [piece(0, '{"city"'), piece(1, ":1}")]}),
        chunk({"tool_calls": [piece(0, ':"Oslo"}')]}),
        chunk({}, "tool_calls"),
    ]
    events, answer = read(chunks, tools=[WEATHER])
    assert [(item["type"], item.get("arguments")) for item in answer["output"]] == [
        ("message", None),
        ("function_call", '{"city":"Oslo"}'),
        ("function_call", '{"a":1}'),
    ]
    deltas = [event["output_index"] for event in events if event["type"] == "response.function_call_arguments.delta"]
    assert deltas == [2, 1, 2, 1]


def test_calls_that_all_have_the_index_0_are_told_apart_by_their_ids() -> None:
    chunks = [
        chunk({"tool_calls": [piece(0, "{}", id="c1", name="get_weather")]}),
        chunk({"tool_calls": [piece(0, '{"b":1}', id="c2", name="get_weather")]}, "tool_calls"),
    ]
    output = read(chunks, tools=[WEATHER])[1]["output"]
    assert [(item["call_id"], item["arguments"]) for item in output] == [("c1", "{}"), ("c2", '{"b":1}')]


@pytest.mark.parametrize(
    "pieces",
    [
        [
            {"index": 0, "id": "c1", "function": {"arguments": ""}},
            {"index": 0, "function": {"name": "get_weather"}},
            piece(0, "{}"),
        ],
        [{"index": 0, "function": {"name": "get_weather"}}, {"index": 0, "id": "c1", "function": {"arguments": "{}"}}],
        [{"id": "c1", "function": {"name": "get_weather", "arguments": ""}}, {"function": {"arguments": "{}"}}],
        [{"id": "c1", "function": {"name": "get_weather"}}, {"id": "c1", "function": {"name": "get_weather", "arguments": "{}"}}],
    ],
    ids=["name-late", "id-late", "no-index", "all-repeated"],
)
def test_a_call_is_one_whatever_comes_first_of_it(pieces: list[Json]) -> None:
    second: Json = {"id": "c2", "function": {"name": "get_weather", "arguments": "{}"}}
    if "index" in pieces[0]:
        second["index"] = 1
    chunks = [*(chunk({"tool_calls": [each]}) for each in [*pieces, second]), chunk({}, "tool_calls")]
    output = read(chunks, tools=[WEATHER])[1]["output"]
    assert [(item["call_id"], item["name"], item["arguments"]) for item in output] == [
        ("c1", "get_weather", "{}"),
        ("c2", "get_weather", "{}"),
    ]


def test_a_call_that_never_has_a_name_is_told_at_the_end() -> None:
    chunks = [chunk({"tool_calls": [{"index": 0, "id": "c1", "function": {"arguments": "{}"}}]}), chunk({}, "tool_calls")]
    (call,) = read(chunks, tools=[WEATHER])[1]["output"]
    assert (call["call_id"], call["name"], call["arguments"]) == ("c1", "", "{}")


def test_a_custom_tools_input_is_told_once_it_is_whole() -> None:
    chunks = [
        chunk({"tool_calls": [piece(0, '{"inp', id="c1", name="apply_patch")]}),
        chunk({"tool_calls": [piece(0, 'ut":"*** Begin"}')]}),
        chunk({}, "tool_calls"),
    ]
    events, answer = read(chunks, tools=[PATCH])
    assert kinds(events)[2:-1] == [
        "output_item.added",
        "custom_tool_call_input.delta",
        "custom_tool_call_input.done",
        "output_item.done",
    ]
    assert answer["output"][0]["input"] == "*** Begin"


def test_a_refusal_has_events_of_its_own() -> None:
    events, answer = read([chunk({"refusal": "N"}), chunk({"refusal": "o."}), chunk({}, "stop")])
    assert kinds(events)[3:7] == ["content_part.added", "refusal.delta", "refusal.delta", "refusal.done"]
    assert answer["output"][0]["content"] == [{"type": "refusal", "refusal": "No."}]


def test_a_picture_ends_what_is_said_before_it_and_has_events_of_its_own() -> None:
    events, answer = read([chunk({"content": "Look:"}), chunk({"images": [MADE]}), chunk({"content": "There."}, "stop")])
    assert kinds(events)[7:14] == [
        "output_item.done",
        "output_item.added",
        "image_generation_call.in_progress",
        "image_generation_call.generating",
        "image_generation_call.completed",
        "output_item.done",
        "output_item.added",
    ]
    assert [item["type"] for item in answer["output"]] == ["message", "image_generation_call", "message"]
    assert answer["output"][1]["result"] == PICTURE


def test_citations_are_told_when_they_come() -> None:
    citation = {"url": "https://example.test", "title": "Example", "start_index": 0, "end_index": 2}
    annotations = [{"type": "url_citation", "url_citation": citation}]
    events, _ = read([chunk({"content": "Hi"}), chunk({"annotations": annotations}), chunk({}, "stop")])
    assert [event["annotation"] for event in events if "annotation" in event] == [{"type": "url_citation", **citation}]


def test_logprobs_are_told_with_their_text() -> None:
    token = {"token": "Hi", "logprob": -0.5, "bytes": [72, 105], "top_logprobs": []}
    choice = {"logprobs": {"content": [token]}}
    events, answer = read([chunk({"content": "Hi"}, choice=choice), chunk({}, "stop")])
    delta = next(event for event in events if event["type"] == "response.output_text.delta")
    assert delta["logprobs"] == [{"token": "Hi", "logprob": -0.5, "top_logprobs": []}]
    assert answer["output"][0]["content"][0]["logprobs"] == [token]


def test_a_cut_answer_ends_as_incomplete_with_what_was_open() -> None:
    events, answer = read([chunk({"reasoning_content": "Hm."}), chunk({"content": "Hel"}), chunk({}, "length")])
    assert kinds(events)[-1] == "incomplete"
    assert answer["incomplete_details"] == {"reason": "max_output_tokens"}
    assert [item["status"] for item in answer["output"]] == ["completed", "incomplete"]


def test_an_answer_without_a_word_is_an_empty_response() -> None:
    events, answer = read([chunk({}, "stop")])
    assert (kinds(events), answer["output"]) == (["created", "in_progress", "completed"], [])


def test_other_choices_are_nobodys() -> None:
    _, answer = read([chunk({"content": "a"}), chunk({"content": "b"}, choice={"index": 1}), chunk({}, "stop")])
    assert answer["output"][0]["content"][0]["text"] == "a"


@pytest.mark.parametrize(
    "delta",
    [
        {"content": 7},
        {"content": [{"type": "text", "text": "a"}, 7]},
        {"tool_calls": 7},
        {"tool_calls": [{}]},
        {"tool_calls": [{"index": "x", "function": {"arguments": {}}}]},
        {"annotations": [7], "refusal": 7, "reasoning_details": [7], "reasoning_content": 7},
    ],
)
def test_a_delta_that_makes_no_sense_breaks_nothing(delta: Json) -> None:
    read([chunk(delta), chunk({"content": "a"}), chunk({}, "stop")])
