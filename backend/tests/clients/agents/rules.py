"""What OpenAI, Anthropic and Google refuse about a request: their published schemas, and the rules that only their prose has.

Sources beside those of `published_rules` (read 2026-11-30): https://platform.openai.com/docs/guides/function-calling,
https://platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use,
https://platform.claude.com/docs/en/build-with-claude/prompt-caching and https://ai.google.dev/gemini-api/docs/thought-signatures.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from ai_engine.wire.json_types import Json
from tests.contracts.published_specifications import check, specification
from tests.providers.published_rules import broken_by_anthropic, broken_by_gemini

CACHE_BREAKPOINTS = 4


def faults(protocol: str, body: Json, headers: Mapping[str, str]) -> Sequence[str]:
    """What this provider would refuse; empty for a request that it takes."""
    if protocol == "openai":
        return _against("openai", "CreateChatCompletionRequest", body) or list(_openai(body))
    if protocol == "gemini":
        return _against("gemini", "GenerateContentRequest", body) or [*broken_by_gemini(body), *_gemini(body)]
    if "anthropic-version" not in headers:
        return ["anthropic-version: header is required"]
    schema = "BetaCreateMessageParams" if "anthropic-beta" in headers else "CreateMessageParams"
    return _against("anthropic", schema, body) or [*broken_by_anthropic(_in_blocks(body), has_prefill=False), *_anthropic(body)]


def _against(vendor: str, schema: str, body: Json) -> list[str]:
    try:
        check(vendor, schema, body)
    except AssertionError as fault:
        return [str(fault)]
    return []


def _repeated(names: Sequence[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _openai(body: Json) -> Iterator[str]:
    if not body.get("tools"):
        yield from (f"{name}: only allowed with tools" for name in ("tool_choice", "parallel_tool_calls") if name in body)
    if "stream_options" in body and not body.get("stream"):
        yield "stream_options: only allowed with stream"
    form = body.get("response_format") or {}
    if form.get("type") == "json_schema" and form["json_schema"].get("strict"):
        yield from _open_objects(form["json_schema"]["schema"], "response_format.json_schema.schema")
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


def _open_objects(schema: Any, at: str) -> Iterator[str]:
    """Objects that a strict schema may not have: open ones, and ones with optional properties."""
    if isinstance(schema, list):
        for each in schema:
            yield from _open_objects(each, at)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            yield f"{at}: additionalProperties must be false"
        if set(schema.get("required", ())) != set(schema.get("properties", {})):
            yield f"{at}: every property must be required"
    for name, inner in schema.items():
        yield from _open_objects(inner, f"{at}.{name}")


def _in_blocks(body: Json) -> Json:
    """The same, with each text that stands for content as a block."""
    messages = [{**each, "content": _blocks(each["content"])} for each in body["messages"]]
    return {**body, "messages": messages, "system": _blocks(body.get("system", []))}


def _blocks(content: Any) -> Any:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _anthropic(body: Json) -> Iterator[str]:
    if json.dumps(body).count('"cache_control": {') > CACHE_BREAKPOINTS:
        yield f"cache_control: more than {CACHE_BREAKPOINTS} blocks"
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
    yield from _anthropic_tools(body)


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
    declared = [each for tool in body.get("tools", ()) for each in tool.get("functionDeclarations", ())]
    yield from (f"tools: {name} is there twice" for name in _repeated([each["name"] for each in declared]))
    yield from (f"tools: name {e['name']!r}" for e in declared if not re.fullmatch(r"[a-zA-Z_][\w.:-]{0,127}", e["name"]))
    yield from _gemini_signatures(body["contents"])


def _gemini_signatures(contents: Sequence[Json]) -> Iterator[str]:
    """Of the current turn, which begins with the last text of the user: the first call of each step must be signed."""
    turn = [
        index for index, each in enumerate(contents) if each["role"] == "user" and any("text" in part for part in each["parts"])
    ]
    for index, content in enumerate(contents[turn[-1] :] if turn else (), turn[-1] if turn else 0):
        calls = [part for part in content["parts"] if "functionCall" in part]
        if calls and not calls[0].get("thoughtSignature"):
            yield f"contents[{index}]: the function call {calls[0]['functionCall']['name']} is missing a thought_signature"
