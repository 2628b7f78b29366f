import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_engine.client_api.messages.answers import IMAGE_PLACEHOLDER
from ai_engine.client_api.messages.reasoning import PREFIX
from ai_engine.wire.json_types import Json
from ai_engine.wire.sse import encode_events
from tests.client_api.messages.message_reader import Reader, essence, events_in, translated_message
from tests.client_api.messages.message_requests import TOOL, chat, translation
from tests.client_api.relayed import relayed, relayed_answer

THINKING = {"thinking": {"type": "enabled", "budget_tokens": 2048}}
GEMINI = {"type": "reasoning.encrypted", "data": "c2ln", "id": "c0", "format": "google-gemini-v1", "index": 0}


def chunk(delta: Json | None = None, finish: str | None = None, **more: Any) -> Json:
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish, **more.pop("choice", {})}
    return {"id": "c-1", "object": "chat.completion.chunk", "model": "tiny-1", "choices": [choice], **more}


def call(index: int | None, arguments: str | None = None, call_id: str | None = None, name: str | None = None) -> Json:
    """One element of `tool_calls`, with what is given."""
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    piece = {"index": index, "id": call_id, "function": function}
    return {key: value for key, value in piece.items() if value is not None}


def calls(*pieces: Json) -> Json:
    return chunk({"tool_calls": list(pieces)})


def streamed(*chunks: Json, **fields: Any) -> Any:
    """What these chunks make in the eyes of an SDK."""
    stream = translation(stream=True, **fields).stream()
    return essence(translated_message(stream, chunks))


def live(*chunks: Json, **fields: Any) -> list[list[str]]:
    """For every chunk, what the client is told at once: a word for each event."""
    stream = translation(stream=True, **fields).stream()
    return [[_word(event) for event in events_in(encode_events(stream.translate(each)))] for each in relayed(chunks)]


def _word(event: Json) -> str:
    if event["type"] == "content_block_start":
        return f"start {event['index']}"
    if event["type"] == "content_block_stop":
        return f"stop {event['index']}"
    delta = event.get("delta", {})
    words: str | None = delta.get("text") or delta.get("partial_json") or delta.get("thinking") or delta.get("signature")
    return words or event["type"]


def test_a_text_is_told_piece_by_piece() -> None:
    assert live(
        chunk({"role": "assistant", "content": ""}), chunk({"content": "Hel"}), chunk({"content": "lo"}), chunk({}, "stop")
    ) == [
        ["message_start"],
        ["start 0", "Hel"],
        ["lo"],
        ["stop 0"],
    ]


def test_a_whole_answer() -> None:
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 30,
        "prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 10},
        "completion_tokens_details": {"reasoning_tokens": 20},
        "total_tokens": 130,
    }
    last = {**chunk(usage=usage), "choices": []}
    assert streamed(chunk({"content": "Hello"}), chunk({}, "stop"), last) == {
        "id": "msg_req-1",
        "type": "message",
        "role": "assistant",
        "model": "tiny-1",
        "content": [{"type": "text", "text": "Hello"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 30,
            "cache_read_input_tokens": 60,
            "cache_creation_input_tokens": 10,
            "output_tokens": 30,
            "output_tokens_details": {"thinking_tokens": 20},
        },
    }


@pytest.mark.parametrize("place", [0, 1, 2])
def test_usage_may_come_with_any_chunk(place: int) -> None:
    chunks = [chunk({"content": "Hello"}), chunk({}, "stop"), {**chunk(), "choices": []}]
    chunks[place]["usage"] = {"prompt_tokens": 7, "completion_tokens": 5}
    assert {"input_tokens": 7, "output_tokens": 5}.items() <= streamed(*chunks)["usage"].items()


@pytest.mark.parametrize("reported", [{}, {"usage": {"prompt_tokens": 0, "completion_tokens": 0}}])
def test_usage_that_never_comes_is_estimated(reported: Json) -> None:
    asked = [{"role": "user", "content": "y" * 400}]
    usage = streamed(chunk({"content": "x" * 40}), chunk({}, "stop", **reported), messages=asked)["usage"]
    assert (usage["output_tokens"], usage["input_tokens"]) == (10, pytest.approx(105, abs=5))


def test_the_first_event_tells_about_how_long_the_input_is() -> None:
    stream = translation(messages=[{"role": "user", "content": "y" * 400}]).stream()
    start = events_in(encode_events(stream.translate(chunk({"role": "assistant"}))))[0]
    assert 100 <= start["message"]["usage"]["input_tokens"] <= 110


@pytest.mark.parametrize(
    ("finish", "more", "reason", "sequence"),
    [
        ("stop", {}, "end_turn", None),
        ("stop", {"stop_sequence": "END"}, "stop_sequence", "END"),
        ("length", {}, "max_tokens", None),
        ("length", {"native_finish_reason": "model_context_window_exceeded"}, "model_context_window_exceeded", None),
        ("content_filter", {}, "refusal", None),
        ("tool_calls", {}, "end_turn", None),
        ("something_new", {}, "end_turn", None),
    ],
)
def test_why_it_ended(finish: str, more: Json, reason: str, sequence: str | None) -> None:
    message = streamed(chunk({"content": "a"}), chunk({}, finish, choice=more))
    assert (message["stop_reason"], message["stop_sequence"]) == (reason, sequence)


@pytest.mark.parametrize("finish", ["tool_calls", "function_call", "stop"])
def test_calls_end_an_answer_as_tool_use(finish: str) -> None:
    assert streamed(calls(call(0, "{}", "c0", "f")), chunk({}, finish))["stop_reason"] == "tool_use"


def test_a_refusal_is_shown_and_told() -> None:
    message = streamed(chunk({"refusal": "I will "}), chunk({"refusal": "not."}), chunk({}, "stop"))
    assert message["content"] == [{"type": "text", "text": "I will not."}]
    assert message["stop_reason"] == "refusal"
    assert message["stop_details"] == {"type": "refusal", "category": None, "explanation": "I will not."}


def test_a_page_that_the_answer_quotes_is_told() -> None:
    quote = {
        "type": "url_citation",
        "url_citation": {"url": "https://example.org", "title": "Page", "start_index": 0, "end_index": 5},
    }
    message = streamed(chunk({"content": "Hello"}), chunk({"annotations": [quote]}), chunk({}, "stop"))
    assert [(each["url"], each["title"]) for each in message["content"][0]["citations"]] == [("https://example.org", "Page")]


def test_a_picture_is_told_of() -> None:
    message = streamed(chunk({"content": "See:"}), chunk({"images": [{"type": "image_url"}]}), chunk({}, "stop"))
    assert message["content"] == [{"type": "text", "text": "See:" + IMAGE_PLACEHOLDER}]


def test_an_empty_answer_is_a_message_too() -> None:
    assert streamed()["content"] == []
    assert streamed(chunk({"role": "assistant"}), chunk({}, "stop"))["content"] == []


def test_one_call_after_the_other_never_waits() -> None:
    assert live(
        calls(call(0, "", "c0", "f")),
        calls(call(0, '{"a"')),
        calls(call(0, ":1}")),
        calls(call(1, "", "c1", "f")),
        calls(call(1, "{}")),
        chunk({}, "tool_calls"),
    ) == [
        ["message_start", "start 0"],
        ['{"a"'],
        [":1}"],
        ["stop 0", "start 1"],
        ["{}"],
        ["stop 1"],
    ]


def test_calls_that_come_mixed_wait_for_the_one_before() -> None:
    assert live(
        calls(call(0, "", "c0", "f"), call(1, "", "c1", "f")),
        calls(call(1, '{"b"')),
        calls(call(0, '{"a"')),
        calls(call(1, ":2")),
        calls(call(0, ":1}")),
        calls(call(1, "}")),
        chunk({}, "tool_calls"),
    ) == [
        ["message_start", "start 0"],
        [],
        ['{"a"'],
        [],
        [":1}", "stop 0", "start 1", '{"b"', ":2"],
        ["}"],
        ["stop 1"],
    ]


def test_a_call_is_told_once_it_has_a_name() -> None:
    assert live(
        calls(call(0, call_id="c0")),
        calls(call(0, '{"a"')),
        calls(call(0, name="f")),
        calls(call(0, ":1}")),
        chunk({}, "tool_calls"),
    ) == [["message_start"], [], ["start 0", '{"a"'], [":1}"], ["stop 0"]]


def test_a_call_without_an_id_gets_one() -> None:
    content = streamed(calls(call(0, "{}", name="f")), calls(call(1, "{}", name="f")), chunk({}, "tool_calls"))["content"]
    first, second = (block["id"] for block in content)
    assert first != second
    assert min(len(first), len(second)) > 20


@pytest.mark.parametrize("index", [0, None])
def test_calls_that_share_an_index_or_have_none_are_told_apart(index: int | None) -> None:
    message = streamed(calls(call(index, '{"a":1}', "c0", "f"), call(index, '{"b":2}', "c1", "g")), chunk({}, "tool_calls"))
    assert [(block["id"], block["name"], block["input"]) for block in message["content"]] == [
        ("c0", "f", {"a": 1}),
        ("c1", "g", {"b": 2}),
    ]


def test_half_a_call_is_handed_on() -> None:
    message = streamed(calls(call(0, '{"a', "c0", "f")), chunk({}, "length"))
    assert message["stop_reason"] == "max_tokens"
    assert message["content"][0]["input"] == {"unreadable_arguments": '{"a'}


@pytest.mark.parametrize("pieces", [["[1", "]"], ["hel", "lo"], [" ", "0"]])
def test_arguments_that_are_no_object_are_told_inside_of_one(pieces: list[str]) -> None:
    made = streamed(calls(call(0, "", "c0", "f")), *(calls(call(0, piece)) for piece in pieces), chunk({}, "tool_calls"))
    assert made["content"][0]["input"] == {"unreadable_arguments": "".join(pieces)}


def test_text_after_a_call_is_a_block_of_its_own() -> None:
    message = streamed(
        chunk({"content": "Let me see."}), calls(call(0, "{}", "c0", "f")), chunk({"content": "Done."}), chunk({}, "tool_calls")
    )
    assert [block["type"] for block in message["content"]] == ["text", "tool_use", "text"]


def test_a_shortened_name_is_the_clients_again() -> None:
    name = "mcp__" + "x" * 100
    fields: Json = {"tools": [{**TOOL, "name": name}]}
    short = chat(**fields)["tools"][0]["function"]["name"]
    assert streamed(calls(call(0, "{}", "c0", short)), chunk({}, "tool_calls"), **fields)["content"][0]["name"] == name


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_thoughts_come_first_and_are_signed_by_us(field: str) -> None:
    assert live(chunk({field: "Hm"}), chunk({field: "…"}), chunk({"content": "Hi"}), **THINKING) == [
        ["message_start", "start 0", "Hm"],
        ["…"],
        [PREFIX, "stop 0", "start 1", "Hi"],
    ]


def test_a_thought_is_told_once_where_it_comes_twice() -> None:
    detail = {"type": "reasoning.text", "text": "Hm", "format": "unknown", "index": 0}
    message = streamed(chunk({"reasoning": "Hm", "reasoning_details": [detail]}), chunk({"content": "Hi"}, "stop"), **THINKING)
    assert message["content"][0]["thinking"] == "Hm"


def test_a_signature_of_anthropics_passes_as_it_is() -> None:
    first = {"type": "reasoning.text", "text": "Hm", "format": "anthropic-claude-v1", "index": 0}
    last = {"type": "reasoning.text", "signature": "EqQB", "format": "anthropic-claude-v1", "index": 0}
    secret = {"type": "reasoning.encrypted", "data": "EmwK", "format": "anthropic-claude-v1", "index": 1}
    chunks = [chunk({"reasoning_details": [each]}) for each in (first, last, secret)]
    message = streamed(*chunks, chunk({"content": "Hi"}, "stop"), **THINKING)
    assert message["content"] == [
        {"type": "thinking", "thinking": "Hm", "signature": "EqQB"},
        {"type": "redacted_thinking", "data": "EmwK"},
        {"type": "text", "text": "Hi"},
    ]
    hidden = streamed(*chunks, chunk({"content": "Hi"}, "stop"), thinking={"type": "adaptive", "display": "omitted"})
    assert hidden["content"][0] == {"type": "thinking", "thinking": "", "signature": "EqQB"}


def test_nobody_sees_thoughts_who_did_not_ask() -> None:
    message = streamed(chunk({"reasoning_content": "Hm", "reasoning_details": [GEMINI]}), chunk({"content": "Hi"}, "stop"))
    assert message["content"] == [{"type": "text", "text": "Hi"}]


@pytest.mark.parametrize("comes_late", [False, True])
def test_what_a_next_turn_needs_goes_out_with_the_calls(comes_late: bool) -> None:
    pieces = [chunk({"reasoning_details": [GEMINI]}), calls(call(0, "{}", "c0", "f"))]
    content = streamed(*(pieces[::-1] if comes_late else pieces), chunk({}, "tool_calls"))["content"]
    assert {block["type"] for block in content} == {"redacted_thinking", "tool_use"}
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": content}]
    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c0", "content": "b"}]}
    sent = chat(messages=[*turns, result])["messages"][1]["reasoning_details"]
    assert [{**detail, "index": 0} for detail in sent] == [GEMINI]


def test_other_choices_and_things_that_are_no_chunks_are_not_told() -> None:
    odd: list[Json] = [
        {"choices": None},
        {"choices": ["x"]},
        {"choices": [{"index": 1, "delta": {"content": "no"}}]},
        {"choices": [{"index": 0, "delta": "no"}]},
        chunk({"tool_calls": ["no"], "annotations": ["no"], "reasoning_details": "no", "content": 5}),
        chunk({"content": [{"type": "text", "text": "yes"}, 5]}),
    ]
    assert streamed(*odd, chunk({}, "stop"))["content"] == [{"type": "text", "text": "yes"}]


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
ARGUMENTS = st.one_of(
    st.dictionaries(TEXTS, TEXTS | st.integers(-5, 5) | st.dictionaries(TEXTS, TEXTS, max_size=2), max_size=3).map(json.dumps),
    TEXTS,
)
DETAILS = st.fixed_dictionaries(
    {"type": st.sampled_from(["reasoning.text", "reasoning.summary", "reasoning.encrypted"])},
    optional={
        "text": TEXTS,
        "summary": TEXTS,
        "data": TEXTS,
        "signature": TEXTS,
        "index": st.integers(0, 2),
        "format": st.sampled_from(["anthropic-claude-v1", "google-gemini-v1", "unknown"]),
    },
)
PIECES = st.fixed_dictionaries(
    {},
    optional={
        "index": st.integers(0, 3),
        "id": st.sampled_from(["c0", "c1", "c2"]),
        "function": st.fixed_dictionaries({}, optional={"name": st.sampled_from(["f", "g"]), "arguments": ARGUMENTS}),
    },
)
DELTAS = st.fixed_dictionaries(
    {},
    optional={
        "content": TEXTS | st.none(),
        "refusal": TEXTS,
        "reasoning_content": TEXTS,
        "reasoning_details": st.lists(DETAILS, max_size=2),
        "tool_calls": st.lists(PIECES, max_size=3),
    },
)
FINISHES = st.none() | st.sampled_from(["stop", "length", "tool_calls"])
SHOWINGS = st.sampled_from([{}, THINKING, {"thinking": {"type": "adaptive", "display": "omitted"}}])


@given(st.lists(st.builds(chunk, DELTAS, FINISHES), max_size=12), SHOWINGS)
def test_any_chunks_make_sound_events(chunks: list[Json], fields: Json) -> None:
    streamed(*chunks, **fields)


@st.composite
def answers_in_pieces(draw: st.DrawFn) -> tuple[Json, list[Json]]:
    """A chat's message, and the same in pieces whose calls come mixed."""
    reasoning, content = draw(TEXTS), draw(TEXTS)
    made: list[Json] = [
        {"id": f"c{place}", "type": "function", "function": {"name": "f", "arguments": draw(ARGUMENTS)}}
        for place in range(draw(st.integers(0, 3)))
    ]
    message = {"role": "assistant", "reasoning_content": reasoning, "content": content, "tool_calls": made}
    chunks = [chunk({"reasoning_content": piece}) for piece in reasoning] + [chunk({"content": piece}) for piece in content]
    rest = []
    for place, each in enumerate(made):
        chunks.append(calls(call(place, "", each["id"], "f")))
        rest.append([calls(call(place, piece)) for piece in each["function"]["arguments"]])
    while any(rest):
        chunks.append(draw(st.sampled_from([pieces for pieces in rest if pieces])).pop(0))
    return message, [*chunks, chunk({}, "tool_calls" if made else "stop")]


@given(answers_in_pieces())
def test_a_stream_makes_what_the_plain_answer_is(answer: tuple[Json, list[Json]]) -> None:
    message, chunks = answer
    plain = translation(**THINKING).answer(relayed_answer({"choices": [{"message": message, "finish_reason": "stop"}]}))
    made = streamed(*chunks, **THINKING)
    assert made["content"] == essence(plain)["content"]
    assert made["stop_reason"] == plain["stop_reason"]


def test_the_reader_itself_refuses_what_an_sdk_would_stumble_over() -> None:
    with pytest.raises(AssertionError):
        Reader().take({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})


def test_many_small_pieces_take_no_longer_each_than_a_few() -> None:
    blanks = [calls(call(0, "", "c0", "f")), *(calls(call(0, " " * 50)) for _ in range(40_000)), calls(call(0, "{}"))]
    parallel = [calls(call(number, "{", f"c{number}", "f")) for number in range(20_000)]
    refusals = [chunk({"refusal": "no" * 50}) for _ in range(40_000)]
    for pieces in (blanks, parallel, refusals):
        stream = translation(stream=True).stream()
        before = time.process_time()
        for piece in relayed(pieces):
            stream.translate(piece)
        assert stream.ending()
        assert time.process_time() - before < 3, "quadratic, it takes ten"
