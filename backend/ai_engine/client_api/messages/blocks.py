"""Content blocks as the chat format's parts: text, images, documents, search results."""

from collections.abc import Mapping
from typing import Any

from ai_engine.client_api.messages.refusals import Refused, Untold, only_known, text_in
from ai_engine.wire.json_types import Json, JsonMapping

_TEXT = frozenset({"type", "text", "cache_control", "citations", "parsed_output"})
_IMAGE = frozenset({"type", "source", "cache_control", "transformations"})
_DOCUMENT = frozenset({"type", "source", "cache_control", "title", "context", "citations"})
_SEARCH_RESULT = frozenset({"type", "source", "title", "content", "cache_control", "citations"})


def parts_of(block: JsonMapping) -> list[Json]:
    """One block of a user's turn or of a tool's result.

    A document of text and a search result become text, framed and with their titles, which every model understands. A block's
    `cache_control` goes with its last part. Raises `Refused`.
    """
    kind = block["type"]
    if kind == "text":
        parts = [_text_part(block)]
    elif kind == "image":
        only_known(block, _IMAGE)
        parts = [_image(block)]
    elif kind == "document":
        only_known(block, _DOCUMENT)
        parts = _document(block)
    elif kind == "search_result":
        only_known(block, _SEARCH_RESULT)
        parts = [_search_result(block)]
    else:
        raise Untold("type", f"is {kind[:60]!r}, which providers of other protocols do not take here")
    hint = block.get("cache_control")
    if hint is not None:
        parts[-1]["cache_control"] = hint
    return parts


def _text_part(block: JsonMapping) -> Json:
    """A text. Where an earlier answer had it from (`citations`) is left out: it stands. Raises `Refused`."""
    only_known(block, _TEXT)
    return {"type": "text", "text": text_in(block, "text")}


def _source(block: JsonMapping) -> tuple[JsonMapping, str]:
    source = block.get("source")
    if not isinstance(source, Mapping):
        raise Refused("source", "must be an object with a type")
    return source, _in_source(source, "type")


def _in_source(source: JsonMapping, field: str) -> str:
    """A text of a block's `source`. Raises `Refused`."""
    try:
        return text_in(source, field)
    except Refused as refused:
        raise refused.within("source") from None


def _image(block: JsonMapping) -> Json:
    transformations = block.get("transformations")
    if isinstance(transformations, Mapping) and transformations.get("oversized_image") == "error":
        raise Untold("transformations.oversized_image", "is an error, which other providers do not make of large images")
    source, kind = _source(block)
    if kind == "base64":
        url = _data_url(source)
    elif kind == "url":
        url = _in_source(source, "url")
    else:
        raise Untold("source.type", f"is {kind[:60]!r}: only Anthropic has that file; send its bytes or its URL")
    return {"type": "image_url", "image_url": {"url": url}}


def _data_url(source: JsonMapping) -> str:
    """A base64 source in one text. Raises `Refused`."""
    return f"data:{_in_source(source, 'media_type')};base64,{_in_source(source, 'data')}"


def _document(block: JsonMapping) -> list[Json]:
    _no_citations(block)
    title = text_in(block, "title") if block.get("title") is not None else None
    context = text_in(block, "context") if block.get("context") is not None else None
    source, kind = _source(block)
    if kind == "text":
        return [_text(_framed("document", title, context, _in_source(source, "data")))]
    if kind == "content":
        return _document_of_blocks(source.get("content"), title, context)
    file: Json = {}
    if kind == "base64":
        file["file_data"] = _data_url(source)
    elif kind == "url":
        file["file_url"] = _in_source(source, "url")
    else:
        raise Untold("source.type", f"is {kind[:60]!r}: only Anthropic has that file; send its bytes or its URL")
    if title is not None:
        file["filename"] = title
    part: Json = {"type": "file", "file": file}
    return [part] if context is None else [_text(f"<context>{context}</context>"), part]


def _document_of_blocks(content: Any, title: str | None, context: str | None) -> list[Json]:
    if isinstance(content, str):
        return [_text(_framed("document", title, context, content))]
    if not isinstance(content, list):
        raise Refused("source.content", "must be a text or an array of blocks")
    parts = [_text(_opening("document", title, context))]
    for place, inner in enumerate(content):
        try:
            parts += _parts_of_document(inner)
        except Refused as refused:
            raise refused.within(f"source.content[{place}]") from None
    return [*parts, _text("</document>")]


def _parts_of_document(block: Any) -> list[Json]:
    if not isinstance(block, Mapping) or block.get("type") not in ("text", "image"):
        raise Refused("type", "must be text or image")
    return parts_of(block)


def _search_result(block: JsonMapping) -> Json:
    _no_citations(block)
    content = block.get("content")
    if not isinstance(content, list):
        raise Refused("content", "must be an array of text blocks")
    texts = []
    for place, inner in enumerate(content):
        if not isinstance(inner, Mapping) or inner.get("type") != "text" or not isinstance(inner.get("text"), str):
            raise Refused(f"content[{place}]", "must be a text block")
        texts.append(inner["text"])
    source = f"<source>{text_in(block, 'source')}</source>\n"
    return _text(_framed("search_result", text_in(block, "title"), None, source + "\n".join(texts)))


def _no_citations(block: JsonMapping) -> None:
    citations = block.get("citations")
    if isinstance(citations, Mapping) and citations.get("enabled"):
        raise Untold("citations.enabled", "asks for citations, which providers of other protocols do not make")


def _opening(name: str, title: str | None, context: str | None) -> str:
    opening = f"<{name}>\n"
    if title is not None:
        opening += f"<title>{title}</title>\n"
    if context is not None:
        opening += f"<context>{context}</context>\n"
    return opening


def _framed(name: str, title: str | None, context: str | None, text: str) -> str:
    return f"{_opening(name, title, context)}{text}\n</{name}>"


def _text(text: str) -> Json:
    return {"type": "text", "text": text}
