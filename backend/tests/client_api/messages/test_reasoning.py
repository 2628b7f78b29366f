from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_engine.client_api.messages import native, reasoning
from ai_engine.client_api.messages.reasoning import PREFIX, Showing
from ai_engine.errors import InvalidRequest
from ai_engine.wire.json_types import Json
from tests.builders import chat_of
from tests.client_api.messages.message_reader import translated_message
from tests.client_api.messages.message_requests import (
    assistant,
    body,
    chat,
    parsed,
    text,
    tool_result,
    tool_use,
    translation,
    user,
)
from tests.client_api.relayed import relayed_answer

ENCRYPTED = {"type": "reasoning.encrypted", "data": "c2ln", "id": "c0", "format": "google-gemini-v1", "index": 0}
SIGNED = {"type": "reasoning.text", "text": "Hm", "signature": "x", "format": "somebody-v1", "index": 0}
SUMMARY = {"type": "reasoning.summary", "summary": "Hm", "id": "rs_1", "format": "openai-responses-v1", "index": 0}
CLAUDES = {"type": "reasoning.text", "text": "Hm", "signature": "EqQB", "format": "anthropic-claude-v1", "index": 0}
SECRET = {"type": "reasoning.encrypted", "data": "EmwK", "format": "anthropic-claude-v1", "index": 0}


def sent_back(*blocks: Json) -> Any:
    """The details of the turn that these blocks begin, as a provider gets them."""
    turns = [user(text("a")), assistant(*blocks, text("b")), user(text("c"))]
    return chat(messages=turns)["messages"][1].get("reasoning_details")


@pytest.mark.parametrize(
    "detail", [ENCRYPTED, SIGNED, SUMMARY, CLAUDES, SECRET], ids=["encrypted", "signed", "summary", "thinking", "redacted"]
)
def test_what_a_model_thought_comes_home(detail: Json) -> None:
    blocks = reasoning.blocks({"reasoning_details": [detail]}, Showing.SHOWN)
    assert sent_back(*blocks) == [detail]


def test_anthropics_own_is_not_wrapped() -> None:
    assert reasoning.blocks({"reasoning_details": [CLAUDES, SECRET]}, Showing.SHOWN) == [
        {"type": "thinking", "thinking": "Hm", "signature": "EqQB"},
        {"type": "redacted_thinking", "data": "EmwK"},
    ]


def test_unsigned_thoughts_are_shown_and_come_back_as_text_alone() -> None:
    (block,) = reasoning.blocks({"reasoning_content": "Hm"}, Showing.SHOWN)
    assert block == {"type": "thinking", "thinking": "Hm", "signature": PREFIX}
    assert sent_back(block) is None
    assert sent_back({"type": "thinking", "thinking": "Hm", "signature": ""}) is None
    turn = assistant(block, text("So."), {**block, "thinking": "…"}, tool_use())
    assert chat(messages=[user(text("a")), turn, user(tool_result())])["messages"][1]["reasoning_content"] == "Hm…"


@pytest.mark.parametrize("fields", [{}, {"thinking": {"type": "adaptive", "display": "omitted"}}], ids=["unasked", "omitted"])
@pytest.mark.parametrize("stream", [False, True])
def test_hidden_thinking_is_sent_beside_tool_calls(stream: bool, fields: Json) -> None:
    called = {"id": "t1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    said = {"reasoning_content": "Hm", "content": "So.", "tool_calls": [called]}
    if stream:
        translator = translation(stream=True, **fields).stream()
        thought = [{"reasoning_content": "H"}, {"reasoning_content": "m"}]
        deltas = [*thought, {"content": "So."}, {"tool_calls": [{"index": 0, **called}]}]
        chunks = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
        content = translated_message(translator, chunks)["content"]
    else:
        answer = relayed_answer({"choices": [{"message": said, "finish_reason": "tool_calls"}]})
        content = translation(**fields).answer(answer)["content"]
    assert [(block["type"], block.get("thinking", "")) for block in content] == [("text", ""), ("thinking", ""), ("tool_use", "")]
    turns = [user(text("a")), assistant(*content), user(tool_result())]
    assert chat(messages=turns)["messages"][1]["reasoning_content"] == "Hm"
    assert [block["type"] for block in parsed(messages=turns).body["messages"][1]["content"]] == ["text", "tool_use"]


def test_pieces_of_one_thought_are_one_block() -> None:
    pieces = [{**SIGNED, "signature": None}, {**SIGNED, "text": "…"}, {**SIGNED, "index": 1}]
    blocks = reasoning.blocks({"reasoning_details": pieces}, Showing.SHOWN)
    assert [block["thinking"] for block in blocks] == ["Hm…", "Hm"]


@pytest.mark.parametrize("broken", [PREFIX + "%", PREFIX + "bnVsbA==", PREFIX + "e30=", PREFIX + "x"])
def test_a_wrapping_that_was_tampered_with_is_dropped(broken: str) -> None:
    assert sent_back({"type": "redacted_thinking", "data": broken}) is None
    assert sent_back({"type": "thinking", "thinking": "Hm", "signature": broken}) is None


def test_thoughts_keep_their_place_between_calls() -> None:
    turn = assistant(
        {"type": "thinking", "thinking": "a", "signature": "s1"},
        tool_use("t1"),
        {"type": "thinking", "thinking": "b", "signature": "s2"},
        tool_use("t2"),
    )
    messages = chat(messages=[user(text("a")), turn, user(tool_result("t1"), tool_result("t2"))])["messages"]
    assert [detail["index"] for detail in messages[1]["reasoning_details"]] == [0, 2]


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5) | st.integers(-9, 9), max_size=3))
def test_any_detail_survives_its_wrapping(more: Json) -> None:
    detail = {**more, "type": "reasoning.encrypted", "index": 0, "format": "unknown"}
    assert reasoning.detail_of(reasoning.redacted(reasoning.wrapped(detail)), 0) == detail


def test_providers_of_the_api_do_not_get_the_gateways_additions() -> None:
    ours = reasoning.redacted(reasoning.wrapped(ENCRYPTED))
    page = {"type": "web_search_result_location", "url": "u", "encrypted_index": PREFIX}
    real = {**page, "encrypted_index": "EpMB"}
    turns = [
        user(text("a")),
        assistant(
            ours,
            {"type": "thinking", "thinking": "Hm", "signature": PREFIX},
            text("b", citations=[page, real]),
            tool_use("functions.f:0"),
        ),
        user(tool_result("functions.f:0")),
        assistant(ours),
        user(text("c", citations=[page])),
    ]
    request = parsed(messages=turns)
    assert request.body["messages"] == [
        turns[0],
        assistant(text("b", citations=[real]), tool_use("functions_f_0")),
        user(tool_result("functions_f_0")),
        user(text("c", citations=None)),
    ]
    assert request.translation is not None
    assert chat_of(request.translation)["messages"][1]["reasoning_details"] == [ENCRYPTED]


def test_everything_else_reaches_them_as_it_came() -> None:
    turns = [user(text("a")), assistant({"type": "thinking", "thinking": "Hm", "signature": "EqQB"}, tool_use("toolu_1"))]
    whole = body(messages=[*turns, user(tool_result("toolu_1"), {"type": "novelty"})], something_new={"a": 1})
    assert native.native_body(whole, has_foreign=True) == whole
    assert parsed(**whole).body == whole


BUDGET = {"type": "enabled", "budget_tokens": 2048}
OURS = {"type": "thinking", "thinking": "Hm", "signature": PREFIX}


@pytest.mark.parametrize("answer", [[OURS, tool_use()], [tool_use()], [text("a"), tool_use()]])
def test_thinking_is_off_in_a_turn_that_does_not_begin_with_anthropics_thinking(answer: list[Json]) -> None:
    turns = [user(text("a")), assistant(*answer), user(tool_result())]
    edits = [{"type": "clear_thinking_20251015", "keep": "all"}, {"type": "clear_tool_uses_20250919"}]
    request = parsed(messages=turns, thinking=BUDGET, context_management={"edits": edits})
    assert request.body["thinking"] == {"type": "disabled"}
    assert request.body["context_management"] == {"edits": edits[1:]}
    assert chat(messages=turns, thinking=BUDGET)["thinking"] == BUDGET


@pytest.mark.parametrize(
    ("turns", "thinking"),
    [
        ([user(text("a"))], BUDGET),
        ([user(text("a")), assistant(OURS, text("b")), user(text("c"))], BUDGET),
        ([user(text("a")), assistant({**OURS, "signature": "EqQB"}, tool_use()), user(tool_result())], BUDGET),
        ([user(text("a")), assistant({"type": "redacted_thinking", "data": "EmwK"}, tool_use()), user(tool_result())], BUDGET),
        ([user(text("a")), assistant(OURS, tool_use()), user(tool_result())], {"type": "adaptive"}),
        ([user(text("a")), assistant(text("b"))], BUDGET),
    ],
)
def test_thinking_stays_as_it_came_everywhere_else(turns: list[Json], thinking: Json) -> None:
    assert parsed(messages=turns, thinking=thinking).body["thinking"] == thinking


def test_nothing_blank_remains_of_a_turn_without_its_thinking() -> None:
    turns = [
        user(text("a")),
        assistant(OURS, text(" "), tool_use()),
        user(tool_result()),
        assistant(OURS, text("")),
        user(text("b")),
    ]
    said = parsed(messages=turns).body["messages"]
    assert said == [turns[0], assistant(tool_use()), turns[2], turns[4]]


def test_a_conversation_of_another_models_thinking_alone_is_refused() -> None:
    with pytest.raises(InvalidRequest) as refused:
        parsed(messages=[assistant(OURS)])
    assert refused.value.param == "messages"
