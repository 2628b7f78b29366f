"""Reasoning of any model as Anthropic's thinking blocks, and back: what only its maker can read travels wrapped and comes home.

`thinking` and `redacted_thinking` blocks are opaque to clients, who send them back as they came
(https://platform.claude.com/docs/en/build-with-claude/extended-thinking, read 2026-11-28). Anthropic's own signatures pass as
they are. Anybody else's (Gemini's thought signatures, OpenAI's encrypted reasoning) travel wrapped, in text that begins with
`PREFIX`: the next request gives them back as the same `reasoning_details`. Reasoning that nobody signed is shown with the bare
`PREFIX` as its signature, and comes back as text alone (`reasoning_content`), for those whose models want it in a round of tools;
where it is not shown, it travels wrapped beside the tools' calls.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum, auto
from typing import Any, NamedTuple

import orjson

from ai_engine.wire.anthropic import REASONING_FORMAT
from ai_engine.wire.json_types import Json, JsonMapping

PREFIX = "ai-engine.1."
"""No signature of Anthropic's has a dot: theirs are base64."""

_UNSIGNED = "unknown"
"""The `format` of thoughts that nobody signed."""


class Showing(Enum):
    """What the client wants to see of the model's thoughts."""

    SHOWN = auto()
    """It asked for thinking."""
    OMITTED = auto()
    """`display: omitted`: the signatures alone."""
    UNASKED = auto()
    """It did not ask. Many such clients take `content[0].text` for the answer: nothing may stand there that is not needed. Only
    what the next turn of a tool loop depends on goes out, beside the tools' calls."""


class Thought(NamedTuple):
    """One piece of reasoning: text to show, or a block that is whole."""

    key: object
    """Pieces with the same one belong together."""
    text: str
    signature: str | None = None
    """With the last piece of a text."""
    block: Json | None = None
    is_needed: bool = False
    """Its signature means something to the next turn, without the text as well."""


def showing(thinking: object) -> Showing:
    """By the request's `thinking`. It was checked."""
    if not isinstance(thinking, Mapping) or thinking.get("type") == "disabled":
        return Showing.UNASKED
    return Showing.OMITTED if thinking.get("display") == "omitted" else Showing.SHOWN


def is_ours(signature: object) -> bool:
    """Whether this signature, data or index was made here, and so means nothing to Anthropic."""
    return isinstance(signature, str) and signature.startswith(PREFIX)


def thoughts(message: JsonMapping) -> Iterator[Thought]:
    """What a chat message, or a delta, has of reasoning, in its order.

    `reasoning_content` (some servers say `reasoning`) repeats the texts of `reasoning_details` where there are any.
    """
    details = message.get("reasoning_details")
    has_text = False
    if isinstance(details, list):
        pieces = [_thought(detail) for detail in details if isinstance(detail, Mapping)]
        has_text = any(piece.text for piece in pieces)
        if not has_text:
            yield from _plain(message)
        yield from pieces
    else:
        yield from _plain(message)


def _plain(message: JsonMapping) -> Iterator[Thought]:
    text = message.get("reasoning_content") or message.get("reasoning")
    if isinstance(text, str) and text:
        yield Thought(None, text)


def _thought(detail: JsonMapping) -> Thought:
    kind, key = detail.get("type"), detail.get("index")
    is_anthropic = detail.get("format") == REASONING_FORMAT
    if kind == "reasoning.text":
        signature = _text(detail.get("signature"))
        if signature and not is_anthropic:
            signature = wrapped({field: value for field, value in detail.items() if field != "text"})
        return Thought((key, kind), _text(detail.get("text")), signature or None, is_needed=bool(signature))
    if kind == "reasoning.summary":
        rest = {field: value for field, value in detail.items() if field != "summary"}
        return Thought((key, kind), _text(detail.get("summary")), wrapped(rest))
    if not is_anthropic:
        return Thought(None, "", None, redacted(wrapped(detail)))
    data = _text(detail.get("data"))
    return Thought(None, "", None, redacted(data) if data else None)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def thinking(text: str, signature: str | None) -> Json:
    """A `thinking` block."""
    return {"type": "thinking", "thinking": text, "signature": signature or PREFIX}


def redacted(data: str) -> Json:
    """A `redacted_thinking` block."""
    return {"type": "redacted_thinking", "data": data}


def wrapped(detail: JsonMapping) -> str:
    """A detail as text that a client carries for us."""
    return PREFIX + base64.urlsafe_b64encode(orjson.dumps(detail)).decode("ascii")


def detail_of(block: JsonMapping, index: int) -> Json | None:
    """A client's `thinking` or `redacted_thinking` block as the detail it was, `None` where it was unsigned or is not whole.

    `index` is its place among the message's details.
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
    """Unsigned thoughts as a block that shows nothing of them."""
    return thinking("", wrapped({"type": "reasoning.text", "text": text, "format": _UNSIGNED}))


def _is_hidden(detail: JsonMapping) -> bool:
    return detail.get("format") == _UNSIGNED and not detail.get("signature")


def unsigned_text(message: JsonMapping) -> str:
    """All of a message's, or a delta's, thoughts that are text alone."""
    return "".join(piece.text for piece in thoughts(message) if piece.block is None and piece.signature is None)


def text_of(block: JsonMapping, detail: JsonMapping | None) -> str:
    """What a `thinking` block says, seen or not; `detail` is what it was (`detail_of`)."""
    said = _text(block.get("thinking"))
    return said or (_text(detail.get("text")) if detail is not None else "")


def _unwrapped(text: Any, index: int) -> Json | None:
    try:
        detail = orjson.loads(base64.urlsafe_b64decode(text[len(PREFIX) :]))
    except (ValueError, binascii.Error):
        return None
    if not isinstance(detail, dict) or not isinstance(detail.get("type"), str):
        return None
    detail["index"] = index
    return detail


def blocks(message: JsonMapping, shown: Showing) -> Sequence[Json]:
    """A whole message's reasoning as blocks. Where it is not shown, the blocks are those that a next turn may need."""
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
