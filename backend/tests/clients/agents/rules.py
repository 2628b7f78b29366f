"""What OpenAI, Anthropic and Google refuse about a request: their published schemas, and the rules that only their prose has.

Sources (read 2026-11-30): https://platform.openai.com/docs/guides/function-calling,
https://platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use,
https://platform.claude.com/docs/en/build-with-claude/prompt-caching, https://ai.google.dev/gemini-api/docs/function-calling and
https://ai.google.dev/gemini-api/docs/thought-signatures.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from ai_engine.wire.json_types import Json
from tests.contracts.published_specifications import check, specification

CACHE_BREAKPOINTS = 4


def faults(protocol: str, body: Json, headers: Mapping[str, str]) -> Sequence[str]:
    """What this provider would refuse, each with its path; empty for a request that it takes."""
    match protocol:
        case "openai":
            found = [*_against("openai", "CreateChatCompletionRequest", body), *_openai(body)]
        case "anthropic":
            schema = "BetaCreateMessageParams" if "anthropic-beta" in headers else "CreateMessageParams"
            found = [*_against("anthropic", schema, body), *_anthropic(body)]
            if "anthropic-version" not in headers:
                found.append("anthropic-version: header is required")
        case other:
            assert other == "gemini"
            found = [*_against("gemini", "GenerateContentRequest", body), *_gemini(body)]
    return found


def _against(vendor: str, schema: str, body: Json) -> Iterator[str]:
    try:
        check(vendor, schema, body)
    except AssertionError as fault:
        yield str(fault)


def _repeated(names: Sequence[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _openai(body: Json) -> Iterator[str]:
    if not body.get("tools"):
        yield from (f"{name}: only allowed with tools" for name in ("tool_choice", "parallel_tool_calls") if name in body)
    if "stream_options" in body and not body.get("stream"):
        yield "stream_options: only allowed with stream"
    form = body.get("response_format") or {}
    if form.get("type") == "json_schema" and form["json_schema"].get("strict"):
        yield from _open_objects(form["json_schema"]["schema"], "response_format.json_schema.schema", all_required=True)
    yield from _openai_tools(body)
    for index, message in enumerate(body["messages"]):
        yield from (f"messages[{index}]{each}" for each in _openai_message(message))
    yield from _openai_pairs(body["messages"])


def _openai_tools(body: Json) -> Iterator[str]:
    tools = body.get("tools")
    if tools == []:
        yield "tools: empty array"
    for index, tool in enumerate(tools or ()):
        yield from _unknown(tool, {"type", tool.get("type", "function")}, f"tools[{index}]")
        function = tool.get("function", {})
        yield from _unknown(function, {"name", "description", "parameters", "strict"}, f"tools[{index}].function")
        if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", function.get("name", "")):
            yield f"tools[{index}].function.name: does not match the pattern"
        if function.get("parameters", {}).get("type", "object") != "object":
            yield f"tools[{index}].function.parameters.type: must be object"
    yield from (f"tools: {name} is there twice" for name in _repeated([t.get("function", {}).get("name") for t in tools or ()]))


def _openai_message(message: Json) -> Iterator[str]:
    yield from _unknown(message, _openai_fields(message["role"]), "")
    calls = message.get("tool_calls") or []
    if message["role"] == "assistant" and not calls and message.get("content") is None:
        yield ": content or tool_calls is required"
    yield from (f".tool_calls: id {name!r} is there twice" for name in _repeated([call["id"] for call in calls]))
    for call in calls:
        yield from _unknown(call, {"id", "type", "function"}, ".tool_calls")
        yield from _unknown(call["function"], {"name", "arguments"}, ".tool_calls.function")
        if not isinstance(_json(call["function"]["arguments"]), dict):
            yield ".tool_calls.function.arguments: no JSON object"
    for part in message["content"] if isinstance(message.get("content"), list) else ():
        yield from _unknown(part, {"type", part.get("type")}, ".content")


def _openai_pairs(messages: Sequence[Json]) -> Iterator[str]:
    open_calls: set[str] = set()
    for index, message in enumerate(messages):
        if message["role"] == "tool":
            if message.get("tool_call_id") not in open_calls:
                yield f"messages[{index}]: a tool message must follow the message with its tool_calls"
            open_calls.discard(message["tool_call_id"])
            continue
        if open_calls:
            yield f"messages[{index}]: tool_calls without an answer before: {sorted(open_calls)}"
        open_calls = {call["id"] for call in message.get("tool_calls") or ()}
    if open_calls:
        yield f"messages: tool_calls without an answer: {sorted(open_calls)}"


@cache
def _openai_fields(role: str) -> frozenset[str]:
    return frozenset(
        specification("openai")["components"]["schemas"][f"ChatCompletionRequest{role.title()}Message"]["properties"]
    )


def _unknown(value: Json, known: Collection[str | None], at: str) -> Iterator[str]:
    yield from (f"{at}.{name}: unknown field" for name in value if name not in known)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _open_objects(schema: Any, at: str, *, all_required: bool) -> Iterator[str]:
    """Objects that a provider's constrained decoding refuses: open ones, and where wanted, ones with optional fields."""
    if isinstance(schema, list):
        for each in schema:
            yield from _open_objects(each, at, all_required=all_required)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            yield f"{at}: additionalProperties must be false"
        if all_required and set(schema.get("required", ())) != set(schema.get("properties", {})):
            yield f"{at}: every property must be required"
    for name, inner in schema.items():
        yield from _open_objects(inner, f"{at}.{name}", all_required=all_required)


def _anthropic(body: Json) -> Iterator[str]:
    messages = body["messages"]
    if messages[0]["role"] != "user":
        yield "messages[0]: the first message must be a user's"
    if messages[-1]["role"] == "assistant":
        yield "messages: the conversation must end with a user's message"
    if json.dumps(body).count('"cache_control": {') > CACHE_BREAKPOINTS:
        yield f"cache_control: more than {CACHE_BREAKPOINTS} blocks"
    form = (body.get("output_config") or {}).get("format") or {}
    yield from _open_objects(form.get("schema"), "output_config.format.schema", all_required=False)
    yield from _anthropic_sampling(body)
    yield from _anthropic_tools(body)
    yield from _anthropic_messages(messages)


def _anthropic_sampling(body: Json) -> Iterator[str]:
    thinking = body.get("thinking") or {}
    if thinking.get("type") == "enabled" and thinking["budget_tokens"] >= body["max_tokens"]:
        yield "thinking.budget_tokens: must be less than max_tokens"
    if thinking.get("type") in ("enabled", "adaptive"):
        if body.get("temperature", 1) != 1:
            yield "temperature: must be 1 with thinking"
        if (body.get("tool_choice") or {}).get("type") in ("any", "tool"):
            yield "tool_choice: may not force a tool with thinking"
    if "temperature" in body and "top_p" in body:
        yield "temperature: not with top_p"


def _anthropic_messages(messages: Sequence[Json]) -> Iterator[str]:
    seen: list[str] = []
    open_calls: set[str] = set()
    for index, message in enumerate(messages):
        at = f"messages[{index}]"
        blocks = message["content"] if isinstance(message["content"], list) else [{"type": "text", "text": message["content"]}]
        if not blocks:
            yield f"{at}.content: must not be empty"
        yield from (f"{at}: empty text" for block in blocks if block["type"] == "text" and not block["text"].strip())
        results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        if any(block["type"] != "tool_result" for block in blocks[: len(results)]):
            yield f"{at}.content: tool_result blocks must come first"
        if set(results) != open_calls or _repeated(results):
            yield f"{at}: results of {results} after calls of {sorted(open_calls)}"
        calls = [block["id"] for block in blocks if block["type"] == "tool_use"]
        yield from (
            f"{at}: id {name!r} does not match the pattern" for name in calls if not re.fullmatch(r"[a-zA-Z0-9_-]+", name)
        )
        open_calls = set(calls)
        seen += calls
    yield from (f"messages: tool_use id {name!r} is there twice" for name in _repeated(seen))
    if open_calls:
        yield f"messages: calls without a result: {sorted(open_calls)}"


def _anthropic_tools(body: Json) -> Iterator[str]:
    tools = body.get("tools") or []
    yield from (f"tools: {name} is there twice" for name in _repeated([tool["name"] for tool in tools]))
    if tools and all(tool.get("defer_loading") for tool in tools):
        yield "tools: at least one must not have defer_loading"
    for tool in tools:
        schema = tool.get("input_schema", {"type": "object"})
        if schema.get("type") != "object":
            yield f"tools.{tool['name']}.input_schema.type: must be object"
        yield from (
            f"tools.{tool['name']}.input_schema: {word} at the top" for word in ("oneOf", "anyOf", "allOf") if word in schema
        )
        if not re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", tool["name"]):
            yield f"tools.{tool['name']}: does not match the pattern"


def _gemini(body: Json) -> Iterator[str]:
    contents = body["contents"]
    declared = [each for tool in body.get("tools", ()) for each in tool.get("functionDeclarations", ())]
    yield from (f"tools: {name} is there twice" for name in _repeated([each["name"] for each in declared]))
    yield from (f"tools: name {e['name']!r}" for e in declared if not re.fullmatch(r"[a-zA-Z_][\w.:-]{0,127}", e["name"]))
    if contents[0].get("role") != "user":
        yield "contents[0]: must be a user's"
    before: list[str] = []
    for index, content in enumerate(contents):
        at, parts = f"contents[{index}]", content.get("parts") or []
        if not parts:
            yield f"{at}.parts: must not be empty"
        yield from (f"{at}.parts: empty text" for part in parts if part.get("text") == "")
        calls = [part["functionCall"]["name"] for part in parts if "functionCall" in part]
        results = [part["functionResponse"]["name"] for part in parts if "functionResponse" in part]
        if calls and (content["role"] != "model" or contents[index - 1]["role"] == "model"):
            yield f"{at}: a function call must come right after a user's turn or a function response"
        if sorted(results) != sorted(before):
            yield f"{at}: function responses {results} after calls {before}"
        before = calls
    if before:
        yield f"contents: function calls without a response: {before}"
    yield from _gemini_signatures(contents)


def _gemini_signatures(contents: Sequence[Json]) -> Iterator[str]:
    """Of the current turn, which begins with the last text of the user: the first call of each step must be signed."""
    turn = [
        index for index, each in enumerate(contents) if each["role"] == "user" and any("text" in part for part in each["parts"])
    ]
    for index, content in enumerate(contents[turn[-1] :] if turn else (), turn[-1] if turn else 0):
        calls = [part for part in content["parts"] if "functionCall" in part]
        if calls and not calls[0].get("thoughtSignature"):
            yield f"contents[{index}]: the function call {calls[0]['functionCall']['name']} is missing a thought_signature"
