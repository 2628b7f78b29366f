from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_engine.names import PASSED_THROUGH, Blame, Operation, TokenCounts
from ai_engine.providers.adapter import EventKind, PlainAnswer
from ai_engine.providers.failures import Failure, FailureClass, classify, of_optional_operation
from ai_engine.providers.passthrough import PassedStreamDecoder, read_answer
from ai_engine.wire.json_types import Json

JSON = ((b"content-type", b"application/json"),)


def read(operation: Operation, answer: Any) -> PlainAnswer | Failure:
    return read_answer(operation, JSON, answer if isinstance(answer, bytes) else orjson.dumps(answer))


def usage_of(operation: Operation, **fields: Any) -> TokenCounts | None:
    answer = read(operation, {"data": [{}], "results": [{}], "text": "", **fields})
    assert isinstance(answer, PlainAnswer)
    return answer.usage


def test_cached_input_is_counted_apart() -> None:
    usage = {"input_tokens": 50, "input_tokens_details": {"cached_tokens": 20}, "output_tokens": 7}
    assert usage_of(Operation.IMAGE_GENERATIONS, usage=usage) == TokenCounts(30, 20, None, 7, None)


@pytest.mark.parametrize(
    "usage",
    [None, "much", [], {}, {"type": "duration", "seconds": 9}, {"input_tokens": -1}, {"input_tokens": "5"}, {"total_tokens": 5}],
)
def test_what_is_no_count_of_tokens_stays_unknown(usage: Any) -> None:
    assert usage_of(Operation.TRANSCRIPTIONS, usage=usage) is None


NAMES = ["input_tokens", "output_tokens", "total_tokens", "billed_units", "input_tokens_details", "search_units"]
TOLD = st.recursive(
    st.none() | st.integers(-3, 2**40) | st.text(st.characters(codec="utf-8"), max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["usage", "meta"]), TOLD))
def test_no_usage_makes_an_answer_fail(fields: Json) -> None:
    for operation in PASSED_THROUGH - {Operation.SPEECH}:
        usage_of(operation, **fields)


@pytest.mark.parametrize("answer", [b"", b"{", b"null", b"[]", {}, {"data": None}, {"text": None}, {"hello": "there"}])
@pytest.mark.parametrize("operation", sorted(PASSED_THROUGH))
def test_what_is_no_answer_is_the_routes_failure(operation: Operation, answer: Any) -> None:
    failure = read(operation, answer)
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.blame) == (FailureClass.MALFORMED_RESPONSE, Blame.ROUTE)


def test_an_error_in_a_200_is_classified() -> None:
    failure = read(Operation.IMAGE_EDITS, {"error": {"message": "no", "code": "moderation_blocked"}})
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.blame) == (FailureClass.CONTENT_FILTER, Blame.REQUEST)


@pytest.mark.parametrize(("status", "body"), [(404, b""), (405, b"<html>"), (501, b"{}"), (404, b'{"error":{"code":"404"}}')])
def test_a_missing_path_blames_nothing(status: int, body: bytes) -> None:
    failure = of_optional_operation(classify(status, (), body))
    assert (failure.blame, failure.status, failure.is_worth_repeating) == (Blame.REQUEST, status, False)


@pytest.mark.parametrize("code", ["model_not_found", "DeploymentNotFound"])
def test_an_unknown_model_is_the_routes(code: str) -> None:
    failure = classify(404, (), orjson.dumps({"error": {"code": code, "message": "no"}}))
    assert of_optional_operation(failure) is failure
    assert failure.blame is Blame.ROUTE


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500, 503])
def test_every_other_failure_means_what_it_does_elsewhere(status: int) -> None:
    failure = classify(status, (), b"")
    assert of_optional_operation(failure) is failure


def kinds(operation: Operation, stream: bytes) -> list[EventKind]:
    decoder = PassedStreamDecoder(operation)
    return [event.kind for event in (*decoder.feed(stream), *decoder.end())]


def test_events_of_every_kind() -> None:
    stream = b'data: {"type":"a.delta"}\n\ndata: nonsense\n\ndata: 7\n\ndata: {"no": "type"}\n\ndata: {"type":7}\n\n'
    stream += b'data: {"type":"a.done"}\n\ndata: [DONE]\n\n'
    wanted = [EventKind.CONTENT, EventKind.INVALID, EventKind.INVALID, EventKind.CONTENT, EventKind.CONTENT]
    assert kinds(Operation.SPEECH, stream) == [*wanted, EventKind.FINISH, EventKind.DONE]


@pytest.mark.parametrize("event", [b'{"type":"error","message":"no"}', b'{"error":{"message":"no"}}'])
def test_an_error_in_a_stream_ends_it(event: bytes) -> None:
    assert kinds(Operation.SPEECH, b"data: " + event + b"\n\n") == [EventKind.FAILURE]


def test_an_event_too_large_ends_the_stream() -> None:
    assert kinds(Operation.SPEECH, b"data: " + b"a" * (17 * 1024 * 1024)) == [EventKind.FAILURE]


@pytest.mark.parametrize("body", [b'{"text": "a"}', b"[1]", b'{"error": {"message": "no"}}', b"{torn"])
def test_a_body_that_is_not_a_stream_is_classified(body: bytes) -> None:
    decoder = PassedStreamDecoder(Operation.TRANSCRIPTIONS)
    decoder.feed(body)
    (event,) = decoder.end()
    assert event.failure is not None
    assert (event.failure.blame is Blame.REQUEST) == (body in (b'{"text": "a"}', b"[1]"))


def test_an_event_over_several_lines_is_one_line_and_its_name_is_kept() -> None:
    decoder = PassedStreamDecoder(Operation.IMAGE_EDITS)
    (event,) = decoder.feed(b'event: x\ndata: {"type":\ndata: "image_edit.completed"}\n\n')
    assert (event.name, event.data) == ("image_edit.completed", b'{"type":"image_edit.completed"}')


def test_a_name_that_would_be_another_line_is_left_out() -> None:
    decoder = PassedStreamDecoder(Operation.IMAGE_EDITS)
    (event,) = decoder.feed(b'data: {"type":"a\\ndata: b"}\n\n')
    assert (event.name, event.data) == ("", b'{"type":"a\\ndata: b"}')


def test_an_event_over_several_lines_that_is_nested_too_deeply_is_skipped() -> None:
    deep = b"[" * 300 + b"]" * 300
    assert kinds(Operation.SPEECH, b'data: {"type":"a.delta",\ndata: "deep":' + deep + b"}\n\n") == [EventKind.INVALID]
