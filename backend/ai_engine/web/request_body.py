"""Reading a request's body whole, JSON or a form, and refusing what is too large or of another kind before it is read."""

from collections.abc import Iterable

from ai_engine.errors import BodyTooLarge, UnsupportedMediaType
from ai_engine.web.disconnect import ClientGone, Receive
from ai_engine.wire.multipart import Form, is_form, read_form


async def read_body(
    headers: Iterable[tuple[bytes, bytes]], receive: Receive, limit_bytes: int, *, takes_forms: bool = False
) -> bytes:
    """The body as it came.

    A body without `content-type` is taken for JSON, since many small tools send none; one that names another type is refused.
    A page of another site can therefore send one without a preflight, and is stopped by its `Origin` (`access.guards`).

    Raises:
        UnsupportedMediaType: the body calls itself neither JSON nor, where forms are taken, a form. Nothing was read.
        BodyTooLarge: it is over `limit_bytes`. Nothing was read if `content-length` says so, else no more was kept.
        ClientGone: the client hung up while sending; there is nobody to answer.
    """
    for name, value in headers:
        if name == b"content-length":
            if announces_more(value, limit_bytes):
                raise too_large(limit_bytes)
        elif name == b"content-type" and value != b"application/json" and not is_json(value):
            refuse_other_than_json(value, takes_forms=takes_forms)
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        whole: bytes = message.get("body", b"")
        if len(whole) > limit_bytes:
            raise too_large(limit_bytes)
        return whole
    chunks: list[bytes] = []
    received_bytes = 0
    while True:
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk: bytes = message.get("body", b"")
        received_bytes += len(chunk)
        if received_bytes > limit_bytes:
            raise too_large(limit_bytes)
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)
        message = await receive()


def announces_more(content_length: bytes, limit_bytes: int) -> bool:
    """Whether this `content-length` is of a body over the limit."""
    # Thousands of zeros may lead, and Python makes no number of so many digits; twenty are more than any limit has.
    return content_length.isdigit() and int(content_length.lstrip(b"0")[:20] or b"0") > limit_bytes


def too_large(limit_bytes: int) -> BodyTooLarge:
    """The refusal, with the limit and the variable that moves it."""
    return BodyTooLarge(f"The body is larger than the {limit_bytes} bytes that AI_ENGINE_MAX_REQUEST_SIZE allows.")


def not_json(content_type: bytes) -> UnsupportedMediaType:
    """The refusal of a body that calls itself something else."""
    shown = content_type[:100].decode("latin-1")
    return UnsupportedMediaType(f"The body calls itself {shown!r}; send JSON with the header Content-Type: application/json.")


def refuse_other_than_json(content_type: bytes, *, takes_forms: bool) -> None:
    """Raises `UnsupportedMediaType`, unless it is a form and those are taken."""
    if not takes_forms:
        raise not_json(content_type)
    if not is_form(content_type):
        shown = content_type[:100].decode("latin-1")
        raise UnsupportedMediaType(f"The body calls itself {shown!r}; send a form (multipart/form-data), or JSON.")


def form_in(headers: Iterable[tuple[bytes, bytes]], raw: bytes) -> Form | None:
    """The body as a form, if it calls itself one. Raises `InvalidRequest`."""
    content_type = next((value for name, value in headers if name == b"content-type"), b"")
    return read_form(content_type, raw) if is_form(content_type) else None


def is_json(content_type: bytes) -> bool:
    """Whether a body of this `content-type` is JSON."""
    media_type = content_type.partition(b";")[0].strip().lower()
    return media_type == b"application/json" or (media_type.startswith(b"application/") and media_type.endswith(b"+json"))
