"""Reasoning that must survive a turn: the hub's `reasoning_details`, sealed into a reasoning item's `encrypted_content` and back.

Clients of the Responses API keep whatever stands there and send it back with the next turn, which is what signatures need.
Nothing is hidden by the seal: it holds what the model's provider gave for the client anyway, in its own protocol.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence

import orjson

from ai_engine.wire.fields import invalid
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.responses import REASONING_FORMAT

_SEAL = "ai-engine-1."
"""No provider's own: OpenAI's begin with `gAAAA` (Fernet)."""


def seal(details: Sequence[JsonMapping]) -> str | None:
    """What a next turn needs of `details`; `None` where none of them is signed or encrypted, and nobody would take them back."""
    if not any(detail.get("signature") or detail.get("data") for detail in details):
        return None
    try:
        return _SEAL + base64.b64encode(orjson.dumps(details)).decode()
    except orjson.JSONEncodeError:  # nested without end: nothing that its provider could want back
        return None


def is_sealed(encrypted_content: object) -> bool:
    """Whether it was sealed here. A provider that speaks the Responses API cannot read it."""
    return isinstance(encrypted_content, str) and encrypted_content.startswith(_SEAL)


def unseal(encrypted_content: str, item_id: object, where: str) -> list[Json]:
    """The details that were sealed; of another's content, one detail that only a provider of OpenAI's format takes back.

    Raises `InvalidRequest` naming `where` for what was sealed here and has changed since.
    """
    if not is_sealed(encrypted_content):
        detail = {"type": "reasoning.encrypted", "data": encrypted_content, "format": REASONING_FORMAT, "index": 0}
        return [{**detail, "id": item_id} if isinstance(item_id, str) else detail]
    try:
        details = orjson.loads(base64.b64decode(encrypted_content[len(_SEAL) :], validate=True))
    except (binascii.Error, ValueError):  # orjson's error is a ValueError, and so is text that is not ASCII
        details = None
    if not isinstance(details, list) or not all(isinstance(detail, dict) for detail in details):
        raise invalid(where, "is damaged; send it back as it was received", code="invalid_encrypted_content")
    return details


def shown_text(details: Iterable[object]) -> str:
    """What `details` say in words: to be shown where the provider gave no text beside them."""
    return "".join(str(detail.get("text") or detail.get("summary") or "") for detail in details if isinstance(detail, Mapping))


class GatheredDetails:
    """The details of one stream: pieces of one type with the same `index` are one detail, whose texts follow each other."""

    __slots__ = ("_by_key",)

    def __init__(self) -> None:
        self._by_key: dict[str, Json] = {}

    def add(self, pieces: Iterable[object]) -> None:
        """Takes what one delta brings. What is no detail is nothing to a next turn."""
        for piece in pieces:
            if not isinstance(piece, dict):
                continue
            # OpenRouter gives a summary and what is encrypted the same index.
            key = repr((piece.get("index"), piece.get("type")))
            begun = self._by_key.get(key)
            if begun is None:
                self._by_key[key] = dict(piece)
                continue
            for field, value in piece.items():
                before = begun.get(field)
                if field in ("text", "summary", "data") and isinstance(before, str) and isinstance(value, str):
                    begun[field] = before + value
                elif value is not None:
                    begun[field] = value

    def whole(self) -> list[Json]:
        """The details so far, in the order in which they began."""
        return list(self._by_key.values())
