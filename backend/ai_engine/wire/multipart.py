"""Forms, `multipart/form-data` (RFC 7578): how clients send images and audio."""

import re
from typing import TYPE_CHECKING, Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from ai_engine.errors import InvalidRequest
from ai_engine.wire.fields import invalid

if TYPE_CHECKING:  # the library has it for type checkers alone
    from python_multipart.multipart import MultipartCallbacks

_MOST_PARTS = 1000
_MOST_PADDING = 64
"""Spaces behind a boundary: the RFC allows them, and no client sends any."""
_MEDIA_TYPE = b"multipart/form-data"


class Form(dict[str, Any]):
    """The plain fields of a form by name, and its bytes.

    A repeated field, such as `include[]`, is a list. Of files only the names are read.
    """

    def __init__(self, raw: bytes, content_type: bytes) -> None:
        super().__init__()
        self.content_type = content_type
        """With the boundary."""
        self.files: set[str] = set()
        """The fields that hold files."""
        self._raw = raw
        self._spans: dict[str, tuple[int, int]] = {}

    def __bytes__(self) -> bytes:
        return self._raw

    def with_field(self, name: str, value: str) -> bytes:
        """The form with another value of a field that it has exactly once and not empty; every other byte is unchanged."""
        start, end = self._spans[name]
        return b"".join((self._raw[:start], value.encode(), self._raw[end:]))

    def add(self, name: str, start: int, end: int) -> None:
        """Adds a plain field, from its offsets. Raises `InvalidRequest` where it is not text."""
        try:
            value = self._raw[start:end].decode()
        except UnicodeDecodeError:
            raise invalid(name, "must be UTF-8 text") from None
        if start < end:
            self._spans[name] = start, end
        if name not in self:
            self[name] = value
        elif isinstance(self[name], list):
            self[name].append(value)
        else:
            self[name] = [self[name], value]


def is_form(content_type: bytes) -> bool:
    """Whether this `content-type` is a form's."""
    return content_type.partition(b";")[0].strip().lower() == _MEDIA_TYPE


def read_form(content_type: bytes, raw: bytes) -> Form:
    """`raw` as a form. Raises `InvalidRequest`."""
    boundary = parse_options_header(content_type)[1].get(b"boundary")
    if not boundary:
        raise _broken("its Content-Type has no boundary")
    _refuse_slow(raw, boundary)
    reader = _Reader(Form(raw, content_type))
    try:
        # All at once, so that the parser's offsets are offsets into `raw`.
        MultipartParser(boundary, reader.callbacks()).write(raw)
    except FormParserError as error:
        raise _broken(str(error)) from None
    if not reader.is_whole:
        raise _broken("its closing boundary is missing")
    return reader.form


def _refuse_slow(raw: bytes, boundary: bytes) -> None:
    """Refuses what the parser would read byte by byte, which blocks the event loop for seconds.

    Within a part no line begins with the boundary (RFC 2046, 5.1.1), so there are as many boundaries as parts.
    """
    delimiter = b"\r\n--" + boundary
    if raw.count(delimiter) > _MOST_PARTS:
        raise _broken(f"it has more than {_MOST_PARTS} parts")
    if re.search(re.escape(delimiter) + rb"[ \t]{%d}" % _MOST_PADDING, raw):
        raise _broken("there is too much space behind a boundary")


def _broken(why: str) -> InvalidRequest:
    return InvalidRequest(f"The form is invalid: {why}.", code="invalid_form")


class _Reader:
    """The parser's callbacks, which fill the form."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.is_whole = False
        self._begin()

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_part_data": self._part_data,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._header = b""
        self._disposition: dict[bytes, bytes] = {}
        self._span = (0, 0)

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header = data[start:end].lower()

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        if self._header == b"content-disposition":
            self._disposition = parse_options_header(data[start:end])[1]

    def _part_data(self, _data: bytes, start: int, end: int) -> None:
        self._span = (start, end)

    def _end_part(self) -> None:
        name = self._disposition.get(b"name", b"").decode("utf-8", "replace")
        if not name:
            raise _broken("one of its parts has no name")
        if b"filename" in self._disposition:
            self.form.files.add(name)
        else:
            self.form.add(name, *self._span)

    def _end(self) -> None:
        self.is_whole = True
