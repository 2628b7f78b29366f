"""The messages of a chat, as adapters read them."""

import pytest

from ai_engine.errors import UnsupportedByProvider
from ai_engine.providers.chat_messages import messages


def test_unsupported_fields_of_all_messages_are_named_at_once() -> None:
    given = [
        {"role": "user", "content": "a", "name": "x"},
        {"role": "assistant", "content": "b", "name": "y", "parsed": 1},
        {"role": "user", "content": "c", "name": "z", "mood": "good"},
    ]

    with pytest.raises(UnsupportedByProvider) as caught:
        list(messages({"messages": given}, "Gemini"))

    named = ("messages[0].name", "messages[1].name", "messages[1].parsed", "messages[2].mood")
    assert caught.value.params == named, "the name of one user's message stands for all"
