"""Requests without the hints that a provider lacks."""

import pytest

from ai_engine.errors import UnsupportedByProvider
from ai_engine.names import Operation
from ai_engine.wire.fields import check_known
from ai_engine.wire.hints import DroppedHints, dropping_hints, without
from ai_engine.wire.json_types import Json, JsonMapping


@pytest.mark.parametrize("name", ["langfuse.trace", "a[0].b", "x[]", "[0]", ".", "messages[0]", "tools[0].function", "x" * 1000])
def test_a_hint_may_have_any_name(name: str) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "hi", name: 1}], name: 1}

    fewer = dropping_hints(Operation.CHAT, body, DroppedHints(), _with_known_fields)

    assert fewer == {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


@pytest.mark.parametrize(
    "path", ["tools[0].function.parameters.title", "stop[0]", "tools[0]", "messages", "seed.x", "tools[7].x"]
)
def test_what_lies_in_a_promise_or_nowhere_is_no_hint(path: str) -> None:
    function = {"name": "f", "parameters": {"title": "t"}}
    body: Json = {"messages": [], "stop": ["a"], "seed": 1, "tools": [{"type": "function", "function": function}]}

    assert without(Operation.CHAT, body, path) is None


def test_a_request_with_tens_of_thousands_of_unknown_fields_is_refused() -> None:
    body = {"model": "m", "messages": [], **{f"field_{number}": 1 for number in range(20_000)}}

    with pytest.raises(UnsupportedByProvider):
        dropping_hints(Operation.CHAT, body, DroppedHints(), _with_known_fields)


def test_fields_of_alike_objects_are_left_out_together() -> None:
    messages = [{"role": role, "content": "hi", f"f{place}": place} for place, role in enumerate(["user", "assistant"] * 40)]

    fewer = without(Operation.CHAT, {"messages": messages}, *[f"messages[{place}].f{place}" for place in range(80)])

    assert fewer == {"messages": [{"role": message["role"], "content": "hi"} for message in messages]}


def _with_known_fields(body: JsonMapping) -> JsonMapping:
    check_known(body, ("model", "messages"), "", "is not supported")
    for place, message in enumerate(body["messages"]):
        check_known(message, ("role", "content"), f"messages[{place}]", "is not supported")
    return body
