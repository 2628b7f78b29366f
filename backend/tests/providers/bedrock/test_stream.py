from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_engine.names import TokenCounts
from ai_engine.providers.adapter import EventKind
from ai_engine.providers.bedrock.stream import ConverseStreamDecoder
from ai_engine.providers.failures import FailureClass
from tests.fakes.eventstream import event, exception
from tests.providers.bedrock.bedrock_exchange import CLAUDE, CREATED, Json, deltas, streamed

START = ("messageStart", {"role": "assistant"})
USAGE: Json = {"inputTokens": 7, "outputTokens": 5, "totalTokens": 12}
METADATA: tuple[str, Json] = ("metadata", {"usage": USAGE, "metrics": {"latencyMs": 1}})
CALL: Json = {"toolUseId": "t1", "name": "weather"}


def delta(index: int = 0, **said: Any) -> tuple[str, Json]:
    return "contentBlockDelta", {"contentBlockIndex": index, "delta": said}


def begin(index: int, **start: Any) -> tuple[str, Json]:
    return "contentBlockStart", {"contentBlockIndex": index, "start": start}


def end(index: int = 0) -> tuple[str, Json]:
    return "contentBlockStop", {"contentBlockIndex": index}


def stop(reason: str = "end_turn", **fields: Any) -> tuple[str, Json]:
    return "messageStop", {"stopReason": reason, **fields}


def test_a_stream_becomes_chunks_of_one_completion() -> None:
    events, decoder = streamed(START, delta(text="hel"), delta(text="lo"), end(), stop(), METADATA)
    assert [each.kind.name for each in events] == ["OPENING", "CONTENT", "CONTENT", "FINISH", "USAGE"]
    assert deltas(events) == [{"role": "assistant", "content": ""}, {"content": "hel"}, {"content": "lo"}]
    heads = [{name: each.chunk[name] for name in ("id", "created", "model")} for each in events if each.chunk]
    assert heads == [{"id": "chatcmpl-1", "created": CREATED, "model": CLAUDE}] * 5
    assert (decoder.is_finished, decoder.usage, decoder.invalid_events) == (True, TokenCounts(7, None, None, 5), 0)
    assert list(decoder.ending()) == [("", b"[DONE]")]


def test_a_call_comes_in_pieces_and_one_without_arguments_whole() -> None:
    events, _ = streamed(
        START,
        begin(0, toolUse=CALL),
        delta(0, toolUse={"input": '{"city":'}),
        delta(0, toolUse={"input": '"Oslo"}'}),
        end(0),
        begin(1, toolUse={**CALL, "toolUseId": "t2"}),
        delta(1, toolUse={"input": ""}),
        end(1),
        stop("tool_use"),
    )
    calls = [said["tool_calls"][0] for said in deltas(events) if "tool_calls" in said]
    assert calls == [
        {"index": 0, "id": "t1", "type": "function", "function": {"name": "weather", "arguments": ""}},
        {"index": 0, "function": {"arguments": '{"city":'}},
        {"index": 0, "function": {"arguments": '"Oslo"}'}},
        {"index": 1, "id": "t2", "type": "function", "function": {"name": "weather", "arguments": ""}},
        {"index": 1, "function": {"arguments": "{}"}},
    ]
    assert events[-1].chunk is not None
    assert events[-1].chunk["choices"][0]["finish_reason"] == "tool_calls"


def test_calls_that_all_have_the_index_0_and_no_id_are_told_apart() -> None:
    calls = [begin(0, toolUse={"name": name}) for name in ("f", "g")]
    events, _ = streamed(START, calls[0], delta(toolUse={"input": {"a": 1}}), calls[1], end(), stop("tool_use"), is_sound=False)
    pieces = [said["tool_calls"][0] for said in deltas(events) if "tool_calls" in said]
    assert [(piece["index"], piece["function"]["arguments"]) for piece in pieces] == [(0, ""), (0, '{"a":1}'), (1, ""), (1, "{}")]
    assert [piece["id"] for piece in pieces if "id" in piece] == ["", ""]


def test_reasoning_comes_with_its_signature() -> None:
    events, _ = streamed(
        START,
        delta(0, reasoningContent={"text": "Let me"}),
        delta(0, reasoningContent={"signature": "c2ln"}),
        end(0),
        delta(1, reasoningContent={"redactedContent": "cmVk"}),
        end(1),
        delta(2, text="Rain."),
    )
    claude = {"format": "anthropic-claude-v1", "index": 0}
    assert deltas(events)[1:] == [
        {"reasoning_details": [{"type": "reasoning.text", "text": "Let me", **claude}], "reasoning_content": "Let me"},
        {"reasoning_details": [{"type": "reasoning.text", "text": "", "signature": "c2ln", **claude}]},
        {"reasoning_details": [{"type": "reasoning.encrypted", "data": "cmVk", "format": "aws-bedrock-v1", "index": 1}]},
        {"content": "Rain."},
    ]


def test_cited_pages_are_annotations_of_the_text_so_far() -> None:
    cited = delta(0, citation={"title": "Rain", "location": {"web": {"url": "https://rain.example"}}})
    other = delta(0, citation={"title": "A file", "location": {"documentPage": {"documentIndex": 0, "start": 1, "end": 2}}})
    events, _ = streamed(START, delta(text="It rains."), cited, other)
    page = {"url": "https://rain.example", "title": "Rain", "start_index": 0, "end_index": 9}
    assert deltas(events)[2:] == [{"annotations": [{"type": "url_citation", "url_citation": page}]}]


def test_tools_that_run_at_bedrock_are_passed_over() -> None:
    events, decoder = streamed(
        START,
        begin(0, toolUse={**CALL, "type": "server_tool_use"}),
        delta(0, toolUse={"input": "{}"}),
        end(0),
        begin(1, toolResult={"toolUseId": "t1", "type": "nova_grounding_result"}),
        delta(1, toolResult=[{"text": "found"}]),
        end(1),
        delta(2, text="Rain."),
        stop(),
    )
    assert deltas(events)[1:] == [{"content": "Rain."}]
    assert decoder.invalid_events == 0


def test_the_sequence_that_stopped_it_and_the_router_s_choice_are_told() -> None:
    invoked = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0"
    metadata = (
        "metadata",
        {**METADATA[1], "trace": {"promptRouter": {"invokedModelId": invoked}}, "serviceTier": {"type": "flex"}},
    )
    events, decoder = streamed(
        START, delta(text="a"), stop("stop_sequence", additionalModelResponseFields={"stop_sequence": "END"}), metadata
    )
    assert events[2].chunk is not None
    assert events[2].chunk["choices"][0]["stop_sequence"] == "END"
    assert events[3].chunk is not None
    assert events[3].chunk["service_tier"] == "flex"
    assert decoder.model == "us.anthropic.claude-haiku-4-5-20251001-v1:0"


@pytest.mark.parametrize("reason", [None, "", 0])
def test_an_end_without_a_reason_gets_one_and_none_where_a_call_is_open(reason: Any) -> None:
    call = begin(0, toolUse=CALL), delta(0, toolUse={"input": "{}"})
    for said, finish in (([delta(text="Hi"), end()], "stop"), ([*call, end()], "tool_calls")):
        events, decoder = streamed(START, *said, ("messageStop", {"stopReason": reason}), METADATA, is_sound=False)
        assert events[-2].kind is EventKind.FINISH
        assert events[-2].chunk is not None
        assert events[-2].chunk["choices"][0]["finish_reason"] == finish == decoder.inferred_finish
    _, decoder = streamed(START, *call, ("messageStop", {"stopReason": reason}), is_sound=False)
    assert (decoder.is_finished, decoder.inferred_finish) == (False, None)


def test_what_came_since_the_usage_is_counted() -> None:
    _, decoder = streamed(START, delta(text="12345"), delta(reasoningContent={"text": "123"}), begin(1, toolUse=CALL))
    assert decoder.characters_since_usage == 5 + 3 + len("weather")
    _, decoder = streamed(START, delta(text="12345"), stop(), METADATA)
    assert decoder.characters_since_usage == 0


@pytest.mark.parametrize("reason", ["malformed_model_output", "malformed_tool_use"])
def test_an_answer_that_the_model_garbled_breaks_the_stream(reason: str) -> None:
    events, decoder = streamed(START, delta(text="a"), stop(reason))
    assert events[-1].failure is not None
    assert (events[-1].failure.kind, decoder.is_finished) == (FailureClass.MALFORMED_RESPONSE, False)


@pytest.mark.parametrize(
    ("name", "kind", "is_worth_repeating"),
    [
        ("throttlingException", FailureClass.RATE_LIMIT, True),
        ("validationException", FailureClass.BAD_REQUEST, False),
        ("internalServerException", FailureClass.SERVER_ERROR, True),
        ("serviceUnavailableException", FailureClass.SERVER_ERROR, True),
        ("modelStreamErrorException", FailureClass.SERVER_ERROR, True),
        ("modelTimeoutException", FailureClass.SERVER_ERROR, True),
        ("accessDeniedException", FailureClass.FORBIDDEN, False),
        ("someNewException", FailureClass.SERVER_ERROR, True),
    ],
)
def test_an_exception_inside_the_stream_is_a_failure(name: str, kind: FailureClass, is_worth_repeating: bool) -> None:
    (failed,) = ConverseStreamDecoder(CLAUDE, "c", 1).feed(exception(name, "too hot"))
    assert failed.failure is not None
    assert (failed.failure.kind, failed.failure.is_worth_repeating) == (kind, is_worth_repeating)
    assert (failed.failure.type, failed.failure.message) == (name, "too hot")


def test_what_came_before_a_broken_frame_is_given() -> None:
    decoder = ConverseStreamDecoder(CLAUDE, "c", 1)
    first, second = decoder.feed(event(*delta(text="a")) + b"this is no frame")
    assert first.kind is EventKind.CONTENT
    assert second.failure is not None
    assert second.failure.kind is FailureClass.MALFORMED_RESPONSE


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"message":"too hot","__type":"ThrottlingException"}', FailureClass.RATE_LIMIT),
        (b'{"output":{}}', FailureClass.MALFORMED_RESPONSE),
    ],
)
def test_json_instead_of_a_stream_is_read_however_it_is_split(body: bytes, kind: FailureClass) -> None:
    for place in range(len(body)):
        decoder = ConverseStreamDecoder(CLAUDE, "c", 1)
        (failed,) = (*decoder.feed(body[:place]), *decoder.feed(body[place:]), *decoder.end())
        assert failed.failure is not None
        assert failed.failure.kind is kind


ODD: list[tuple[str, Any]] = [
    ("contentBlockDelta", {}),
    ("contentBlockDelta", {"delta": {}}),
    ("contentBlockDelta", {"delta": {"toolUse": {"input": "x"}}}),
    ("contentBlockDelta", {"delta": {"text": 7}}),
    ("messageStop", {}),
    ("aNewEvent", {}),
    ("metadata", 7),
]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_an_event_that_makes_no_sense_is_skipped_and_counted(odd: tuple[str, Any]) -> None:
    events, decoder = streamed(START, odd, delta(text="a"), stop(), is_sound=False)
    assert decoder.invalid_events == 1
    assert [each.kind.name for each in events] == ["OPENING", "INVALID", "CONTENT", "FINISH"]


SMALL: st.SearchStrategy[Any] = st.none() | st.integers(-1, 3) | st.sampled_from(["", "a", "end_turn"]) | st.just([])
NAMES = st.sampled_from(
    [
        "messageStart",
        "contentBlockStart",
        "contentBlockDelta",
        "contentBlockStop",
        "messageStop",
        "metadata",
        "throttlingException",
        "error",
        "",
    ]
)
FIELDS = st.sampled_from(
    ["contentBlockIndex", "delta", "start", "stopReason", "usage", "trace", "text", "toolUse", "reasoningContent", "message"]
)
PAYLOADS = st.dictionaries(
    FIELDS, st.dictionaries(FIELDS, st.dictionaries(FIELDS, SMALL, max_size=3) | SMALL, max_size=3) | SMALL, max_size=4
)


@given(st.lists(st.tuples(NAMES, PAYLOADS), max_size=8))
def test_no_event_makes_the_decoder_fall_over(events: list[tuple[str, Json]]) -> None:
    found, _ = streamed(*events, is_sound=False)
    assert all(each.kind in EventKind for each in found)
