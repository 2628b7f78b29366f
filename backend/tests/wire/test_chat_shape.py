"""What providers send, in the form that translations rely on."""

from typing import Any

from ai_engine.wire.chat_shape import is_text_alone, sound_answer, sound_chunk
from ai_engine.wire.json_types import Json

CALL = {"index": 0, "id": "a", "function": {"name": "f", "arguments": ""}}


def chunk(**choice: Any) -> Json:
    return {"id": "x", "choices": [{"index": 0, "delta": {"content": "hi"}, "finish_reason": None, **choice}]}


def test_a_well_formed_answer_is_returned_unchanged() -> None:
    usage: Json = {"choices": [], "usage": {}}
    for sound in (chunk(), chunk(delta={"tool_calls": [CALL]}, finish_reason="stop"), usage):
        assert sound_chunk(sound) is sound


def test_a_piece_of_text_alone_is_well_formed() -> None:
    assert is_text_alone(chunk())
    others: list[Json] = [{"finish_reason": "stop"}, {"index": None}, {"stop_sequence": 7}, {"native_finish_reason": "x"}]
    others += [
        {"delta": delta} for delta in ({}, {"content": None}, {"content": [1]}, {"content": "x", "tool_calls": [CALL]}, "x")
    ]
    assert not any(is_text_alone(chunk(**other)) for other in others)
    assert not any(is_text_alone({"choices": choices}) for choices in (None, [], ["x"], [*chunk()["choices"] * 2]))


def test_lists_have_only_objects() -> None:
    odd = {"content": "hi", "tool_calls": [3, CALL], "annotations": 5, "reasoning_details": {"a": 1}, "images": [None]}
    assert sound_chunk(chunk(delta=odd))["choices"][0]["delta"] == {"content": "hi", "tool_calls": [CALL]}


def test_an_unknown_stop_reason_is_an_ordinary_end() -> None:
    for odd in (["stop"], {"why": "stop"}, 5):
        assert sound_chunk(chunk(finish_reason=odd))["choices"][0]["finish_reason"] == "stop"
    mended = sound_chunk(chunk(native_finish_reason=["x"], stop_sequence=7))["choices"][0]
    assert (mended["finish_reason"], mended["native_finish_reason"], mended["stop_sequence"]) == (None, None, None)


def test_thoughts_among_the_parts_of_a_content_are_reasoning() -> None:
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}, {"type": "reference"}, 5], "closed": True}
    parts = [thought, {"type": "thinking", "thinking": "…"}, {"type": "text", "text": "Hi"}, {"type": "reference"}, "odd"]
    for sound, part in ((sound_chunk, "delta"), (sound_answer, "message")):
        said = sound({"choices": [{"index": 0, part: {"role": "assistant", "content": parts}}]})["choices"][0][part]
        assert said == {"role": "assistant", "content": "Hi", "reasoning_content": "Hm…"}
        alone = sound({"choices": [{"index": 0, part: {"content": [thought]}}]})["choices"][0][part]
        assert alone == {"content": "", "reasoning_content": "Hm"}
        expected = {"content": [thought], "reasoning_content": "So"}
        assert sound({"choices": [{"index": 0, part: expected}]})["choices"][0][part] == {
            "content": "",
            "reasoning_content": "So",
        }


def test_choices_are_always_there_with_a_number_and_a_message() -> None:
    assert sound_chunk({"usage": {}})["choices"] == []
    assert sound_answer({"choices": [{"message": "hi"}, "x", {"index": [2], "message": {}}]})["choices"] == [
        {"index": 0, "message": {}},
        {"index": 2, "message": {}},
    ]
