"""JSON that strict parsers refuse is read as far as a lenient one can."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_engine.wire.lenient_json import PairJoiner, loads, repaired


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"a": NaN}', {"a": None}),
        (b"[Infinity, -Infinity]", [1.7976931348623157e308, -1.7976931348623157e308]),
        (rb'"\ud83d\ude00"', "😀"),
        (rb'"a\ud83d"', "a\ufffd"),
        (rb'{"\udc00": 1}', {"\ufffd": 1}),
        (b'"two\nlines\t"', "two\nlines\t"),
        (b'"\xff"', "\ufffd"),
        (b"\xef\xbb\xbf1", 1),
        (b"[1e999, 123456789012345678901234567890]", [float("inf"), 123456789012345678901234567890]),
    ],
)
def test_what_is_read(data: bytes, value: Any) -> None:
    assert loads(data) == value


@pytest.mark.parametrize("data", [b"", b"{", b"{'a': 1}", b"[1,]", b"nan", b"[" * 100_000, b"1" * 5000])
def test_what_cannot_be_read(data: bytes) -> None:
    for read in (loads, repaired, PairJoiner().repaired):
        with pytest.raises(ValueError, match=r"."):
            read(data)


def test_what_was_repaired_can_be_read_by_anybody() -> None:
    for data in (b"[NaN, -Infinity]", rb'["\ud83d", 123456789012345678901234567890]', b"[[1e999]]"):
        orjson.loads(repaired(data))


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(any_json)
def test_whatever_python_writes_is_repaired(value: Any) -> None:
    orjson.loads(repaired(json.dumps(value).encode()))


@given(st.text(st.sampled_from("a😀é𝄞"), min_size=1), st.lists(st.integers(1, 3), min_size=1), st.integers(0, 2))
def test_pairs_are_whole_however_a_stream_splits_them(text: str, sizes: list[int], choice: int) -> None:
    units = text.encode("utf-16-le")
    pieces: list[str] = []
    at = 0
    while at < len(units):
        size = sizes[len(pieces) % len(sizes)] * 2
        pieces.append(units[at : at + size].decode("utf-16-le", "surrogatepass"))
        at += size
    joiner = PairJoiner()
    read = ""
    for piece in pieces:
        event = json.dumps({"choices": [{"index": choice, "delta": {"content": piece}}]}).encode()
        try:
            value = orjson.loads(event)
        except orjson.JSONDecodeError:
            value = orjson.loads(joiner.repaired(event))
        read += value["choices"][0]["delta"]["content"]
    assert read == text


def test_halves_of_different_choices_and_calls_are_kept_apart() -> None:
    joiner = PairJoiner()

    def piece(choice: int, call: int, text: str) -> str:
        function = {"arguments": text}
        event = {"choices": [{"index": choice, "delta": {"tool_calls": [{"index": call, "function": function}]}}]}
        read: str = orjson.loads(joiner.repaired(json.dumps(event).encode()))["choices"][0]["delta"]["tool_calls"][0]["function"][
            "arguments"
        ]
        return read

    assert [piece(choice, call, "\ud83d") for choice in (0, 1) for call in (0, 1)] == [""] * 4
    assert [piece(choice, call, "\ude00") for choice in (0, 1) for call in (0, 1)] == ["😀"] * 4


def test_a_half_without_its_other_is_replaced_and_many_do_not_fill_the_memory() -> None:
    joiner = PairJoiner()
    assert [orjson.loads(joiner.repaired(event)) for event in (rb'"a\ud83d"', rb'"\ud83db"', rb'"c\udc00"')] == [
        "a",
        "\ufffd\ufffdb",
        "c\ufffd",
    ]
    for number in range(1000):
        joiner.repaired(b'{"%d": "\\ud83d"}' % number)
    assert orjson.loads(joiner.repaired(rb'["\ud83d"]')) == ["\ufffd"]
