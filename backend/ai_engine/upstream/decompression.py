"""Compressed bodies, undone piece by piece, so that a small body that unfolds into a huge one never lies in memory whole."""

import zlib
from collections.abc import Iterator

from ai_engine.upstream.port import ConnectionCut, Headers, header

ACCEPTED_ENCODINGS = b"gzip, deflate"
"""The `accept-encoding` of every request: exactly what `decompression_of` can undo.

Brotli and zstd are not offered: neither is in the standard library, and their savings on JSON do not pay for a dependency.
"""

_PIECE_BYTES = 256 * 1024
_GZIP = zlib.MAX_WBITS | 16
_ZLIB = zlib.MAX_WBITS
_RAW_DEFLATE = -zlib.MAX_WBITS


class Decompression:
    """Undoes one compressed body."""

    __slots__ = ("_format", "_held", "_inflater")

    def __init__(self, format_bits: int | None) -> None:
        self._format = format_bits
        """What zlib calls `wbits`; `None` until the first two bytes tell which of the two deflates it is."""
        self._held = b""
        self._inflater: zlib._Decompress | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What these bytes unfold into, at most 256 KiB at a time. Raises `ConnectionCut` where they make no sense."""
        try:
            yield from self._feed(data)
        except zlib.error:
            raise ConnectionCut("The body's compression makes no sense.") from None

    def _feed(self, data: bytes) -> Iterator[bytes]:
        if self._format is None:
            data = self._held + data
            if len(data) < 2:
                self._held = data
                return
            self._format = _deflate_format(data)
        while data:
            if self._inflater is None or self._inflater.eof:  # gzip allows several members one after another
                self._inflater = zlib.decompressobj(self._format)
            yield from self._unfold(self._inflater, data)
            data = self._inflater.unused_data

    @staticmethod
    def _unfold(inflater: "zlib._Decompress", data: bytes) -> Iterator[bytes]:
        while True:
            piece = inflater.decompress(data, _PIECE_BYTES)
            if piece:
                yield piece
            data = inflater.unconsumed_tail
            # A full piece may have more behind it inside zlib although no input is left.
            if inflater.eof or (not data and len(piece) < _PIECE_BYTES):
                return

    def end(self) -> None:
        """Raises `ConnectionCut` if the body is over before its compression is. A body of no bytes at all is sound."""
        is_unfinished = self._inflater is not None and not self._inflater.eof
        if is_unfinished or (self._held and self._inflater is None):
            raise ConnectionCut("The body ended inside its compression.")


def _deflate_format(start: bytes) -> int:
    """`deflate` is zlib's format by the book and raw deflate with some servers; zlib's header has a checksum (RFC 1950, 2.2)."""
    has_zlib_header = start[0] & 0x0F == 8 and (start[0] << 8 | start[1]) % 31 == 0
    return _ZLIB if has_zlib_header else _RAW_DEFLATE


def decompression_of(headers: Headers) -> Decompression | None:
    """How to undo an answer's `content-encoding`, `None` if there is nothing to undo.

    Raises `ConnectionCut` for one that was not offered: its bytes would mean nothing to anybody.
    """
    match (header(headers, b"content-encoding") or "identity").strip().lower():
        case "identity" | "":
            return None
        case "gzip" | "x-gzip":
            return Decompression(_GZIP)
        case "deflate":
            return Decompression(None)
        case _:
            raise ConnectionCut("The body is compressed in a way that was not offered.")
