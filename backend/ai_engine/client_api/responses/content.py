"""The contents of messages and of tools' results as the parts of a chat."""

from ai_engine.wire.fields import invalid, non_empty, objects_of, optional, required, unsupported
from ai_engine.wire.json_types import Json, JsonMapping

Content = str | list[Json]


def content_of(value: object, where: str) -> Content:
    """A string or an array of parts; a single part of text becomes a string, which every provider accepts.

    Parts that only OpenAI can read, as Codex has them in tools' results, are left out.
    """
    if type(value) is str:
        return value
    if type(value) is not list:
        raise invalid(where, "must be a string or an array")
    parts = []
    for at, part in objects_of(value, where):
        if part.get("type") == "refusal":
            raise invalid(f"{at}.type", "is refusal, which belongs in an assistant's message")
        if part.get("type") != "encrypted_content":
            parts.append(_part(part, at))
    return plain(parts) if parts else ""


def plain(parts: list[Json]) -> Content:
    """`parts`, or the string where they are one text."""
    if len(parts) == 1 and parts[0]["type"] == "text":
        text: str = parts[0]["text"]
        return text
    return parts


def _part(part: Json, where: str) -> Json:
    kind = non_empty(part, "type", str, where)
    match kind:
        case "input_text" | "output_text":
            return {"type": "text", "text": required(part, "text", str, where)}
        case "input_image":
            return _image(part, where)
        case "input_file":
            return {"type": "file", "file": _file(part, where)}
        case "input_audio":
            return {"type": "input_audio", "input_audio": required(part, "input_audio", dict, where)}
        case "refusal":
            return {"type": "refusal", "refusal": required(part, "refusal", str, where)}
        case _:
            known = "input_text, input_image, input_file, input_audio, output_text, refusal"
            raise invalid(f"{where}.type", f"is {kind[:100]!r}; it must be one of {known}")


def _image(part: JsonMapping, where: str) -> Json:
    if part.get("file_id") is not None and part.get("image_url") is None:
        raise unsupported(f"{where}.file_id", "is a file that only the provider it was uploaded to can read; send image_url")
    image = {"url": non_empty(part, "image_url", str, where)}
    detail = optional(part, "detail", str, where)
    if detail is not None and detail != "auto":
        # A chat has no value for the full resolution.
        image["detail"] = "high" if detail == "original" else detail
    return {"type": "image_url", "image_url": image}


def _file(part: JsonMapping, where: str) -> Json:
    file = {}
    for field in ("file_data", "file_url", "file_id", "filename"):
        if (value := optional(part, field, str, where)) is not None:
            file[field] = value
    if not file.keys() - {"filename"}:
        raise invalid(where, "must have file_data, file_url or file_id")
    return file


def assistant_parts(value: object, where: str) -> tuple[list[Json], list[str]]:
    """The texts of an assistant's message as parts, and its refusals."""
    if type(value) is str:
        return [{"type": "text", "text": value}], []
    if type(value) is not list:
        raise invalid(where, "must be a string or an array")
    texts, refusals = [], []
    for at, given in objects_of(value, where):
        part = _part(given, at)
        if part["type"] == "refusal":
            refusals.append(part["refusal"])
        elif part["type"] == "text":
            texts.append(part)
        else:
            raise invalid(f"{at}.type", "must be output_text or refusal in an assistant's message")
    return texts, refusals
