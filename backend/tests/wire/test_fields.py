from collections.abc import Callable

import pytest

from ai_engine.errors import InvalidRequest, UnsupportedByProvider
from ai_engine.wire import fields

BODY = {"text": "a", "empty": "", "count": 3, "share": 0.5, "flag": True, "none": None, "list": [{"a": 1}, 7], "mode": "slow"}


def error_of(read: Callable[[], object]) -> tuple[str, str | None]:
    with pytest.raises(InvalidRequest) as caught:
        read()
    return caught.value.message, caught.value.param


def test_a_field_of_the_right_type_is_returned() -> None:
    assert fields.required(BODY, "text", str) == "a"
    assert fields.required(BODY, "count", float) == 3
    assert fields.optional(BODY, "share", float) == 0.5
    assert fields.one_of(BODY, "mode", ("slow", "fast")) == "slow"


@pytest.mark.parametrize("field", ["none", "missing"])
def test_a_null_counts_as_missing(field: str) -> None:
    assert fields.optional(BODY, field, int) is None
    assert list(fields.optional_objects(BODY, field)) == []
    assert fields.strings(BODY, field) == []


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda where: fields.required(BODY, "missing", dict, where), "missing must be an object"),
        (lambda where: fields.required(BODY, "flag", int, where), "flag must be an integer"),
        (lambda where: fields.optional(BODY, "flag", float, where), "flag must be a number"),
        (lambda where: fields.optional(BODY, "text", bool, where), "text must be true or false"),
        (lambda where: fields.non_empty(BODY, "empty", str, where), "empty must be a non-empty string"),
        (lambda where: fields.one_of(BODY, "mode", ("fast", "faster"), where), "mode must be one of fast, faster"),
        (lambda where: list(fields.objects(BODY, "list", where)), "list[1] must be an object"),
        (lambda where: fields.strings(BODY, "list", where), "list[0] must be a string"),
    ],
)
def test_an_error_begins_with_the_full_path(read: Callable[[str], object], message: str) -> None:
    for where, prefix in (("", ""), ("messages[3].content[0]", "messages[3].content[0].")):
        path = prefix + message.partition(" ")[0]
        assert error_of(lambda where=where: read(where)) == (f"{prefix}{message}.", path)  # type: ignore[misc]


def test_objects_come_with_their_paths() -> None:
    assert list(fields.objects({"a": [{}, {"b": 1}]}, "a", "x")) == [("x.a[0]", {}), ("x.a[1]", {"b": 1})]


def test_an_unknown_field_is_unsupported_unless_it_is_null() -> None:
    fields.check_known({"a": 1, "b": None}, ("a",), "tools[0]", "is not supported by Acme")
    with pytest.raises(UnsupportedByProvider, match=r"^tools\[0\]\.b is not supported by Acme\.$") as caught:
        fields.check_known({"a": 1, "b": 0}, ("a",), "tools[0]", "is not supported by Acme")
    assert caught.value.param == "tools[0].b"


def test_a_path_of_the_clients_own_making_is_cut() -> None:
    message, param = error_of(lambda: fields.required({}, "x" * 5000, str))
    assert param is not None
    assert len(param) == 200
    assert len(message) < 250


def test_json_that_is_nested_too_deeply_names_its_field() -> None:
    value: object = 1
    for _ in range(300):
        value = [value]
    assert error_of(lambda: fields.json_text(value, "input[0].arguments"))[1] == "input[0].arguments"


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff"])
def test_a_body_must_be_a_json_object(raw: bytes) -> None:
    with pytest.raises(InvalidRequest) as caught:
        fields.parse_object(raw)
    assert caught.value.code == "invalid_json"
