"""Pictures that a model made: a chat has them beside its text as `images`, a response as items of their own."""

from typing import NamedTuple

from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.tolerant import objects_in

_MEDIA_TYPES = {"iVBOR": "image/png", "/9j/": "image/jpeg", "UklGR": "image/webp", "R0lG": "image/gif"}
"""By how the base64 of such a file begins."""


class Pictures(NamedTuple):
    """What one message or delta has of them."""

    files: list[str]
    """Base64 each."""
    addresses: list[str]
    """URLs of those that lie elsewhere, which a response has no place for but its text."""


def pictures_in(said: JsonMapping) -> Pictures:
    """The pictures of a message or delta of a chat."""
    found = Pictures([], [])
    for image in objects_in(said, "images"):
        address = image.get("image_url")
        url = address.get("url") if isinstance(address, dict) else None
        if not isinstance(url, str) or not url:
            continue
        head, marker, data = url.partition(";base64,")
        if marker and head[:5].lower() == "data:":
            found.files.append(data)
        else:
            found.addresses.append(url)
    return found


def image_of(result: str) -> Json:
    """A picture of an earlier turn, as a message of a chat has it."""
    kinds = (kind for beginning, kind in _MEDIA_TYPES.items() if result.startswith(beginning))
    return {"type": "image_url", "image_url": {"url": f"data:{next(kinds, 'image/png')};base64,{result}"}}
