"""A chat's messages as Gemini's `contents` and `systemInstruction`.

Sources (read 2026-11-28): https://ai.google.dev/api/caching#Content, https://ai.google.dev/gemini-api/docs/function-calling,
https://ai.google.dev/gemini-api/docs/thought-signatures, https://ai.google.dev/gemini-api/docs/file-input-methods.
"""

import mimetypes
from collections.abc import Mapping
from urllib.parse import urlsplit

from ai_engine.errors import InvalidRequest, UnsupportedByProvider
from ai_engine.providers.chat_messages import Call, address, answered_call, data_url, messages, parts, texts, tool_calls
from ai_engine.providers.gemini.listing import is_before_3
from ai_engine.wire.gemini import ANY_SIGNATURE, REASONING_FORMAT
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.openai import arguments_in

_PROVIDER = "Gemini"
_FETCHED_SCHEMES = frozenset({"https", "http", "gs"})
"""What `fileData` names and Google fetches: public and signed URLs, files that were uploaded to it, its own storage."""


def contents(body: JsonMapping, model: str) -> tuple[list[Json], Json | None]:
    """`contents` and `systemInstruction`.

    Messages of one role that follow each other become one, and every system message joins the one instruction there is. Left out
    are an image's `detail` (the default is the finest), a file's name, and reasoning that no signature of Gemini's goes with.
    """
    is_old = is_before_3(model)
    said: list[Json] = []
    instruction: list[Json] = []
    made: dict[str, str] = {}
    for where, role, message in messages(body, _PROVIDER):
        content = message.get("content")
        if role in ("system", "developer"):
            instruction += [{"text": text} for text in texts(content, where, _PROVIDER)]
            continue
        if role == "tool":
            found, speaker = _tool_result(message, where, made, is_old=is_old), "user"
        elif role == "assistant":
            found, speaker = _assistant_parts(message, where, made, is_old=is_old), "model"
        else:
            given = parts(content, where, _PROVIDER)
            found = [_part(part, f"{where}.content[{place}]") for place, part in enumerate(given)]
            speaker = "user"
        if found and said and said[-1]["role"] == speaker:
            said[-1]["parts"] += found
        elif found:
            said.append({"role": speaker, "parts": found})
    if not said:
        raise UnsupportedByProvider("Gemini answers to no conversation that has only system messages.", param="messages")
    return said, {"parts": instruction} if instruction else None


def _part(part: Json, where: str) -> Json:
    kind = part["type"]
    if kind == "text":
        return {"text": part["text"]}
    if kind == "image_url":
        return _media(address(part, kind, "url", where), f"{where}.image_url.url", "image")
    if kind == "input_audio":
        form = address(part, kind, "format", where)
        return {"inlineData": {"mimeType": f"audio/{form}", "data": address(part, kind, "data", where)}}
    if kind == "file":
        return _file(part, where)
    raise InvalidRequest(f"A user's message has no parts of the type {kind!r}.", param=f"{where}.type")


def _file(part: Json, where: str) -> Json:
    file = part.get("file")
    file = file if isinstance(file, dict) else {}
    name = file.get("filename")
    guessed = mimetypes.guess_type(name)[0] if isinstance(name, str) else None
    for field in ("file_data", "file_url", "file_id"):
        value = file.get(field)
        if not isinstance(value, str) or not value:
            continue
        place = f"{where}.file.{field}"
        if field != "file_data" or value[:5].lower() == "data:":
            return _media(value, place, "file", guessed)
        if guessed is None:
            raise UnsupportedByProvider("Gemini must know of what type a file is: send it as a data: URL.", param=place)
        return {"inlineData": {"mimeType": guessed, "data": value}}
    raise InvalidRequest("A file needs file_data, file_url or file_id.", param=f"{where}.file")


def _media(url: str, where: str, what: str, guessed: str | None = None) -> Json:
    """A `data:` URL's content, or where Google finds it."""
    held = data_url(url, where)
    if held is not None:
        media_type = held.media_type or guessed
        if media_type is None:
            raise UnsupportedByProvider("Gemini must know of what type this is: the data: URL does not say it.", param=where)
        return {"inlineData": {"mimeType": media_type, "data": held.data}}
    try:
        address_of = urlsplit(url)
    except ValueError:
        raise InvalidRequest(f"The {what} has no URL.", param=where) from None
    if address_of.scheme not in _FETCHED_SCHEMES:
        raise UnsupportedByProvider(f"Gemini takes a {what} as a data:, https: or gs: URL.", param=where)
    media_type = guessed or mimetypes.guess_type(address_of.path)[0]
    return {"fileData": {"fileUri": url} if media_type is None else {"fileUri": url, "mimeType": media_type}}


def _assistant_parts(message: Json, where: str, made: dict[str, str], *, is_old: bool) -> list[Json]:
    """What the model said: text, images, calls, each with the signature that came with it."""
    found = [{"text": text} for text in texts(message.get("content"), where, _PROVIDER) if text]
    refusal = message.get("refusal")
    if isinstance(refusal, str) and refusal:
        found.append({"text": refusal})
    images = message.get("images")
    for place, image in enumerate(images if isinstance(images, list) else ()):
        if not isinstance(image, dict):
            raise InvalidRequest("An image is an object.", param=f"{where}.images[{place}]")
        url = address(image, "image_url", "url", f"{where}.images[{place}]")
        found.append(_media(url, f"{where}.images[{place}].image_url.url", "image"))
    signatures, last_signature = _signatures(message.get("reasoning_details"))
    if last_signature is not None:
        if not found:
            found.append({"text": ""})
        found[-1]["thoughtSignature"] = last_signature
    is_first = True
    for place, call in enumerate(tool_calls(message, where, _PROVIDER)):
        made[call.id] = call.name
        signature = _signature_in(call) or signatures.get(call.id)
        if signature is None and is_first and not is_old:
            signature = ANY_SIGNATURE
        is_first = False
        part: Json = {"functionCall": {"id": call.id, "name": call.name, "args": _arguments(call, where, place)}}
        if signature is not None:
            part["thoughtSignature"] = signature
        found.append(part)
    return found


def _signatures(details: object) -> tuple[dict[str, str], str | None]:
    """The signatures of calls, by the calls' ids, and that of the text."""
    of_calls: dict[str, str] = {}
    of_text = None
    for detail in details if isinstance(details, list) else ():
        if not isinstance(detail, dict) or detail.get("format") != REASONING_FORMAT:
            continue
        data, call_id = detail.get("data"), detail.get("id")
        if detail.get("type") == "reasoning.encrypted" and isinstance(data, str):
            if isinstance(call_id, str):
                of_calls[call_id] = data
            else:
                of_text = data
    return of_calls, of_text


def _signature_in(call: Call) -> str | None:
    """Where Google's own OpenAI endpoint keeps it: https://ai.google.dev/gemini-api/docs/thought-signatures#openai."""
    extra = call.field.get("extra_content")
    google = extra.get("google") if isinstance(extra, dict) else None
    signature = google.get("thought_signature") if isinstance(google, dict) else None
    return signature if isinstance(signature, str) and signature else None


def _arguments(call: Call, where: str, place: int) -> Json:
    arguments = arguments_in(call.arguments)
    if arguments is None:
        raise UnsupportedByProvider(
            "Gemini takes the arguments of a call as a JSON object only.",
            param=f"{where}.tool_calls[{place}].function.arguments",
        )
    return arguments


def _tool_result(message: Json, where: str, made: Mapping[str, str], *, is_old: bool) -> list[Json]:
    """`functionResponse`, whose object has the result under `output`, or under `error` where the tool failed.

    What the tool shows stands inside of it from Gemini 3 on (https://ai.google.dev/gemini-api/docs/function-calling#multimodal),
    and before, as files by their addresses do everywhere, behind it: so Google's own agent has it
    (https://github.com/google-gemini/gemini-cli, `generateContentResponseUtilities.ts`, both read 2026-11-28).
    """
    call_id = answered_call(message, where, made)
    said: list[str] = []
    inside: list[Json] = []
    behind: list[Json] = []
    for place, part in enumerate(parts(message.get("content"), where, _PROVIDER)):
        if part["type"] == "text":
            said.append(part["text"])
        else:
            shown = _part(part, f"{where}.content[{place}]")
            (behind if is_old or "fileData" in shown else inside).append(shown)
    key = "error" if message.get("is_error") is True else "output"
    response: Json = {"id": call_id, "name": made[call_id], "response": {key: "\n".join(said)}}
    if inside:
        response["parts"] = inside
    return [{"functionResponse": response}, *behind]
