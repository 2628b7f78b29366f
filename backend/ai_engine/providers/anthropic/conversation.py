"""A chat's messages as Anthropic's `system` and `messages`.

Roles alternate there: messages in a row become one turn, and results of tools are part of the user's. Instructions before the
conversation become `system`. Later ones keep their place where the model takes that (after the user's turn, before the answer);
for others they join `system`, as in Anthropic's own endpoint for OpenAI's clients
(https://platform.claude.com/docs/en/cli-sdks-libraries/libraries/openai-sdk, read 2026-11-28).
"""

from typing import Any

from ai_engine.errors import InvalidRequest, UnsupportedByProvider
from ai_engine.providers.anthropic.content import PROVIDER, blocks, text_blocks
from ai_engine.providers.anthropic.traits import Traits
from ai_engine.providers.chat_messages import answered_call, messages, tool_calls
from ai_engine.wire.anthropic import REASONING_FORMAT, sound_id
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.openai import arguments_in


def conversation(body: JsonMapping, traits: Traits) -> tuple[list[Json], list[Json]]:
    """The blocks of `system`, and the turns of `messages`. Raises `InvalidRequest` and `UnsupportedByProvider`."""
    reader = _Conversation(traits)
    for where, role, message in messages(body, PROVIDER):
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
    """What has been read so far."""

    def __init__(self, traits: Traits) -> None:
        self.system: list[Json] = []
        self.turns: list[Json] = []
        self._traits = traits
        self._later: list[Json] = []
        self._calls: dict[str, str] = {}
        """Every call so far, by id, with the name of its tool."""
        self._open: dict[str, str] = {}
        """Those of them without a result, with their paths."""

    def instruct(self, where: str, message: Json) -> None:
        given = text_blocks(message.get("content"), where)
        if self.turns and self._traits.takes_later_instructions:
            self._later += given
        else:
            self.system += given

    def user(self, where: str, message: Json) -> None:
        self._check_results()
        self._add("user", blocks(message.get("content"), where))

    def assistant(self, where: str, message: Json) -> None:
        self._check_results()
        if message.get("images"):
            raise UnsupportedByProvider(f"{PROVIDER} takes no images from an assistant.", param=f"{where}.images")
        said = text_blocks(message.get("content"), where)
        if not said:
            said = text_blocks(message.get("refusal"), where)
        for place, call in enumerate(tool_calls(message, where, PROVIDER)):
            at = f"{where}.tool_calls[{place}]"
            said.append({"type": "tool_use", "id": sound_id(call.id), "name": call.name, "input": _input(call.arguments, at)})
            self._calls[call.id] = call.name
            self._open[call.id] = f"{at}.id"
        self._place_later()
        self._add("assistant", _with_thinking(said, message.get("reasoning_details")))

    def result(self, where: str, message: Json) -> None:
        call_id = answered_call(message, where, self._calls)
        self._open.pop(call_id, None)
        block: Json = {"type": "tool_result", "tool_use_id": sound_id(call_id)}
        content = message.get("content")
        if content:
            block["content"] = content if isinstance(content, str) else blocks(content, where)
        if message.get("is_error") is True:
            block["is_error"] = True
        self._add("user", [block])

    def close(self) -> None:
        """The end: raises where the conversation cannot end like this."""
        self._check_results()
        self._place_later()
        if not self.turns:
            raise UnsupportedByProvider(f"{PROVIDER} needs a message of the user.", param="messages")
        if self.turns[-1]["role"] == "assistant" and not self._traits.takes_prefill:
            raise UnsupportedByProvider("This model does not go on from an assistant's message.", param="messages")

    def _check_results(self) -> None:
        for where in self._open.values():
            raise InvalidRequest("A tool call must be followed by its result.", param=where)

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


def _input(arguments: str, where: str) -> Json:
    value = arguments_in(arguments)
    if value is None:
        raise InvalidRequest("A tool call's arguments are a JSON object in a string.", param=f"{where}.function.arguments")
    return value


def _with_thinking(said: list[Json], details: object) -> list[Json]:
    """`said` with the thinking that led to it, where Anthropic made and signed it; everything else of it is left out.

    The index of a detail is that of its block in the answer: models that think between tools do not do all of it first.
    """
    if not isinstance(details, list) or not said:
        return said
    content: list[Json] = []
    rest = said[::-1]
    for index, block in _thinking(details):
        while index is not None and len(content) < index and len(rest) > 1:
            content.append(rest.pop())
        content.append(block)
    return content + rest[::-1]


def _thinking(details: list[Any]) -> list[tuple[int | None, Json]]:
    """The blocks with their indexes. A client may send the pieces of a stream as they came: those of one index are one block."""
    made: list[tuple[int | None, Json]] = []
    for detail in details:
        if not isinstance(detail, dict) or detail.get("format") != REASONING_FORMAT:
            continue
        index = detail.get("index")
        place = index if type(index) is int else None
        data, text, signature = detail.get("data"), detail.get("text"), detail.get("signature")
        if detail.get("type") == "reasoning.encrypted":
            if isinstance(data, str):
                made.append((place, {"type": "redacted_thinking", "data": data}))
        elif detail.get("type") == "reasoning.text":
            last = made[-1] if made else None
            if last is None or place is None or last[0] != place or last[1]["type"] != "thinking":
                last = (place, {"type": "thinking", "thinking": "", "signature": ""})
                made.append(last)
            last[1]["thinking"] += text if isinstance(text, str) else ""
            last[1]["signature"] += signature if isinstance(signature, str) else ""
    return [(place, block) for place, block in made if block["type"] != "thinking" or block["signature"]]
