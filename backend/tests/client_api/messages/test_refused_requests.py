import re

import pytest

from ai_engine.client_api.messages.requests import messages_request
from ai_engine.client_api.steering import Arrival
from ai_engine.errors import InvalidRequest, UnsupportedByProvider
from ai_engine.names import Operation
from ai_engine.wire.hints import DroppedHints, dropping_hints
from ai_engine.wire.json_types import Json
from tests.client_api.messages.message_requests import (
    PIXEL,
    TOOL,
    assistant,
    body,
    chat,
    document,
    parsed,
    text,
    tool_result,
    tool_use,
    translation,
    user,
)

PROMISES: list[tuple[str, Json]] = [
    ("mcp_servers", {"mcp_servers": [{"name": "m"}]}),
    ("max_tokens", {"max_tokens": 0}),
    ("output_config.format.type", {"output_config": {"format": {"type": "grammar"}}}),
    ("tools[0].type", {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}),
    ("tools[1].type", {"tools": [TOOL, {"type": "bash_20250124", "name": "bash"}]}),
    ("messages[0].content[0].source.type", {"messages": [user({"type": "image", "source": {"type": "file", "file_id": "f"}})]}),
    (
        "messages[0].content[0].citations.enabled",
        {"messages": [user(document({"type": "url", "url": "u"}, citations={"enabled": True}))]},
    ),
    ("messages[0].content[1].type", {"messages": [user(text("a"), {"type": "container_upload"})]}),
    ("messages[1]", {"messages": [user(text("a")), assistant(text("{"))]}),
    (
        "messages[0].content[0].transformations.oversized_image",
        {"messages": [user({**PIXEL, "transformations": {"oversized_image": "error"}})]},
    ),
]
HINTS: list[tuple[str, Json]] = [
    ("container", {"container": "c"}),
    ("inference_geo", {"inference_geo": "us"}),
    ("something_new", {"something_new": 1}),
    ("speed", {"speed": "fast"}),
    ("service_tier", {"service_tier": "standard_only"}),
    ("cache_control", {"cache_control": {"type": "ephemeral"}}),
    ("context_management.edits[1].type", {"context_management": {"edits": [{"type": "clear_thinking_x"}, {"type": "compact"}]}}),
    ("context_management.more", {"context_management": {"more": 1}}),
    ("metadata.team", {"metadata": {"team": "x"}}),
    ("output_config.task_budget", {"output_config": {"task_budget": {}}}),
    ("tools[1].type", {"tools": [TOOL, {"type": "web_search_20250305", "name": "web_search"}]}),
    ("tools[0].defer_loading", {"tools": [{**TOOL, "defer_loading": True}]}),
    ("tools[0].eager_input_streaming", {"tools": [{**TOOL, "eager_input_streaming": True}]}),
    ("tools[0].input_examples", {"tools": [{**TOOL, "input_examples": [{}]}]}),
    ("messages[0].content[0].novelty", {"messages": [user(text("a", novelty=1))]}),
    ("messages[1].content[0].type", {"messages": [user(text("a")), assistant({"type": "server_tool_use"}), user(text("b"))]}),
    (
        "messages[1].content[0].caller",
        {"messages": [user(text("a")), assistant({**tool_use(), "caller": {"type": "code_execution"}}), user(tool_result())]},
    ),
]


@pytest.mark.parametrize(("param", "fields"), PROMISES, ids=[param for param, _ in PROMISES])
def test_a_promise_of_anthropic_only_is_unsupported_elsewhere(param: str, fields: Json) -> None:
    request = parsed(**fields)
    assert request.body == body(**fields), "a provider of the API gets it unchanged"
    with pytest.raises(UnsupportedByProvider, match=f"^{re.escape(param)} ") as refused:
        chat(**fields)
    assert refused.value.param == param


@pytest.mark.parametrize(("param", "fields"), HINTS, ids=[param for param, _ in HINTS])
def test_a_hint_of_anthropic_only_is_left_out_elsewhere(param: str, fields: Json) -> None:
    assert parsed(**fields).body == body(**fields), "a provider of the API gets it unchanged"
    asked, dropped = translation(**fields), DroppedHints()
    dropping_hints(Operation.MESSAGES, asked.body, dropped, lambda body: asked.chat_request(body, dropped))
    assert list(dropped.paths) == [re.sub(r"\d+", "", param)]
    strict = DroppedHints(True)
    with pytest.raises(UnsupportedByProvider, match=f"^{re.escape(param)} "):
        dropping_hints(Operation.MESSAGES, asked.body, strict, lambda body: asked.chat_request(body, strict))


MALFORMED: list[tuple[str, Json]] = [
    (
        "messages[2].content[0].content[1].tool_name",
        {"messages": [user(text("a")), assistant(tool_use()), user(tool_result("t1", [text("a"), {"type": "tool_reference"}]))]},
    ),
    ("messages[1].content[0].type", {"messages": [user(text("a")), assistant(PIXEL), user(text("b"))]}),
    ("messages[1].content[0].content", {"messages": [user(text("a")), assistant({"type": "compaction", "content": 7})]}),
    ("thinking.type", {"thinking": {"type": "deep"}}),
    ("thinking", {"thinking": "deep"}),
    ("thinking.budget_tokens", {"thinking": {"type": "enabled", "budget_tokens": "many"}}),
    ("temperature", {"temperature": "hot"}),
    ("top_k", {"top_k": True}),
    ("metadata", {"metadata": "me"}),
    ("metadata.user_id", {"metadata": {"user_id": 5}}),
    ("output_config.effort", {"output_config": {"effort": "huge"}}),
    ("output_config.format.schema", {"output_config": {"format": {"type": "json_schema"}}}),
    ("output_format", {"output_format": "json"}),
    ("context_management", {"context_management": 5}),
    ("tool_choice", {"tools": [TOOL], "tool_choice": "auto"}),
    ("tool_choice.type", {"tools": [TOOL], "tool_choice": {"type": "some"}}),
    ("tool_choice.name", {"tools": [TOOL], "tool_choice": {"type": "tool"}}),
    ("tool_choice", {"tool_choice": {"type": "any"}}),
    ("tools[0].name", {"tools": [{"input_schema": {}}]}),
    ("tools[0].input_schema", {"tools": [{"name": "f"}]}),
    ("system[0].type", {"system": [PIXEL]}),
    ("messages[0].content[0].text", {"messages": [user({"type": "text"})]}),
    ("messages[0].content[0].source", {"messages": [user({"type": "image"})]}),
    ("messages[0].content[0].source.media_type", {"messages": [user({"type": "image", "source": {"type": "base64"}})]}),
    ("messages[0].content[0].type", {"messages": [user(tool_use())]}),
    ("messages[0].content[0].tool_use_id", {"messages": [user(tool_result())]}),
    ("messages[1].content[0].type", {"messages": [user(text("a")), assistant(tool_result()), user(text("b"))]}),
    ("messages[1].content[0].id", {"messages": [user(text("a")), assistant(tool_use()), user(text("b"))]}),
    ("messages[1].content[0].id", {"messages": [user(text("a")), assistant(tool_use())]}),
    (
        "messages[1].content[0].input",
        {"messages": [user(text("a")), assistant({**tool_use(), "input": ["x"]}), user(tool_result())]},
    ),
    (
        "messages[2].content[1].tool_use_id",
        {"messages": [user(text("a")), assistant(tool_use()), user(tool_result(), tool_result())]},
    ),
    (
        "messages[2].content[0].content[0]",
        {"messages": [user(text("a")), assistant(tool_use()), user(tool_result("t1", ["sunny"]))]},
    ),
    ("messages[2].content[0].content", {"messages": [user(text("a")), assistant(tool_use()), user(tool_result("t1", 5))]}),
]


@pytest.mark.parametrize(("param", "fields"), MALFORMED)
def test_a_malformed_field_is_named(param: str, fields: Json) -> None:
    with pytest.raises(InvalidRequest, match=f"^{re.escape(param)} ") as refused:
        chat(**fields)
    assert refused.value.param == param
    assert not isinstance(refused.value, UnsupportedByProvider)


UNUSABLE: list[tuple[str, Json]] = [
    ("max_tokens", {"max_tokens": ...}),
    ("max_tokens", {"max_tokens": "100"}),
    ("max_tokens", {"max_tokens": -1}),
    ("max_tokens", {"max_tokens": True}),
    ("messages", {"messages": ...}),
    ("messages", {"messages": []}),
    ("messages[0]", {"messages": ["hi"]}),
    ("messages[0].role", {"messages": [{"role": "tool", "content": "hi"}]}),
    ("messages[0].role", {"messages": [{"role": ["user"], "content": "hi"}]}),
    ("messages[0].content", {"messages": [{"role": "user"}]}),
    ("messages[0].content", {"messages": [{"role": "user", "content": {"type": "text"}}]}),
    ("messages[0].content[0]", {"messages": [user("hi")]}),
    ("messages[0].content[1].type", {"messages": [user(text("a"), {"text": "b"})]}),
    ("system", {"system": 5}),
    ("system[0]", {"system": ["a"]}),
    ("tools", {"tools": {}}),
    ("tools[0]", {"tools": ["f"]}),
    ("stop_sequences", {"stop_sequences": "END"}),
    ("stop_sequences[0]", {"stop_sequences": [1]}),
    ("stream", {"stream": "yes"}),
    ("model", {"model": ...}),
    ("models", {"models": "tiny"}),
]


@pytest.mark.parametrize(("param", "fields"), UNUSABLE)
def test_what_no_provider_accepts_is_refused_at_once(param: str, fields: Json) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parsed(**fields)
    assert refused.value.param == param


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"null"])
def test_a_body_that_is_no_object_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidRequest):
        messages_request(raw, Arrival("req-1"))
