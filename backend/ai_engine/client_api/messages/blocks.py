"""Content blocks as parts of a chat: text, images, documents, search results, references to tools."""

from ai_engine.client_api.tool_names import shortened
from ai_engine.errors import UnsupportedByProvider
from ai_engine.wire.fields import check_known, invalid, objects, objects_of, optional, required, unsupported
from ai_engine.wire.json_types import Json, JsonMapping

ANTHROPIC_ONLY = "is supported only by providers of Anthropic's Messages API"

_TEXT = frozenset({"type", "text", "cache_control", "citations", "parsed_output"})
_IMAGE = frozenset({"type", "source", "cache_control", "transformations"})
_DOCUMENT = frozenset({"type", "source", "cache_control", "title", "context", "citations"})
_SEARCH_RESULT = frozenset({"type", "source", "title", "content", "cache_control", "citations"})


def parts_of(block: JsonMapping, where: str) -> list[Json]:
    """The parts of one block of a user's turn or of a tool's result.

    A document of text and a search result become text with their titles. `cache_control` moves to the block's last part.
    Raises `InvalidRequest` and `UnsupportedByProvider`, as everything here does.
    """
    kind = required(block, "type", str, where)
    match kind:
        case "text":
            # `citations` of an earlier answer are left out.
            check_known(block, _TEXT, where, ANTHROPIC_ONLY)
            parts = [_text(required(block, "text", str, where))]
        case "image":
            check_known(block, _IMAGE, where, ANTHROPIC_ONLY)
            parts = [_image(block, where)]
        case "document":
            check_known(block, _DOCUMENT, where, ANTHROPIC_ONLY)
            parts = _document(block, where)
        case "search_result":
            check_known(block, _SEARCH_RESULT, where, ANTHROPIC_ONLY)
            parts = [_search_result(block, where)]
        case "tool_reference":
            # What a search for tools found. All tools are offered at once, by these names.
            parts = [_text(f"<tool_reference>{shortened(required(block, 'tool_name', str, where))}</tool_reference>")]
        case _:
            raise unsupported(f"{where}.type", f"is {kind[:60]!r}, which {ANTHROPIC_ONLY}")
    hint = block.get("cache_control")
    if hint is not None:
        parts[-1]["cache_control"] = hint
    return parts


def text_part(block: JsonMapping, where: str) -> Json:
    """The part of a block that must be text."""
    if block["type"] != "text":
        raise invalid(f"{where}.type", "must be text")
    return parts_of(block, where)[0]


def _image(block: JsonMapping, where: str) -> Json:
    transformations = block.get("transformations")
    if isinstance(transformations, dict) and transformations.get("oversized_image") == "error":
        raise unsupported(f"{where}.transformations.oversized_image", f"is 'error', which {ANTHROPIC_ONLY}")
    source = required(block, "source", dict, where)
    where = f"{where}.source"
    kind = required(source, "type", str, where)
    if kind not in ("base64", "url"):
        raise _anthropic_file(kind, where)
    url = _data_url(source, where) if kind == "base64" else required(source, "url", str, where)
    return {"type": "image_url", "image_url": {"url": url}}


def _data_url(source: JsonMapping, where: str) -> str:
    return f"data:{required(source, 'media_type', str, where)};base64,{required(source, 'data', str, where)}"


def _anthropic_file(kind: str, where: str) -> UnsupportedByProvider:
    return unsupported(f"{where}.type", f"is {kind[:60]!r}, a file that only Anthropic can read; send its bytes or its URL")


def _document(block: JsonMapping, where: str) -> list[Json]:
    _check_citations(block, where)
    title, context = optional(block, "title", str, where), optional(block, "context", str, where)
    source = required(block, "source", dict, where)
    where = f"{where}.source"
    kind = required(source, "type", str, where)
    file: Json = {}
    match kind:
        case "text":
            return [_framed("document", title, context, required(source, "data", str, where))]
        case "content":
            return _document_of_blocks(source.get("content"), title, context, f"{where}.content")
        case "base64":
            file["file_data"] = _data_url(source, where)
        case "url":
            file["file_url"] = required(source, "url", str, where)
        case _:
            raise _anthropic_file(kind, where)
    if title is not None:
        file["filename"] = title
    part: Json = {"type": "file", "file": file}
    return [part] if context is None else [_text(f"<context>{context}</context>"), part]


def _document_of_blocks(content: object, title: str | None, context: str | None, where: str) -> list[Json]:
    if isinstance(content, str):
        return [_framed("document", title, context, content)]
    if not isinstance(content, list):
        raise invalid(where, "must be a string or an array of blocks")
    parts = [_text(_opening("document", title, context))]
    for at, inner in objects_of(content, where):
        if inner.get("type") not in ("text", "image"):
            raise invalid(f"{at}.type", "must be text or image")
        parts += parts_of(inner, at)
    return [*parts, _text("</document>")]


def _search_result(block: JsonMapping, where: str) -> Json:
    _check_citations(block, where)
    texts = []
    for at, inner in objects(block, "content", where):
        if inner.get("type") != "text":
            raise invalid(f"{at}.type", "must be text")
        texts.append(required(inner, "text", str, at))
    source = f"<source>{required(block, 'source', str, where)}</source>\n"
    return _framed("search_result", required(block, "title", str, where), None, source + "\n".join(texts))


def _check_citations(block: JsonMapping, where: str) -> None:
    citations = block.get("citations")
    if isinstance(citations, dict) and citations.get("enabled"):
        raise unsupported(f"{where}.citations.enabled", ANTHROPIC_ONLY)


def _opening(name: str, title: str | None, context: str | None) -> str:
    opening = f"<{name}>\n"
    if title is not None:
        opening += f"<title>{title}</title>\n"
    if context is not None:
        opening += f"<context>{context}</context>\n"
    return opening


def _framed(name: str, title: str | None, context: str | None, text: str) -> Json:
    return _text(f"{_opening(name, title, context)}{text}\n</{name}>")


def _text(text: str) -> Json:
    return {"type": "text", "text": text}
