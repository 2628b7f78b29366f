"""Durations in 96 buckets that grow by 21 %, so that percentiles of merged histograms are within 10 % of the true ones.

Bucket 0 holds everything up to 0.0121 ms, bucket *i* the durations in (0.01 × 1.21^i, 0.01 × 1.21^(i+1)] ms, bucket 95 also
everything longer: it begins at 732 s, past the longest request. A bucket answers with its geometric middle, which is at
most √1.21 − 1 = 10 % away from any duration in it.

Packed, a histogram is: one byte for the width of a count in bytes (1, 2, 4 or 8), one byte for the first bucket that is not
empty, then the little-endian counts from there to the last one that is not empty. The empty histogram is no bytes at all.
"""

import struct
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import add

BUCKETS = 96
SMALLEST_MS = 0.01
GROWTH = 1.21
UPPER_EDGES_MS: tuple[float, ...] = tuple(SMALLEST_MS * GROWTH ** (bucket + 1) for bucket in range(BUCKETS - 1))
MIDDLES_MS: tuple[float, ...] = tuple(SMALLEST_MS * GROWTH ** (bucket + 0.5) for bucket in range(BUCKETS))

_CODE_OF_WIDTH = {1: "B", 2: "H", 4: "I", 8: "Q"}
_WHOLE_OF_WIDTH = {width: struct.Struct(f"<{BUCKETS}{code}") for width, code in _CODE_OF_WIDTH.items()}

Counts = list[int]
"""One count for each bucket."""


def no_counts() -> Counts:
    return [0] * BUCKETS


def histogram(durations_ms: Iterable[float]) -> Counts:
    """How many of these durations are in each bucket; what is shorter than the first goes into the first."""
    counts = no_counts()
    for duration_ms in durations_ms:
        counts[bisect_left(UPPER_EDGES_MS, duration_ms)] += 1
    return counts


def pack(counts: Sequence[int]) -> bytes:
    """The counts in as few bytes as they need."""
    largest = max(counts)
    if not largest:
        return b""
    width = 1 if largest < 1 << 8 else 2 if largest < 1 << 16 else 4 if largest < 1 << 32 else 8
    whole = _WHOLE_OF_WIDTH[width].pack(*counts)
    first = (len(whole) - len(whole.lstrip(b"\0"))) // width
    end = -(-len(whole.rstrip(b"\0")) // width)
    return bytes((width, first)) + whole[first * width : end * width]


def add_packed(counts: Counts, packed: bytes) -> None:
    """Adds a packed histogram to `counts`."""
    if packed:
        width, first = packed[0], packed[1]
        length = (len(packed) - 2) // width
        added = struct.unpack_from(f"<{length}{_CODE_OF_WIDTH[width]}", packed, 2)
        counts[first : first + length] = map(add, counts[first : first + length], added)


def merged(histograms: Iterable[bytes]) -> bytes:
    """The histogram of all their durations together."""
    counts = no_counts()
    for packed in histograms:
        add_packed(counts, packed)
    return pack(counts)


def percentiles(counts: Sequence[int], *ranks: float) -> tuple[float | None, ...]:
    """The nearest-rank percentiles in milliseconds within 10 %, ranks in (0, 1]; `None` where nothing was counted."""
    seen = list(accumulate(counts))
    total = seen[-1]
    if not total:
        return (None,) * len(ranks)
    return tuple(MIDDLES_MS[bisect_left(seen, max(1, -int(-rank * total // 1)))] for rank in ranks)
