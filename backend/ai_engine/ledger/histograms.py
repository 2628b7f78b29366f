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

Counts = list[int]
"""One count for each bucket."""


def no_counts() -> Counts:
    return [0] * BUCKETS


def bucket_of(duration_ms: float) -> int:
    """The bucket of a duration; what is shorter than the first goes into the first."""
    return bisect_left(UPPER_EDGES_MS, duration_ms)


def pack(counts: Sequence[int]) -> bytes:
    """The counts in as few bytes as they need."""
    filled = [bucket for bucket, count in enumerate(counts) if count]
    if not filled:
        return b""
    first, last = filled[0], filled[-1]
    largest = max(counts)
    width = 1 if largest < 1 << 8 else 2 if largest < 1 << 16 else 4 if largest < 1 << 32 else 8
    return struct.pack(f"<BB{last - first + 1}{_CODE_OF_WIDTH[width]}", width, first, *counts[first : last + 1])


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
