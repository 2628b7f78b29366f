"""The contents of messages and of tools' results as the parts of a chat."""

from ai_engine.client_api.responses.fields import a_name, a_string, an_array, an_object, refused
from ai_engine.errors import InvalidRequest, UnsupportedByProvider
from ai_engine.wire.json_types import Json, JsonMapping

Content = str | list[Json]


def content_of(value: object, where: str) -> Content:
    """A text or an array of parts; one part that is text alone becomes that text, which every provider takes."""
    if type(value) is str:
        return value
    if type(value) is not list:
        raise refused(where, "a string or an array")
    parts = [_part(an_object(part, f"{where}[{index}]"), f"{where}[{index}]") for index, part in enumerate(value)]
    for index, part in enumerate(parts):
        if part["type"] == "refusal":
            raise InvalidRequest(
                f"{where}[{index}].type is refusal, which only an assistant says.", param=f"{where}[{index}].type"
            )
    return plain(parts) if parts else ""


def plain(parts: list[Json]) -> Content:
    """`parts`, or the text where they are one text."""
    if len(parts) == 1 and parts[0]["type"] == "text":
        text: str = parts[0]["text"]
        return text
    return parts


def _part(part: Json, where: str) -> Json:
    kind = a_name(part.get("type"), f"{where}.type")
    match kind:
        case "input_text" | "output_text":
            return {"type": "text", "text": a_string(part.get("text"), f"{where}.text")}
        case "input_image":
            return _image(part, where)
        case "input_file":
            return {"type": "file", "file": _file(part, where)}
        case "input_audio":
            return {"type": "input_audio", "input_audio": an_object(part.get("input_audio"), f"{where}.input_audio")}
        case "refusal":
            return {"type": "refusal", "refusal": a_string(part.get("refusal"), f"{where}.refusal")}
        case _:
            raise InvalidRequest(
                f"{where}.type is {kind[:100]!r}; "
                "input_text, input_image, input_file, input_audio, output_text and refusal are known.",
                param=f"{where}.type",
            )


def _image(part: JsonMapping, where: str) -> Json:
    if part.get("file_id") is not None and part.get("image_url") is None:
        raise UnsupportedByProvider(
            f"{where} is an image by its file_id, which only its own provider has.", param=f"{where}.file_id"
        )
    image = {"url": a_name(part.get("image_url"), f"{where}.image_url")}
    detail = part.get("detail")
    if detail is not None and detail != "auto":
        # Full resolution has no other name in a chat.
        image["detail"] = "high" if detail == "original" else a_string(detail, f"{where}.detail")
    return {"type": "image_url", "image_url": image}


def _file(part: JsonMapping, where: str) -> Json:
    given = {
        field: a_string(part[field], f"{where}.{field}")
        for field in ("file_data", "file_url", "file_id", "filename")
        if part.get(field) is not None
    }
    if not given.keys() - {"filename"}:
        raise InvalidRequest(f"{where} needs file_data, file_url or file_id.", param=where)
    return given


def assistant_parts(value: object, where: str) -> tuple[list[Json], list[str]]:
    """What an assistant's message says: its texts as parts, and its refusals."""
    if type(value) is str:
        return [{"type": "text", "text": value}], []
    texts, refusals = [], []
    for index, part in enumerate(an_array(value, where)):
        made = _part(an_object(part, f"{where}[{index}]"), f"{where}[{index}]")
        if made["type"] == "refusal":
            refusals.append(made["refusal"])
        elif made["type"] == "text":
            texts.append(made)
        else:
            raise InvalidRequest(f"{where}[{index}].type must be output_text or refusal here.", param=f"{where}[{index}].type")
    return texts, refusals
