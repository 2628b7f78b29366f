"""JSON whose integers keep their digits."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_engine.wire import exact_json

WEI = 123_456_789_012_345_678_901_234_567_890
VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**60), 10**60) | st.integers(2**64 - 9, 2**64 + 9) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.sampled_from([None, 2]))
def test_any_value_is_read_and_written_exactly(value: object, indent: int | None) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    assert exact_json.loads(text) == value
    assert exact_json.loads(text.encode()) == value
    assert json.loads(exact_json.dumps(value)) == value


@pytest.mark.parametrize("place", range(19))
def test_an_integer_is_found_wherever_it_stands(place: int) -> None:
    for number in (2**63, 2**64, -(2**63) - 1, WEI):
        assert exact_json.loads(b" " * place + b"[%d]" % number) == [number]


@pytest.mark.parametrize("number", [2**64 - 1, -(2**63), 0, 1.5, 1e300, 0.1234567890123456789])
def test_other_numbers_are_those_of_orjson(number: float) -> None:
    assert exact_json.dumps([number]) == orjson.dumps([number])
    assert exact_json.loads(orjson.dumps([number])) == [number]


@pytest.mark.parametrize("text", [b"", b"{", b'"\\ud83d"', b"NaN", b"[%d" % WEI, b"1" * 400])
def test_what_is_no_json_is_refused_as_ever(text: bytes) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        exact_json.loads(text)


def deep(levels: int, inner: object) -> object:
    for _ in range(levels):
        inner = [inner]
    return inner


@pytest.mark.parametrize("value", [deep(300, 1), deep(100_000, WEI), {"a": {1, 2}}, [WEI, float("nan")], [WEI, "\ud83d"]])
def test_what_cannot_be_written_is_refused(value: object) -> None:
    with pytest.raises(orjson.JSONEncodeError):
        exact_json.dumps(value)


def test_what_is_nested_too_deeply_to_be_exact_is_read_all_the_same() -> None:
    value = exact_json.loads(b"[" * 1000 + b"%d" % WEI + b"]" * 1000)
    for _ in range(1000):
        (value,) = value
    assert value in (WEI, float(WEI))
