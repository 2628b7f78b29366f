"""What Codex and OpenAI's own tools write into a conversation, as a chat."""

from typing import Any

import orjson
import pytest

from ai_engine.errors import InvalidRequest, UnsupportedByProvider
from ai_engine.names import Operation
from ai_engine.wire.hints import DroppedHints, dropping_hints
from ai_engine.wire.json_types import Json
from tests.client_api.responses.response_builders import PATCH, PICTURE, WEATHER, as_chat, translation

HELLO = {"role": "user", "content": "Hello!"}
WAIT = {"type": "function", "name": "wait", "parameters": {"type": "object"}}


def more_tools(*tools: Json) -> Json:
    return {"type": "additional_tools", "role": "developer", "tools": list(tools)}


def named(chat: Json) -> list[str]:
    return [tool["function"]["name"] for tool in chat["tools"]]


def test_tools_among_the_items_count_as_the_requests() -> None:
    codex = more_tools({"type": "namespace", "name": "functions", "tools": [{"type": "custom", "name": "exec"}, WAIT]}, WEATHER)
    chat = as_chat([codex, HELLO], tools=[PATCH, {"type": "web_search"}], tool_choice="required")
    assert named(chat) == ["apply_patch", "functions__exec", "functions__wait", "get_weather"]
    assert chat["tool_choice"] == "required"
    assert chat["messages"] == [HELLO]


def test_tools_among_the_items_are_enough_beside_one_that_the_provider_runs() -> None:
    search = [{"type": "web_search"}]
    assert named(as_chat([more_tools(WEATHER), HELLO], tools=search)) == ["get_weather"]
    with pytest.raises(UnsupportedByProvider, match=r"^tools\[0\]"):
        as_chat([more_tools(), HELLO], tools=search)


def test_what_a_chat_lacks_of_such_a_tool_is_left_out() -> None:
    inner = {**WAIT, "output_schema": {}}
    tools = more_tools({**WEATHER, "novelty": 1}, {"type": "namespace", "name": "n", "tools": [inner]})
    asked, dropped = translation(input=[tools, HELLO]), DroppedHints()
    chat = dropping_hints(Operation.RESPONSES, asked.body, dropped, lambda body: asked.chat_request(body, dropped))
    assert named(dict(chat)) == ["get_weather", "n__wait"]
    assert list(dropped.paths) == ["input[].tools[].novelty", "input[].tools[].tools[].output_schema"]


@pytest.mark.parametrize(
    "content",
    ["Done.", [{"type": "input_text", "text": "Done."}], [{"type": "text", "text": "Done."}, {"type": "encrypted_content"}]],
)
def test_a_message_of_another_agent_is_an_input(content: Any) -> None:
    message = {"type": "agent_message", "author": "worker", "recipient": "lead", "content": content}
    assert as_chat([message])["messages"] == [{"role": "user", "content": "Message from worker to lead:\nDone."}]
    anonymous = {"type": "agent_message", "role": "agent", "content": content}
    assert as_chat([HELLO, anonymous])["messages"] == [HELLO, {"role": "user", "content": "Done."}]


def test_a_message_of_another_agent_that_nobody_else_can_read_is_left_out() -> None:
    sealed = {"type": "agent_message", "content": [{"type": "encrypted_content", "encrypted_content": "gAAAAA"}]}
    assert as_chat([sealed, HELLO])["messages"] == [HELLO]


def test_reasoning_of_an_agent_goes_with_its_turn() -> None:
    items = [HELLO, {"type": "agent_reasoning", "text": "Greet."}, {"role": "assistant", "content": "Hi."}, HELLO]
    assert as_chat(items)["messages"][1] == {"role": "assistant", "content": "Hi.", "reasoning_content": "Greet."}


@pytest.mark.parametrize(
    "item",
    [
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "x"}},
        {"type": "file_search_call", "id": "fs_1", "queries": ["x"], "results": None},
        {"type": "code_interpreter_call", "id": "ci_1", "code": "1", "outputs": None},
        {"type": "computer_call", "id": "cu_1", "call_id": "c1", "action": {"type": "screenshot"}},
        {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": None},
        {"type": "local_shell_call", "id": "ls_1", "call_id": "c1", "action": {"type": "exec", "command": ["ls"]}},
        {"type": "local_shell_call_output", "id": "ls_1", "output": "x"},
        {"type": "shell_call_output", "call_id": {"a": 1}, "output": ["x"]},
        {"type": "mcp_list_tools", "id": "mcpl_1", "server_label": "m", "tools": []},
        {"type": "mcp_approval_request", "id": "mcpr_1", "name": "f", "arguments": "{}"},
        {"type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": True},
        {"type": "mcp_call", "id": "mcp_1", "name": "f", "arguments": "{}", "output": "x"},
        {"type": "compaction", "encrypted_content": "gAAAAA"},
        {"type": "compaction_trigger"},
        {"type": "context_compaction"},
        {"type": "configuration_update", "reasoning": {"effort": "high"}},
        {"type": "ghost_snapshot", "ghost_commit": {}},
        {"type": "something_new", "text": 7},
    ],
    ids=lambda item: item["type"],
)
def test_what_only_informs_refuses_no_request(item: Json) -> None:
    assert as_chat([HELLO, item, {"role": "assistant", "content": "Hi."}, HELLO])["messages"] == [
        HELLO,
        {"role": "assistant", "content": "Hi."},
        HELLO,
    ]


@pytest.mark.parametrize(
    ("kind", "fields", "output", "result"),
    [
        ("local_shell", {"action": {"type": "exec", "command": ["ls"]}}, "a.txt", "a.txt"),
        ("apply_patch", {"operation": {"type": "delete_file", "path": "a.txt"}}, "Done", "Done"),
        ("shell", {"action": {"commands": ["ls"]}}, [{"stdout": "a.txt"}], '[{"stdout":"a.txt"}]'),
        (
            "computer",
            {"action": {"type": "screenshot"}},
            {"type": "computer_screenshot", "image_url": f"data:image/png;base64,{PICTURE}"},
            [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PICTURE}"}}],
        ),
    ],
)
@pytest.mark.parametrize("id_field", ["call_id", "id"])
def test_a_call_that_an_agent_ran_is_a_call_with_its_result(
    kind: str, fields: Json, output: object, result: object, id_field: str
) -> None:
    items = [
        HELLO,
        {"type": f"{kind}_call", "id": "x1", "call_id": "c1", "status": "completed", **fields},
        {"type": f"{kind}_call_output", id_field: "c1", "status": "completed", "output": output},
    ]
    _, call, answer = as_chat(items)["messages"]
    function = call["tool_calls"][0]["function"]
    assert (function["name"], orjson.loads(function["arguments"])) == (kind, fields)
    assert answer == {"role": "tool", "tool_call_id": "c1", "content": result}


def test_a_result_that_only_openai_can_read_is_left_out() -> None:
    call = {"type": "function_call", "call_id": "c1", "name": "send", "arguments": "{}", "encrypted_function_args": ["x"]}
    output = {
        "type": "function_call_output",
        "call_id": "c1",
        "output": [{"type": "encrypted_content", "encrypted_content": "x"}],
    }
    assert as_chat([HELLO, call, output])["messages"][-1] == {"role": "tool", "tool_call_id": "c1", "content": ""}


@pytest.mark.parametrize(
    ("item", "param"),
    [
        ({"type": "additional_tools", "tools": {}}, "input[0].tools"),
        ({"type": "additional_tools", "tools": ["exec"]}, "input[0].tools[0]"),
        ({"type": "additional_tools", "tools": [{"name": "exec"}]}, "input[0].tools[0].type"),
        ({"type": "agent_message", "content": 7}, "input[0].content"),
        ({"type": "agent_message", "content": ["x"]}, "input[0].content[0]"),
        ({"type": "agent_reasoning", "summary": "x"}, "input[0].summary"),
    ],
)
def test_a_malformed_item_is_refused_by_its_place(item: Json, param: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        as_chat([item, HELLO])
    assert refused.value.param == param


def test_calls_whose_id_repeats_have_their_outputs_in_order() -> None:
    call, output = {"type": "shell_call", "call_id": "x"}, {"type": "shell_call_output", "call_id": "x"}
    messages = as_chat([HELLO, call, {**output, "output": "1"}, HELLO, call, {**output, "output": "2"}])["messages"]
    assert [message["content"] for message in messages if message["role"] == "tool"] == ["1", "2"]
    assert len({message["tool_call_id"] for message in messages if message["role"] == "tool"}) == 2


def test_a_call_without_a_name_is_left_out() -> None:
    items = [{"type": "_call", "call_id": "x"}, {"type": "_call_output", "call_id": "x", "output": "o"}]
    assert as_chat([HELLO, *items])["messages"] == [HELLO]
