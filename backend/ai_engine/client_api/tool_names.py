"""Names of tools that are too long for other protocols: Anthropic takes 128 characters, OpenAI and Gemini take 64."""

import hashlib
from collections.abc import Mapping

from ai_engine.wire.json_types import JsonMapping

_LONGEST = 64
"""https://platform.openai.com/docs/api-reference/chat/create and
https://cloud.google.com/vertex-ai/generative-ai/docs/reference/nodejs/1.1.0/vertexai/functiondeclaration (read 2026-11-28). Names
that agents make of a server's name and a tool's (`mcp__…__…`) are often longer."""


def shortened(name: str) -> str:
    """The same name always becomes the same one; two become one as rarely as two hashes of 48 bits are equal."""
    if len(name) <= _LONGEST:
        return name
    return f"{name[: _LONGEST - 13]}_{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def originals(body: JsonMapping) -> Mapping[str, str]:
    """By the shortened name, those names of a Messages request's tools that had to be. The request was translated before."""
    return {
        shortened(tool["name"]): tool["name"]
        for tool in body.get("tools") or ()
        if isinstance(tool.get("name"), str) and len(tool["name"]) > _LONGEST
    }
