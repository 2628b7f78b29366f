"""The parts of a chat's messages as Anthropic's content blocks.

Sources (read 2026-11-28): https://platform.claude.com/docs/en/build-with-claude/vision (images) and
https://platform.claude.com/docs/en/build-with-claude/pdf-support (documents). `detail` of an image is left out: Claude scales
images itself.
"""

import base64
import binascii
from collections.abc import Iterator

from ai_engine.providers.chat_messages import data_url, part_string, parts
from ai_engine.providers.chat_parameters import not_by
from ai_engine.wire.fields import invalid, required, unsupported
from ai_engine.wire.json_types import Json, JsonMapping

PROVIDER = "Anthropic"

_IMAGE_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})


def text_blocks(message: JsonMapping, where: str) -> list[Json]:
    """The blocks of a message that may hold only text."""
    blocks: list[Json] = []
    for at, part in parts(message, where, PROVIDER):
        if part["type"] not in ("text", "refusal"):
            raise unsupported(f"{at}.type", f"is {part['type']!r}; {PROVIDER} supports only text in this message")
        blocks += _text(part)
    return blocks


def blocks(message: JsonMapping, where: str) -> list[Json]:
    """The blocks of a message that may hold text, images and documents."""
    blocks: list[Json] = []
    for at, part in parts(message, where, PROVIDER):
        match part["type"]:
            case "text" | "refusal":
                blocks += _text(part)
            case "image_url":
                url = part_string(part, "image_url", "url", at)
                blocks.append(_with_hint(_image(url, f"{at}.image_url.url"), part))
            case "file":
                blocks.append(_with_hint(_document(part, at), part))
            case kind:
                raise unsupported(f"{at}.type", f"is {kind!r}, which {not_by(PROVIDER)}")
    return blocks


def _text(part: Json) -> Iterator[Json]:
    """The block of a text. Blank ones are left out: the API refuses them."""
    text = part[part["type"]]
    if text.strip():
        yield _with_hint({"type": "text", "text": text}, part)


def _with_hint(block: Json, part: Json) -> Json:
    hint = part.get("cache_control")
    if hint is not None:
        block["cache_control"] = hint
    return block


def _image(url: str, where: str) -> Json:
    inline = data_url(url, where)
    if inline is None:
        return {"type": "image", "source": {"type": "url", "url": _https(url, where)}}
    if inline.media_type not in _IMAGE_TYPES:
        raise unsupported(where, f"must be a JPEG, PNG, GIF or WebP image; {PROVIDER} supports no other type")
    return {"type": "image", "source": {"type": "base64", "media_type": inline.media_type, "data": inline.data}}


def _document(part: Json, where: str) -> Json:
    file = required(part, "file", dict, where)
    if file.get("file_id") is not None:
        raise unsupported(f"{where}.file.file_id", f"{not_by(PROVIDER)}; send file_data or file_url")
    if file.get("file_url") is not None:
        url = _https(part_string(part, "file", "file_url", where), f"{where}.file.file_url")
        return _titled({"type": "document", "source": {"type": "url", "url": url}}, file)
    at = f"{where}.file.file_data"
    inline = data_url(part_string(part, "file", "file_data", where), at)
    if inline is None:
        raise invalid(at, "must be a data: URL")
    source = {"type": "base64", "media_type": inline.media_type, "data": inline.data}
    if inline.media_type == "application/pdf":
        return _titled({"type": "document", "source": source}, file)
    if inline.media_type in _IMAGE_TYPES:
        return {"type": "image", "source": source}
    if inline.media_type is None or not inline.media_type.startswith("text/"):
        raise unsupported(at, f"must be a PDF, a text or an image; {PROVIDER} supports no other type")
    source = {"type": "text", "media_type": "text/plain", "data": _decoded(inline.data, at)}
    return _titled({"type": "document", "source": source}, file)


def _titled(document: Json, file: Json) -> Json:
    name = file.get("filename")
    if isinstance(name, str) and name:
        document["title"] = name
    return document


def _https(url: str, where: str) -> str:
    if url[:8].lower() != "https://":
        raise unsupported(where, f"must be an https: or data: URL; {PROVIDER} supports no other")
    return url


def _decoded(data: str, where: str) -> str:
    try:
        return base64.b64decode(data, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise invalid(where, "must be UTF-8 text in base64") from None
