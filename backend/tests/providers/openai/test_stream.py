from collections.abc import Iterable

import orjson
import pytest

from ai_engine.names import TokenCounts
from ai_engine.providers.adapter import EventKind, StreamEvent
from ai_engine.providers.failures import FailureClass
from ai_engine.providers.openai.stream import OpenAIStreamDecoder


def sse(events: Iterable[object]) -> bytes:
    return b"".join(b"data: " + (event if isinstance(event, bytes) else orjson.dumps(event)) + b"\n\n" for event in events)


def chunk(delta: object = None, finish: str | None = None, index: int = 0, **fields: object) -> dict[str, object]:
    return {"model": "m-1", "choices": [{"index": index, "delta": delta or {}, "finish_reason": finish}], **fields}


def stream(*events: object) -> tuple[list[StreamEvent], OpenAIStreamDecoder]:
    decoder = OpenAIStreamDecoder()
    return [*decoder.feed(sse(events)), *decoder.end()], decoder


def kinds(*events: object) -> list[EventKind]:
    return [event.kind for event in stream(*events)[0]]


def test_a_stream_opens_speaks_finishes_reports_and_ends() -> None:
    usage = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}
    events, decoder = stream(
        chunk({"role": "assistant", "content": ""}), chunk({"content": "hi"}), chunk({}, "stop"), usage, b"[DONE]"
    )
    expected = [EventKind.OPENING, EventKind.CONTENT, EventKind.FINISH, EventKind.USAGE, EventKind.DONE]
    assert [event.kind for event in events] == expected
    assert (decoder.model, decoder.usage, decoder.is_finished) == ("m-1", TokenCounts(input=3, output=2), True)
    assert events[-1].data == b""


@pytest.mark.parametrize(
    "delta",
    [
        {"content": "x"},
        {"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "f"}}]},
        {"reasoning": "x"},
        {"reasoning_content": "x"},
        {"refusal": "x"},
        {"audio": {"id": "a"}},
        {"function_call": {"name": "f"}},
        {"role": "assistant", "unheard_of": [1]},
    ],
)
def test_whatever_is_not_empty_is_content(delta: dict[str, object]) -> None:
    assert kinds(chunk(delta)) == [EventKind.CONTENT]


@pytest.mark.parametrize(
    "delta",
    [
        {},
        {"role": "assistant"},
        {"role": "assistant", "content": None, "tool_calls": [], "refusal": None},
        {"content": "", "reasoning": None},
    ],
)
def test_a_delta_that_only_opens_waits(delta: dict[str, object]) -> None:
    assert kinds(chunk(delta)) == [EventKind.OPENING]


def test_a_chunk_without_a_delta_opens() -> None:
    assert kinds({"choices": [{"index": 0, "finish_reason": None, "content_filter_results": {}}]}) == [EventKind.OPENING]


def test_content_and_finish_in_one_event_finish() -> None:
    events, decoder = stream(chunk({"content": "all"}, "stop"))
    assert events[0].kind is EventKind.FINISH
    assert decoder.is_finished


def test_a_stream_of_several_choices_is_finished_when_all_are() -> None:
    events, decoder = stream(chunk({"content": "a"}), chunk({"content": "b"}, index=1), chunk({}, "stop"))
    assert events[-1].kind is EventKind.CONTENT
    assert not decoder.is_finished
    assert decoder.feed(sse([chunk({}, "length", index=1)]))[0].kind is EventKind.FINISH
    assert decoder.is_finished


def test_a_stream_without_any_finish_is_not_finished() -> None:
    assert not stream()[1].is_finished
    assert not stream(chunk({"content": "a"}))[1].is_finished


def test_an_empty_finish_reason_is_none() -> None:
    assert kinds(chunk({"content": "a"}, "")) == [EventKind.CONTENT]


def test_usage_on_a_content_chunk_is_noted_and_stays() -> None:
    events, decoder = stream(chunk({"content": "a"}, "stop", usage={"prompt_tokens": 1, "completion_tokens": 2}))
    assert events[0].kind is EventKind.FINISH
    assert decoder.usage == TokenCounts(input=1, output=2)
    assert orjson.loads(events[0].data)["usage"] == {"prompt_tokens": 1, "completion_tokens": 2}


def test_text_that_no_usage_tells_of_is_measured() -> None:
    call = {"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}
    events: list[dict[str, object]] = [chunk({"role": "assistant", "content": "four"}), chunk({"reasoning": "ab"}), chunk(call)]
    assert stream(*events)[1].characters_since_usage == 4 + 2 + 3
    counted = chunk({"content": "told of"}, usage={"prompt_tokens": 1, "completion_tokens": 2})
    assert stream(*events, counted)[1].characters_since_usage == 0
    assert stream(*events, counted, chunk({"content": "on"}, "stop"))[1].characters_since_usage == 2


@pytest.mark.parametrize("tokens", [0, None, "many", -1])
def test_text_that_a_usage_counts_as_nothing_is_measured(tokens: object) -> None:
    counted = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": tokens}}
    decoder = stream(chunk({"content": "hello"}), chunk({}, "stop"), counted)[1]
    assert (decoder.usage, decoder.characters_since_usage) == (TokenCounts(input=3), 5)
    silent = stream(chunk({}, "stop"), {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 0}})[1]
    assert (silent.usage, silent.characters_since_usage) == (TokenCounts(input=3, output=0), 0)


USAGE = {"prompt_tokens": 1336, "completion_tokens": 31, "total_tokens": 1367, "cached_tokens": 1280}


@pytest.mark.parametrize("end", [[b"[DONE]"], []])
@pytest.mark.parametrize(
    "finish",
    [
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "usage": USAGE}]},
        chunk({}, "stop", x_groq={"id": "req_1", "usage": USAGE}),
    ],
    ids=["in the choice", "x_groq"],
)
def test_usage_in_another_place_counts_where_the_usual_one_has_none(finish: dict[str, object], end: list[bytes]) -> None:
    decoder = stream(chunk({"content": "hi"}), finish, *end)[1]
    assert (decoder.usage, decoder.characters_since_usage) == (TokenCounts(56, 1280, None, 31), 0)
    usual = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}
    assert stream(chunk({"content": "hi"}), finish, usual, *end)[1].usage == TokenCounts(input=3, output=2)


def test_the_last_of_several_usages_counts() -> None:
    usages = [{"prompt_tokens": 1, "completion_tokens": count} for count in (1, 2, 3)]
    assert stream(*(chunk({"content": "a"}, usage=usage) for usage in usages))[1].usage == TokenCounts(input=1, output=3)


def test_empty_choices_without_usage_open() -> None:
    assert kinds({"choices": [], "model": "", "prompt_filter_results": [{}], "usage": None}) == [EventKind.OPENING]
    assert stream({"choices": [], "model": ""}, chunk({"content": "a"}))[1].model == "m-1"


@pytest.mark.parametrize(
    "event", [b"{broken", b"17", b'"text"', b"null", b"[]", b"{}", b'{"choices":[7]}', b'{"choices":"x"}', b"\xff"]
)
def test_an_event_that_makes_no_sense_is_counted_and_skipped(event: bytes) -> None:
    events, decoder = stream(chunk({"content": "a"}), event, chunk({"content": "b"}))
    assert [each.kind for each in events] == [EventKind.CONTENT, EventKind.INVALID, EventKind.CONTENT]
    assert decoder.invalid_events == 1


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (
            {"error": {"message": "x", "code": "server_error"}, "choices": [{"delta": {}, "finish_reason": "error"}]},
            FailureClass.SERVER_ERROR,
        ),
        ({"error": {"message": "x", "code": "429"}}, FailureClass.RATE_LIMIT),
        ({"error": "x"}, FailureClass.SERVER_ERROR),
        ({"detail": "x"}, FailureClass.SERVER_ERROR),
        ({"object": "error", "message": "x", "type": "BadRequestError", "code": 400}, FailureClass.BAD_REQUEST),
        ([{"error": {"code": 503, "message": "x"}}], FailureClass.SERVER_ERROR),
        (chunk({"content": "a"}, "error"), FailureClass.SERVER_ERROR),
        (chunk({}, "insufficient_system_resource"), FailureClass.SERVER_ERROR),
    ],
)
def test_an_error_in_a_stream_is_a_failure(event: object, kind: FailureClass) -> None:
    events, decoder = stream(event)
    assert [each.kind for each in events] == [EventKind.FAILURE]
    assert events[0].failure is not None
    assert events[0].failure.kind is kind
    assert not decoder.is_finished


def test_events_are_relayed_byte_for_byte() -> None:
    odd = b'{ "choices" : [{"delta":{"content":"\\u00fc"},"index":0}], "created": 1.7e9, "code": "7" }'
    event = stream(odd)[0][0]
    assert (event.name, event.data) == ("", odd)


def test_an_event_of_several_lines_becomes_one() -> None:
    decoder = OpenAIStreamDecoder()
    events = decoder.feed(b'data: {"choices":\ndata: [{"delta":{"content":"a"}}]}\n\n')
    assert events[0].data == b'{"choices":[{"delta":{"content":"a"}}]}'


def test_an_end_with_spaces_is_an_end() -> None:
    assert kinds(b" [DONE] ") == [EventKind.DONE]


def test_an_error_instead_of_a_stream_is_a_failure() -> None:
    decoder = OpenAIStreamDecoder()
    assert not decoder.feed(b'{"error":{"message":"no",')
    assert not decoder.feed(b'"code":"insufficient_quota"}}')
    failure = decoder.end()[0].failure
    assert failure is not None
    assert failure.kind is FailureClass.QUOTA


def test_a_plain_answer_instead_of_a_stream_is_malformed() -> None:
    """`stream: true` returned plain JSON in the first AI Engine; a provider that does so is not believed."""
    decoder = OpenAIStreamDecoder()
    decoder.feed(orjson.dumps({"choices": [{"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}]}))
    failure = decoder.end()[0].failure
    assert failure is not None
    assert failure.kind is FailureClass.MALFORMED_RESPONSE


def test_an_endless_event_ends_the_stream() -> None:
    decoder = OpenAIStreamDecoder()
    events: list[StreamEvent] = []
    for _ in range(18):
        events += decoder.feed(b"x" * 1024 * 1024)
        if events:
            break
    assert events[0].failure is not None
    assert events[0].failure.kind is FailureClass.MALFORMED_RESPONSE
