"""What becomes of each parameter and content part at each protocol, found out by encoding requests with and without it.

    python -m tests.providers.parameter_table

writes `docs/parameters.md`. A test fails when the two differ.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from ai_engine.client_api.responses.translation import ResponsesTranslation
from ai_engine.errors import InvalidRequest, UnsupportedByProvider
from ai_engine.names import Operation
from ai_engine.providers.adapter import Adapter
from ai_engine.providers.anthropic.adapter import AnthropicMessages
from ai_engine.providers.bedrock.adapter import Bedrock
from ai_engine.providers.cloud_credentials import CloudCredentials, InForce
from ai_engine.providers.cohere.adapter import Cohere
from ai_engine.providers.gemini.adapter import Gemini
from ai_engine.providers.openai.adapter import OpenAICompatible
from ai_engine.providers.registry.definition import ProviderDefinition, WireProtocol
from ai_engine.wire.hints import DroppedHints, dropping_hints
from ai_engine.wire.json_types import Json, JsonMapping
from tests.builders import provider
from tests.fakes.clock import HandTurnedClock

PAGE = Path(__file__).parents[3] / "docs" / "parameters.md"
SENT, DROPPED, REFUSED, BY_US = "sent", "dropped", "refused", "by the gateway"
_CLOCK = HandTurnedClock()
_PNG = "data:image/png;base64,iVBORw0KGgo="
_PDF = "data:application/pdf;base64,JVBERi0="
_WAV: Json = {"data": "UklGRg==", "format": "wav"}
_HI: Json = {"role": "user", "content": "hi"}
_FUNCTION: Json = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
_CALL: Json = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
_SCHEMA: Json = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
_ITEM: Json = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}
_TOOL: Json = {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}


class Protocol(NamedTuple):
    """One column."""

    adapter: Adapter
    row: ProviderDefinition
    model: str


def _row(protocol: WireProtocol, **fields: Any) -> ProviderDefinition:
    return provider(str(protocol), protocol=protocol, base_url="https://upstream.test/v1", **fields)


PROTOCOLS: Mapping[str, Protocol] = {
    "OpenAI-compatible": Protocol(OpenAICompatible(), _row(WireProtocol.OPENAI), "gpt-4o"),
    "Anthropic": Protocol(AnthropicMessages(_CLOCK), _row(WireProtocol.ANTHROPIC), "claude-sonnet-4-5"),
    "Gemini": Protocol(Gemini(_CLOCK), _row(WireProtocol.GEMINI), "gemini-3-flash-preview"),
    "Cohere": Protocol(Cohere(_CLOCK), _row(WireProtocol.COHERE), "command-a-03-2025"),
    "Bedrock": Protocol(
        Bedrock(_CLOCK, CloudCredentials(aws=InForce(None))),
        _row(WireProtocol.BEDROCK, region="us-east-1"),
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    ),
}

_IN_A_TOOL_LOOP: Json = {"tools": [_FUNCTION]}
CHAT: Mapping[str, tuple[Json, Json]] = {
    # By its path: what else is in the request, and the request with it.
    **{
        name: ({}, {name: value})
        for name, value in {
            "temperature": 0.5,
            "top_p": 0.5,
            "top_k": 5,
            "max_tokens": 9,
            "max_completion_tokens": 9,
            "stop": ["END"],
            "n": 2,
            "seed": 7,
            "presence_penalty": 0.5,
            "frequency_penalty": 0.5,
            "logit_bias": {"1": 2},
            "logprobs": True,
            "reasoning_effort": "low",
            "verbosity": "low",
            "prediction": {"type": "content", "content": "x"},
            "service_tier": "flex",
            "store": True,
            "metadata": {"a": "b"},
            "user": "u",
            "safety_identifier": "s",
            "prompt_cache_key": "k",
            "prompt_cache_retention": "24h",
            "cache_control": {"type": "ephemeral"},
            "modalities": ["text", "audio"],
            "audio": {"voice": "alloy", "format": "wav"},
            "web_search_options": {"search_context_size": "medium"},
            "functions": [{"name": "f"}],
            "a field of no documentation": 1,
        }.items()
    },
    "top_logprobs": ({"logprobs": True}, {"top_logprobs": 2}),
    "response_format: json_object": ({}, {"response_format": {"type": "json_object"}}),
    "response_format: json_schema": (
        {},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": _SCHEMA, "strict": True}}},
    ),
    "tools: function": ({}, {"tools": [_FUNCTION]}),
    "tools: custom": ({}, {"tools": [{"type": "custom", "custom": {"name": "c"}}]}),
    "tools: hosted, beside a function": ({"tools": [_FUNCTION]}, {"tools": [_FUNCTION, {"type": "web_search"}]}),
    "tools: hosted, alone": ({}, {"tools": [{"type": "web_search"}]}),
    "tools[].cache_control": ({"tools": [_FUNCTION]}, {"tools": [{**_FUNCTION, "cache_control": {"type": "ephemeral"}}]}),
    "tools[].function.strict": (
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": _SCHEMA}}]},
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": _SCHEMA, "strict": True}}]},
    ),
    "tool_choice: required": (_IN_A_TOOL_LOOP, {"tool_choice": "required"}),
    "tool_choice: none": (_IN_A_TOOL_LOOP, {"tool_choice": "none"}),
    "tool_choice: a function": (_IN_A_TOOL_LOOP, {"tool_choice": {"type": "function", "function": {"name": "f"}}}),
    "tool_choice: allowed_tools": (
        {"tools": [_FUNCTION, {"type": "function", "function": {"name": "g"}}]},
        {
            "tool_choice": {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "f"}}]},
            }
        },
    ),
    "parallel_tool_calls: false": (_IN_A_TOOL_LOOP, {"parallel_tool_calls": False}),
    **{
        f"messages: {title}": ({}, {"messages": messages})
        for title, messages in {
            "system": [{"role": "system", "content": "s"}, _HI],
            "developer": [{"role": "developer", "content": "s"}, _HI],
            "an image": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": _PNG}}]}],
            "audio": [
                {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}]}
            ],
            "a file": [{"role": "user", "content": [{"type": "file", "file": {"file_data": _PDF, "filename": "a.pdf"}}]}],
            "an unknown part of a user's": [{"role": "user", "content": [{"type": "hologram"}]}],
        }.items()
    },
    **{
        f"messages[].{title}": ({"messages": without}, {"messages": given})
        for title, without, given in (
            ("name", [_HI], [{**_HI, "name": "ada"}]),
            ("cache_control", [_HI], [{**_HI, "cache_control": {"type": "ephemeral"}}]),
            (
                "content[].cache_control",
                [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
                [{"role": "user", "content": [{"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}]}],
            ),
            *(
                (
                    f"{name} of an assistant's",
                    [_HI, {"role": "assistant", "content": "a"}, _HI],
                    [_HI, {"role": "assistant", "content": "a", name: value}, _HI],
                )
                for name, value in (("parsed", {"a": 1}), ("annotations", []), ("refusal", None), ("audio", {"id": "a"}))
            ),
        )
    },
    "messages: calls and results": (
        _IN_A_TOOL_LOOP,
        {
            "messages": [
                _HI,
                {"role": "assistant", "content": None, "tool_calls": [_CALL]},
                {"role": "tool", "tool_call_id": "c1", "content": "r"},
            ]
        },
    ),
}
RESPONSES: Mapping[str, tuple[Json, Json]] = {
    **{
        name: ({}, {name: value})
        for name, value in {
            "instructions": "s",
            "max_output_tokens": 9,
            "temperature": 0.5,
            "top_p": 0.5,
            "top_logprobs": 2,
            "reasoning": {"effort": "low", "summary": "auto"},
            "service_tier": "flex",
            "metadata": {"a": "b"},
            "user": "u",
            "safety_identifier": "s",
            "prompt_cache_key": "k",
            "prompt_cache_retention": "24h",
            "truncation": "auto",
            "max_tool_calls": 3,
            "store": False,
            "include": ["reasoning.encrypted_content"],
            "conversation": "conv_1",
            "prompt": {"id": "pmpt_1"},
            "a field of no documentation": 1,
        }.items()
    },
    "text.verbosity": ({}, {"text": {"verbosity": "low"}}),
    "text.format: json_object": ({}, {"text": {"format": {"type": "json_object"}}}),
    "text.format: json_schema": ({}, {"text": {"format": {"type": "json_schema", "name": "a", "schema": _SCHEMA}}}),
    "tools: function": ({}, {"tools": [_TOOL]}),
    "tools: custom": ({}, {"tools": [{"type": "custom", "name": "c"}]}),
    "tools: hosted, beside a function": ({"tools": [_TOOL]}, {"tools": [_TOOL, {"type": "web_search"}]}),
    "tools: hosted, alone": ({}, {"tools": [{"type": "web_search"}]}),
    "tool_choice: required": ({"tools": [_TOOL]}, {"tool_choice": "required"}),
    "tool_choice: a function": ({"tools": [_TOOL]}, {"tool_choice": {"type": "function", "name": "f"}}),
    "parallel_tool_calls: false": ({"tools": [_TOOL]}, {"parallel_tool_calls": False}),
    **{
        f"input: {title}": ({}, {"input": [{"type": "message", "role": "user", "content": [part]}]})
        for title, part in {
            "an image": {"type": "input_image", "image_url": _PNG},
            "a file": {"type": "input_file", "file_data": _PDF, "filename": "a.pdf"},
        }.items()
    },
    "input: calls and results": (
        {"tools": [_TOOL]},
        {
            "input": [
                _ITEM,
                {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "c1", "output": "r"},
            ]
        },
    ),
    "input: a web search of the model's": (
        {},
        {"input": [_ITEM, {"type": "web_search_call", "id": "ws_1", "status": "completed"}, _ITEM]},
    ),
    "input: reasoning": ({}, {"input": [_ITEM, {"type": "reasoning", "id": "rs_1", "summary": []}, _ITEM]}),
}


def _encoded(protocol: Protocol, operation: Operation, body: JsonMapping, dropped: DroppedHints) -> Any:
    adapter, row, model = protocol
    if operation is Operation.RESPONSES:
        translation = ResponsesTranslation(body, response_id="resp_1", clock=_CLOCK)
        chat = dropping_hints(operation, body, dropped, lambda fewer: translation.chat_request(fewer, dropped))
        _, body = dropping_hints(
            Operation.CHAT, chat, dropped, lambda chat: list(adapter.chat_requests(chat, row, model, dropped))[-1]
        )
    request = dropping_hints(
        Operation.CHAT,
        body,
        dropped,
        lambda fewer: adapter.encode(Operation.CHAT, fewer, row, model, row.keys[0], ask_usage=False),
    )
    return orjson.loads(request.body)


def outcome(protocol: Protocol, operation: Operation, around: Json, given: Json) -> str:
    """What becomes of `given` in a request that has `around` besides."""
    base: Json = {"model": "m", **({"messages": [_HI]} if operation is Operation.CHAT else {"input": "hi"})}
    dropped = DroppedHints()
    try:
        sent = _encoded(protocol, operation, {**base, **around, **given}, dropped)
    except UnsupportedByProvider as error:
        return f"{REFUSED}: `{error.param}`"
    except InvalidRequest as error:
        raise AssertionError(f"{given} is a valid request, and yet: {error.message}") from error
    if dropped.paths:
        return DROPPED
    return SENT if sent != _encoded(protocol, operation, {**base, **around}, DroppedHints()) else BY_US


def page() -> str:
    lines = [
        "# Parameters at each protocol",
        "",
        "What becomes of each documented parameter and content part of OpenAI's chat completions and responses where a",
        "request is translated. A test encodes each of these requests with and without the parameter; `make parameters`",
        "writes this page.",
        "",
        f"**{SENT}**: the provider gets it, in its own form. **{DROPPED}**: it is a hint that the protocol lacks; the answer's",
        f"`x-ai-engine-dropped` names it. **{BY_US}**: the gateway implements it itself, or it asks for nothing of the provider.",
        f"**{REFUSED}**: the provider is not asked; where no other can be, the answer is 400 `unsupported_by_provider` with this",
        "field. Some models of a protocol lack more (`docs/protocols.md`): the columns are those of one model each.",
    ]
    for title, operation, rows in (
        ("Chat completions", Operation.CHAT, CHAT),
        ("Responses", Operation.RESPONSES, RESPONSES),
    ):
        lines += ["", f"## {title}", "", f"| | {' | '.join(PROTOCOLS)} |", "| --- " * (len(PROTOCOLS) + 1) + "|"]
        for name, (around, given) in rows.items():
            cells = [outcome(protocol, operation, around, given) for protocol in PROTOCOLS.values()]
            field, colon, rest = name.partition(": ")
            shown = (name if " " in field else f"`{field}`") + (f": {rest}" if colon and " " not in field else "")
            lines.append(f"| {shown} | {' | '.join(cells)} |")
    columns = " | ".join(f"{name}: `{protocol.model}`" for name, protocol in PROTOCOLS.items())
    return "\n".join([*lines, "", f"Models: {columns.replace(' | ', ', ')}.", ""])


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
