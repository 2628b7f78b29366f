"""The texts of an embeddings request in OpenAI's format, and its vectors in the requested encoding."""

import base64
import struct
from typing import Any

from ai_engine.wire.fields import invalid, one_of, unsupported
from ai_engine.wire.json_types import JsonMapping


def input_texts(body: JsonMapping, provider: str) -> list[str]:
    """The texts. Raises `UnsupportedByProvider` for tokens, which depend on the tokenizer."""
    given = body.get("input")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts:
        raise invalid("input", "must be a string or a non-empty array of strings")
    for place, text in enumerate(texts):
        if isinstance(text, str):
            continue
        if type(text) is int or (isinstance(text, list) and all(type(token) is int for token in text)):
            raise unsupported("input", f"must be text: tokens are not supported by {provider}")
        raise invalid(f"input[{place}]", "must be a string")
    return texts


def wants_base64(body: JsonMapping) -> bool:
    """Whether the vectors are to be base64 of little-endian float32, as OpenAI's SDKs request."""
    return body.get("encoding_format") is not None and one_of(body, "encoding_format", ("float", "base64")) == "base64"


def packed(answer: JsonMapping) -> JsonMapping:
    """The same answer with each vector of numbers as base64; anything else is unchanged.

    For clients that requested base64 (`wants_base64`) from a provider without it: openai-node decodes base64 without checking.
    """
    data = answer.get("data")
    if not isinstance(data, list) or not _is_in_numbers(data):
        return answer
    return {**answer, "data": [_packed(entry) for entry in data]}


def _is_in_numbers(data: list[Any]) -> bool:
    return any(isinstance(entry, dict) and isinstance(entry.get("embedding"), list) for entry in data)


def _packed(entry: Any) -> Any:
    vector = entry.get("embedding") if isinstance(entry, dict) else None
    if not isinstance(vector, list):
        return entry
    try:
        numbers = struct.pack(f"<{len(vector)}f", *vector)
    except (struct.error, OverflowError):
        return entry
    return {**entry, "embedding": base64.b64encode(numbers).decode()}
