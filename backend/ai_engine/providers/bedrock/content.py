"""The parts of a chat's messages as Converse's content blocks.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html and the service model of `botocore`
1.44.8 (read 2026-11-30). Bytes are base64 in JSON, as in `data:` URLs. An image's `detail` is left out: models scale images
themselves.
"""

import base64
import binascii
import mimetypes
import re
from collections.abc import Iterator

from ai_engine.providers.bedrock.model_traits import ModelTraits
from ai_engine.providers.chat_messages import data_url, part_string, parts, texts
from ai_engine.providers.chat_parameters import not_by
from ai_engine.wire.fields import invalid, required, unsupported
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.tolerant import string_in

PROVIDER = "Amazon Bedrock"

_IMAGE_FORMATS = {"image/png": "png", "image/jpeg": "jpeg", "image/jpg": "jpeg", "image/gif": "gif", "image/webp": "webp"}
_OFFICE = "application/vnd.openxmlformats-officedocument"
_DOCUMENT_FORMATS = {
    "application/pdf": "pdf",
    "application/msword": "doc",
    f"{_OFFICE}.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    f"{_OFFICE}.spreadsheetml.sheet": "xlsx",
    "text/csv": "csv",
    "text/html": "html",
    "text/markdown": "md",
}
_AUDIO_FORMATS = frozenset({"mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "m4a", "mpeg", "pcm", "webm"})
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9()\[\]-]+")
_LONGEST_NAME = 200


class ContentReader:
    """Reads the messages of one conversation."""

    def __init__(self, traits: ModelTraits) -> None:
        self._traits = traits
        self._documents = 0

    def text_blocks(self, message: JsonMapping, where: str) -> list[Json]:
        """The blocks of a message that may hold only text. The API refuses blank ones: they are left out."""
        blocks: list[Json] = []
        found = parts(message, where, PROVIDER)
        for (_, part), text in zip(found, texts(message, where, PROVIDER), strict=True):
            if text.strip():
                blocks += [{"text": text}, *self.cache_points(part.get("cache_control"))]
        return blocks

    def blocks(self, message: JsonMapping, where: str) -> list[Json]:
        """The blocks of a user's message or a tool's result."""
        blocks = list(self._blocks(message, where))
        if any("document" in block for block in blocks) and not any("text" in block for block in blocks):
            # The API refuses a document without text.
            names = ", ".join(block["document"]["name"] for block in blocks if "document" in block)
            blocks.insert(0, {"text": names})
        return blocks

    def cache_points(self, hint: object) -> list[Json]:
        """A cache point for a `cache_control`, where the model supports them; else the hint is left out."""
        if hint is None or not self._traits.has_cache_points:
            return []
        is_long = string_in(hint, "ttl") == "1h" and self._traits.has_long_cache_points
        return [{"cachePoint": {"type": "default", "ttl": "1h"} if is_long else {"type": "default"}}]

    def _blocks(self, message: JsonMapping, where: str) -> Iterator[Json]:
        for at, part in parts(message, where, PROVIDER):
            kind = part["type"]
            if kind in ("text", "refusal"):
                if not part[kind].strip():
                    continue
                yield {"text": part[kind]}
            elif kind == "image_url":
                yield _image(part_string(part, "image_url", "url", at), f"{at}.image_url.url")
            elif kind == "input_audio":
                yield _audio(part, at)
            else:
                yield self._file(part, at)
            yield from self.cache_points(part.get("cache_control"))

    def _file(self, part: Json, where: str) -> Json:
        file = required(part, "file", dict, where)
        if file.get("file_id") is not None:
            raise unsupported(f"{where}.file.file_id", "names a file at another provider; send the file as file_data")
        name = file.get("filename")
        guessed = mimetypes.guess_type(name)[0] if isinstance(name, str) else None
        if file.get("file_url") is not None:
            at, url = f"{where}.file.file_url", part_string(part, "file", "file_url", where)
            media_type, source = guessed or mimetypes.guess_type(url)[0], _at_s3(url, at)
        else:
            at = f"{where}.file.file_data"
            content = data_url(part_string(part, "file", "file_data", where), at)
            if content is None:
                raise invalid(at, "must be a data: URL")
            media_type, source = content.media_type or guessed, {"bytes": _base64(content.data, at)}
        if media_type in _IMAGE_FORMATS:
            return {"image": {"format": _IMAGE_FORMATS[media_type], "source": source}}
        return {"document": {"format": _document_format(media_type, at), "name": self._name(name), "source": source}}

    def _name(self, filename: object) -> str:
        """The document's name for the model. The API accepts few kinds of characters, and no name twice."""
        self._documents += 1
        stem = filename.rpartition(".")[0] or filename if isinstance(filename, str) else ""
        name = _NOT_IN_NAMES.sub(" ", stem).strip()[: _LONGEST_NAME - 10].strip()
        return f"{name} {self._documents}" if name else f"document {self._documents}"


def _image(url: str, where: str) -> Json:
    content = data_url(url, where)
    if content is None:
        guessed = mimetypes.guess_type(url)[0]
        return {"image": {"format": _image_format(guessed, where), "source": _at_s3(url, where)}}
    return {"image": {"format": _image_format(content.media_type, where), "source": {"bytes": _base64(content.data, where)}}}


def _image_format(media_type: str | None, where: str) -> str:
    if media_type not in _IMAGE_FORMATS:
        raise unsupported(where, f"must be a PNG, JPEG, GIF or WebP image for {PROVIDER}")
    return _IMAGE_FORMATS[media_type]


def _document_format(media_type: str | None, where: str) -> str:
    known = _DOCUMENT_FORMATS.get(media_type or "")
    if known is not None:
        return known
    if media_type is None or not media_type.startswith("text/"):
        formats = ", ".join(sorted({*_DOCUMENT_FORMATS.values(), "txt"}))
        raise unsupported(where, f"must be in one of the formats {formats} for {PROVIDER}")
    return "txt"


def _audio(part: Json, where: str) -> Json:
    form = part_string(part, "input_audio", "format", where)
    if form not in _AUDIO_FORMATS:
        raise unsupported(f"{where}.input_audio.format", f"is {form[:60]!r}, which {not_by(PROVIDER)}")
    data = _base64(part_string(part, "input_audio", "data", where), f"{where}.input_audio.data")
    return {"audio": {"format": form, "source": {"bytes": data}}}


def _at_s3(url: str, where: str) -> Json:
    if not url.startswith("s3://"):
        raise unsupported(where, f"must be a data: URL or an s3:// URL for {PROVIDER}")
    return {"s3Location": {"uri": url}}


def _base64(data: str, where: str) -> str:
    """Base64 in the API's form: without line breaks, and with the padding that `data:` URLs may leave out."""
    try:
        content = base64.b64decode(data + "=" * (-len(data) % 4))
    except (binascii.Error, ValueError):
        content = b""
    if not content:
        raise invalid(where, "must be base64")
    return base64.b64encode(content).decode()
