"""Estimates the tokens of a request, for providers that do not count them."""

from math import ceil

import orjson

from ai_engine.wire import exact_json
from ai_engine.wire.json_types import JsonMapping
from ai_engine.wire.openai_usage import CHARACTERS_PER_TOKEN, characters_in
from ai_engine.wire.tolerant import object_in, objects_in, string_in

_TOKENS_PER_IMAGE = 1600
"""The maximum of one image: larger ones are scaled down
(https://platform.claude.com/docs/en/build-with-claude/vision#calculate-image-costs, read 2026-11-28)."""
_TOKENS_PER_PAGE = 2500
"""Of a PDF: 1,500 to 3,000 for its text, plus its image
(https://platform.claude.com/docs/en/build-with-claude/pdf-support#estimate-your-costs, read 2026-11-28)."""
_CHARACTERS_PER_PAGE = 100_000
"""Of a PDF in base64, the gateway's own estimate: 75 kB a page, between a page of text and a scanned one."""
_TOKENS_PER_MESSAGE = 4
"""The role and the boundaries of a turn."""


def estimate(body: JsonMapping) -> int:
    """The tokens of a request's input, never 0.

    One token for four characters of text, tool definitions and tool inputs; for an image the maximum; for a PDF 2,500 for 100,000
    characters of base64, and one page if only its URL is known; four for each turn. Encrypted thinking counts as 0.
    """
    characters, tokens = characters_in(body.get("system")), 0
    tools = body.get("tools")
    if tools:
        try:
            characters += len(exact_json.dumps(tools))
        except orjson.JSONEncodeError:  # nested too deeply; the provider refuses it
            characters += characters_in(tools)
    for message in body["messages"]:
        tokens += _TOKENS_PER_MESSAGE
        content = message["content"]
        if isinstance(content, str):
            characters += len(content)
            continue
        for block in content:
            more_characters, more_tokens = _of(block)
            characters += more_characters
            tokens += more_tokens
    return max(1, tokens + ceil(characters / CHARACTERS_PER_TOKEN))


def _of(block: JsonMapping) -> tuple[int, int]:
    """The characters of text in a block, and the tokens of its media."""
    kind = block.get("type")
    if kind == "text":
        return len(string_in(block, "text")), 0
    if kind == "image":
        return 0, _TOKENS_PER_IMAGE
    if kind == "document":
        return _of_document(block)
    if kind == "tool_result" and isinstance(block.get("content"), list):
        inner = [_of(part) for part in objects_in(block, "content")]
        return sum(characters for characters, _ in inner), sum(tokens for _, tokens in inner)
    return characters_in(block), 0


def _of_document(block: JsonMapping) -> tuple[int, int]:
    source = object_in(block, "source")
    about = characters_in([block.get("title"), block.get("context")])
    kind, size = source.get("type"), len(string_in(source, "data"))
    if kind == "text":
        return about + size, 0
    if kind == "content":
        content = source.get("content")
        if isinstance(content, list):
            return _of({"type": "tool_result", "content": content})
        return about + characters_in(content), 0
    return about, max(1, ceil(size / _CHARACTERS_PER_PAGE)) * _TOKENS_PER_PAGE
