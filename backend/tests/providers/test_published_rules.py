"""Whatever conversation comes, the request that goes out keeps the rules that its provider publishes, or none goes out."""

from collections.abc import Callable
from functools import partial
from typing import Any

import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ai_engine.client_api.messages.requests import messages_request as parse_messages
from ai_engine.client_api.steering import Arrival
from ai_engine.errors import InvalidRequest
from ai_engine.providers.anthropic.requests import messages_request
from ai_engine.providers.bedrock.requests import converse_request
from ai_engine.providers.cohere.requests import chat_request
from ai_engine.providers.gemini.requests import generate_content
from ai_engine.wire.json_types import Json, JsonMapping
from tests.builders import chat_of
from tests.client_api.responses.response_builders import as_chat
from tests.providers.published_rules import broken_by_anthropic, broken_by_bedrock, broken_by_cohere, broken_by_gemini

WORDS = st.sampled_from(["", " ", "\n", "a", "b ", " c"])
PNG = "data:image/png;base64,iVBORw0KGgo="
TEXT = st.builds(lambda text: {"type": "text", "text": text}, WORDS)
IMAGE = st.sampled_from([PNG, PNG.replace("png", "jpg"), PNG.replace("png", "JPEG"), PNG.replace("png", "gif")]).map(
    lambda url: {"type": "image_url", "image_url": {"url": url}}
)
CONTENT = WORDS | st.lists(TEXT, max_size=3)
SHOWN = CONTENT | st.lists(TEXT | IMAGE, max_size=3)
IDS = st.sampled_from(["c1", "c2", "c3", "functions.f:0"])
CALL = st.builds(lambda call_id: {"id": call_id, "type": "function", "function": {"name": "f", "arguments": "{}"}}, IDS)
DETAILS = st.sampled_from(
    [
        {"type": "reasoning.text", "text": "Hm", "signature": "EqQB", "format": "anthropic-claude-v1", "index": 0},
        {"type": "reasoning.text", "text": "Hm", "signature": "x", "format": "anthropic-claude-v1", "index": 1},
        {"type": "reasoning.encrypted", "data": "c2ln", "format": "google-gemini-v1", "index": 0},
        {"type": "reasoning.text", "text": "Hm"},
    ]
)
TOOL: Json = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}


def _assistant(content: Any, calls: list[Json], details: list[Json]) -> Json:
    message: Json = {"role": "assistant", "content": content}
    return message | ({"tool_calls": calls} if calls else {}) | ({"reasoning_details": details} if details else {})


MESSAGE = st.one_of(
    st.builds(lambda role, content: {"role": role, "content": content}, st.sampled_from(["system", "developer"]), CONTENT),
    st.builds(lambda content: {"role": "user", "content": content}, SHOWN),
    st.builds(_assistant, st.none() | CONTENT, st.lists(CALL, max_size=2), st.lists(DETAILS, max_size=2)),
    st.builds(lambda call_id, content: {"role": "tool", "tool_call_id": call_id, "content": content}, IDS, SHOWN),
)
CHAT = st.builds(
    lambda messages, more: {"model": "asked", "messages": messages, "tools": [TOOL], **more},
    st.lists(MESSAGE, min_size=1, max_size=6),
    st.sampled_from(
        [{}, {"reasoning_effort": "high"}, {"reasoning_effort": "none"}, {"response_format": {"type": "json_object"}}]
    ),
)


def sent(make: Callable[[], Json]) -> Json | None:
    """The request that goes out; `None` where it is refused with the name of a field."""
    try:
        return make()
    except InvalidRequest as refused:
        if not refused.param:
            raise
        return None


def has_repeated_ids(chat: Json) -> bool:
    ids = [call["id"] for message in chat["messages"] for call in message.get("tool_calls", ())]
    return len(set(ids)) < len(ids)


@given(CHAT, st.sampled_from(["claude-sonnet-4-5", "claude-sonnet-4-6", "claude-opus-5-5"]))
def test_a_chat_to_anthropic(chat: Json, model: str) -> None:
    assume(not has_repeated_ids(chat))
    request = sent(lambda: messages_request(chat, model))
    assert request is None or broken_by_anthropic(request, has_prefill=model == "claude-sonnet-4-5") == []


@given(CHAT, st.sampled_from(["gemini-2.0-flash", "gemini-2.5-pro", "gemini-3-pro-preview"]))
def test_a_chat_to_gemini(chat: Json, model: str) -> None:
    assume(not has_repeated_ids(chat))
    request = sent(lambda: generate_content(chat, model))
    assert request is None or broken_by_gemini(request) == []


@given(CHAT, st.sampled_from(["us.anthropic.claude-sonnet-4-5-20250929-v1:0", "us.amazon.nova-pro-v1:0", "meta.llama3-1-70b"]))
def test_a_chat_to_bedrock(chat: Json, model: str) -> None:
    assume(not has_repeated_ids(chat))
    request = sent(lambda: converse_request(chat, model))
    assert request is None or broken_by_bedrock(request) == []


@given(CHAT)
def test_a_chat_to_cohere(chat: Json) -> None:
    assume(not has_repeated_ids(chat))
    request = sent(lambda: chat_request(chat, "command-a-03-2025"))
    assert request is None or broken_by_cohere(request) == []


# The other clients' formats

BLOCK = st.one_of(
    st.builds(lambda text: {"type": "text", "text": text}, WORDS),
    st.sampled_from([{"type": "thinking", "thinking": "Hm", "signature": sign} for sign in ("EqQB", "ai-engine.1.")]),
    st.builds(lambda call_id: {"type": "tool_use", "id": call_id, "name": "f", "input": {}}, IDS),
    st.builds(lambda call_id, said: {"type": "tool_result", "tool_use_id": call_id, "content": said}, IDS, WORDS),
)
TURN = st.builds(
    lambda role, content: {"role": role, "content": content},
    st.sampled_from(["user", "assistant", "user", "system"]),
    WORDS | st.lists(BLOCK, max_size=3),
)
ITEM = st.one_of(
    st.builds(lambda role, text: {"role": role, "content": text}, st.sampled_from(["user", "assistant", "system"]), WORDS),
    st.builds(lambda call_id: {"type": "function_call", "call_id": call_id, "name": "f", "arguments": "{}"}, IDS),
    st.builds(lambda call_id, text: {"type": "function_call_output", "call_id": call_id, "output": text}, IDS, WORDS),
    st.just({"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm"}]}),
)


def chat_of_messages(raw: bytes) -> Json:
    translation = parse_messages(raw, Arrival("r")).translation
    assert translation is not None
    return dict(chat_of(translation))


def check_everywhere(chat: Json) -> None:
    assume(not has_repeated_ids(chat))
    protocols: list[tuple[Callable[[JsonMapping, str], Json], str, Callable[[Json], list[str]]]] = [
        (messages_request, "claude-sonnet-4-5", broken_by_anthropic),
        (generate_content, "gemini-2.5-flash", broken_by_gemini),
        (converse_request, "us.anthropic.claude-sonnet-4-5-20250929-v1:0", broken_by_bedrock),
        (chat_request, "command-a-03-2025", broken_by_cohere),
    ]
    for translate, model, broken in protocols:
        made = sent(partial(translate, chat, model))
        assert made is None or broken(made) == []


@given(st.lists(TURN, min_size=1, max_size=5))
def test_messages_to_any_other_protocol(turns: list[Json]) -> None:
    body = {"model": "m", "max_tokens": 5000, "messages": turns, "tools": [{"name": "f", "input_schema": {"type": "object"}}]}
    body["thinking"] = {"type": "enabled", "budget_tokens": 2000}
    chat = sent(lambda: chat_of_messages(orjson.dumps(body)))
    if chat is not None:
        check_everywhere(chat)


@given(st.lists(ITEM, min_size=1, max_size=6))
def test_responses_to_any_other_protocol(items: list[Json]) -> None:
    tool = {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}
    chat = sent(lambda: as_chat(items, tools=[tool]))
    if chat is not None:
        check_everywhere(chat)


# The rules themselves


@pytest.mark.parametrize(
    ("messages", "rule"),
    [
        ([], "the first turn is the user's"),
        ([{"role": "user", "content": [{"type": "text", "text": " "}]}], "text is not blank"),
        ([{"role": "user", "content": []}], "content is not empty"),
        ([{"role": "user", "content": [{"type": "text", "text": "a"}]}] * 2, "roles alternate"),
    ],
)
def test_a_broken_rule_is_found(messages: list[Json], rule: str) -> None:
    assert rule in broken_by_anthropic({"messages": messages})
