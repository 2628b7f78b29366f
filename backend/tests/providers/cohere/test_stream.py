import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_engine.names import Blame, Operation, TokenCounts
from ai_engine.providers.adapter import EventKind, StreamEvent
from ai_engine.providers.cohere.stream import CohereStreamDecoder
from ai_engine.providers.failures import FailureClass
from ai_engine.wire.json_types import Json
from ai_engine.wire.sse import encode_events
from tests.providers.cohere.cohere_exchange import CREATED, adapter, decode, sse, stream
from tests.providers.made_answers import written

START: Json = {"type": "message-start", "id": "m1", "delta": {"message": {"role": "assistant"}}}


def content(**fields: object) -> Json:
    return {"type": "content-delta", "index": 0, "delta": {"message": {"content": fields}}}


def call(number: int | None, call_id: str | None, name: str = "f", arguments: str = "") -> Json:
    said = {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
    return {"type": "tool-call-start", "index": number, "delta": {"message": {"tool_calls": said}}}


def more(number: int | None, arguments: object) -> Json:
    said = {"function": {"arguments": arguments}}
    return {"type": "tool-call-delta", "index": number, "delta": {"message": {"tool_calls": said}}}


def end(reason: str | None = "COMPLETE", **fields: object) -> Json:
    return {"type": "message-end", "delta": {"finish_reason": reason, **fields}}


USAGE: Json = {"billed_units": {"input_tokens": 5.0, "output_tokens": 2.0}}


def kinds(events: list[StreamEvent]) -> list[EventKind]:
    return [event.kind for event in events]


def deltas(events: list[StreamEvent]) -> list[Json]:
    return [event.chunk["choices"][0]["delta"] for event in events if event.chunk is not None and event.chunk["choices"]]


def test_a_stream_opens_speaks_finishes_and_reports() -> None:
    events, decoder = stream(
        START,
        {"type": "content-start", "index": 0, "delta": {"message": {"content": {"type": "text", "text": ""}}}},
        content(text="Hel"),
        content(text="lo"),
        {"type": "content-end", "index": 0},
        end(usage=USAGE),
    )
    expected = [EventKind.OPENING, EventKind.CONTENT, EventKind.CONTENT, EventKind.FINISH, EventKind.USAGE]
    assert kinds(events) == expected
    assert deltas(events) == [{"role": "assistant"}, {"content": "Hel"}, {"content": "lo"}, {}]
    assert written(events[1].chunk) == {
        "id": "m1",
        "object": "chat.completion.chunk",
        "created": CREATED,
        "model": "asked",
        "choices": [{"index": 0, "delta": {"content": "Hel"}, "finish_reason": None}],
    }
    finish, usage = events[3].chunk, events[4].chunk
    assert finish is not None
    assert usage is not None
    assert (finish["choices"][0]["finish_reason"], finish["choices"][0]["native_finish_reason"]) == ("stop", "COMPLETE")
    assert (usage["choices"], usage["usage"]["total_tokens"]) == ([], 7)
    assert (decoder.model, decoder.usage, decoder.is_finished) == (None, TokenCounts(input=5, output=2), True)
    assert (decoder.characters_since_usage, decoder.answer) == (0, None)
    assert encode_events(decoder.ending()) == b"data: [DONE]\n\n"
    assert all((event.name, event.data) == ("", b"") for event in events)


def test_the_first_event_says_who_speaks_whatever_it_is() -> None:
    events, decoder = stream(content(text="x"), content(text="y"))
    assert deltas(events) == [{"role": "assistant", "content": "x"}, {"content": "y"}]
    assert events[0].chunk is not None
    assert events[0].chunk["id"].startswith("chatcmpl-")
    assert (decoder.characters_since_usage, decoder.is_finished) == (2, False)


def test_thinking_and_plans_stream_as_reasoning() -> None:
    plan = {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "I look."}}}
    opened = {"type": "content-start", "delta": {"message": {"content": {"type": "thinking", "thinking": "so "}}}}
    events, _ = stream(opened, content(thinking="hm"), plan)
    assert [delta["reasoning_content"] for delta in deltas(events)] == ["so ", "hm", "I look."]


def test_parallel_calls_are_numbered_through() -> None:
    events, decoder = stream(
        call(0, "a"),
        more(0, '{"x":'),
        more(0, "1}"),
        {"type": "tool-call-end", "index": 0},
        call(3, "b", "g", "{"),
        more(3, "}"),
        end("TOOL_CALL"),
    )
    assert [delta["tool_calls"][0] for delta in deltas(events)[:-1]] == [
        {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}},
        {"index": 0, "function": {"arguments": '{"x":'}},
        {"index": 0, "function": {"arguments": "1}"}},
        {"index": 1, "id": "b", "type": "function", "function": {"name": "g", "arguments": "{"}},
        {"index": 1, "function": {"arguments": "}"}},
    ]
    last = events[-1].chunk
    assert last is not None
    assert last["choices"][0]["finish_reason"] == "tool_calls"
    assert decoder.characters_since_usage == len('f{"x":1}g{}')


def test_calls_that_all_have_the_index_0_and_no_id_are_told_apart() -> None:
    events, _ = stream(START, call(0, None), more(0, {"a": 1}), call(0, ""), more(0, "{"), more(0, "}"), end("TOOL_CALL"))
    pieces = [said["tool_calls"][0] for said in deltas(events) if "tool_calls" in said]
    assert [(piece["index"], piece["function"]["arguments"]) for piece in pieces if "id" not in piece] == [
        (0, '{"a":1}'),
        (1, "{"),
        (1, "}"),
    ]


def test_arguments_without_a_number_belong_to_the_last_call() -> None:
    events, _ = stream(call(None, "a"), more(None, "{"), call(1, "b"), more(None, "{}"))
    assert [delta["tool_calls"][0]["index"] for delta in deltas(events)] == [0, 0, 1, 0]
    events, _ = stream(call(0, "a"), more(None, "{}"))
    assert [delta["tool_calls"][0]["index"] for delta in deltas(events)] == [0, 0]


def test_citations_and_probabilities() -> None:
    citation = {"start": 0, "end": 2, "text": "ab", "sources": [{"type": "document", "document": {"url": "https://a.test"}}]}
    cited = {"type": "citation-start", "index": 0, "delta": {"message": {"citations": citation}}}
    probable = content(text="ab") | {"logprobs": {"text": "ab", "token_ids": [1], "logprobs": [-1]}}
    events, _ = stream(probable, cited, {"type": "citation-end", "index": 0})
    assert events[0].chunk is not None
    assert events[0].chunk["choices"][0]["logprobs"]["content"][0]["logprob"] == -1
    assert deltas(events)[1]["citations"] == [citation]
    assert deltas(events)[1]["annotations"][0]["url_citation"]["url"] == "https://a.test"


@pytest.mark.parametrize(
    ("event", "kind", "blame"),
    [
        (end("ERROR", error="internal"), FailureClass.SERVER_ERROR, Blame.ROUTE),
        (end("TIMEOUT"), FailureClass.SERVER_ERROR, Blame.ROUTE),
        (end(None), FailureClass.MALFORMED_RESPONSE, Blame.ROUTE),
        ({"message": "internal"}, FailureClass.SERVER_ERROR, Blame.ROUTE),
        ({"error": {"code": 429, "message": "x"}}, FailureClass.RATE_LIMIT, Blame.KEY),
    ],
)
def test_what_ends_a_stream_as_broken(event: Json, kind: FailureClass, blame: Blame) -> None:
    events, decoder = stream(START, event)
    assert events[-1].failure is not None
    assert (events[-1].failure.kind, events[-1].failure.blame) == (kind, blame)
    assert not decoder.is_finished


@pytest.mark.parametrize(
    "event",
    [
        b"{broken",
        b"17",
        b"[]",
        b"{}",
        {"type": 7},
        {"type": "never-heard-of"},
        {"type": "content-delta"},
        {"type": "content-delta", "delta": {"message": {"content": 7}}},
        {"type": "tool-call-start", "delta": {"message": {"tool_calls": {"id": "a"}}}},
        {"type": "tool-plan-delta", "delta": {"message": {}}},
        {"type": "citation-start", "delta": 7},
        more(0, "{}"),
    ],
)
def test_an_event_that_makes_no_sense_is_counted_and_skipped(event: object) -> None:
    events, decoder = stream(content(text="a"), event, content(text="b"))
    assert kinds(events) == [EventKind.CONTENT, EventKind.INVALID, EventKind.CONTENT]
    assert decoder.invalid_events == 1


def test_what_adds_nothing_is_not_relayed() -> None:
    assert not stream(content(text=""), {"type": "debug", "prompt": "x"}, {"type": "content-end"})[0]


def test_an_end_like_openais_ends_it_too() -> None:
    assert kinds(stream(content(text="a"), end(), b"[DONE]")[0]) == [EventKind.CONTENT, EventKind.FINISH, EventKind.DONE]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"message":"invalid api token","status_code":401}', FailureClass.INVALID_KEY),
        (b'{"error":{"code":429,"message":"x"}}', FailureClass.RATE_LIMIT),
        (b'{"id":"x","message":{"content":[]},"finish_reason":"COMPLETE"}', FailureClass.MALFORMED_RESPONSE),
        (b"{half", FailureClass.MALFORMED_RESPONSE),
    ],
)
def test_a_body_that_is_no_stream_is_a_failure(body: bytes, kind: FailureClass) -> None:
    decoder = adapter().decode_stream(Operation.CHAT, "m")
    assert not decoder.feed(body)
    failure = decoder.end()[0].failure
    assert failure is not None
    assert failure.kind is kind


def test_an_endless_event_ends_the_stream() -> None:
    decoder = CohereStreamDecoder("m", CREATED)
    events = [event for _ in range(18) for event in decoder.feed(b"x" * 1024 * 1024)]
    assert events[0].failure is not None


# Whatever comes, however it is cut

FIELDS = ["type", "index", "delta", "message", "content", "text", "thinking", "tool_calls", "function", "arguments", "name", "id"]
MORE_FIELDS = ["tool_plan", "citations", "sources", "start", "end", "finish_reason", "usage", "billed_units", "logprobs", "error"]
TYPES = [
    "message-start",
    "content-start",
    "content-delta",
    "content-end",
    "tool-plan-delta",
    "tool-call-start",
    "tool-call-delta",
]
MORE_TYPES = ["tool-call-end", "citation-start", "citation-end", "message-end", "debug", "unheard-of"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 500) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS + MORE_FIELDS), inner, max_size=4),
    max_leaves=20,
)
SOUND = st.sampled_from(
    [START, content(text="ü"), content(thinking="hm"), call(0, "a"), call(1, "b"), more(0, "{"), more(1, "}"), end(usage=USAGE)]
)
EVENTS = st.one_of(
    JSON, SOUND, st.fixed_dictionaries({"type": st.sampled_from(TYPES + MORE_TYPES)}, optional={"delta": JSON, "index": JSON})
)


@given(st.lists(EVENTS, max_size=6), st.integers(1, 40))
def test_no_events_whatever_break_the_reader_and_the_cut_makes_no_difference(events: list[object], size: int) -> None:
    data = sse(*events)
    whole, cut = CohereStreamDecoder("m", CREATED), CohereStreamDecoder("m", CREATED)
    at_once = [*whole.feed(data), *whole.end()]
    in_pieces = [event for place in range(0, len(data), size) for event in cut.feed(data[place : place + size])]
    assert [*in_pieces, *cut.end()] == at_once
    assert (cut.usage, cut.is_finished, cut.invalid_events) == (whole.usage, whole.is_finished, whole.invalid_events)
    assert all(event.data == b"" for event in at_once)
    assert all(event.chunk is None or written(event.chunk) == event.chunk for event in at_once)


@given(EVENTS)
def test_no_plain_answer_whatever_breaks_the_reader(body: object) -> None:
    for operation in (Operation.CHAT, Operation.EMBEDDINGS, Operation.RERANK):
        decode(body, operation)
    adapter().classify(400, (), orjson.dumps(body))
