"""The rules that providers publish for the shape of a request, as checks: each gives the rules that a request breaks.

Sources (read 2026-11-30): https://platform.claude.com/docs/en/api/messages, .../build-with-claude/structured-outputs and
.../extended-thinking · https://ai.google.dev/api/generate-content and .../gemini-api/docs/function-calling, image-understanding ·
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html · https://docs.cohere.com/reference/chat and
.../docs/structured-outputs; and the words of these APIs' refusals in public reports.
"""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Any

from ai_engine.wire.json_types import Json

IMAGES = {"image/jpeg", "image/png", "image/webp"}
THOUGHTS = ("thinking", "redacted_thinking")


def broken_by_anthropic(request: Json, *, has_prefill: bool = True) -> list[str]:
    return list(_anthropic(request, has_prefill=has_prefill))


def broken_by_gemini(request: Json) -> list[str]:
    return list(_gemini(request))


def broken_by_bedrock(request: Json) -> list[str]:
    return list(_bedrock(request))


def broken_by_cohere(request: Json) -> list[str]:
    return list(_cohere(request))


def _blank(text: Any) -> bool:
    return not isinstance(text, str) or not text.strip()


def _no_two_in_a_row(turns: list[Json]) -> Iterator[str]:
    if any(one["role"] == other["role"] for one, other in pairwise(turns)):
        yield "roles alternate"


# Anthropic


def _anthropic(request: Json, *, has_prefill: bool) -> Iterator[str]:
    turns = request["messages"]
    if not turns or turns[0]["role"] != "user":
        yield "the first turn is the user's"
        return
    yield from _no_two_in_a_row([turn for turn in turns if turn["role"] != "system"])
    yield from _anthropic_blocks([*request.get("system", []), *(block for turn in turns for block in turn["content"])])
    for turn, following in zip(turns, [*turns[1:], {"content": []}], strict=True):
        yield from _anthropic_turn(turn, following)
    yield from _anthropic_end(request, has_prefill=has_prefill)
    yield from _anthropic_schemas(request)


def _anthropic_blocks(blocks: list[Json]) -> Iterator[str]:
    inner = [part for block in blocks if isinstance(block.get("content"), list) for part in block["content"]]
    if any(block["type"] == "text" and _blank(block["text"]) for block in blocks + inner):
        yield "text is not blank"
    if any(block.get("content") in ("", []) for block in blocks):
        yield "content is not empty"
    sources = [block["source"] for block in blocks + inner if block["type"] == "image"]
    if any(source["type"] == "base64" and source["media_type"] not in IMAGES | {"image/gif"} for source in sources):
        yield "images are JPEG, PNG, GIF or WebP"
    calls = [block["id"] for block in blocks if block["type"] == "tool_use"]
    if len(set(calls)) < len(calls):
        yield "ids of calls are unique"


def _anthropic_turn(turn: Json, following: Json) -> Iterator[str]:
    if not turn["content"]:
        yield "content is not empty"
        return
    if turn["role"] == "system" and following.get("role", "assistant") != "assistant":
        yield "instructions are before an answer"
    calls = [block["id"] for block in turn["content"] if block["type"] == "tool_use"]
    results = [block["tool_use_id"] for block in following["content"] if block["type"] == "tool_result"]
    if sorted(calls) != sorted(results):
        yield "each call has one result in the next turn"
    if any(block["type"] == "tool_result" for block in following["content"][len(results) :]):
        yield "results come first"
    if turn["content"][-1]["type"] in THOUGHTS:
        yield "a turn does not end with thinking"


def _anthropic_end(request: Json, *, has_prefill: bool) -> Iterator[str]:
    is_enabled = request.get("thinking", {}).get("type") == "enabled"
    last = request["messages"][-1]
    if last["role"] == "assistant":
        if not has_prefill or is_enabled:
            yield "the last turn is not the assistant's"
        if last["content"][-1]["text"] != last["content"][-1]["text"].rstrip() or last["content"][0]["type"] in THOUGHTS:
            yield "an answer that has begun has no blank at its end and no thinking"
    elif is_enabled and any(block["type"] == "tool_result" for block in last["content"]):
        answer = [turn for turn in request["messages"] if turn["role"] == "assistant"][-1]
        if answer["content"][0]["type"] not in THOUGHTS:
            yield "with a budget, a turn begins with thinking"


def _anthropic_schemas(request: Json) -> Iterator[str]:
    form = request.get("output_config", {}).get("format")
    schemas = [form["schema"]] if form else []
    schemas += [tool["input_schema"] for tool in request.get("tools", []) if tool.get("strict")]
    for schema in schemas:
        yield from closed_schema(schema)


def closed_schema(schema: Json) -> Iterator[str]:
    """Structured outputs of Anthropic and Bedrock."""
    known = {"type", "title", "description", "enum", "const", "anyOf", "properties", "required", "additionalProperties"}
    for part in _parts(schema):
        if set(part) - known - {"items", "minItems", "format", "$ref", "$defs"}:
            yield f"keywords are supported: {sorted(part)}"
        if "object" in _types(part) and part.get("additionalProperties") is not False:
            yield "objects are closed"
        if part.get("minItems", 0) not in (0, 1):
            yield "minItems is 0 or 1"
        if not part.keys() & {"type", "$ref", "enum", "const", "anyOf"}:
            yield "a schema says its type"
    yield from _sound_schema(schema)
    uses = {name: {_name(part) for part in _parts(given) if "$ref" in part} for name, given in schema.get("$defs", {}).items()}
    try:
        TopologicalSorter(uses).prepare()
    except CycleError:
        yield "nothing refers to itself"


def _sound_schema(schema: Json) -> Iterator[str]:
    for part in _parts(schema):
        if "$ref" in part and set(part) - {"$ref", "$defs"}:
            yield "nothing is beside a reference"
        if "$ref" in part and _name(part) not in schema["$defs"]:
            yield "references have a target"
        if any(name not in part.get("properties", {}) for name in part.get("required", [])):
            yield "required properties exist"


def _types(part: Json) -> list[str]:
    kinds = part.get("type", [])
    return [kinds] if isinstance(kinds, str) else kinds


def _name(part: Json) -> str:
    reference: str = part["$ref"]
    return reference.removeprefix("#/$defs/").replace("~1", "/").replace("~0", "~")


def _parts(schema: Json) -> Iterator[Json]:
    """All schemas within one, and itself."""
    rest = [schema]
    while rest:
        part = rest.pop()
        yield part
        for name in ("properties", "$defs"):
            rest += part.get(name, {}).values()
        for name in ("anyOf", "oneOf", "prefixItems"):
            rest += part.get(name, [])
        rest += [part[name] for name in ("items", "additionalProperties") if isinstance(part.get(name), dict)]


# Gemini


def _gemini(request: Json) -> Iterator[str]:
    turns = request["contents"]
    if not turns or turns[0]["role"] != "user":
        yield "the first turn is the user's"
        return
    if turns[-1]["role"] != "user":
        yield "the last turn is the user's or a function's response"
    yield from _no_two_in_a_row(turns)
    parts = [part for turn in turns for part in turn["parts"]]
    if any(not turn["parts"] for turn in turns) or any(not part for part in parts):
        yield "content is not empty"
    instruction = request.get("systemInstruction", {"parts": [{"text": "x"}]})["parts"]
    if not instruction or any("text" in part and _blank(part["text"]) for part in parts + instruction):
        yield "text is not blank"
    inner = [each for part in parts for each in part.get("functionResponse", {}).get("parts", [])]
    media = [part["inlineData"]["mimeType"] for part in parts + inner if "inlineData" in part]
    if any(kind.startswith("image/") and kind not in IMAGES | {"image/heic", "image/heif"} for kind in media):
        yield "images are PNG, JPEG, WebP, HEIC or HEIF"
    for turn, following in zip(turns, [*turns[1:], {"parts": []}], strict=True):
        calls = [part["functionCall"] for part in turn["parts"] if "functionCall" in part]
        results = [part["functionResponse"] for part in following["parts"] if "functionResponse" in part]
        if [(call["name"], call.get("id")) for call in calls] != [(result["name"], result.get("id")) for result in results]:
            yield "each call has one response in the next turn"
    config = request.get("generationConfig", {})
    for schema in [config.get("responseJsonSchema"), *_parameters(request)]:
        if schema is not None:
            yield from gemini_schema(schema)


def _parameters(request: Json) -> Iterator[Json | None]:
    for tool in request.get("tools", []):
        for declaration in tool.get("functionDeclarations", []):
            yield declaration.get("parametersJsonSchema")


def gemini_schema(schema: Json) -> Iterator[str]:
    known = {
        "type",
        "title",
        "description",
        "enum",
        "format",
        "minimum",
        "maximum",
        "minItems",
        "maxItems",
        "items",
        "prefixItems",
    }
    known |= {"anyOf", "oneOf", "properties", "additionalProperties", "required", "propertyOrdering", "$ref", "$defs"}
    for part in _parts(schema):
        if set(part) - known:
            yield f"keywords are supported: {sorted(part)}"
        if any(not isinstance(value, str | int | float) or isinstance(value, bool) for value in part.get("enum", [])):
            yield "values are words or numbers"
    yield from _sound_schema(schema)


# Bedrock and Cohere


def _bedrock(request: Json) -> Iterator[str]:
    turns = request["messages"]
    if not turns:
        yield "there is a turn"
        return
    yield from _no_two_in_a_row(turns)
    blocks = [*request.get("system", []), *(block for turn in turns for block in turn["content"])]
    if any("text" in block and _blank(block["text"]) for block in blocks) or any(not turn["content"] for turn in turns):
        yield "text is not blank"
    for turn, following in zip(turns, [*turns[1:], {"content": []}], strict=True):
        calls = [block["toolUse"]["toolUseId"] for block in turn["content"] if "toolUse" in block]
        results = [block["toolResult"]["toolUseId"] for block in following["content"] if "toolResult" in block]
        if sorted(calls) != sorted(results):
            yield "each call has one result in the next turn"


def _cohere(request: Json) -> Iterator[str]:
    turns = request["messages"]
    if not turns:
        yield "there is a message"
    for turn in turns:
        content = turn.get("content")
        texts = content if isinstance(content, list) else [{"type": "text", "text": content}]
        if not turn.get("tool_calls") and any(part["type"] == "text" and _blank(part["text"]) for part in texts):
            yield "text is not blank"
    open_calls: list[str] = []
    for turn in turns:
        if turn["role"] != "tool":
            if open_calls:
                yield "each call has one result, directly after it"
            open_calls = [call["id"] for call in turn.get("tool_calls", [])]
        elif turn["tool_call_id"] in open_calls:
            open_calls.remove(turn["tool_call_id"])
        else:
            yield "each result has a call"
    if open_calls:
        yield "each call has one result, directly after it"
    if "response_format" in request and "tools" in request:
        yield "tools and a format of the answer are not together"
