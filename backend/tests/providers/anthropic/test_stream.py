from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_engine.names import Operation, TokenCounts
from ai_engine.providers.adapter import EventKind, StreamDecoder, StreamEvent
from ai_engine.providers.anthropic.adapter import AnthropicMessages
from ai_engine.providers.failures import FailureClass
from ai_engine.wire import exact_json
from ai_engine.wire.json_types import Json
from ai_engine.wire.sse import encode_events
from tests.fakes.clock import HandTurnedClock
from tests.providers.made_answers import written

START: Json = {
    "type": "message_start",
    "message": {"id": "msg_1", "model": "claude-x", "content": [], "usage": {"input_tokens": 5, "output_tokens": 1}},
}
STOP: Json = {"type": "message_stop"}
PING: Json = {"type": "ping"}


def begin(index: int, kind: str, **fields: Any) -> Json:
    return {"type": "content_block_start", "index": index, "content_block": {"type": kind, **fields}}


def delta(index: int, kind: str, **fields: Any) -> Json:
    return {"type": "content_block_delta", "index": index, "delta": {"type": f"{kind}_delta", **fields}}


def end(index: int) -> Json:
    return {"type": "content_block_stop", "index": index}


def finish(reason: str | None = "end_turn", **fields: Any) -> Json:
    given = {"stop_reason": reason, "stop_sequence": None, **fields.pop("delta", {})}
    return {"type": "message_delta", "delta": given, "usage": {"output_tokens": 9}, **fields}


HELLO = [
    START,
    begin(0, "text", text=""),
    PING,
    delta(0, "text", text="Hel"),
    delta(0, "text", text="lo"),
    end(0),
    finish(),
    STOP,
]


def sse(events: Sequence[object]) -> bytes:
    data = (event if isinstance(event, bytes) else exact_json.dumps(event) for event in events)
    return b"".join(b"event: any\ndata: " + payload + b"\n\n" for payload in data)


def stream(*events: object, operation: Operation = Operation.CHAT) -> tuple[list[StreamEvent], StreamDecoder]:
    decoder = AnthropicMessages(HandTurnedClock()).decode_stream(operation, "asked")
    return [*decoder.feed(sse(events)), *decoder.end()], decoder


def kinds(*events: object) -> list[str]:
    return [event.kind.name for event in stream(*events)[0]]


def deltas(*events: object) -> list[Json]:
    """What a client gets to read, once the opening is over."""
    chunks = [event.chunk for event in stream(START, *events)[0][1:]]
    return [chunk["choices"][0]["delta"] for chunk in chunks if chunk is not None and chunk["choices"]]


# Events


def test_a_stream_of_text_is_chunks() -> None:
    events, decoder = stream(*HELLO)
    assert [event.kind.name for event in events] == ["OPENING", "CONTENT", "CONTENT", "FINISH", "USAGE", "DONE"]
    head = {"id": "msg_1", "object": "chat.completion.chunk", "created": 1795435200, "model": "claude-x"}
    choice: Json = {"index": 0, "logprobs": None, "finish_reason": None}
    ended = {"finish_reason": "stop", "native_finish_reason": "end_turn"}
    assert [event.chunk for event in events[:-1]] == [
        {**head, "choices": [{**choice, "delta": {"role": "assistant", "content": ""}}]},
        {**head, "choices": [{**choice, "delta": {"content": "Hel"}}]},
        {**head, "choices": [{**choice, "delta": {"content": "lo"}}]},
        {**head, "choices": [{**choice, "delta": {}, **ended}]},
        {**head, "choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 9, "total_tokens": 14}},
    ]
    assert all((event.name, event.data) == ("", b"") for event in events)
    assert (decoder.model, decoder.usage, decoder.is_finished) == ("claude-x", TokenCounts(5, None, None, 9, None), True)
    assert (decoder.characters_since_usage, decoder.invalid_events, decoder.answer) == (0, 0, None)
    assert encode_events(decoder.ending()) == b"data: [DONE]\n\n"


def test_what_was_said_since_the_last_report_is_known() -> None:
    _, decoder = stream(START, begin(0, "text", text=""), delta(0, "text", text="12345"), delta(1, "thinking", thinking="678"))
    assert decoder.characters_since_usage == 8
    assert decoder.usage == TokenCounts(5, None, None, 1, None)
    assert not decoder.is_finished


def test_tools_are_called_piece_by_piece() -> None:
    made = deltas(
        begin(0, "text", text=""),
        delta(0, "text", text="Let me see."),
        end(0),
        begin(1, "tool_use", id="t1", name="f", input={}),
        delta(1, "input_json", partial_json=""),
        delta(1, "input_json", partial_json='{"a":'),
        delta(1, "input_json", partial_json="1}"),
        end(1),
        begin(2, "tool_use", id="t2", name="g", input={}),
        end(2),
        finish("tool_use"),
    )
    assert made == [
        {"content": "Let me see."},
        {"tool_calls": [{"index": 0, "id": "t1", "type": "function", "function": {"name": "f", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"a":'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "1}"}}]},
        {"tool_calls": [{"index": 1, "id": "t2", "type": "function", "function": {"name": "g", "arguments": ""}}]},
        {"tool_calls": [{"index": 1, "function": {"arguments": "{}"}}]},
        {},
    ]


def test_input_that_came_whole_is_given_at_the_blocks_end() -> None:
    made = deltas(begin(0, "tool_use", id="t1", name="f", input={"a": 1}), end(0))
    assert made[-1] == {"tool_calls": [{"index": 0, "function": {"arguments": '{"a":1}'}}]}


@pytest.mark.parametrize("stops", [True, False], ids=["stopped", "never-stopped"])
def test_calls_that_all_have_the_index_0_are_told_apart(stops: bool) -> None:
    stop = [end(0)] if stops else []
    first, second = begin(0, "tool_use", name="f", input={"a": 1}), begin(0, "tool_use", id=None, name="g", input={"b": 2})
    pieces = [call for said in deltas(first, *stop, second, *stop, finish("tool_use")) for call in said.get("tool_calls", ())]
    assert [(piece["index"], piece.get("id"), piece["function"]["arguments"]) for piece in pieces] == [
        (0, "", ""),
        (0, None, '{"a":1}'),
        (1, "", ""),
        (1, None, '{"b":2}'),
    ]


def test_arguments_may_come_as_an_object() -> None:
    said = deltas(begin(0, "tool_use", id="t", name="f", input={}), delta(0, "input_json", partial_json={"a": 2**70}), end(0))
    assert said[-1]["tool_calls"][0]["function"]["arguments"] == f'{{"a":{2**70}}}'


def test_thinking_is_shown_and_its_signature_kept() -> None:
    form = {"format": "anthropic-claude-v1", "index": 0}
    made = deltas(
        begin(0, "thinking", thinking="", signature=""),
        delta(0, "thinking", thinking="hm"),
        delta(0, "signature", signature="sig"),
        end(0),
        begin(1, "redacted_thinking", data="ZW5j"),
        end(1),
    )
    assert made == [
        {"reasoning_details": [{"type": "reasoning.text", "text": "hm", **form}], "reasoning_content": "hm"},
        {"reasoning_details": [{"type": "reasoning.text", "text": "", "signature": "sig", **form}]},
        {"reasoning_details": [{"type": "reasoning.encrypted", "data": "ZW5j", **form, "index": 1}]},
    ]


def test_pages_that_were_cited_come_at_the_end_of_their_text() -> None:
    citation = {"type": "web_search_result_location", "url": "https://example.com", "title": None}
    made = deltas(
        begin(0, "text", text=""),
        delta(0, "text", text="abc"),
        end(0),
        begin(1, "text", text=""),
        delta(1, "citations", citation=citation),
        delta(1, "text", text="de"),
        end(1),
    )
    page = {"url": "https://example.com", "title": "", "start_index": 3, "end_index": 5}
    assert made[-1] == {"annotations": [{"type": "url_citation", "url_citation": page}]}


def test_tools_on_the_other_side_are_passed_over() -> None:
    events, decoder = stream(
        START,
        begin(0, "server_tool_use", id="s1", name="web_search", input={}),
        delta(0, "input_json", partial_json='{"query":"x"}'),
        end(0),
        begin(1, "web_search_tool_result", tool_use_id="s1", content=[]),
        end(1),
    )
    assert [event.kind for event in events] == [EventKind.OPENING]
    assert decoder.invalid_events == 0


def test_the_end_tells_its_sequence_and_a_refusal_its_reason() -> None:
    events, _ = stream(START, finish("stop_sequence", delta={"stop_sequence": "END"}))
    assert events[1].chunk is not None
    assert events[1].chunk["choices"][0]["stop_sequence"] == "END"
    why = {"stop_details": {"type": "refusal", "explanation": "No."}}
    events, _ = stream(START, finish("refusal", delta=why))
    assert events[1].chunk is not None
    assert events[1].chunk["choices"][0]["delta"] == {"refusal": "No."}
    assert events[1].chunk["choices"][0]["finish_reason"] == "content_filter"


def test_usage_is_a_total_that_later_events_complete() -> None:
    start = {
        **START,
        "message": {**START["message"], "usage": {"input_tokens": 5, "cache_read_input_tokens": 7, "output_tokens": 1}},
    }
    usage = {"input_tokens": None, "output_tokens": 20, "output_tokens_details": {"thinking_tokens": 12}}
    events, decoder = stream(start, finish(None, usage={"output_tokens": 4}), finish(usage=usage))
    assert decoder.usage == TokenCounts(5, 7, None, 8, 12)
    assert events[-1].chunk is not None
    assert events[-1].chunk["usage"]["prompt_tokens"] == 12


def test_a_stream_that_says_nothing_of_usage_ends_all_the_same() -> None:
    bare = {**START, "message": {"id": "msg_1"}}
    events, decoder = stream(bare, delta(0, "text", text="x"), finish(usage=None), STOP)
    assert [event.kind.name for event in events] == ["OPENING", "CONTENT", "FINISH", "DONE"]
    assert (decoder.usage, decoder.characters_since_usage, decoder.model) == (None, 1, None)
    assert events[1].chunk is not None
    assert events[1].chunk["model"] == "asked"


# What should not be


def test_an_error_inside_is_a_failure() -> None:
    events, _ = stream(START, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
    assert events[-1].failure is not None
    assert (events[-1].failure.kind, events[-1].failure.status) == (FailureClass.SERVER_ERROR, 529)
    assert events[-1].failure.is_worth_repeating


@pytest.mark.parametrize(
    "event",
    [
        b"{",
        b"7",
        b"[]",
        {},
        {"type": 7},
        {"type": "of_the_future"},
        begin(0, "of_the_future"),
        delta(0, "of_the_future"),
        {"type": "content_block_delta", "index": 0},
        delta(5, "input_json", partial_json="x"),
        delta(5, "citations", citation={}),
        begin(0, "redacted_thinking"),
        end(5),
    ],
)
def test_what_makes_no_sense_is_skipped_and_counted(event: object) -> None:
    events, decoder = stream(START, event, delta(0, "text", text="x"), finish())
    assert [made.kind.name for made in events] == ["OPENING", "INVALID", "CONTENT", "FINISH", "USAGE"]
    assert decoder.invalid_events == 1


def test_a_body_that_is_no_stream_is_a_failure() -> None:
    decoder = AnthropicMessages(HandTurnedClock()).decode_stream(Operation.CHAT, "asked")
    assert not decoder.feed(b'{"type":"error","error":{"type":"authentication_error","message":"no"}}')
    (event,) = decoder.end()
    assert event.failure is not None
    assert event.failure.kind is FailureClass.INVALID_KEY
    decoder = AnthropicMessages(HandTurnedClock()).decode_stream(Operation.CHAT, "asked")
    decoder.feed(b'{"id":"msg_1","content":[]}')
    (event,) = decoder.end()
    assert event.failure is not None
    assert event.failure.kind is FailureClass.MALFORMED_RESPONSE


def test_input_nested_beyond_all_measure_ends_the_stream() -> None:
    deep = b'{"a":' * 300 + b"1" + b"}" * 300
    block = (
        b'{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"f","input":' + deep + b"}}"
    )
    events, _ = stream(START, block, end(0))
    assert events[-1].kind is EventKind.FAILURE


def test_the_last_event_may_lack_its_blank_line() -> None:
    decoder = AnthropicMessages(HandTurnedClock()).decode_stream(Operation.CHAT, "asked")
    decoder.feed(sse([START, finish()]) + b"event: message_stop\ndata: " + orjson.dumps(STOP))
    assert [event.kind for event in decoder.end()] == [EventKind.DONE]


# Properties

TOOL = [
    START,
    begin(0, "thinking", thinking="", signature=""),
    delta(0, "thinking", thinking="Zürich…"),
    delta(0, "signature", signature="sig"),
    end(0),
    begin(1, "tool_use", id="t1", name="f", input={}),
    delta(1, "input_json", partial_json='{"city":"Zürich"}'),
    end(1),
    finish("tool_use"),
    STOP,
]
NAMES = ["type", "text", "index", "delta", "usage", "input_tokens", "stop_reason", "thinking", "data", "citation", "id"]
WILD = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5) | st.sampled_from(["text", "tool_use", "text_delta"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=6,
)
BLOCKS = st.builds(lambda block: {"type": "content_block_start", "index": 0, "content_block": block}, WILD)
EVENT = (
    BLOCKS
    | st.sampled_from([*HELLO, *TOOL, begin(0, "text", text="x"), begin(1, "redacted_thinking", data="x")])
    | st.builds(
        lambda event, name, value: {**event, name: value},
        st.sampled_from([*HELLO, *TOOL]),
        st.sampled_from(["type", "index", "delta", "content_block", "message", "usage"]),
        WILD,
    )
)


@pytest.mark.parametrize("operation", [Operation.CHAT, Operation.MESSAGES])
@given(cuts=st.lists(st.integers(0, 700), max_size=8))
def test_bytes_may_be_split_anywhere(operation: Operation, cuts: list[int]) -> None:
    whole = sse([*TOOL, *HELLO]).replace(b"event: any\n", b"")
    decoder = AnthropicMessages(HandTurnedClock()).decode_stream(operation, "asked")
    places = [0, *sorted(cut for cut in cuts if cut < len(whole)), len(whole)]
    pieces = [whole[start:stop] for start, stop in pairwise(places)]
    events = [event for piece in pieces for event in decoder.feed(piece)]
    assert [*events, *decoder.end()] == stream(*TOOL, *HELLO, operation=operation)[0]


@pytest.mark.parametrize("operation", [Operation.CHAT, Operation.MESSAGES])
@given(events=st.lists(EVENT, max_size=12))
def test_no_order_and_no_shape_of_events_raises(operation: Operation, events: list[Json]) -> None:
    made, decoder = stream(*events, operation=operation)
    assert decoder.invalid_events == sum(event.kind is EventKind.INVALID for event in made)
    for event in made:
        if event.chunk is not None:
            assert written(event.chunk) == event.chunk
            assert event.data == (b"" if operation is Operation.CHAT else orjson.dumps(event.chunk))


@given(content=st.lists(WILD, max_size=6), usage=WILD, ending=WILD)
def test_no_shape_of_a_plain_answer_raises(content: list[Any], usage: object, ending: object) -> None:
    body = orjson.dumps({"content": content, "usage": usage, "stop_reason": ending, "stop_details": ending, "model": ending})
    for operation in (Operation.CHAT, Operation.MESSAGES):
        AnthropicMessages(HandTurnedClock()).decode_answer(operation, (), body, "asked")
