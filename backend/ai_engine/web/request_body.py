"""Reading a request body, JSON or a form. Bodies that are too large or of another type are refused before they are read."""

from collections.abc import Iterable

from ai_engine.errors import BodyTooLarge, UnsupportedMediaType
from ai_engine.web.disconnect import ClientDisconnected, Receive
from ai_engine.wire.multipart import Form, is_form, read_form


async def read_body(
    headers: Iterable[tuple[bytes, bytes]], receive: Receive, limit_bytes: int, *, takes_forms: bool = False
) -> bytes:
    """The raw body.

    A body without `content-type` is taken as JSON, since many small tools send none. Pages of other sites can therefore send one
    without a preflight; the check of `Origin` in `access.guards` stops them.

    Raises:
        UnsupportedMediaType: `content-type` is not JSON nor, where forms are accepted, a form. Nothing was read.
        BodyTooLarge: larger than `limit_bytes`. Nothing was read if `content-length` says so, else reading stopped there.
        ClientDisconnected: the client disconnected while sending.
    """
    for name, value in headers:
        if name == b"content-length":
            if exceeds_limit(value, limit_bytes):
                raise too_large(limit_bytes)
        elif name == b"content-type" and value != b"application/json" and not _is_accepted(value, takes_forms=takes_forms):
            raise unsupported_content_type(value, takes_forms=takes_forms)
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
            raise ClientDisconnected
        chunk: bytes = message.get("body", b"")
        received_bytes += len(chunk)
        if received_bytes > limit_bytes:
            raise too_large(limit_bytes)
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)
        message = await receive()


def exceeds_limit(content_length: bytes, limit_bytes: int) -> bool:
    """Whether this `content-length` is over the limit."""
    # There may be thousands of leading zeros, which `int` refuses; twenty digits are more than any limit has.
    return content_length.isdigit() and int(content_length.lstrip(b"0")[:20] or b"0") > limit_bytes


def too_large(limit_bytes: int) -> BodyTooLarge:
    """The error, with the limit and the variable that sets it."""
    return BodyTooLarge(f"The request body is larger than {limit_bytes} bytes (AI_ENGINE_MAX_REQUEST_SIZE).")


def unsupported_content_type(content_type: bytes, *, takes_forms: bool = False) -> UnsupportedMediaType:
    """The error for a `content-type` that the route does not accept."""
    shown = content_type[:100].decode("latin-1")
    accepted = "multipart/form-data or application/json" if takes_forms else "application/json"
    return UnsupportedMediaType(f"Unsupported Content-Type {shown!r}; send {accepted}.")


def _is_accepted(content_type: bytes, *, takes_forms: bool) -> bool:
    return is_json(content_type) or (takes_forms and is_form(content_type))


def form_in(headers: Iterable[tuple[bytes, bytes]], raw: bytes) -> Form | None:
    """The body parsed as a form if its `content-type` is one, else `None`. Raises `InvalidRequest`."""
    content_type = next((value for name, value in headers if name == b"content-type"), b"")
    return read_form(content_type, raw) if is_form(content_type) else None


def is_json(content_type: bytes) -> bool:
    """Whether this `content-type` is JSON."""
    media_type = content_type.partition(b";")[0].strip().lower()
    return media_type == b"application/json" or (media_type.startswith(b"application/") and media_type.endswith(b"+json"))
