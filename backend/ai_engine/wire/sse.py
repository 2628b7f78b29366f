"""Server-sent events: an incremental reader for providers' streams, and encoders for the gateway's.

The grammar is https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream (read 2026-11-23), with one
difference at the end of a stream, see `EventReader.end`.
"""

from collections.abc import Iterable

MAX_EVENT_BYTES = 16 * 1024 * 1024
"""Far above any real event (a base64 image is a few MiB); bounds memory."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class EventTooLarge(ValueError):
    """One event is larger than the reader allows. The rest of the stream cannot be read."""


Event = tuple[str, bytes]
"""Name and data of an event for a client, without line ends; the name is empty in formats without names."""


def encode_event(data: bytes, name: str = "") -> bytes:
    """One framed event."""
    if name:
        return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"
    return b"data: " + data + b"\n\n"


def encode_events(events: Iterable[Event]) -> bytes:
    """Framed events, in order."""
    return b"".join([encode_event(data, name) for name, data in events])


class EventReader:
    """Reads the `data` of events from bytes that may be split anywhere, inside a UTF-8 sequence or a line end too.

    Comments, `id:`, `retry:` and events without data are dropped. So is `event:`: every supported protocol repeats the name in
    its JSON, and returning plain payloads is fastest for a stream of small events.
    """

    __slots__ = ("_ends_in_line_feed", "_follows_carriage_return", "_is_at_start", "_limit_bytes", "_pieces", "_size_bytes")

    def __init__(self, limit_bytes: int = MAX_EVENT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        # An unfinished event, as a list: joining it with every piece would be quadratic.
        self._pieces: list[bytes] = []
        self._size_bytes = 0
        self._ends_in_line_feed = False
        self._follows_carriage_return = False
        self._is_at_start = True

    def feed(self, chunk: bytes) -> list[bytes]:
        """The payloads of the events that `chunk` completes, in order; several `data` lines are joined with a line feed.

        Raises `EventTooLarge`.
        """
        if (
            chunk.find(b"\n") == len(chunk) - 2
            and chunk.startswith(b"data: ")
            and chunk.endswith(b"\n\n")
            and not self._pieces
            and b"\r" not in chunk
            and 8 < len(chunk) <= self._limit_bytes
        ):
            # A fast path for one event of one line, which most reads are.
            self._is_at_start = self._follows_carriage_return = False
            return [chunk[6:-2]]
        if self._follows_carriage_return and chunk:
            # The carriage return has ended its line; this line feed is the second half of the same line end.
            self._follows_carriage_return = False
            if chunk[0] == 0x0A:
                chunk = chunk[1:]
        if b"\r" in chunk:
            self._follows_carriage_return = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if not chunk:
            return []
        if b"\n\n" not in chunk and not (self._ends_in_line_feed and chunk[0] == 0x0A):
            self._keep(chunk)
            return []
        if self._pieces:
            chunk = b"".join((*self._pieces, chunk))
            self._pieces.clear()
        blocks = chunk.split(b"\n\n")
        self._size_bytes = 0
        self._keep(blocks.pop())
        if self._is_at_start:
            self._is_at_start = False
            blocks[0] = blocks[0].removeprefix(_BYTE_ORDER_MARK)
        return self._payloads(blocks)

    def _keep(self, piece: bytes) -> None:
        self._size_bytes += len(piece)
        if self._size_bytes > self._limit_bytes:
            raise EventTooLarge(f"an event of more than {self._limit_bytes} bytes")
        if piece:
            self._pieces.append(piece)
        self._ends_in_line_feed = piece.endswith(b"\n")

    def _payloads(self, blocks: list[bytes]) -> list[bytes]:
        payloads = []
        for block in blocks:
            if len(block) > self._limit_bytes:
                raise EventTooLarge(f"an event of more than {self._limit_bytes} bytes")
            # Nearly every event is one such line.
            payload = block[6:] if block.startswith(b"data: ") and b"\n" not in block else _data_of(block)
            if payload:
                payloads.append(payload)
        return payloads

    @property
    def unfinished(self) -> bytes:
        """The bytes since the last blank line."""
        return b"".join(self._pieces)

    def end(self) -> list[bytes]:
        """The last event of an ended stream, if only its blank line is missing.

        The standard drops it, but some servers leave out the last blank line. A cut payload is not valid JSON.
        """
        rest = self.unfinished
        if self._is_at_start:
            rest = rest.removeprefix(_BYTE_ORDER_MARK)
        self._pieces.clear()
        self._size_bytes = 0
        payload = _data_of(rest)
        return [payload] if payload else []


def _data_of(block: bytes) -> bytes:
    """The `data` lines of one event, joined; empty where it has none."""
    values = []
    for line in block.split(b"\n"):
        if line.startswith(b"data:"):
            values.append(line[6:] if line[5:6] == b" " else line[5:])
        elif line == b"data":
            values.append(b"")
    return b"\n".join(values)
