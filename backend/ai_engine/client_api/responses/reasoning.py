"""Carries the hub's `reasoning_details` from turn to turn in a reasoning item's `encrypted_content`.

Clients of the Responses API send this field back with the next turn, as signatures require. It is encoded, not encrypted: the
provider sends the same content to clients in its own protocol.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence

import orjson

from ai_engine.wire import exact_json
from ai_engine.wire.fields import invalid
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.responses import REASONING_FORMAT

_SEAL = "ai-engine-1."
"""The prefix of sealed details. OpenAI's encrypted content begins with `gAAAA` (Fernet)."""


def seal(details: Sequence[JsonMapping]) -> str | None:
    """`details` as `encrypted_content`; `None` where nothing is signed or encrypted, so that no provider needs them back."""
    if not any(detail.get("signature") or detail.get("data") for detail in details):
        return None
    try:
        return _SEAL + base64.b64encode(exact_json.dumps(details)).decode()
    except orjson.JSONEncodeError:  # nested too deeply
        return None


def is_sealed(encrypted_content: object) -> bool:
    """Whether it was sealed here. A provider of the Responses API cannot read it."""
    return isinstance(encrypted_content, str) and encrypted_content.startswith(_SEAL)


def unseal(encrypted_content: str, item_id: object, where: str) -> list[Json]:
    """The sealed details; foreign content becomes one detail in OpenAI's format.

    Raises `InvalidRequest` where sealed content was changed.
    """
    if not is_sealed(encrypted_content):
        detail = {"type": "reasoning.encrypted", "data": encrypted_content, "format": REASONING_FORMAT, "index": 0}
        return [{**detail, "id": item_id} if isinstance(item_id, str) else detail]
    try:
        details = exact_json.loads(base64.b64decode(encrypted_content[len(_SEAL) :], validate=True))
    except (binascii.Error, ValueError):  # orjson's error is a ValueError, and so is text that is not ASCII
        details = None
    if not isinstance(details, list) or not all(isinstance(detail, dict) for detail in details):
        raise invalid(where, "is damaged; send it back as it was received", code="invalid_encrypted_content")
    return details


def shown_text(details: Iterable[object]) -> str:
    """The text of `details`, for providers that send no text beside them."""
    return "".join(str(detail.get("text") or detail.get("summary") or "") for detail in details if isinstance(detail, Mapping))


class GatheredDetails:
    """The details of one stream: pieces of one type with the same `index` are one detail, with their texts joined."""

    __slots__ = ("_by_key",)

    def __init__(self) -> None:
        self._by_key: dict[str, Json] = {}

    def add(self, pieces: Iterable[object]) -> None:
        """Adds the pieces of one delta; malformed ones are left out."""
        for piece in pieces:
            if not isinstance(piece, dict):
                continue
            # OpenRouter has the same index for a summary and for encrypted content.
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
        """The details so far, in their order."""
        return list(self._by_key.values())
