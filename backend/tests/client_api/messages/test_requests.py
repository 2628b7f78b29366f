from typing import Any

import orjson
import pytest

from ai_engine.client_api.messages.requests import check_version, count_tokens_request
from ai_engine.client_api.steering import Arrival
from ai_engine.errors import InvalidRequest
from ai_engine.names import Operation
from ai_engine.wire.json_types import Json
from tests.client_api.messages.message_requests import (
    PIXEL,
    TOOL,
    assistant,
    body,
    chat,
    chat_messages,
    document,
    parsed,
    text,
    tool_result,
    tool_use,
    user,
)

CACHED = {"cache_control": {"type": "ephemeral"}}
PIXEL_PART = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}


def test_a_request_becomes_a_chat() -> None:
    assert chat(system="Be kind.", temperature=0.5, top_p=0.9, top_k=5, stop_sequences=["END"], stream=True) == {
        "model": "tiny",
        "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "hi"}],
        "max_completion_tokens": 100,
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 5,
        "stop": ["END"],
        "stream": True,
    }


def test_a_tool_round_trip_becomes_messages_of_their_own() -> None:
    messages = chat_messages(
        user(text("How is it in Rome?")),
        assistant(text("Let me see."), tool_use("t1", city="Rome"), tool_use("t2", city="Ostia")),
        user(text("And hurry."), tool_result("t1", [text("sunny")]), tool_result("t2", "no idea", is_error=True)),
    )
    assert messages == [
        {"role": "user", "content": "How is it in Rome?"},
        {
            "role": "assistant",
            "content": "Let me see.",
            "tool_calls": [
                {"id": "t1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Rome"}'}},
                {"id": "t2", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Ostia"}'}},
            ],
        },
        {"role": "tool", "tool_call_id": "t1", "content": "sunny"},
        {"role": "tool", "tool_call_id": "t2", "content": "no idea", "is_error": True},
        {"role": "user", "content": "And hurry."},
    ]


def test_turns_of_one_role_are_one_turn() -> None:
    messages = chat_messages(
        user(text("a")),
        assistant(text("b")),
        assistant(tool_use("t1"), tool_use("t2")),
        user(tool_result("t1"), text("c")),
        {"role": "user", "content": "d"},
        user(tool_result("t2")),
    )
    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "tool", "user"]
    assert messages[-1]["content"] == [text("c"), text("d")]


def test_a_later_instruction_keeps_its_place() -> None:
    messages = chat_messages(user(text("a")), {"role": "system", "content": "Be brief."}, user(text("b")))
    assert [message["role"] for message in messages] == ["user", "system", "user"]


def test_hints_about_caching_stay_where_they_are() -> None:
    translated = chat(
        system=[text("Be kind.", **CACHED)],
        tools=[{**TOOL, **CACHED}],
        messages=[
            user(text("a", **CACHED), {**PIXEL, **CACHED}),
            assistant({**tool_use(), **CACHED}),
            user({**tool_result(), **CACHED}),
        ],
    )
    system, first, _, result = translated["messages"]
    assert system["content"] == [text("Be kind.", **CACHED)]
    assert first["content"] == [text("a", **CACHED), {**PIXEL_PART, **CACHED}]
    assert result["content"] == [text("sunny", **CACHED)]
    assert translated["tools"][0]["cache_control"] == CACHED["cache_control"]


@pytest.mark.parametrize(
    ("block", "parts"),
    [
        (PIXEL, [PIXEL_PART]),
        (
            {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}},
            [{"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}],
        ),
        (
            document({"type": "base64", "media_type": "application/pdf", "data": "JVBE"}, title="Bill", context="March"),
            [
                text("<context>March</context>"),
                {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBE", "filename": "Bill"}},
            ],
        ),
        (
            document({"type": "url", "url": "https://example.org/a.pdf"}),
            [{"type": "file", "file": {"file_url": "https://example.org/a.pdf"}}],
        ),
        (
            document({"type": "text", "media_type": "text/plain", "data": "words"}, title="Note", context="Mine"),
            [text("<document>\n<title>Note</title>\n<context>Mine</context>\nwords\n</document>")],
        ),
        (document({"type": "content", "content": "words"}), [text("<document>\nwords\n</document>")]),
        (
            document({"type": "content", "content": [text("words"), PIXEL]}),
            [text("<document>\n"), text("words"), PIXEL_PART, text("</document>")],
        ),
        (
            {"type": "search_result", "source": "https://example.org", "title": "Page", "content": [text("a"), text("b")]},
            [text("<search_result>\n<title>Page</title>\n<source>https://example.org</source>\na\nb\n</search_result>")],
        ),
    ],
    ids=["image", "image by URL", "PDF", "PDF by URL", "text", "content as text", "content as blocks", "search result"],
)
def test_every_kind_of_block_is_said(block: Json, parts: list[Any]) -> None:
    assert chat_messages(user(text("See:"), block))[0]["content"] == [text("See:"), *parts]
    result = chat_messages(user(text("a")), assistant(tool_use()), user(tool_result("t1", [text("See:"), block])))[2]
    assert result["content"] == [text("See:"), *parts]


@pytest.mark.parametrize(
    ("choice", "chosen"),
    [
        ({"type": "auto"}, "auto"),
        ({"type": "any"}, "required"),
        ({"type": "none"}, "none"),
        ({"type": "tool", "name": "weather"}, {"type": "function", "function": {"name": "weather"}}),
    ],
)
def test_tools_and_their_choice(choice: Json, chosen: Any) -> None:
    translated = chat(tools=[TOOL], tool_choice=choice)
    function = {"name": "weather", "description": "Tells it.", "parameters": TOOL["input_schema"]}
    assert translated["tools"] == [{"type": "function", "function": function}]
    assert translated["tool_choice"] == chosen
    assert "parallel_tool_calls" not in translated
    one = chat(tools=[TOOL], tool_choice={**choice, "disable_parallel_tool_use": True})
    assert one["parallel_tool_calls"] is False


def test_a_tool_choice_without_tools_is_left_out() -> None:
    assert "tool_choice" not in chat(tools=[], tool_choice={"type": "auto", "disable_parallel_tool_use": True})


def test_a_long_name_of_a_tool_is_shortened_everywhere() -> None:
    name = "mcp__" + "x" * 100
    translated = chat(
        tools=[{**TOOL, "name": name}],
        tool_choice={"type": "tool", "name": name},
        messages=[user(text("a")), assistant(tool_use(name=name)), user(tool_result())],
    )
    short = translated["tools"][0]["function"]["name"]
    assert len(short) == 64
    assert translated["tool_choice"]["function"]["name"] == short
    assert translated["messages"][1]["tool_calls"][0]["function"]["name"] == short


@pytest.mark.parametrize(
    ("fields", "effort"),
    [
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, "low"),
        ({"thinking": {"type": "enabled", "budget_tokens": 2048}}, "medium"),
        ({"thinking": {"type": "enabled", "budget_tokens": 8192}}, "high"),
        ({"thinking": {"type": "enabled"}}, "medium"),
        ({"thinking": {"type": "adaptive"}}, None),
        ({"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}}, "high"),
        ({"thinking": {"type": "disabled"}, "output_config": {"effort": "max"}}, None),
        ({"output_config": {"effort": "low"}}, "low"),
        ({}, None),
    ],
)
def test_thinking_is_an_effort_for_others(fields: Json, effort: str | None) -> None:
    translated = chat(**fields)
    assert translated.get("reasoning_effort") == effort
    assert translated.get("thinking") == fields.get("thinking")


@pytest.mark.parametrize(
    ("schema", "is_strict"),
    [
        ({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}, True),
        ({"type": "object", "properties": {"a": {"type": "string"}}, "required": [], "additionalProperties": False}, False),
        ({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}, False),
        ({"type": "array", "items": {"type": "object", "properties": {"a": {}}}}, False),
    ],
)
@pytest.mark.parametrize("is_older", [False, True])
def test_a_schema_is_strict_where_openai_takes_it(schema: Json, is_strict: bool, is_older: bool) -> None:
    wanted = {"type": "json_schema", "schema": schema}
    translated = chat(**({"output_format": wanted} if is_older else {"output_config": {"format": wanted}}))
    assert translated["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": schema, "strict": is_strict},
    }


def test_a_user_is_named_only_where_others_take_the_name() -> None:
    assert chat(metadata={"user_id": "u" * 64})["user"] == "u" * 64
    assert "user" not in chat(metadata={"user_id": "u" * 65})


def test_what_claude_code_sends_goes_to_anybody() -> None:
    translated = chat(
        system=[
            text("x-anthropic-billing-header: cc_version=2.1.37.0d9; cc_entrypoint=cli; cch=fa690;"),
            text("You are Claude Code.", **CACHED),
            text("The whole prompt.", **CACHED),
        ],
        tools=[{**TOOL, "eager_input_streaming": True, "defer_loading": True, "allowed_callers": ["direct"]}],
        metadata={"user_id": "user_" + "0" * 140},
        thinking={"type": "adaptive"},
        output_config={"effort": "xhigh"},
        context_management={"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        diagnostics={"previous_message_id": None},
        service_tier="auto",
        speed=None,
        cache_control={"type": "ephemeral"},
        stream=True,
        messages=[
            user(text("<system-reminder>"), text("hi", **CACHED)),
            assistant(
                {"type": "thinking", "thinking": "Hm.", "signature": "EqQB"},
                text("Calling.", citations=None),
                {**tool_use("toolu_1"), "caller": {"type": "direct"}, "toolset_name": None},
            ),
            user({**tool_result("toolu_1", [text("done")], is_error=False), **CACHED}),
        ],
    )
    assert translated["messages"][0] == {
        "role": "system",
        "content": [text("You are Claude Code.", **CACHED), text("The whole prompt.", **CACHED)],
    }
    assert translated.keys() == {
        *("model", "messages", "max_completion_tokens", "tools", "thinking", "reasoning_effort", "stream"),
    }


def test_the_work_of_anthropics_own_tools_is_left_to_the_text_that_follows() -> None:
    search = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "q"}}
    found = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [{"type": "web_search_result"}]}
    later = [{"type": kind} for kind in ("mcp_tool_use", "mcp_tool_result", "code_execution_tool_result", "something_new")]
    assert chat_messages(user(text("a")), assistant(search, found, text("x"), *later), user(text("b"))) == [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "x"},
        {"role": "user", "content": "b"},
    ]


@pytest.mark.parametrize("last", [(), (user(text("b")),)])
def test_a_turn_of_nothing_else_is_left_out(last: tuple[Json, ...]) -> None:
    turn = assistant({"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}})
    messages = chat_messages(user(text("a")), turn, user({"type": "web_search_tool_result", "content": []}, text("c")), *last)
    assert [message["role"] for message in messages] == ["user"] * 2
    assert [message["role"] for message in chat_messages(user(text("a")), turn)] == ["user"]


def test_a_call_by_anthropics_own_code_is_a_call() -> None:
    called = {**tool_use(), "caller": {"type": "code_execution_20250825", "tool_id": "srvtoolu_1"}}
    messages = chat_messages(user(text("a")), assistant(called), user(tool_result()))
    assert [message["role"] for message in messages] == ["user", "assistant", "tool"]


def test_a_summary_of_earlier_turns_is_text() -> None:
    messages = chat_messages(user(text("a")), assistant({"type": "compaction", "content": "They met."}), user(text("b")))
    assert messages[1] == {"role": "assistant", "content": "They met."}


def test_a_tool_that_a_search_found_is_named_as_it_is_offered() -> None:
    found = [{"type": "tool_reference", "tool_name": name} for name in ("weather", "mcp__" + "x" * 80)]
    translated = chat(
        tools=[{**TOOL, "name": "mcp__" + "x" * 80, "defer_loading": True}],
        messages=[user(text("a")), assistant(tool_use()), user(tool_result(content=found))],
    )
    offered = translated["tools"][0]["function"]["name"]
    assert translated["messages"][-1]["content"] == [
        text("<tool_reference>weather</tool_reference>"),
        text(f"<tool_reference>{offered}</tool_reference>"),
    ]


def test_our_own_fields_are_taken_out_and_the_rest_is_the_clients() -> None:
    request = parsed(autodecide=False, models=["other"], provider={"only": ["alpha"]}, rescue="error", hedge=True, stream=True)
    assert request.operation is Operation.MESSAGES
    assert request.body == body(stream=True)
    assert request.is_stream
    assert not request.autodecide
    assert request.further_models == ("other",)
    assert request.preferences.only == ("alpha",)


def test_what_a_model_needs_is_seen() -> None:
    needs = parsed(tools=[TOOL], output_config={"format": {"type": "json_schema", "schema": {}}}).needs
    assert (needs.tools, needs.json_schema, needs.images) == (True, True, False)
    assert needs.text_bytes > 0
    for block in (PIXEL, tool_result("t1", [PIXEL])):
        needs = parsed(messages=[user(block)]).needs
        assert needs.images
        assert needs.text_bytes == 0


def test_counting_needs_no_limit() -> None:
    counting = count_tokens_request(orjson.dumps(body(max_tokens=...)), Arrival("req-1"))
    assert counting.operation is Operation.COUNT_TOKENS
    assert counting.translation is None


@pytest.mark.parametrize("version", [b"2023-01-01", b"2023-06-01", b"2026-10-21"])
def test_a_version_is_a_date(version: bytes) -> None:
    check_version(version)


@pytest.mark.parametrize("version", [b"", b"v1", b"2023-6-1", b"2023-13-01", b"1999-01-01", b"2023-06-01 ", b"\xff", b"20230601"])
def test_another_version_is_refused(version: bytes) -> None:
    with pytest.raises(InvalidRequest) as refused:
        check_version(version)
    assert refused.value.param == "anthropic-version"


@pytest.mark.parametrize("odd", [{"a": 1}, ["text"], 5, None])
def test_a_result_whose_part_has_no_word_as_its_type_is_refused_by_its_place(odd: object) -> None:
    result = tool_result(content=[{"type": odd, "text": "x"}])
    with pytest.raises(InvalidRequest, match=r"content\[0\]"):
        chat_messages(user(text("hi")), assistant(tool_use()), user(result))
