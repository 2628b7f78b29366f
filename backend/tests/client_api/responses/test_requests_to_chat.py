"""A request of the Responses API as a chat."""

import time
from typing import Any

import pytest

from ai_engine.client_api.responses.reasoning import seal
from ai_engine.errors import InvalidRequest, UnsupportedByProvider
from ai_engine.wire.json_types import Json
from tests.builders import chat_of
from tests.client_api.responses.response_builders import MADE, PATCH, PICTURE, SIGNED, WEATHER, as_chat, translation


def said(role: str, content: Any) -> Json:
    return {"role": role, "content": content}


def test_a_text_is_a_users_message() -> None:
    assert as_chat("Hello!") == {"model": "tiny", "messages": [said("user", "Hello!")]}


def test_instructions_come_first() -> None:
    assert as_chat("Hello!", instructions="Be brief.")["messages"] == [said("system", "Be brief."), said("user", "Hello!")]


def test_easy_messages_need_no_type_and_developers_speak_as_the_system() -> None:
    messages = as_chat([said("developer", "Be brief."), said("user", "Hi"), said("assistant", "Hello"), said("user", "Go on")])
    assert messages["messages"] == [
        said("system", "Be brief."),
        said("user", "Hi"),
        said("assistant", "Hello"),
        said("user", "Go on"),
    ]


def test_parts_of_every_kind_have_their_place() -> None:
    parts = [
        {"type": "input_text", "text": "Look:"},
        {"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "low"},
        {"type": "input_image", "image_url": "https://example.test/cat.png", "detail": "auto"},
        {"type": "input_file", "file_data": "data:application/pdf;base64,AA==", "filename": "a.pdf"},
        {"type": "input_file", "file_url": "https://example.test/a.pdf"},
        {"type": "input_file", "file_id": "file-1"},
        {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}},
    ]
    assert as_chat([said("user", parts)])["messages"][0]["content"] == [
        {"type": "text", "text": "Look:"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA==", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "https://example.test/cat.png"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,AA==", "filename": "a.pdf"}},
        {"type": "file", "file": {"file_url": "https://example.test/a.pdf"}},
        {"type": "file", "file": {"file_id": "file-1"}},
        {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}},
    ]


def test_one_turn_of_an_assistant_is_one_message_and_its_results_follow_at_once() -> None:
    items = [
        said("user", "Compare them."),
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": seal([SIGNED])},
        {
            "type": "message",
            "id": "msg_1",
            "status": "completed",
            **said("assistant", [{"type": "output_text", "text": "I look.", "annotations": []}]),
        },
        {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "get_weather", "arguments": '{"city":"Oslo"}'},
        {"type": "function_call", "call_id": "c2", "name": "get_weather", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "cold"}]},
        said("user", "And?"),
        {"type": "function_call_output", "call_id": "c1", "output": "warm"},
    ]
    assert as_chat(items, tools=[WEATHER])["messages"] == [
        said("user", "Compare them."),
        {
            **said("assistant", "I look."),
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Oslo"}'}},
                {"id": "c2", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}},
            ],
            "reasoning_details": [SIGNED],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "warm"},
        {"role": "tool", "tool_call_id": "c2", "content": "cold"},
        said("user", "And?"),
    ]


def test_a_tools_result_may_hold_images() -> None:
    output = [{"type": "input_image", "image_url": "data:image/png;base64,AA=="}]
    items = [
        {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": output},
    ]
    assert as_chat(items)["messages"][1]["content"] == [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
    ]


def test_reasoning_of_several_items_counts_anew_in_its_message() -> None:
    items = [
        {"type": "reasoning", "summary": [], "encrypted_content": seal([SIGNED])},
        {"type": "reasoning", "summary": [], "encrypted_content": seal([SIGNED])},
        said("assistant", "So it is."),
    ]
    assert [detail["index"] for detail in as_chat(items)["messages"][0]["reasoning_details"]] == [0, 1]


def test_pictures_of_earlier_turns_are_what_the_assistant_made() -> None:
    made = {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": PICTURE}
    unknown = {**made, "id": "ig_2", "result": None}
    jpeg = {**made, "id": "ig_3", "result": "/9j/4AAQ"}
    _, turn, _ = as_chat([said("user", "Draw."), made, unknown, jpeg, said("user", "Again.")])["messages"]
    assert turn == {
        "role": "assistant",
        "content": None,
        "images": [MADE, {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,/9j/4AAQ"}}],
    }


def test_openais_own_encrypted_reasoning_is_a_detail_of_its_format() -> None:
    items = [{"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAAB"}, said("assistant", "So.")]
    assert as_chat(items)["messages"][0]["reasoning_details"] == [
        {"type": "reasoning.encrypted", "data": "gAAAAB", "format": "openai-responses-v1", "index": 0, "id": "rs_1"}
    ]


def test_unsigned_reasoning_becomes_text() -> None:
    summary = [{"type": "summary_text", "text": "Hm."}]
    items = [{"type": "reasoning", "id": "rs_1", "summary": summary, "encrypted_content": None}, said("assistant", "So.")]
    assert as_chat(items)["messages"] == [{**said("assistant", "So."), "reasoning_content": "Hm."}]


def test_functions_are_offered_as_a_chat_has_them() -> None:
    chat = as_chat("Hi", tools=[WEATHER], tool_choice={"type": "function", "name": "get_weather"}, parallel_tool_calls=False)
    function = {field: WEATHER[field] for field in ("name", "description", "parameters", "strict")}
    assert chat["tools"] == [{"type": "function", "function": function}]
    assert chat["tool_choice"] == {"type": "function", "function": {"name": "get_weather"}}
    assert chat["parallel_tool_calls"] is False


def test_a_custom_tool_is_a_function_of_one_text_with_its_grammar_described() -> None:
    items = [
        {"type": "custom_tool_call", "call_id": "c1", "name": "apply_patch", "input": 'say "hi"'},
        {"type": "custom_tool_call_output", "call_id": "c1", "output": "done"},
    ]
    chat = as_chat(items, tools=[PATCH])
    function = chat["tools"][0]["function"]
    assert function["parameters"]["required"] == ["input"]
    assert "start: PATCH" in function["description"]
    assert chat["messages"][0]["tool_calls"][0]["function"] == {"name": "apply_patch", "arguments": r'{"input":"say \"hi\""}'}


def test_the_tools_of_a_namespace_carry_its_name() -> None:
    namespace = {"type": "namespace", "name": "crm", "description": "Customers.", "tools": [{**WEATHER, "name": "find"}, PATCH]}
    items = [
        {"type": "function_call", "call_id": "c1", "namespace": "crm", "name": "find", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "Ada"},
    ]
    chat = as_chat(items, tools=[namespace])
    assert [tool["function"]["name"] for tool in chat["tools"]] == ["crm__find", "crm__apply_patch"]
    assert chat["tools"][0]["function"]["description"] == "crm: Customers.\n\nThe weather in a city."
    assert chat["messages"][0]["tool_calls"][0]["function"]["name"] == "crm__find"


def test_names_that_are_too_long_are_cut_and_stay_apart() -> None:
    tools = [{**WEATHER, "name": "f" * 60 + end} for end in "ab"]
    chat = as_chat("Hi", tools=[{"type": "namespace", "name": "mcp__server__", "description": "", "tools": tools}])
    names = {tool["function"]["name"] for tool in chat["tools"]}
    assert len(names) == 2
    assert {len(name) for name in names} == {64}


def test_a_search_for_tools_that_the_client_carries_out_is_a_function_and_what_it_found_is_offered() -> None:
    search = {"type": "tool_search", "execution": "client", "description": "Finds tools.", "parameters": {"type": "object"}}
    items = [
        {"type": "tool_search_call", "call_id": "c1", "execution": "client", "arguments": {"query": "weather"}},
        {"type": "tool_search_output", "call_id": "c1", "execution": "client", "tools": [{**WEATHER, "defer_loading": True}]},
    ]
    chat = as_chat(items, tools=[search])
    assert [tool["function"]["name"] for tool in chat["tools"]] == ["tool_search", "get_weather"]
    assert chat["messages"][0]["tool_calls"][0]["function"] == {"name": "tool_search", "arguments": '{"query":"weather"}'}
    assert "get_weather" in chat["messages"][1]["content"]


def test_hosted_tools_beside_others_are_left_out_of_the_answers_tools() -> None:
    request = translation(tools=[WEATHER, {"type": "web_search", "external_web_access": False}, {"type": "image_generation"}])
    assert len(chat_of(request)["tools"]) == 1
    assert [tool["type"] for tool in request.echo["tools"]] == ["function"]


@pytest.mark.parametrize("kind", ["web_search", "file_search", "code_interpreter", "mcp", "computer", "local_shell", "nonsense"])
def test_a_tool_that_only_its_provider_carries_out_is_refused_by_its_place(kind: str) -> None:
    with pytest.raises(UnsupportedByProvider) as refusal:
        as_chat("Hi", tools=[{"type": kind}])
    assert refusal.value.param == "tools[0].type"


def test_choosing_among_few_tools_offers_no_others() -> None:
    choice = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "get_weather"}]}
    chat = as_chat("Hi", tools=[PATCH, WEATHER], tool_choice=choice)
    assert [tool["function"]["name"] for tool in chat["tools"]] == ["get_weather"]
    assert chat["tool_choice"] == "required"


@pytest.mark.parametrize("choice", ["none", "required"])
def test_a_choice_without_a_name_stays(choice: str) -> None:
    assert as_chat("Hi", tools=[WEATHER], tool_choice=choice)["tool_choice"] == choice


def test_leaving_the_choice_to_the_model_is_not_said() -> None:
    assert "tool_choice" not in as_chat("Hi", tools=[WEATHER], tool_choice="auto")


def test_numbers_formats_and_effort_are_translated() -> None:
    chat = as_chat(
        "Hi",
        max_output_tokens=50,
        temperature=0.5,
        top_p=1,
        top_logprobs=2,
        reasoning={"effort": "low", "summary": "auto"},
        text={
            "format": {"type": "json_schema", "name": "city", "schema": {"type": "object"}, "strict": True},
            "verbosity": "low",
        },
        service_tier="flex",
        stream=True,
    )
    assert chat == {
        "model": "tiny",
        "messages": [said("user", "Hi")],
        "max_completion_tokens": 50,
        "temperature": 0.5,
        "top_p": 1,
        "logprobs": True,
        "top_logprobs": 2,
        "reasoning_effort": "low",
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "city", "schema": {"type": "object"}, "strict": True},
        },
        "verbosity": "low",
        "service_tier": "flex",
        "stream": True,
    }


def test_json_mode_is_asked_for() -> None:
    assert as_chat("Hi", text={"format": {"type": "json_object"}})["response_format"] == {"type": "json_object"}


def test_hints_and_the_engines_own_fields_are_left_out() -> None:
    hints = {
        "metadata": {"a": "b"},
        "safety_identifier": "ada",
        "client_metadata": {"x": "y"},
        "prompt_cache_key": "k",
        "prompt_cache_retention": "24h",
        "service_tier": "auto",
        "store": False,
        "truncation": "auto",
        "include": ["reasoning.encrypted_content"],
        "stream_options": {"include_obfuscation": False},
        "max_tool_calls": 3,
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "reasoning": None,
        "background": False,
    }
    assert as_chat("Hi", **hints) == {"model": "tiny", "messages": [said("user", "Hi")]}


def test_what_a_provider_searched_before_is_left_to_its_answer() -> None:
    items = [
        said("user", "News?"),
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search"}},
        said("assistant", "None."),
    ]
    assert as_chat(items)["messages"] == [said("user", "News?"), said("assistant", "None.")]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"frequency_penalty": 1}, "frequency_penalty"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt"),
        ({"context_management": [{"type": "compaction"}]}, "context_management"),
        ({"include": ["nothing.that.exists"]}, "include[0]"),
        ({"reasoning": {"mode": "pro"}}, "reasoning.mode"),
        ({"text": {"colour": "red"}}, "text.colour"),
        ({"tool_choice": {"type": "web_search"}}, "tool_choice.type"),
        ({"tools": [{**WEATHER, "async": True}]}, "tools[0].async"),
        ({"tools": [{**WEATHER, "output_schema": {}}]}, "tools[0].output_schema"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input[0]"),
        ({"input": [{"id": "msg_1"}]}, "input[0]"),
        ({"input": [said("user", [{"type": "input_image", "file_id": "file-1"}])]}, "input[0].content[0].file_id"),
    ],
)
def test_what_a_chat_cannot_say_is_refused_by_its_name(fields: Json, param: str) -> None:
    with pytest.raises(UnsupportedByProvider) as refusal:
        chat_of(translation(fields))
    assert refusal.value.param == param


CALL_OUTPUT = {"type": "function_call_output", "call_id": "c1", "output": "x"}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": 7}, "input"),
        ({"input": ["x"]}, "input[0]"),
        ({"input": [{}]}, "input[0].type"),
        ({"input": [{"type": 7}]}, "input[0].type"),
        ({"input": [said("nobody", "Hi")]}, "input[0].role"),
        ({"input": [said("user", 7)]}, "input[0].content"),
        ({"input": [said("user", [{"type": "text", "text": "Hi"}])]}, "input[0].content[0].type"),
        ({"input": [said("user", [{"type": "input_text"}])]}, "input[0].content[0].text"),
        ({"input": [said("user", [{"type": "refusal", "refusal": "No"}])]}, "input[0].content[0].type"),
        ({"input": [said("assistant", [{"type": "input_image", "image_url": "x"}])]}, "input[0].content[0].type"),
        ({"input": [CALL_OUTPUT]}, "input[0].call_id"),
        ({"input": [{"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}]}, "input[0].call_id"),
        ({"input": [{"type": "function_call", "call_id": "c1", "name": "f", "arguments": 7}, CALL_OUTPUT]}, "input[0].arguments"),
        ({"input": [{"type": "reasoning", "encrypted_content": "ai-engine-1.%%"}]}, "input[0].encrypted_content"),
        ({"tools": [7]}, "tools[0]"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"tools": [{"type": "function", "name": "f", "strict": 1}]}, "tools[0].strict"),
        ({"tools": [WEATHER], "tool_choice": {"type": "function", "name": "other"}}, "tool_choice.name"),
        ({"tools": [WEATHER], "tool_choice": "sometimes"}, "tool_choice"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"text": {"format": {"type": "xml"}}}, "text.format.type"),
        ({"text": {"format": {"type": "json_schema"}}}, "text.format.name"),
        ({"temperature": "warm"}, "temperature"),
        ({"max_output_tokens": 1.5}, "max_output_tokens"),
        ({"instructions": []}, "instructions"),
    ],
)
def test_what_is_wrong_is_refused_by_its_place(fields: Json, param: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        chat_of(translation(fields))
    assert not isinstance(refusal.value, UnsupportedByProvider)
    assert refusal.value.param == param


def test_a_second_result_of_one_call_is_refused() -> None:
    items = [
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        *[{"type": "function_call_output", "call_id": "c1", "output": "x"}] * 2,
    ]
    with pytest.raises(InvalidRequest, match=r"^input\[2\]\.call_id is .* one output for a call"):
        as_chat(items)


def test_repeated_ids_of_calls_are_understood_in_their_order() -> None:
    calls = [{"type": "function_call", "call_id": "call_0", "name": name, "arguments": "{}"} for name in "fgh"]
    outputs = [{"type": "function_call_output", "call_id": "call_0", "output": name} for name in "fgh"]
    thought = {"type": "reasoning", "summary": []}
    items = [calls[0], outputs[0], said("user", "Hi"), calls[1], thought, calls[2], *outputs[1:]]
    messages = as_chat(items)["messages"]
    names = {call["id"]: call["function"]["name"] for message in messages for call in message.get("tool_calls", ())}
    assert [names[message["tool_call_id"]] for message in messages if message["role"] == "tool"] == list("fgh")
    assert next(iter(names)) == "call_0"


@pytest.mark.parametrize(
    ("given", "sent"), [("null", "{}"), ("", "{}"), (None, "{}"), ({"a": 1}, '{"a":1}'), ('{"a": 1}', '{"a": 1}')]
)
def test_arguments_are_the_text_of_an_object(given: Any, sent: str) -> None:
    (message, _) = as_chat([{"type": "function_call", "call_id": "c1", "name": "f", "arguments": given}, CALL_OUTPUT])["messages"]
    assert message["tool_calls"][0]["function"]["arguments"] == sent


def test_one_turn_of_many_small_items_takes_no_longer_each_than_a_few() -> None:
    thoughts = [{"type": "reasoning", "summary": [{"type": "summary_text", "text": "x" * 50}]}] * 60_000
    refusals = [{"role": "assistant", "content": [{"type": "refusal", "refusal": "r" * 50}]}] * 60_000
    before = time.process_time()
    (message,) = as_chat([*thoughts, *refusals])["messages"]
    assert time.process_time() - before < 3, "quadratic, it takes ten"
    assert (len(message["reasoning_content"]), len(message["refusal"])) == (3_000_000, 3_000_000)
