"""Shortens names of tools: Anthropic allows 128 characters, OpenAI and Gemini 64."""

import hashlib
from collections.abc import Mapping

from ai_engine.wire.json_types import JsonMapping

_LONGEST = 64
"""https://platform.openai.com/docs/api-reference/chat/create and
https://cloud.google.com/vertex-ai/generative-ai/docs/reference/nodejs/1.1.0/vertexai/functiondeclaration (read 2026-11-28). Names
with an MCP server's name (`mcp__…__…`) are often longer."""


def shortened(name: str) -> str:
    """Deterministic. Two names collide only if their hashes of 48 bits do."""
    if len(name) <= _LONGEST:
        return name
    return f"{name[: _LONGEST - 13]}_{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def originals(body: JsonMapping) -> Mapping[str, str]:
    """The long tool names of a translated Messages request, by their shortened names."""
    return {
        shortened(tool["name"]): tool["name"]
        for tool in body.get("tools") or ()
        if isinstance(tool.get("name"), str) and len(tool["name"]) > _LONGEST
    }
