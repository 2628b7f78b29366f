"""Which chats go to `/responses`. The way there and back: `tests/client_api/messages/test_over_responses.py`."""

import pytest

from ai_engine.providers.openai.chat_via_responses import is_only_way, responses_request
from ai_engine.wire.json_types import Json

CHAT = {"messages": [], "tools": [{"type": "function", "function": {"name": "f"}}]}


@pytest.mark.parametrize(
    "model", ["gpt-5.4", "gpt-5.5-2026-04-23", "openai/gpt-5.6-luna", "gpt-5.10", "gpt-6", "ft:gpt-5.4:acme::x"]
)
def test_models_from_5_4_on_take_tools_there_alone(model: str) -> None:
    assert is_only_way(CHAT, model)


@pytest.mark.parametrize(
    "model", ["gpt-35-turbo", "gpt-41-mini", "gpt-4o", "gpt-4.1", "gpt-5-2025-08-07", "gpt-5.1", "o4-mini", "my-gpt-6"]
)
def test_older_models_by_whatever_name_take_them_in_a_chat(model: str) -> None:
    assert not is_only_way(CHAT, model)


@pytest.mark.parametrize(
    "fields",
    [
        {"tools": []},
        {"tools": None},
        {"reasoning_effort": "none"},
        {"stop": ["END"]},
        {"top_k": 3},
        {"messages": [{"role": "assistant", "content": "Look:", "images": [{"type": "image_url"}]}]},
    ],
)
def test_other_chats_are_sent_as_chats(fields: Json) -> None:
    assert not is_only_way(CHAT | fields, "gpt-5.5")


def test_a_refusal_of_an_earlier_turn_is_what_was_said() -> None:
    turn = {"role": "assistant", "content": None, "refusal": "No."}
    assert responses_request(CHAT | {"messages": [turn]})["input"] == [{"type": "message", "role": "assistant", "content": "No."}]
