"""Images by a model: in a chat they are `images` beside the text, in a response items of their own."""

from typing import NamedTuple

from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.tolerant import object_in, objects_in, string_in

_MEDIA_TYPES = {"iVBOR": "image/png", "/9j/": "image/jpeg", "UklGR": "image/webp", "R0lG": "image/gif"}
"""By the beginning of the file's base64."""


class Pictures(NamedTuple):
    """The images of one message or delta."""

    files: list[str]
    """Base64 each."""
    addresses: list[str]
    """URLs of others, which a response has in its text."""


def pictures_in(message: JsonMapping) -> Pictures:
    """The images of a chat's message or delta."""
    found = Pictures([], [])
    for image in objects_in(message, "images"):
        url = string_in(object_in(image, "image_url"), "url")
        if not url:
            continue
        head, marker, data = url.partition(";base64,")
        if marker and head[:5].lower() == "data:":
            found.files.append(data)
        else:
            found.addresses.append(url)
    return found


def image_of(result: str) -> Json:
    """An image of an earlier turn, as in a message of a chat."""
    kinds = (kind for beginning, kind in _MEDIA_TYPES.items() if result.startswith(beginning))
    return {"type": "image_url", "image_url": {"url": f"data:{next(kinds, 'image/png')};base64,{result}"}}
