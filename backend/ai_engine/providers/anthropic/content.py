"""The parts of a chat's messages as Anthropic's content blocks.

Sources (read 2026-11-28): https://platform.claude.com/docs/en/build-with-claude/vision (images) and
https://platform.claude.com/docs/en/build-with-claude/pdf-support (documents). What `detail` says of an image is left out: Claude
scales images itself.
"""

import base64
import binascii
from collections.abc import Iterable

from ai_engine.errors import InvalidRequest, UnsupportedByProvider
from ai_engine.providers.chat_messages import address, data_url, parts
from ai_engine.wire.json_types import Json

PROVIDER = "Anthropic"

_IMAGE_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})


def text_blocks(content: object, where: str) -> list[Json]:
    """The blocks of a message that holds text alone. Blocks without a letter are left out: the API refuses them."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content.strip() else []
    blocks = []
    for place, part in enumerate(parts(content, where, PROVIDER)):
        text = part.get("text") if part["type"] == "text" else part.get("refusal")
        if not isinstance(text, str):
            at = f"{where}.content[{place}].type"
            raise UnsupportedByProvider(f"{PROVIDER} takes only text here, no {part['type']}.", param=at)
        if text.strip():
            blocks.append(_hinted({"type": "text", "text": text}, part))
    return blocks


def blocks(content: object, where: str) -> list[Json]:
    """The blocks of a message that may hold anything that a user shows."""
    if isinstance(content, str):
        return text_blocks(content, where)
    return list(_blocks(content, where))


def _blocks(content: object, where: str) -> Iterable[Json]:
    for place, part in enumerate(parts(content, where, PROVIDER)):
        at = f"{where}.content[{place}]"
        kind = part["type"]
        if kind in ("text", "refusal"):
            if part[kind].strip():
                yield _hinted({"type": "text", "text": part[kind]}, part)
        elif kind == "image_url":
            yield _hinted(_image(address(part, "image_url", "url", at), f"{at}.image_url.url"), part)
        elif kind == "file":
            yield _hinted(_document(part, at), part)
        else:
            raise UnsupportedByProvider(f"{PROVIDER} takes no {kind}.", param=f"{at}.type")


def _hinted(block: Json, part: Json) -> Json:
    hint = part.get("cache_control")
    if hint is not None:
        block["cache_control"] = hint
    return block


def _image(url: str, where: str) -> Json:
    held = data_url(url, where)
    if held is not None:
        if held.media_type not in _IMAGE_TYPES:
            raise UnsupportedByProvider(f"{PROVIDER} takes images as JPEG, PNG, GIF and WebP.", param=where)
        return {"type": "image", "source": {"type": "base64", "media_type": held.media_type, "data": held.data}}
    return {"type": "image", "source": {"type": "url", "url": _https(url, where)}}


def _document(part: Json, where: str) -> Json:
    file = part.get("file")
    if not isinstance(file, dict):
        raise InvalidRequest("A file part needs its file.", param=f"{where}.file")
    if file.get("file_id") is not None:
        raise UnsupportedByProvider("A file kept at one provider cannot be shown to another.", param=f"{where}.file.file_id")
    if file.get("file_url") is not None:
        url = _https(address(part, "file", "file_url", where), f"{where}.file.file_url")
        return _titled({"type": "document", "source": {"type": "url", "url": url}}, file)
    at = f"{where}.file.file_data"
    held = data_url(address(part, "file", "file_data", where), at)
    if held is None:
        raise InvalidRequest("file_data must be a data: URL.", param=at)
    if held.media_type == "application/pdf":
        return _titled({"type": "document", "source": {"type": "base64", "media_type": held.media_type, "data": held.data}}, file)
    if held.media_type in _IMAGE_TYPES:
        return {"type": "image", "source": {"type": "base64", "media_type": held.media_type, "data": held.data}}
    if held.media_type is None or not held.media_type.startswith("text/"):
        raise UnsupportedByProvider(f"{PROVIDER} takes files as PDF, text and images.", param=at)
    source = {"type": "text", "media_type": "text/plain", "data": _text(held.data, at)}
    return _titled({"type": "document", "source": source}, file)


def _titled(document: Json, file: Json) -> Json:
    name = file.get("filename")
    if isinstance(name, str) and name:
        document["title"] = name
    return document


def _https(url: str, where: str) -> str:
    if url[:8].lower() != "https://":
        raise UnsupportedByProvider(f"{PROVIDER} fetches only https: addresses.", param=where)
    return url


def _text(data: str, where: str) -> str:
    try:
        return base64.b64decode(data, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise InvalidRequest("A file of text must be UTF-8, in base64.", param=where) from None
