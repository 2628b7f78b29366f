from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_engine.names import Blame, Operation, TokenCounts
from ai_engine.providers.adapter import EventKind, StreamEvent
from ai_engine.providers.failures import FailureClass
from ai_engine.providers.gemini.stream import GeminiStreamDecoder
from ai_engine.wire.json_types import Json
from ai_engine.wire.sse import encode_events
from tests.providers.gemini.gemini_exchange import CREATED, adapter, answer, candidate, decode, plain, sse, stream
from tests.providers.made_answers import written

USAGE: Json = {"promptTokenCount": 4, "candidatesTokenCount": 2, "totalTokenCount": 6}


def said(*parts: Json, finish: str | None = None, **fields: Any) -> Json:
    return answer(candidate(*parts, finish=finish, index=0), **fields)


def text(words: str, **fields: object) -> Json:
    return {"text": words, **fields}


def kinds(events: list[StreamEvent]) -> list[EventKind]:
    return [event.kind for event in events]


def deltas(events: list[StreamEvent]) -> list[Json]:
    return [event.chunk["choices"][0]["delta"] for event in events if event.chunk is not None and event.chunk["choices"]]


def test_a_stream_speaks_finishes_and_reports() -> None:
    events, decoder = stream(
        said(text("Hel"), usageMetadata={"promptTokenCount": 4, "totalTokenCount": 4}),
        said(text("lo")),
        said(text(""), finish="STOP", usageMetadata=USAGE),
    )
    assert kinds(events) == [EventKind.CONTENT, EventKind.CONTENT, EventKind.FINISH, EventKind.USAGE]
    assert deltas(events) == [{"role": "assistant", "content": "Hel"}, {"content": "lo"}, {}]
    assert written(events[0].chunk) == {
        "id": "r1",
        "object": "chat.completion.chunk",
        "created": CREATED,
        "model": "gemini-3",
        "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hel"}, "finish_reason": None}],
    }
    finish, usage = events[2].chunk, events[3].chunk
    assert finish is not None
    assert usage is not None
    assert (finish["choices"][0]["finish_reason"], finish["choices"][0]["native_finish_reason"]) == ("stop", "STOP")
    assert (usage["choices"], usage["usage"]["total_tokens"]) == ([], 6)
    assert (decoder.model, decoder.usage, decoder.is_finished) == ("gemini-3", TokenCounts(4, 0, None, 2, 0), True)
    assert (decoder.characters_since_usage, decoder.answer) == (0, None)
    assert encode_events(decoder.ending()) == b"data: [DONE]\n\n"
    assert all((event.name, event.data) == ("", b"") for event in events)


def test_the_adapter_makes_a_fresh_decoder_for_each_stream() -> None:
    one, other = (adapter().decode_stream(Operation.CHAT, "m") for _ in range(2))
    one.feed(sse(said(text("x"))))
    assert (one.characters_since_usage, other.characters_since_usage) == (1, 0)


def test_thoughts_stream_as_reasoning_and_a_piece_keeps_its_index() -> None:
    events, _ = stream(
        said(text("I ", thought=True)),
        said(text("think.", thought=True), text("So")),
        said({"text": "", "thoughtSignature": "S"}),
    )
    assert deltas(events) == [
        {
            "role": "assistant",
            "reasoning_content": "I ",
            "reasoning_details": [{"type": "reasoning.text", "text": "I ", "format": "google-gemini-v1", "index": 0}],
        },
        {
            "reasoning_content": "think.",
            "reasoning_details": [{"type": "reasoning.text", "text": "think.", "format": "google-gemini-v1", "index": 0}],
            "content": "So",
        },
        {"reasoning_details": [{"type": "reasoning.encrypted", "data": "S", "format": "google-gemini-v1", "index": 1}]},
    ]


def test_calls_come_whole_numbered_through_and_end_the_answer_as_calls() -> None:
    call = {"functionCall": {"name": "f", "args": {}}}
    events, _ = stream(said(call), said(call | {"thoughtSignature": "S"}, call), said(finish="STOP"))
    calls = [each for delta in deltas(events) for each in delta.get("tool_calls", ())]
    assert [(each["index"], each["type"], each["function"]) for each in calls] == [
        (number, "function", {"name": "f", "arguments": "{}"}) for number in range(3)
    ]
    assert len({each["id"] for each in calls}) == 3
    assert calls[1]["extra_content"] == {"google": {"thought_signature": "S"}}
    last = events[-1].chunk
    assert last is not None
    assert last["choices"][0]["finish_reason"] == "tool_calls"


def test_a_stream_says_what_the_plain_answer_says() -> None:
    parts = [text("I think.", thought=True), text("Hi "), text("you."), {"functionCall": {"name": "f", "args": {"a": 1}}}]
    events, _ = stream(*(said(part) for part in parts), said(finish="STOP"))
    joined: Json = {"role": "assistant", "content": "", "reasoning_content": "", "tool_calls": []}
    for delta in deltas(events):
        joined["content"] += delta.get("content", "")
        joined["reasoning_content"] += delta.get("reasoning_content", "")
        joined["tool_calls"] += [{name: call[name] for name in call if name != "index"} for call in delta.get("tool_calls", ())]
    message = plain(answer(candidate(*parts)))["choices"][0]["message"]
    assert {name: message[name] for name in joined} == joined


def test_several_candidates_finish_one_by_one() -> None:
    events, decoder = stream(
        answer(candidate(text("a"), finish=None, index=0), candidate(text("b"), finish=None, index=1)),
        answer(candidate(finish="STOP", index=1)),
    )
    assert kinds(events) == [EventKind.CONTENT, EventKind.CONTENT]
    assert not decoder.is_finished
    assert [event.kind for event in decoder.feed(sse(answer(candidate(finish="MAX_TOKENS", index=0))))] == [EventKind.FINISH]
    assert decoder.is_finished


def test_usage_may_come_alone_after_the_finish() -> None:
    events, decoder = stream(said(text("a"), finish="STOP"), {"usageMetadata": USAGE})
    assert kinds(events) == [EventKind.FINISH, EventKind.USAGE]
    assert decoder.usage is not None
    events, decoder = stream({"usageMetadata": USAGE}, said(text("a")))
    assert kinds(events) == [EventKind.CONTENT]
    assert decoder.characters_since_usage == 1


def test_an_event_without_content_only_opens() -> None:
    assert kinds(stream(said(), said(text("")))[0]) == [EventKind.OPENING, EventKind.OPENING]


def test_annotations_come_with_the_finish() -> None:
    grounding = {"groundingChunks": [{"web": {"uri": "https://a.test", "title": "A"}}]}
    events, _ = stream(said(text("four")), answer(candidate(finish="STOP", index=0, groundingMetadata=grounding)))
    assert deltas(events)[-1]["annotations"][0]["url_citation"]["end_index"] == 4


def test_probabilities_come_with_their_piece() -> None:
    result = {"chosenCandidates": [{"token": "a", "logProbability": -1}]}
    events, _ = stream(answer(candidate(text("a"), finish=None, logprobsResult=result)))
    assert events[0].chunk is not None
    assert events[0].chunk["choices"][0]["logprobs"]["content"][0]["token"] == "a"


@pytest.mark.parametrize(
    ("event", "kind", "blame"),
    [
        ({"error": {"code": 503, "message": "x", "status": "UNAVAILABLE"}}, FailureClass.SERVER_ERROR, Blame.ROUTE),
        ([{"error": {"code": 429, "message": "x"}}], FailureClass.RATE_LIMIT, Blame.KEY),
        ({"promptFeedback": {"blockReason": "OTHER"}}, FailureClass.CONTENT_FILTER, Blame.REQUEST),
        (said(text("half"), finish="MALFORMED_FUNCTION_CALL"), FailureClass.MALFORMED_RESPONSE, Blame.ROUTE),
    ],
)
def test_what_ends_a_stream_as_broken(event: object, kind: FailureClass, blame: Blame) -> None:
    events, decoder = stream(event)
    assert kinds(events) == [EventKind.FAILURE]
    assert events[0].failure is not None
    assert (events[0].failure.kind, events[0].failure.blame) == (kind, blame)
    assert not decoder.is_finished


@pytest.mark.parametrize("event", [b"{broken", b"17", b"[]", b"{}", {"candidates": 7}, {"candidates": [7]}, {"candidates": []}])
def test_an_event_that_makes_no_sense_is_counted_and_skipped(event: object) -> None:
    events, decoder = stream(said(text("a")), event, said(text("b")))
    assert kinds(events) == [EventKind.CONTENT, EventKind.INVALID, EventKind.CONTENT]
    assert decoder.invalid_events == 1


def test_a_part_that_a_chat_has_no_place_for_is_counted_and_skipped() -> None:
    events, decoder = stream(said({"executableCode": {"code": "1"}}, text("a"), {"odd": 1}))
    assert kinds(events) == [EventKind.CONTENT]
    assert decoder.invalid_events == 2


def test_an_end_like_openais_ends_it_too() -> None:
    assert kinds(stream(said(text("a"), finish="STOP"), b"[DONE]")[0])[-1] is EventKind.DONE


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'[{"error":{"code":400,"message":"x","status":"INVALID_ARGUMENT"}}]', FailureClass.BAD_REQUEST),
        (b'{\n"error": {"code": 401, "message": "x"}}', FailureClass.INVALID_KEY),
        (b'[{"candidates":[]}]', FailureClass.MALFORMED_RESPONSE),
        (b"{half", FailureClass.MALFORMED_RESPONSE),
    ],
)
def test_a_body_that_is_no_stream_is_a_failure(body: bytes, kind: FailureClass) -> None:
    decoder = GeminiStreamDecoder("m", CREATED)
    assert not decoder.feed(body)
    failure = decoder.end()[0].failure
    assert failure is not None
    assert failure.kind is kind


def test_a_last_event_that_lacks_its_blank_line_is_still_read() -> None:
    decoder = GeminiStreamDecoder("m", CREATED)
    assert not decoder.feed(sse(said(text("a"), finish="STOP")).rstrip())
    assert [event.kind for event in decoder.end()] == [EventKind.FINISH]


def test_an_endless_event_ends_the_stream() -> None:
    decoder = GeminiStreamDecoder("m", CREATED)
    events = [event for _ in range(18) for event in decoder.feed(b"x" * 1024 * 1024)]
    assert events[0].failure is not None


def test_what_is_nested_too_deeply_ends_the_stream() -> None:
    args = b'{"a":' * 300 + b"1" + b"}" * 300
    event = b'{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":' + args + b"}}]}}]}"
    assert kinds(stream(event)[0]) == [EventKind.FAILURE]


# Whatever comes, however it is cut

OF_PARTS = ["candidates", "content", "parts", "text", "thought", "thoughtSignature", "functionCall", "name", "args", "inlineData"]
OF_ENDS = ["index", "finishReason", "usageMetadata", "promptTokenCount", "error", "promptFeedback", "blockReason", "responseId"]
OF_PAGES = [
    "groundingMetadata",
    "groundingChunks",
    "web",
    "uri",
    "groundingSupports",
    "segment",
    "startIndex",
    "groundingChunkIndices",
]
OF_MORE = ["citationMetadata", "citationSources", "logprobsResult", "chosenCandidates", "topCandidates", "modelVersion", "id"]
NAMES = OF_PARTS + OF_ENDS + OF_PAGES + OF_MORE
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 500) | st.text(max_size=3) | st.sampled_from(["STOP", "SAFETY", "OTHER"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=25,
)
PARTS = st.one_of(
    st.builds(text, st.text(max_size=4), thought=st.booleans()),
    st.just({"functionCall": {"name": "f", "args": {"ü": 1}}}),
    st.just({"inlineData": {"mimeType": "image/png", "data": "AA"}}),
    JSON,
)
CANDIDATES = st.fixed_dictionaries(
    {"content": st.fixed_dictionaries({"parts": st.lists(PARTS, max_size=3)})},
    optional={"index": st.integers(0, 2), "finishReason": st.sampled_from(["STOP", "SAFETY", "MAX_TOKENS"])},
)
EVENTS = st.one_of(JSON, st.fixed_dictionaries({"candidates": st.lists(CANDIDATES | JSON, max_size=3)}, optional={"error": JSON}))


@given(st.lists(EVENTS, max_size=5), st.integers(1, 40))
def test_no_events_whatever_break_the_reader_and_the_cut_makes_no_difference(events: list[object], size: int) -> None:
    data = sse(*events)
    whole, cut = GeminiStreamDecoder("m", CREATED), GeminiStreamDecoder("m", CREATED)
    at_once = [*whole.feed(data), *whole.end()]
    in_pieces = [event for place in range(0, len(data), size) for event in cut.feed(data[place : place + size])]
    assert [*in_pieces, *cut.end()] == at_once
    assert (cut.usage, cut.is_finished, cut.invalid_events) == (whole.usage, whole.is_finished, whole.invalid_events)
    assert all(event.data == b"" for event in at_once)
    assert all(event.chunk is None or written(event.chunk) == event.chunk for event in at_once)


@given(EVENTS)
def test_no_plain_answer_whatever_breaks_the_reader(content: object) -> None:
    for operation in (Operation.CHAT, Operation.EMBEDDINGS):
        decode(content, operation)
    adapter().classify(400, (), orjson.dumps(content))
