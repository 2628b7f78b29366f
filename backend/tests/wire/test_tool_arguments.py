"""The arguments of calls, in all the forms in which servers and clients write them."""

import json
from typing import Any

import pytest

from ai_engine.wire.tool_arguments import arguments_object, arguments_text, sound_arguments, whole_arguments

WEI = 123_456_789_012_345_678_901_234_567_890


@pytest.mark.parametrize("given", [None, "", " \n", "null", {}, "{}", '"{}"', '"null"', '""'])
def test_none_are_an_empty_object(given: object) -> None:
    assert arguments_object(given) == {}
    assert sound_arguments(given).strip() == "{}"


@pytest.mark.parametrize("given", [{"a": WEI}, json.dumps({"a": WEI}), json.dumps(json.dumps({"a": WEI}))])
def test_an_object_keeps_its_digits_however_it_is_written(given: object) -> None:
    assert arguments_object(given) == {"a": WEI}
    assert arguments_object(sound_arguments(given)) == {"a": WEI}


def test_the_text_of_an_object_is_unchanged() -> None:
    text = '{"b" : 1.0, "a":"\\u00f6"}'
    assert sound_arguments(text) is text


@pytest.mark.parametrize("text", ['{"a": [1', "[1]", "7", "hello", '"hello"', "nul", '"[1]"'])
def test_what_is_no_object_is_shown_to_the_tool(text: str) -> None:
    assert arguments_object(text) == {"unreadable_arguments": text}
    assert arguments_object(sound_arguments(text)) == {"unreadable_arguments": text}


def test_the_text_of_a_providers_arguments() -> None:
    pieces: list[Any] = [None, "", '{"a', {"a": 1}, [1]]
    assert list(map(arguments_text, pieces)) == ["", "", '{"a', '{"a":1}', "[1]"]
    assert list(map(whole_arguments, pieces)) == ["{}", "{}", '{"a', '{"a":1}', "[1]"]
