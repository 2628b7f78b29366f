import orjson

from ai_engine.names import Operation, TokenCounts
from ai_engine.providers.adapter import EventKind, StreamDecoder, StreamEvent
from ai_engine.providers.anthropic.adapter import AnthropicMessages
from ai_engine.providers.failures import FailureClass
from ai_engine.wire.sse import encode_events
from tests.fakes.clock import HandTurnedClock

START = b'{"type":"message_start","message":{"id":"msg_1", "model":"claude-x","usage":{"input_tokens":5,"output_tokens":1}}}'
FINISH = b'{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}'
STOP = b'{"type":"message_stop","amazon-bedrock-invocationMetrics":{}}'


def decode(*payloads: bytes) -> tuple[list[StreamEvent], StreamDecoder]:
    decoder = AnthropicMessages(HandTurnedClock()).decode_stream(Operation.MESSAGES, "asked")
    return [*decoder.feed(b"".join(b"data: " + payload + b"\n\n" for payload in payloads)), *decoder.end()], decoder


def kinds(*payloads: bytes) -> list[str]:
    return [event.kind.name for event in decode(*payloads)[0]]


def block(kind: bytes, more: bytes = b"") -> bytes:
    return b'{"type":"content_block_start","index":0,"content_block":{"type":"' + kind + b'"' + more + b"}}"


def delta(kind: bytes, more: bytes) -> bytes:
    return b'{"type":"content_block_delta","index":0,"delta":{"type":"' + kind + b'",' + more + b"}}"


def test_events_are_passed_on_byte_for_byte_under_their_own_names() -> None:
    events, decoder = decode(START, b'{"type": "ping"}', delta(b"text_delta", b'"text" : "hi"'), FINISH)
    assert [(event.name, event.data) for event in events] == [
        ("message_start", START),
        ("ping", b'{"type": "ping"}'),
        ("content_block_delta", delta(b"text_delta", b'"text" : "hi"')),
        ("message_delta", FINISH),
    ]
    assert [event.chunk for event in events] == [orjson.loads(event.data) for event in events]
    assert (decoder.model, decoder.usage, decoder.is_finished) == ("claude-x", TokenCounts(5, None, None, 9, None), True)
    assert decoder.answer is None


def test_what_opens_waits_and_what_says_something_does_not() -> None:
    assert (
        kinds(START, b'{"type":"ping"}', block(b"text", b',"text":""'), block(b"thinking", b',"thinking":""')) == ["OPENING"] * 4
    )
    assert (
        kinds(block(b"text", b',"text":"x"'), block(b"tool_use"), block(b"redacted_thinking"), block(b"server_tool_use"))
        == ["CONTENT"] * 4
    )
    assert kinds(delta(b"signature_delta", b'"signature":"s"'), b'{"type":"content_block_stop","index":0}') == [
        "CONTENT",
        "OPENING",
    ]
    assert kinds(b'{"type":"message_delta","delta":{},"usage":{"output_tokens":3}}') == ["OPENING"]


def test_the_end_that_was_not_relayed_is_given_as_it_came() -> None:
    events, decoder = decode(START, FINISH, STOP)
    assert [event.kind for event in events] == [EventKind.OPENING, EventKind.FINISH, EventKind.DONE]
    assert events[-1].data == b""
    assert encode_events(decoder.ending()) == b"event: message_stop\ndata: " + STOP + b"\n\n"


def test_an_end_that_did_not_come_is_given_all_the_same() -> None:
    ending = decode(START, FINISH)[1].ending()
    assert encode_events(ending) == b'event: message_stop\ndata: {"type":"message_stop"}\n\n'


def test_events_of_the_future_pass_and_torn_ones_do_not() -> None:
    events, decoder = decode(b'{"type":"message_haiku"}', b"{", b"7", b'{"type":7}', b'{"type":"a\\nb"}')
    assert [event.kind.name for event in events] == ["OPENING", "INVALID", "INVALID", "INVALID", "INVALID"]
    assert decoder.invalid_events == 4


def test_data_of_several_lines_becomes_one() -> None:
    decoder = AnthropicMessages(HandTurnedClock()).decode_stream(Operation.MESSAGES, "asked")
    (event,) = decoder.feed(b'data: {"type":\ndata: "ping"}\n\n')
    assert (event.name, event.data) == ("ping", b'{"type":"ping"}')


def test_an_error_inside_is_a_failure() -> None:
    events, _ = decode(START, b'{"type":"error","error":{"type":"api_error","message":"Internal server error"}}')
    assert events[-1].failure is not None
    assert (events[-1].failure.kind, events[-1].failure.status) == (FailureClass.SERVER_ERROR, 500)


def test_how_much_was_said_since_the_last_report_is_known() -> None:
    said = (
        delta(b"text_delta", b'"text":"12345"'),
        delta(b"input_json_delta", b'"partial_json":"678"'),
        delta(b"thinking_delta", b'"thinking":"9"'),
    )
    assert decode(START, *said)[1].characters_since_usage == 9
    assert decode(START, *said, FINISH)[1].characters_since_usage == 0


def test_a_body_that_is_no_stream_is_a_failure() -> None:
    decoder = AnthropicMessages(HandTurnedClock()).decode_stream(Operation.MESSAGES, "asked")
    assert not decoder.feed(b'{"type":"error","error":{"type":"permission_error","message":"no"}}')
    (event,) = decoder.end()
    assert event.failure is not None
    assert event.failure.kind is FailureClass.FORBIDDEN
