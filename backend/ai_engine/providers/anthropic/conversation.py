"""A chat's messages as Anthropic's `system` and `messages`.

Anthropic's roles alternate, and the user's is first: consecutive messages become one turn, and results of tools are part of the
user's turn. Texts are never blank (https://platform.claude.com/docs/en/api/messages, read 2026-11-30). Instructions
before the conversation become `system`. Later ones keep their place where the model allows it (after the user's turn, before the
answer), else they join `system`, as in Anthropic's own endpoint for OpenAI's clients
(https://platform.claude.com/docs/en/cli-sdks-libraries/libraries/openai-sdk, read 2026-11-28).
"""

from typing import Any

from ai_engine.providers.anthropic.content import PROVIDER, blocks, text_blocks
from ai_engine.providers.anthropic.traits import Traits
from ai_engine.providers.chat_messages import ToolCalls, messages
from ai_engine.providers.chat_parameters import not_by
from ai_engine.providers.turn_order import BEGINNING, CONTINUE, in_order
from ai_engine.wire.anthropic import REASONING_FORMAT, THOUGHTS, valid_id
from ai_engine.wire.fields import optional, unsupported
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.tolerant import string_in


def conversation(body: JsonMapping, traits: Traits) -> tuple[list[Json], list[Json]]:
    """The blocks of `system`, and the turns of `messages`. Raises `InvalidRequest` and `UnsupportedByProvider`."""
    reader = _Conversation(traits)
    for where, role, message in in_order(messages(body, PROVIDER)):
        if role == "user":
            reader.user(where, message)
        elif role == "assistant":
            reader.assistant(where, message)
        elif role == "tool":
            reader.result(where, message)
        else:
            reader.instruct(where, message)
    reader.close()
    return reader.system, reader.turns


class _Conversation:
    """The turns so far."""

    def __init__(self, traits: Traits) -> None:
        self.system: list[Json] = []
        self.turns: list[Json] = []
        self._traits = traits
        self._later: list[Json] = []
        self._is_users_turn = False
        """Whether the last message that counts is the user's, even a blank one."""
        self._calls = ToolCalls(PROVIDER, valid_id)

    def instruct(self, where: str, message: Json) -> None:
        blocks = text_blocks(message, where)
        if self.turns and self._traits.takes_later_instructions:
            self._later += blocks
        else:
            self.system += blocks

    def user(self, where: str, message: Json) -> None:
        self._add("user", blocks(message, where))
        self._is_users_turn = True

    def assistant(self, where: str, message: Json) -> None:
        if message.get("images"):
            raise unsupported(f"{where}.images", not_by(PROVIDER))
        content = text_blocks(message, where)
        if not content and (refusal := optional(message, "refusal", str, where) or "").strip():
            content = [{"type": "text", "text": refusal}]
        for call in self._calls.of(message, where):
            content.append({"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments})
        if content:
            self._is_users_turn = False
            self._place_later()
        self._add("assistant", with_thinking(content, message.get("reasoning_details")))

    def result(self, where: str, message: Json) -> None:
        block: Json = {"type": "tool_result", "tool_use_id": self._calls.answered(message, where).id}
        content = message.get("content")
        content = content.strip() and content if isinstance(content, str) else blocks(message, where)
        if content:
            block["content"] = content
        if message.get("is_error") is True:
            block["is_error"] = True
        if message.get("cache_control") is not None and not isinstance(content, list):
            block["cache_control"] = message["cache_control"]
        self._add("user", [block])

    def close(self) -> None:
        """Ends the conversation. Raises where it cannot end like this."""
        if self._is_users_turn and self.turns and self.turns[-1]["role"] == "assistant":
            self._add("user", [{"type": "text", "text": CONTINUE}])
        self._place_later()
        if not self.turns:
            # Instructions alone are what the user says.
            self._add("user", self.system)
            self.system = []
        if not self.turns:
            raise unsupported("messages", f"must have a user's message for {PROVIDER}")
        if self.turns[0]["role"] == "assistant":
            self.turns.insert(0, {"role": "user", "content": [{"type": "text", "text": BEGINNING}]})
        if self.turns[-1]["role"] == "assistant":
            self._begin_answer(self.turns[-1])

    def _begin_answer(self, turn: Json) -> None:
        """Makes the assistant's last turn one that the answer continues: without thinking, and without a blank at its end."""
        if not self._traits.takes_prefill:
            raise unsupported("messages", "must not end with an assistant's message: this model does not continue one")
        turn["content"] = [block for block in turn["content"] if block["type"] not in THOUGHTS]
        last = turn["content"][-1]
        turn["content"][-1] = {**last, "text": last["text"].rstrip()}

    def _place_later(self) -> None:
        if not self._later:
            return
        if self.turns[-1]["role"] == "user":
            self.turns.append({"role": "system", "content": self._later})
        else:
            self.system += self._later
        self._later = []

    def _add(self, role: str, content: list[Json]) -> None:
        if not content:
            return
        if self.turns and self.turns[-1]["role"] == role:
            self.turns[-1]["content"] += content
        else:
            self.turns.append({"role": role, "content": content})


def with_thinking(content: list[Json], details: object, *, encrypted_format: str = REASONING_FORMAT) -> list[Json]:
    """`content` with the thinking before it that Anthropic signed; other reasoning is left out.

    The index of a detail is that of its block in the answer: models that think between tools do not do all of it first.
    `encrypted_format` is the `format` of encrypted thinking.
    """
    if not isinstance(details, list) or not content:
        return content
    merged: list[Json] = []
    rest = content[::-1]
    for index, block in _thinking(details, encrypted_format):
        while index is not None and len(merged) < index and len(rest) > 1:
            merged.append(rest.pop())
        merged.append(block)
    return merged + rest[::-1]


def _thinking(details: list[Any], encrypted_format: str) -> list[tuple[int | None, Json]]:
    """The blocks with their indexes. A client may send back the pieces of a stream: pieces of one index are one block."""
    made: list[tuple[int | None, Json]] = []
    for detail in details:
        is_encrypted = isinstance(detail, dict) and detail.get("type") == "reasoning.encrypted"
        if not isinstance(detail, dict) or detail.get("format") != (encrypted_format if is_encrypted else REASONING_FORMAT):
            continue
        index = detail.get("index")
        place = index if type(index) is int else None
        if is_encrypted:
            if isinstance(detail.get("data"), str):
                made.append((place, {"type": "redacted_thinking", "data": detail["data"]}))
        elif detail.get("type") == "reasoning.text":
            last = made[-1] if made else None
            if last is None or place is None or last[0] != place or last[1]["type"] != "thinking":
                last = (place, {"type": "thinking", "thinking": "", "signature": ""})
                made.append(last)
            last[1]["thinking"] += string_in(detail, "text")
            last[1]["signature"] += string_in(detail, "signature")
    return [(place, block) for place, block in made if block["type"] != "thinking" or block["signature"]]
