"""How many tokens a request has, where no provider counts them: an estimate."""

from collections.abc import Mapping
from math import ceil

import orjson

from ai_engine.wire.json_types import JsonMapping
from ai_engine.wire.openai_usage import CHARACTERS_PER_TOKEN, characters_in

_TOKENS_PER_IMAGE = 1600
"""As much as one takes at most: larger ones are made smaller
(https://platform.claude.com/docs/en/build-with-claude/vision#calculate-image-costs, read 2026-11-28)."""
_TOKENS_PER_PAGE = 2500
"""Of a PDF: 1,500 to 3,000 for its text, and its picture
(https://platform.claude.com/docs/en/build-with-claude/pdf-support#estimate-your-costs, read 2026-11-28)."""
_CHARACTERS_PER_PAGE = 100_000
"""Of a PDF in base64; ours: some 75 kB a page, between a page of text and one that was scanned."""
_TOKENS_PER_MESSAGE = 4
"""Who speaks, and where a turn begins and ends."""


def estimate(body: JsonMapping) -> int:
    """The tokens of a request's input, never 0.

    A token for every four characters of text, of tools' definitions and inputs; for an image what one takes at most; for a PDF
    2,500 for every 100,000 characters of base64, and as one page where only its address is known; four for every turn. What
    an encrypted thought takes nobody can know, and it counts for nothing.
    """
    characters, tokens = characters_in(body.get("system")), 0
    tools = body.get("tools")
    if tools:
        try:
            characters += len(orjson.dumps(tools))
        except orjson.JSONEncodeError:  # nested too deeply; who is asked will say so
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
    """The characters of text in a block, and the tokens of what is no text."""
    kind = block.get("type")
    if kind == "text":
        text = block.get("text")
        return (len(text), 0) if isinstance(text, str) else (0, 0)
    if kind == "image":
        return 0, _TOKENS_PER_IMAGE
    if kind == "document":
        return _of_document(block)
    if kind == "tool_result" and isinstance(block.get("content"), list):
        inner = [_of(part) for part in block["content"] if isinstance(part, Mapping)]
        return sum(characters for characters, _ in inner), sum(tokens for _, tokens in inner)
    return characters_in(block), 0


def _of_document(block: JsonMapping) -> tuple[int, int]:
    source = block.get("source")
    source = source if isinstance(source, Mapping) else {}
    about = characters_in([block.get("title"), block.get("context")])
    kind, data = source.get("type"), source.get("data")
    size = len(data) if isinstance(data, str) else 0
    if kind == "text":
        return about + size, 0
    if kind == "content":
        content = source.get("content")
        if isinstance(content, list):
            return _of({"type": "tool_result", "content": content})
        return about + characters_in(content), 0
    return about, max(1, ceil(size / _CHARACTERS_PER_PAGE)) * _TOKENS_PER_PAGE
