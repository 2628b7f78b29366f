"""One reading of finish reasons for every protocol."""

from typing import Any

import pytest

from ai_engine.wire.finish_reasons import reason_in, reason_of, reasons_in


@pytest.mark.parametrize(
    "value", [None, "", "  ", "null", "NULL", "None", "FINISH_REASON_UNSPECIFIED", 0, False, [], {}], ids=repr
)
def test_what_is_no_reason(value: Any) -> None:
    assert reason_in(value) is None


@pytest.mark.parametrize(
    ("value", "reason"), [("length", "length"), ("STOP", "STOP"), (5, "stop"), (True, "stop"), (["length"], "stop")]
)
def test_what_is_one(value: Any, reason: str) -> None:
    assert reason_in(value) == reason


def test_a_whole_answer_without_a_reason_has_an_ordinary_end() -> None:
    assert reason_of({"message": {"content": "Hi"}}) == "stop"
    assert reason_of({"message": {"tool_calls": [{}]}, "finish_reason": ""}) == "tool_calls"
    assert reason_of({"message": {"tool_calls": [{}]}, "finish_reason": "length"}) == "length"


@pytest.mark.parametrize(
    "event", [{}, {"choices": 3}, {"choices": [3, None]}, {"type": "message_delta", "delta": 3}, {"type": "response.completed"}]
)
def test_an_event_without_a_reason_has_none(event: Any) -> None:
    assert reasons_in(event) == {}
