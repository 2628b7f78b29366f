"""Whatever comes: events are well formed, and add up to the response; what is sent back is the conversation that it was."""

from contextlib import suppress
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from ai_engine.access.roles import Caller
from ai_engine.client_api.responses.requests import ResponsesRequests
from ai_engine.client_api.responses.response_store import ResponseStore
from ai_engine.client_api.steering import Arrival
from ai_engine.errors import InvalidRequest
from ai_engine.names import Role
from ai_engine.wire.json_types import Json, JsonMapping
from tests.builders import chat_of
from tests.client_api.responses.response_builders import (
    PATCH,
    RESPONSE_ID,
    SIGNED,
    USAGE_CHUNK,
    WEATHER,
    Reader,
    as_chat,
    chat,
    chunk,
    streamed,
    translation,
)
from tests.fakes.clock import HandTurnedClock

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
ARGUMENTS = st.dictionaries(TEXT, st.integers(-9, 9), max_size=2).map(lambda given: orjson.dumps(given).decode())
INPUTS = TEXT.map(lambda text: orjson.dumps({"input": text}).decode())
TOOLS = [WEATHER, PATCH, {"type": "namespace", "name": "crm", "description": "Customers.", "tools": [WEATHER]}]


@st.composite
def messages(draw: st.DrawFn) -> Json:
    """An assistant's message as a chat has it."""
    message: Json = {"role": "assistant", "content": draw(st.none() | TEXT)}
    if draw(st.booleans()):
        message["refusal"] = draw(TEXT)
    if draw(st.booleans()):
        message["reasoning_content"] = draw(TEXT)
    if draw(st.booleans()):
        message["reasoning_details"] = [
            {**SIGNED, "text": draw(TEXT), "index": index} for index in range(draw(st.integers(1, 3)))
        ]
    calls = draw(st.lists(st.sampled_from(["get_weather", "apply_patch", "crm__get_weather"]), max_size=3))
    if calls:
        message["tool_calls"] = [
            {
                "id": f"c{index}",
                "type": "function",
                "function": {"name": name, "arguments": draw(INPUTS if name == "apply_patch" else ARGUMENTS)},
            }
            for index, name in enumerate(calls)
        ]
    return message


def pieces(draw: st.DrawFn, text: str) -> list[str]:
    """`text`, cut anywhere."""
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=3)))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def deltas_of(draw: st.DrawFn, message: Json) -> list[list[Json]]:
    """The message in pieces: what must stay in order, in lists of their own."""
    parts: list[list[Json]] = []
    if text := message.get("reasoning_content"):
        parts.append([{"reasoning_content": piece} for piece in pieces(draw, text)])
    if details := message.get("reasoning_details"):
        parts.append([{"reasoning_details": [detail]} for detail in details])
    if text := message.get("content"):
        parts.append([{"content": piece} for piece in pieces(draw, text)])
    if text := message.get("refusal"):
        parts.append([{"refusal": piece} for piece in pieces(draw, text)])
    for index, call in enumerate(message.get("tool_calls", ())):
        function = call["function"]
        first = {"index": index, "id": call["id"], "type": "function", "function": {"name": function["name"], "arguments": ""}}
        rest = [{"index": index, "function": {"arguments": piece}} for piece in pieces(draw, function["arguments"])]
        parts.append([{"tool_calls": [each]} for each in (first, *rest)])
    return parts


@st.composite
def told_in_order(draw: st.DrawFn) -> tuple[Json, str, list[Json]]:
    """A message, its finish, and the chunks in the order in which providers send them."""
    message, finish = draw(messages()), draw(st.sampled_from(["stop", "tool_calls", "length", "content_filter"]))
    chunks = [chunk(delta) for part in deltas_of(draw, message) for delta in part]
    return message, finish, [*chunks, chunk({}, finish), USAGE_CHUNK]


@st.composite
def told_anyhow(draw: st.DrawFn) -> tuple[Json, list[Json]]:
    """A message and its chunks, thoughts, texts and calls mixed at will."""
    message = draw(messages())
    parts = deltas_of(draw, message)
    order = draw(st.permutations([index for index, part in enumerate(parts) for _ in part]))
    rest = [iter(part) for part in parts]
    return message, [*(chunk(next(rest[index])) for index in order), chunk({}, "stop")]


@given(told_in_order())
def test_a_stream_comes_to_what_the_plain_answer_is(generated: tuple[Json, str, list[Json]]) -> None:
    message, finish, chunks = generated
    events, answer = streamed(translation(tools=TOOLS), chunks)
    assert Reader().read(events) == answer
    assert answer == translation(tools=TOOLS).answer(chat(message, finish, usage=USAGE_CHUNK["usage"]))


@given(told_anyhow())
def test_whatever_the_order_the_conversation_is_the_same(generated: tuple[Json, list[Json]]) -> None:
    message, chunks = generated
    events, answer = streamed(translation(tools=TOOLS), chunks)
    assert Reader().read(events) == answer
    assert said_again(answer) == comparable(message)


@given(messages())
def test_an_answer_that_is_sent_back_is_the_same_message(message: Json) -> None:
    assert said_again(translation(tools=TOOLS).answer(chat(message))) == comparable(message)


def said_again(answer: JsonMapping) -> Json:
    """The assistant's message when a client sends the answer back with the results of its calls."""
    calls = [item for item in answer["output"] if "call_id" in item]
    results = [{"type": f"{item['type']}_output", "call_id": item["call_id"], "output": "done"} for item in calls]
    messages = as_chat([*answer["output"], *results], tools=TOOLS)["messages"]
    assert [message["role"] for message in messages] == [*(["assistant"] if messages else []), *(["tool"] * len(calls))]
    return comparable(messages[0]) if messages else {}


def comparable(message: Json) -> Json:
    """What a message says, however it is cut into parts and in which order its calls were begun."""
    content = message.get("content")
    text = content if isinstance(content, str) else "".join(part["text"] for part in content or ())
    said: Json = {
        "text": text,
        "refusal": message.get("refusal") or "",
        "calls": sorted(
            (call["id"], call["function"]["name"], orjson.loads(call["function"]["arguments"]))
            for call in message.get("tool_calls", ())
        ),
    }
    if not any(said.values()):
        return {}
    said["details"] = sorted(detail["text"] for detail in message.get("reasoning_details", ()))
    return said


LEAVES: Any = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-2, 2) | TEXT
WORDS = st.sampled_from(
    [
        "type",
        "role",
        "content",
        "text",
        "message",
        "user",
        "assistant",
        "function_call",
        "function_call_output",
        "reasoning",
        "input_text",
        "output_text",
        "input_image",
        "image_url",
        "call_id",
        "name",
        "arguments",
        "output",
        "encrypted_content",
        "custom_tool_call",
        "tool_search_output",
        "tools",
        "namespace",
        "function",
        "custom",
        "item_reference",
        "id",
        "summary",
    ]
)
JSON = st.recursive(
    LEAVES | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | TEXT, inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    [
        "input",
        "instructions",
        "tools",
        "tool_choice",
        "text",
        "reasoning",
        "include",
        "metadata",
        "temperature",
        "top_logprobs",
        "store",
        "stream",
        "background",
        "previous_response_id",
        "conversation",
        "parallel_tool_calls",
        "max_output_tokens",
        "service_tier",
        "stream_options",
        "prompt",
        "models",
        "provider",
    ]
)
ITEMS = st.lists(st.dictionaries(WORDS, JSON, min_size=1, max_size=5), min_size=1, max_size=4)
REQUESTS = ResponsesRequests(ResponseStore(HandTurnedClock()), HandTurnedClock(), lambda: RESPONSE_ID)


@given(st.dictionaries(FIELDS, JSON, max_size=4), TEXT | ITEMS | JSON)
def test_any_json_is_a_request_or_refused(fields: Json, given_input: Any) -> None:
    raw = orjson.dumps({"model": "tiny", "input": given_input, **fields})
    with suppress(InvalidRequest):
        request = REQUESTS(raw, Arrival("r1", Caller(Role.CLIENT, "ada", "k1")))
        assert request.translation is not None
        assert orjson.dumps(chat_of(request.translation))
        assert orjson.dumps(request.translation.answer(chat({"content": "Hi"})))


@given(st.lists(st.dictionaries(WORDS | st.sampled_from(["content", "tool_calls", "reasoning_details"]), JSON), max_size=4))
def test_any_delta_leaves_the_events_well_formed(deltas: list[Json]) -> None:
    request = translation(tools=TOOLS)
    events, answer = streamed(request, [*(chunk(delta) for delta in deltas), chunk({}, "stop")])
    assert Reader().read(events) == answer
