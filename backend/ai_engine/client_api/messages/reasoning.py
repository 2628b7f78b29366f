"""Reasoning of any model as Anthropic's thinking blocks, and back.

`thinking` and `redacted_thinking` blocks are opaque to clients, which send them back unchanged
(https://platform.claude.com/docs/en/build-with-claude/extended-thinking, read 2026-11-28). Anthropic's signatures stay unchanged.
Others (Gemini's thought signatures, OpenAI's encrypted reasoning) are wrapped in text that begins with `PREFIX`; the next request
restores the same `reasoning_details`. Unsigned reasoning has the bare `PREFIX` as its signature and comes back as text
(`reasoning_content`), for models that need it between tool calls; where it is not shown, it is wrapped beside the calls.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum, auto
from typing import Any, NamedTuple

from ai_engine.wire import exact_json
from ai_engine.wire.anthropic import REASONING_FORMAT
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.tolerant import objects_in, string_in

PREFIX = "ai-engine.1."
"""Distinct from Anthropic's signatures, which are base64 without a dot."""

_UNSIGNED = "unknown"
"""The `format` of unsigned reasoning."""


class Showing(Enum):
    """Which reasoning the client requested."""

    SHOWN = auto()
    """Thinking."""
    OMITTED = auto()
    """`display: omitted`: signatures only."""
    NOT_REQUESTED = auto()
    """Many such clients read `content[0].text` as the answer, so only what the next turn of a tool loop needs is sent, beside the
    calls."""


class Thought(NamedTuple):
    """One piece of reasoning: text, or a whole block."""

    key: object
    """Pieces with the same key belong together."""
    text: str
    signature: str | None = None
    """With the last piece of a text."""
    block: Json | None = None
    is_needed: bool = False
    """The next turn needs its signature, even without the text."""


def showing(thinking: object) -> Showing:
    """By the request's `thinking`, which is already checked."""
    if not isinstance(thinking, Mapping) or thinking.get("type") == "disabled":
        return Showing.NOT_REQUESTED
    return Showing.OMITTED if thinking.get("display") == "omitted" else Showing.SHOWN


def is_ours(signature: object) -> bool:
    """Whether this signature, data or index was made here, and Anthropic cannot read it."""
    return isinstance(signature, str) and signature.startswith(PREFIX)


def thoughts(message: JsonMapping) -> Iterator[Thought]:
    """The reasoning of a chat message or delta, in order.

    `reasoning_content` (`reasoning` at some servers) repeats the texts of `reasoning_details` where there are any.
    """
    details = message.get("reasoning_details")
    pieces = [_thought(detail) for detail in objects_in(message, "reasoning_details")] if details else []
    text = message.get("reasoning_content") or message.get("reasoning")
    if text and isinstance(text, str) and not any(piece.text for piece in pieces):
        yield Thought(None, text)
    yield from pieces


def _thought(detail: JsonMapping) -> Thought:
    kind, key = detail.get("type"), detail.get("index")
    is_anthropic = detail.get("format") == REASONING_FORMAT
    if kind == "reasoning.text":
        signature = string_in(detail, "signature")
        if signature and not is_anthropic:
            signature = wrapped({field: value for field, value in detail.items() if field != "text"})
        return Thought((key, kind), string_in(detail, "text"), signature or None, is_needed=bool(signature))
    if kind == "reasoning.summary":
        rest = {field: value for field, value in detail.items() if field != "summary"}
        return Thought((key, kind), string_in(detail, "summary"), wrapped(rest))
    if not is_anthropic:
        return Thought(None, "", None, redacted(wrapped(detail)))
    data = string_in(detail, "data")
    return Thought(None, "", None, redacted(data) if data else None)


def thinking(text: str, signature: str | None) -> Json:
    """A `thinking` block."""
    return {"type": "thinking", "thinking": text, "signature": signature or PREFIX}


def redacted(data: str) -> Json:
    """A `redacted_thinking` block."""
    return {"type": "redacted_thinking", "data": data}


def wrapped(detail: JsonMapping) -> str:
    """A detail as opaque text for the client to send back."""
    return PREFIX + base64.urlsafe_b64encode(exact_json.dumps(detail)).decode("ascii")


def detail_of(block: JsonMapping, index: int) -> Json | None:
    """The detail of a client's `thinking` or `redacted_thinking` block; `None` where it is unsigned or damaged.

    `index` is its position in the turn.
    """
    if block.get("type") == "redacted_thinking":
        data = block.get("data")
        if is_ours(data):
            return _unwrapped(data, index)
        return {"type": "reasoning.encrypted", "data": data, "format": REASONING_FORMAT, "index": index}
    text, signature = block.get("thinking"), block.get("signature")
    if not is_ours(signature):
        if not signature:
            return None
        return {"type": "reasoning.text", "text": text, "signature": signature, "format": REASONING_FORMAT, "index": index}
    detail = _unwrapped(signature, index)
    if detail is not None and (text or not _is_hidden(detail)):
        detail["summary" if detail["type"] == "reasoning.summary" else "text"] = text
    return detail


def hidden(text: str) -> Json:
    """Unsigned reasoning as a block without visible text."""
    return thinking("", wrapped({"type": "reasoning.text", "text": text, "format": _UNSIGNED}))


def _is_hidden(detail: JsonMapping) -> bool:
    return detail.get("format") == _UNSIGNED and not detail.get("signature")


def unsigned_text(message: JsonMapping) -> str:
    """All unsigned reasoning of a message or delta."""
    return "".join(piece.text for piece in thoughts(message) if piece.block is None and piece.signature is None)


def text_of(block: JsonMapping, detail: JsonMapping | None) -> str:
    """The text of a `thinking` block, visible or hidden; `detail` is its detail (`detail_of`)."""
    return string_in(block, "thinking") or string_in(detail, "text")


def _unwrapped(text: Any, index: int) -> Json | None:
    try:
        detail = exact_json.loads(base64.urlsafe_b64decode(text[len(PREFIX) :]))
    except (ValueError, binascii.Error):
        return None
    if not isinstance(detail, dict) or not isinstance(detail.get("type"), str):
        return None
    detail["index"] = index
    return detail


def blocks(message: JsonMapping, shown: Showing) -> Sequence[Json]:
    """A whole message's reasoning as blocks. If it is not shown, only the blocks that the next turn may need."""
    made: list[Json] = []
    last: object = blocks
    for piece in thoughts(message):
        if piece.block is not None:
            made.append(piece.block)
            last = blocks
            continue
        text = piece.text if shown is Showing.SHOWN else ""
        if not text and not piece.is_needed:
            continue
        if piece.key == last:
            made[-1]["thinking"] += text
            made[-1]["signature"] = piece.signature or made[-1]["signature"]
        else:
            made.append(thinking(text, piece.signature))
            last = piece.key
    return made
