"""What providers answer that speak the Responses API themselves."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_engine.names import Blame, TokenCounts
from ai_engine.providers.adapter import EventKind, PlainAnswer, StreamEvent
from ai_engine.providers.failures import Failure, FailureClass
from ai_engine.providers.openai.responses import ResponsesStreamDecoder, decode_answer, usage_counts
from ai_engine.wire.sse import encode_event, encode_events

RECORDED = Path(__file__).parents[2] / "recorded" / "openai"
STREAM = (RECORDED / "responses-stream.sse").read_bytes()


def recorded(name: str) -> Any:
    return orjson.loads((RECORDED / f"{name}.json").read_bytes())["body"]


def framed(*events: Any) -> bytes:
    return b"".join(b"event: %b\ndata: %b\n\n" % (event["type"].encode(), orjson.dumps(event)) for event in events)


def decoded(data: bytes, size: int = 100_000) -> tuple[ResponsesStreamDecoder, list[StreamEvent]]:
    decoder = ResponsesStreamDecoder()
    events = [event for place in range(0, len(data), size) for event in decoder.feed(data[place : place + size])]
    return decoder, [*events, *decoder.end()]


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_a_stream_is_relayed_unchanged_however_it_is_cut(size: int) -> None:
    decoder, events = decoded(STREAM, size)
    assert encode_events((event.name, event.data) for event in events) == STREAM
    kinds = [event.kind for event in events]
    assert kinds == [EventKind.OPENING] * 4 + [EventKind.CONTENT] * 10 + [EventKind.FINISH]
    assert decoder.is_finished
    assert encode_events(decoder.ending()) == b""


def test_the_end_tells_model_usage_and_the_whole_answer() -> None:
    decoder, _ = decoded(STREAM)
    assert decoder.model == "gpt-5.1-codex-max"
    assert decoder.usage == TokenCounts(input=60, cached_input=40, cache_write=None, output=34, reasoning=30)
    assert decoder.answer is not None
    assert [item["type"] for item in decoder.answer["output"]] == ["reasoning", "function_call"]
    assert decoder.characters_since_usage == 0


def test_a_torn_stream_is_not_finished_and_counts_what_came() -> None:
    decoder, events = decoded(STREAM[: STREAM.index(b"event: response.completed")])
    assert not decoder.is_finished
    assert all(event.failure is None for event in events)
    assert decoder.answer is None
    assert decoder.characters_since_usage == len("**Calculating**") + len('{"a":12}')


def test_an_incomplete_response_is_a_whole_answer() -> None:
    response = recorded("responses-incomplete")
    decoder, events = decoded(framed({"type": "response.incomplete", "sequence_number": 0, "response": response}))
    assert [event.kind for event in events] == [EventKind.FINISH]
    assert decoder.answer == response


def test_a_finish_without_usage_says_so() -> None:
    decoder, _ = decoded(framed({"type": "response.completed", "response": {"id": "resp_1", "output": [], "usage": None}}))
    assert decoder.is_finished
    assert decoder.usage is None


@pytest.mark.parametrize(
    ("event", "kind", "blame"),
    [
        ({"type": "error", "code": "server_error", "message": "Oh."}, FailureClass.SERVER_ERROR, Blame.ROUTE),
        ({"type": "error", "code": [], "message": "Oh."}, FailureClass.SERVER_ERROR, Blame.ROUTE),
        (
            {"type": "error", "error": {"type": "server_error", "code": None, "message": "Oh."}},
            FailureClass.SERVER_ERROR,
            Blame.ROUTE,
        ),
        ({"type": "error", "code": "rate_limit_exceeded", "message": "Slow."}, FailureClass.RATE_LIMIT, Blame.KEY),
        ({"type": "error", "code": "context_length_exceeded", "message": "Long."}, FailureClass.CONTEXT_LENGTH, Blame.MODEL),
        ({"type": "response.failed", "response": {"error": {"code": "invalid_prompt"}}}, FailureClass.BAD_REQUEST, Blame.REQUEST),
        ({"type": "response.failed", "response": {"error": {"code": "server_error"}}}, FailureClass.SERVER_ERROR, Blame.ROUTE),
        ({"type": "response.failed", "response": {"error": None}}, FailureClass.SERVER_ERROR, Blame.ROUTE),
        ({"type": "response.failed"}, FailureClass.SERVER_ERROR, Blame.ROUTE),
        ({"type": "response.completed", "response": {"error": {"code": "server_error"}}}, FailureClass.SERVER_ERROR, Blame.ROUTE),
        ({"type": "response.completed"}, FailureClass.MALFORMED_RESPONSE, Blame.ROUTE),
    ],
)
def test_a_failure_is_classified_by_its_code(event: Any, kind: FailureClass, blame: Blame) -> None:
    decoder, events = decoded(framed(event))
    failure = events[0].failure
    assert events[0].kind is EventKind.FAILURE
    assert failure is not None
    assert (failure.kind, failure.blame) == (kind, blame)
    assert not decoder.is_finished


def test_a_failed_response_reports_its_usage() -> None:
    usage = {"input_tokens": 20, "output_tokens": 9, "total_tokens": 29}
    said = {"type": "response.output_text.delta", "delta": "hi"}
    failed = {"type": "response.failed", "response": {"error": {"code": "server_error", "message": "no"}, "usage": usage}}
    decoder, events = decoded(framed(said, failed))
    assert events[-1].kind is EventKind.FAILURE
    assert decoder.usage is not None
    assert (decoder.usage.all_input, decoder.usage.all_output, decoder.characters_since_usage) == (20, 9, 0)


def test_an_error_without_a_type_is_a_failure() -> None:
    _, events = decoded(b'data: {"error": {"code": "insufficient_quota", "message": "Spent."}}\n\n')
    assert events[0].failure is not None
    assert events[0].failure.kind is FailureClass.QUOTA


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"type": "keepalive", "sequence_number": 3}, EventKind.OPENING),
        ({"type": "response.queued", "response": {}}, EventKind.OPENING),
        ({"type": "response.output_item.added", "item": {"type": "message"}}, EventKind.OPENING),
        ({"type": "response.output_item.added", "item": {"type": "reasoning"}}, EventKind.OPENING),
        ({"type": "response.output_item.added", "item": {"type": "function_call", "name": "f"}}, EventKind.CONTENT),
        ({"type": "response.output_text.delta", "delta": ""}, EventKind.OPENING),
        ({"type": "response.output_text.delta", "delta": "x"}, EventKind.CONTENT),
        ({"type": "response.web_search_call.searching"}, EventKind.CONTENT),
        ({"type": "response.of_tomorrow", "something": 1}, EventKind.CONTENT),
    ],
)
def test_events_are_classified_by_their_content(event: Any, kind: EventKind) -> None:
    _, events = decoded(framed(event))
    assert [(each.kind, encode_event(each.data, each.name), each.chunk) for each in events] == [(kind, framed(event), event)]


@pytest.mark.parametrize("kind", [["message"], {"message": 1}, 7, None])
def test_an_item_of_an_odd_type_is_taken_for_content(kind: Any) -> None:
    _, events = decoded(framed({"type": "response.output_item.added", "item": {"type": kind}}))
    assert [event.kind for event in events] == [EventKind.CONTENT]


def test_an_event_that_makes_no_sense_is_skipped_and_counted() -> None:
    data = b'data: {"type": \n\ndata: 7\n\ndata: {}\n\ndata: {"type": 7}\n\ndata: {"type": "a\\nb"}\n\n' + STREAM
    decoder, events = decoded(data)
    assert decoder.invalid_events == 5
    assert [event.kind for event in events[:5]] == [EventKind.INVALID] * 5
    assert decoder.is_finished


def test_an_end_that_others_send_is_an_end() -> None:
    _, events = decoded(b"data: [DONE]\n\n")
    assert [event.kind for event in events] == [EventKind.DONE]


def test_a_payload_over_several_lines_is_relayed_in_one() -> None:
    _, events = decoded(b'data: {"type": "response.output_text.delta",\ndata: "delta": "x"}\n\n')
    assert events[0].name == "response.output_text.delta"
    assert events[0].data == b'{"type":"response.output_text.delta","delta":"x"}'


def test_a_body_that_is_no_stream_is_a_failure() -> None:
    _, events = decoded(b'{"error": {"code": "invalid_api_key", "message": "Unknown."}}')
    assert events[0].failure is not None
    assert events[0].failure.kind is FailureClass.INVALID_KEY
    _, events = decoded(orjson.dumps(recorded("responses")))
    assert events[0].failure is not None
    assert events[0].failure.kind is FailureClass.MALFORMED_RESPONSE


def test_a_plain_answer_is_relayed_as_it_is() -> None:
    body = orjson.dumps(recorded("responses"))
    answer = decode_answer(body, "asked")
    assert isinstance(answer, PlainAnswer)
    assert answer.body == body
    assert answer.model == "gpt-4.1-2025-04-14"
    assert answer.usage == TokenCounts(input=36, cached_input=0, cache_write=None, output=87, reasoning=0)
    assert answer.answer == recorded("responses")


def test_a_plain_answer_without_its_model_gets_the_one_that_was_asked() -> None:
    answer = decode_answer(orjson.dumps({**recorded("responses"), "model": None}), "asked")
    assert isinstance(answer, PlainAnswer)
    assert (answer.model, answer.body) == (None, None)
    assert answer.answer == {**recorded("responses"), "model": "asked"}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html>", FailureClass.MALFORMED_RESPONSE),
        (b"7", FailureClass.MALFORMED_RESPONSE),
        (b"[]", FailureClass.MALFORMED_RESPONSE),
        (b'[{"error": {"code": "rate_limit_exceeded"}}]', FailureClass.RATE_LIMIT),
        (b"{}", FailureClass.MALFORMED_RESPONSE),
        (b'{"detail": "Not Found"}', FailureClass.SERVER_ERROR),
        (b'{"error": {"code": "rate_limit_exceeded"}}', FailureClass.RATE_LIMIT),
        (b'{"error": "invalid"}', FailureClass.SERVER_ERROR),
        (b'{"status": "failed", "output": [], "error": {"code": "server_error"}}', FailureClass.SERVER_ERROR),
        (b'{"status": "failed", "output": []}', FailureClass.SERVER_ERROR),
        (b'{"status": "cancelled", "output": []}', FailureClass.SERVER_ERROR),
        (b'{"status": "queued", "output": []}', FailureClass.MALFORMED_RESPONSE),
    ],
)
def test_a_success_that_is_none_is_a_failure(body: bytes, kind: FailureClass) -> None:
    answer = decode_answer(body, "asked")
    assert isinstance(answer, Failure)
    assert answer.kind is kind


def test_usage_without_counts_is_none() -> None:
    assert usage_counts(None) is None
    assert usage_counts({}) is None
    assert usage_counts({"input_tokens": 3}) == TokenCounts(input=3)


JSON = st.recursive(
    st.none() | st.integers(-3, 3) | st.text(max_size=5) | st.sampled_from(["response.completed", "response.failed", "error"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["type", "response", "error", "delta", "item", "usage", "output", "code"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@given(JSON)
def test_whatever_comes_is_judged(value: Any) -> None:
    data = orjson.dumps(value)
    assert decode_answer(data, "asked") is not None
    _, events = decoded(b"data: " + data + b"\n\n")
    assert len(events) == 1
