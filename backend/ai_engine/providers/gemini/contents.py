"""A chat's messages as Gemini's `contents` and `systemInstruction`.

Sources (read 2026-11-28): https://ai.google.dev/api/caching#Content, https://ai.google.dev/gemini-api/docs/function-calling,
https://ai.google.dev/gemini-api/docs/thought-signatures, https://ai.google.dev/gemini-api/docs/file-input-methods.
"""

import mimetypes
from urllib.parse import urlsplit

from ai_engine.providers.chat_messages import Call, ToolCalls, data_url, messages, part_string, parts, texts
from ai_engine.providers.gemini.listing import is_before_3
from ai_engine.providers.turn_order import BEGINNING, CONTINUE, in_order
from ai_engine.wire.fields import invalid, optional, optional_objects, required, unsupported
from ai_engine.wire.gemini import ANY_SIGNATURE, REASONING_FORMAT
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.tolerant import object_in, objects_in, string_in

_PROVIDER = "Gemini"
_IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"})
"""https://ai.google.dev/gemini-api/docs/image-understanding#supported-formats (read 2026-11-30)."""
_FETCHED_SCHEMES = frozenset({"https", "http", "gs"})
"""Schemes of `fileData` URLs that Google fetches: public and signed URLs, uploaded files, Google's own storage."""


def contents(body: JsonMapping, model: str) -> tuple[list[Json], list[Json]]:
    """`contents`, and the parts of `systemInstruction`.

    Consecutive messages of one role become one, and all system messages join the instruction. Left out are blank texts, the
    `detail` of images (the default is the finest), names of files, and reasoning without Gemini's signature. The API refuses
    empty texts, conversations that do not begin and end with the user or a tool's result, and calls without results directly
    after them.
    """
    is_old = is_before_3(model)
    turns: list[Json] = []
    instruction: list[Json] = []
    calls = ToolCalls(_PROVIDER)
    for where, role, message in in_order(messages(body, _PROVIDER)):
        if role in ("system", "developer"):
            instruction += [{"text": text} for text in texts(message, where, _PROVIDER) if text.strip()]
            continue
        own_role = "user"
        if role == "tool":
            found = _tool_result(message, where, calls, is_old=is_old)
        elif role == "assistant":
            found, own_role = _assistant_parts(message, where, calls, is_old=is_old), "model"
        else:
            found = [_part(part, at) for at, part in parts(message, where, _PROVIDER) if not _is_blank(part)]
        if found and turns and turns[-1]["role"] == own_role:
            turns[-1]["parts"] += found
        elif found:
            turns.append({"role": own_role, "parts": found})
    if not turns and instruction:
        # Instructions alone are what the user says.
        return [_said(*instruction)], []
    if not turns:
        raise unsupported("messages", f"must have a message that is not blank for {_PROVIDER}")
    if turns[0]["role"] == "model":
        turns.insert(0, _said({"text": BEGINNING}))
    if turns[-1]["role"] == "model":
        turns.append(_said({"text": CONTINUE}))
    return turns, instruction


def _said(*parts: Json) -> Json:
    return {"role": "user", "parts": list(parts)}


def _is_blank(part: Json) -> bool:
    return part["type"] == "text" and not part["text"].strip()


def _part(part: Json, where: str) -> Json:
    kind = part["type"]
    if kind == "text":
        return {"text": part["text"]}
    if kind == "image_url":
        return _media(part_string(part, kind, "url", where), f"{where}.image_url.url")
    if kind == "input_audio":
        form = part_string(part, kind, "format", where)
        return {"inlineData": {"mimeType": f"audio/{form}", "data": part_string(part, kind, "data", where)}}
    if kind == "file":
        return _file(part, where)
    raise invalid(f"{where}.type", f"is {kind!r}, which belongs in an assistant's message")


def _file(part: Json, where: str) -> Json:
    file = required(part, "file", dict, where)
    name = file.get("filename")
    guessed = mimetypes.guess_type(name)[0] if isinstance(name, str) else None
    for field in ("file_data", "file_url", "file_id"):
        value = file.get(field)
        if not isinstance(value, str) or not value:
            continue
        place = f"{where}.file.{field}"
        if field != "file_data" or value[:5].lower() == "data:":
            return _media(value, place, guessed)
        if guessed is None:
            raise unsupported(place, f"must be a data: URL with a media type for {_PROVIDER}")
        return {"inlineData": {"mimeType": guessed, "data": value}}
    raise invalid(f"{where}.file", "must have file_data, file_url or file_id")


def _media(url: str, where: str, guessed: str | None = None) -> Json:
    """The content of a `data:` URL, or the address for Google to fetch."""
    inline = data_url(url, where)
    if inline is not None:
        media_type = inline.media_type or guessed
        if media_type is None:
            raise unsupported(where, f"must be a data: URL with a media type for {_PROVIDER}")
        if media_type.startswith("image/") and media_type not in _IMAGE_TYPES:
            raise unsupported(where, f"must be a PNG, JPEG, WebP, HEIC or HEIF image; {_PROVIDER} supports no other type")
        return {"inlineData": {"mimeType": media_type, "data": inline.data}}
    try:
        parsed = urlsplit(url)
    except ValueError:
        raise invalid(where, "must be a URL") from None
    if parsed.scheme not in _FETCHED_SCHEMES:
        raise unsupported(where, f"must be a data:, https:, http: or gs: URL for {_PROVIDER}")
    media_type = guessed or mimetypes.guess_type(parsed.path)[0]
    return {"fileData": {"fileUri": url} if media_type is None else {"fileUri": url, "mimeType": media_type}}


def _assistant_parts(message: Json, where: str, calls: ToolCalls, *, is_old: bool) -> list[Json]:
    """Text, images and calls, each with its signature."""
    found: list[Json] = [{"text": text} for text in texts(message, where, _PROVIDER) if text.strip()]
    if (refusal := optional(message, "refusal", str, where)) and refusal.strip():
        found.append({"text": refusal})
    for at, image in optional_objects(message, "images", where):
        found.append(_media(part_string(image, "image_url", "url", at), f"{at}.image_url.url"))
    signatures, last_signature = _signatures(message)
    if last_signature is not None and found:
        found[-1]["thoughtSignature"] = last_signature
    is_first = True
    for call in calls.of(message, where):
        signature = _signature_in(call) or signatures.get(string_in(call.field, "id"))
        if signature is None and is_first and not is_old:
            signature = ANY_SIGNATURE
        is_first = False
        part: Json = {"functionCall": {"id": call.id, "name": call.name, "args": call.arguments}}
        if signature is not None:
            part["thoughtSignature"] = signature
        found.append(part)
    return found


def _signatures(message: Json) -> tuple[dict[str, str], str | None]:
    """The signatures of calls, by the calls' ids, and that of the text."""
    of_calls: dict[str, str] = {}
    of_text = None
    for detail in objects_in(message, "reasoning_details"):
        if detail.get("format") != REASONING_FORMAT:
            continue
        data, call_id = detail.get("data"), detail.get("id")
        if detail.get("type") == "reasoning.encrypted" and isinstance(data, str):
            if isinstance(call_id, str):
                of_calls[call_id] = data
            else:
                of_text = data
    return of_calls, of_text


def _signature_in(call: Call) -> str | None:
    """From the field of Google's own OpenAI endpoint: https://ai.google.dev/gemini-api/docs/thought-signatures#openai."""
    return string_in(object_in(object_in(call.field, "extra_content"), "google"), "thought_signature") or None


def _tool_result(message: Json, where: str, calls: ToolCalls, *, is_old: bool) -> list[Json]:
    """`functionResponse`, whose object has the result under `output`, or under `error` where the tool failed.

    From Gemini 3 on, media are inside it (https://ai.google.dev/gemini-api/docs/function-calling#multimodal). For older models,
    and for files by URL, they follow it, as in Google's own agent (https://github.com/google-gemini/gemini-cli,
    `generateContentResponseUtilities.ts`, both read 2026-11-28).
    """
    call = calls.answered(message, where)
    output: list[str] = []
    inside: list[Json] = []
    behind: list[Json] = []
    for at, part in parts(message, where, _PROVIDER):
        if part["type"] == "text":
            output.append(part["text"])
        else:
            media = _part(part, at)
            (behind if is_old or "fileData" in media else inside).append(media)
    key = "error" if message.get("is_error") is True else "output"
    response: Json = {"id": call.id, "name": call.name, "response": {key: "\n".join(output)}}
    if inside:
        response["parts"] = inside
    return [{"functionResponse": response}, *behind]
