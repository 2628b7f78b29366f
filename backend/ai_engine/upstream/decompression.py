"""Incremental decompression, so that a decompression bomb never is in memory as a whole."""

import zlib
from collections.abc import Iterator

from ai_engine.upstream.port import ConnectionCut, Headers, header

ACCEPTED_ENCODINGS = b"gzip, deflate"
"""The `accept-encoding` of every request: what `decompression_of` supports.

Brotli and zstd are not in the standard library, and their savings on JSON do not justify a dependency.
"""

_CHUNK_BYTES = 256 * 1024
_GZIP = zlib.MAX_WBITS | 16
_ZLIB = zlib.MAX_WBITS
_RAW_DEFLATE = -zlib.MAX_WBITS


class Decompression:
    """Decompresses one body."""

    __slots__ = ("_format", "_held", "_inflater")

    def __init__(self, format_bits: int | None) -> None:
        self._format = format_bits
        """zlib's `wbits`; `None` until the first two bytes determine the variant of deflate."""
        self._held = b""
        self._inflater: zlib._Decompress | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decompresses `data` into chunks of at most 256 KiB. Raises `ConnectionCut` for invalid data."""
        try:
            yield from self._feed(data)
        except zlib.error:
            raise ConnectionCut("Invalid compressed data in the body.") from None

    def _feed(self, data: bytes) -> Iterator[bytes]:
        if self._format is None:
            data = self._held + data
            if len(data) < 2:
                self._held = data
                return
            self._format = _deflate_format(data)
        while data:
            if self._inflater is None or self._inflater.eof:  # gzip allows several members in sequence
                self._inflater = zlib.decompressobj(self._format)
            yield from self._decompress(self._inflater, data)
            data = self._inflater.unused_data

    @staticmethod
    def _decompress(inflater: "zlib._Decompress", data: bytes) -> Iterator[bytes]:
        while True:
            chunk = inflater.decompress(data, _CHUNK_BYTES)
            if chunk:
                yield chunk
            data = inflater.unconsumed_tail
            # After a full chunk zlib may hold more output although no input is left.
            if inflater.eof or (not data and len(chunk) < _CHUNK_BYTES):
                return

    def end(self) -> None:
        """Raises `ConnectionCut` if the compressed data is incomplete. An empty body is valid."""
        is_unfinished = self._inflater is not None and not self._inflater.eof
        if is_unfinished or (self._held and self._inflater is None):
            raise ConnectionCut("Incomplete compressed data in the body.")


def _deflate_format(start: bytes) -> int:
    """`deflate` is zlib's format, but raw deflate with some servers; zlib's header has a checksum (RFC 1950, 2.2)."""
    has_zlib_header = start[0] & 0x0F == 8 and (start[0] << 8 | start[1]) % 31 == 0
    return _ZLIB if has_zlib_header else _RAW_DEFLATE


def decompression_of(headers: Headers) -> Decompression | None:
    """The decompression for a response's `content-encoding`; `None` if it is not compressed.

    Raises `ConnectionCut` for an encoding that was not offered.
    """
    match (header(headers, b"content-encoding") or "identity").strip().lower():
        case "identity" | "":
            return None
        case "gzip" | "x-gzip":
            return Decompression(_GZIP)
        case "deflate":
            return Decompression(None)
        case _:
            raise ConnectionCut("Unsupported content-encoding.")
