import json
import random
from binascii import crc32
from collections.abc import Iterable, Sequence
from itertools import pairwise

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from ai_engine.wire.eventstream import BrokenFrame, Frame, FrameReader, JsonFrameReader
from tests.fakes.eventstream import event, exception, frame

HEADERS = {":message-type": "event", ":event-type": "messageStart"}
FRAMES = st.lists(
    st.builds(
        Frame,
        st.dictionaries(st.text(min_size=1, max_size=20), st.text(max_size=40), max_size=4),
        st.binary(max_size=200),
    ),
    max_size=5,
)


def split(data: bytes, places: Iterable[int]) -> list[bytes]:
    cuts = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    return [data[start:end] for start, end in pairwise(cuts)]


def read(chunks: Iterable[bytes]) -> tuple[Sequence[Frame], bool]:
    """The frames, and whether the stream broke."""
    reader, frames = FrameReader(), []
    for chunk in chunks:
        try:
            frames += reader.feed(chunk)
        except BrokenFrame as error:
            return frames + error.valid_frames, True
    return frames, False


@given(FRAMES, st.lists(st.integers(0, 5000), max_size=12))
def test_frames_are_read_however_they_are_split(frames: list[Frame], places: list[int]) -> None:
    data = b"".join(frame(each.payload, each.headers) for each in frames)
    assert read(split(data, places)) == (frames, False)


@given(FRAMES)
def test_aws_own_reader_reads_the_same(frames: list[Frame]) -> None:
    data = b"".join(frame(each.payload, each.headers) for each in frames)
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    assert [(message.headers, message.payload) for message in buffer] == frames


@given(st.binary(max_size=400), st.lists(st.integers(0, 500), max_size=8))
def test_garbage_breaks_the_stream_or_waits_and_does_nothing_else(data: bytes, places: list[int]) -> None:
    frames, is_broken = read(split(data, places))
    assert frames == []
    assert is_broken or data[:1] in b"{[<" or len(data) < 12


@given(FRAMES, st.binary(min_size=12, max_size=60), st.lists(st.integers(0, 5000), max_size=8))
def test_what_came_before_garbage_is_given(frames: list[Frame], garbage: bytes, places: list[int]) -> None:
    frames = [*frames, Frame({}, b"last")]
    data = b"".join(frame(each.payload, each.headers) for each in frames)
    assert read(split(data + garbage, places)) == (frames, True)


@given(st.integers(0, 10_000), st.integers(1, 255), st.lists(st.integers(0, 500), max_size=4))
def test_a_changed_byte_is_noticed(place: int, change: int, places: list[int]) -> None:
    whole = event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Hello"}})
    data = bytearray(whole + whole)
    data[place % len(whole)] ^= change
    frames, is_broken = read(split(bytes(data), places))
    assert frames == []
    assert is_broken or bytes(data[:1]) in b"{[<"


def test_every_type_of_header_is_read_past_and_strings_are_kept() -> None:
    values = (b"\x00", b"\x01", b"\x02x", b"\x03xx", b"\x04xxxx", b"\x05" + b"x" * 8, b"\x06\x00\x02xx", b"\x08" + b"x" * 8)
    headers = b"".join(b"\x01" + bytes([97 + number]) + value for number, value in enumerate((*values, b"\x09" + b"x" * 16)))
    assert read([_with_headers(headers + b"\x01z\x07\x00\x02hi")]) == ([Frame({"z": "hi"}, b"")], False)


@pytest.mark.parametrize(
    "headers",
    [b"\x05ab", b"\x01a", b"\x01a\x0a", b"\x01a\x07\x00", b"\x01a\x07\x00\x09hi", b"\x01a\x07\x00\x01\xff", b"\x01\xff\x00"],
)
def test_unreadable_headers_break_the_stream(headers: bytes) -> None:
    assert read([_with_headers(headers)]) == ([], True)


def _with_headers(headers: bytes) -> bytes:
    """A frame of these header bytes, with valid checksums."""
    valid = frame(headers, {})
    prelude = valid[:4] + len(headers).to_bytes(4, "big")
    return _checked(prelude, headers)


def _checked(prelude: bytes, rest: bytes) -> bytes:
    message = prelude + crc32(prelude).to_bytes(4, "big") + rest
    return message + crc32(message).to_bytes(4, "big")


@pytest.mark.parametrize(
    ("total", "headers"),
    [(15, 0), (0, 0), (20, 5), (2**31, 0), (400_000, 200_000), (17 * 1024 * 1024, 0), (2**32 - 1, 2**32 - 1)],
)
def test_an_impossible_length_breaks_the_stream_at_its_prelude(total: int, headers: int) -> None:
    prelude = total.to_bytes(4, "big") + headers.to_bytes(4, "big")
    with pytest.raises(BrokenFrame):
        FrameReader().feed(_checked(prelude, b"")[:12])


def test_a_frame_as_large_as_the_limit_is_read_and_one_larger_is_not() -> None:
    whole = frame(b"x" * 984, {})
    assert FrameReader(limit_bytes=1000).feed(whole) == [Frame({}, b"x" * 984)]
    with pytest.raises(BrokenFrame, match="more than 999 bytes"):
        FrameReader(limit_bytes=999).feed(whole[:12])


def test_a_large_frame_in_small_pieces_takes_linear_time() -> None:
    data = frame(random.randbytes(4 * 1024 * 1024), HEADERS)
    reader, frames = FrameReader(), []
    for start in range(0, len(data), 1024):
        frames += reader.feed(data[start : start + 1024])
    assert [len(each.payload) for each in frames] == [4 * 1024 * 1024]
    assert reader.unfinished == b""


def test_each_frame_is_the_json_of_the_union() -> None:
    delta = {"contentBlockIndex": 0, "delta": {"text": "grüße 🦊"}}
    data = event("contentBlockDelta", delta) + exception("throttlingException", "slow down") + frame(b"", HEADERS)
    data += frame(b"", {":message-type": "error", ":error-code": "InternalFailure", ":error-message": "oh"})
    assert [json.loads(each) for each in JsonFrameReader().feed(data)] == [
        {"contentBlockDelta": delta},
        {"throttlingException": {"message": "slow down"}},
        {"messageStart": {}},
        {"error": {"code": "InternalFailure", "message": "oh"}},
    ]


def test_a_body_of_json_is_kept_as_it_came_and_bounded() -> None:
    reader = JsonFrameReader()
    assert reader.feed(b'{"message":') == reader.feed(b'"too hot"}') == reader.end() == []
    assert reader.unfinished == b'{"message":"too hot"}'
    with pytest.raises(BrokenFrame):
        reader.feed(b" " * (16 * 1024 * 1024))
