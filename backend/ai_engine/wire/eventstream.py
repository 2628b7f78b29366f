"""AWS's event streams (`application/vnd.amazon.eventstream`): an incremental reader for their binary frames.

A frame is its length, its headers' length, a checksum of both, headers, payload, and a checksum of everything before it, all
numbers big-endian. Source: https://smithy.io/2.0/aws/amazon-eventstream.html (read 2026-11-30).
"""

from binascii import crc32
from collections.abc import Iterable
from struct import Struct
from typing import NamedTuple

import orjson

from ai_engine.wire.sse import MAX_EVENT_BYTES

_PRELUDE = Struct(">III")
_CHECKSUM = Struct(">I")
_FRAME_BYTES = _PRELUDE.size + _CHECKSUM.size
"""The size of a frame without headers and payload."""
_MOST_HEADER_BYTES = 128 * 1024

_BYTES, _STRING = 6, 7
_VALUE_BYTES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Header types of a fixed size: true, false, byte, short, integer, long, timestamp, UUID."""


class Frame(NamedTuple):
    """One message of a stream."""

    headers: dict[str, str]
    """Only those with strings: all that describe a message."""
    payload: bytes


class BrokenFrame(ValueError):
    """The bytes are not a frame, or one larger than the reader allows. The stream cannot be read any further."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.valid_frames: list[Frame] = []
        """The frames before it in the same chunk."""


class FrameReader:
    """Reads frames from bytes that may be split anywhere. Memory is bounded by one frame and one chunk."""

    __slots__ = ("_buffer", "_frame_bytes", "_headers_bytes", "_is_plain", "_limit_bytes")

    def __init__(self, limit_bytes: int = MAX_EVENT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._buffer = bytearray()
        self._frame_bytes = 0
        """The length of the frame that is read; 0 before its prelude."""
        self._headers_bytes = 0
        self._is_plain: bool | None = None
        """The body is text instead of frames; `None` before its first byte."""

    @property
    def unfinished(self) -> bytes:
        """The bytes after the last complete frame; the whole body where it is text."""
        return bytes(self._buffer)

    def feed(self, chunk: bytes) -> list[Frame]:
        """The frames that `chunk` completes, in order. Raises `BrokenFrame`.

        A body that starts like JSON or HTML, which no frame does, is kept in `unfinished`.
        """
        buffer = self._buffer
        buffer += chunk
        if self._is_plain is None and buffer:
            self._is_plain = buffer[:1] in b"{[<"
        if self._is_plain:
            self._check_size(len(buffer))
            return []
        frames: list[Frame] = []
        try:
            while (frame := self._next()) is not None:
                frames.append(frame)
        except BrokenFrame as error:
            error.valid_frames = frames
            raise
        return frames

    def _next(self) -> Frame | None:
        buffer = self._buffer
        if not self._frame_bytes:
            if len(buffer) < _PRELUDE.size:
                return None
            self._begin(bytes(buffer[: _PRELUDE.size]))
        if len(buffer) < self._frame_bytes:
            return None
        data = bytes(buffer[: self._frame_bytes])
        del buffer[: self._frame_bytes]  # from the front, which does not move the rest
        self._frame_bytes = 0
        return self._frame(data)

    def _begin(self, prelude: bytes) -> None:
        frame_bytes, headers_bytes, checksum = _PRELUDE.unpack(prelude)
        if crc32(prelude[: -_CHECKSUM.size]) != checksum:
            raise BrokenFrame("an event whose prelude does not match its checksum")
        self._check_size(frame_bytes)
        if headers_bytes > _MOST_HEADER_BYTES or frame_bytes < _FRAME_BYTES + headers_bytes:
            raise BrokenFrame("an event of an impossible length")
        self._frame_bytes, self._headers_bytes = frame_bytes, headers_bytes

    def _check_size(self, size_bytes: int) -> None:
        if size_bytes > self._limit_bytes:
            raise BrokenFrame(f"an event of more than {self._limit_bytes} bytes")

    def _frame(self, data: bytes) -> Frame:
        (checksum,) = _CHECKSUM.unpack_from(data, len(data) - _CHECKSUM.size)
        if crc32(memoryview(data)[: -_CHECKSUM.size]) != checksum:
            raise BrokenFrame("an event that does not match its checksum")
        headers_end = _PRELUDE.size + self._headers_bytes
        return Frame(_headers(data[_PRELUDE.size : headers_end]), data[headers_end : -_CHECKSUM.size])


def _headers(data: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    place = 0
    try:
        while place < len(data):
            name_end = place + 1 + data[place]
            name, kind = data[place + 1 : name_end].decode(), data[name_end]
            place = name_end + 1
            if kind in (_BYTES, _STRING):
                size, place = int.from_bytes(data[place : place + 2], "big"), place + 2
            else:
                size = _VALUE_BYTES[kind]
            value, place = data[place : place + size], place + size
            if kind == _STRING:
                headers[name] = value.decode()
    except (IndexError, KeyError, UnicodeDecodeError):
        raise BrokenFrame("an event with unreadable headers") from None
    if place != len(data):
        raise BrokenFrame("an event with unreadable headers")
    return headers


class JsonFrameReader:
    """Reads the frames of a service with JSON payloads, each as an object with one field, the event's name.

    An event `contentBlockDelta` with the payload `{…}` is `{"contentBlockDelta": {…}}`; exceptions are the same. An error outside
    the service's model is `{"error": {"code": …, "message": …}}`. Used like `wire.sse.EventReader`.
    """

    __slots__ = ("_frames",)

    def __init__(self) -> None:
        self._frames = FrameReader()

    @property
    def unfinished(self) -> bytes:
        return self._frames.unfinished

    def feed(self, chunk: bytes) -> list[bytes]:
        """As `FrameReader.feed`. Payloads are not checked: they may not be JSON."""
        return unions(self._frames.feed(chunk))

    def end(self) -> list[bytes]:
        """Ends the stream; an incomplete frame is dropped."""
        return []


def unions(frames: Iterable[Frame]) -> list[bytes]:
    """The frames as objects, as in `JsonFrameReader`."""
    return [_union(frame) for frame in frames]


def _union(frame: Frame) -> bytes:
    headers = frame.headers
    match headers.get(":message-type"):
        case "error":
            return orjson.dumps({"error": {"code": headers.get(":error-code"), "message": headers.get(":error-message")}})
        case "exception":
            name = headers.get(":exception-type", "")
        case _:
            name = headers.get(":event-type", "")
    return b"{" + orjson.dumps(name) + b":" + (frame.payload or b"{}") + b"}"
