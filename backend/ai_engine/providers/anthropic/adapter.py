"""The adapter for Anthropic's Messages API: chats are translated, its own format is passed through."""

from collections.abc import Sequence

import orjson

from ai_engine.clock import Clock
from ai_engine.names import Operation
from ai_engine.providers.adapter import ListedModel, PlainAnswer, StreamDecoder
from ai_engine.providers.anthropic.answers import chat_completion
from ai_engine.providers.anthropic.endpoint import AnthropicEndpoint
from ai_engine.providers.anthropic.listing import read_listing
from ai_engine.providers.anthropic.native import NativeStreamDecoder, native_answer, sound_answer
from ai_engine.providers.anthropic.requests import messages_request
from ai_engine.providers.anthropic.stream import ChatStreamDecoder
from ai_engine.providers.endpoint import Endpoint
from ai_engine.providers.failures import Failure
from ai_engine.providers.plain_answers import TOO_DEEP, uncounted_characters
from ai_engine.providers.translating import TranslatingAdapter
from ai_engine.upstream.port import Headers
from ai_engine.wire.anthropic import token_counts
from ai_engine.wire.json_types import JsonMapping

_METHODS = {
    Operation.CHAT: "messages",
    Operation.MESSAGES: "messages",
    Operation.COUNT_TOKENS: "messages/count_tokens",
}


class AnthropicMessages(TranslatingAdapter):
    """`adapter.Adapter` for the format, by default at Anthropic's own API (`WireProtocol.ANTHROPIC`)."""

    name = "Anthropic"
    operations = frozenset(_METHODS)

    def __init__(self, clock: Clock, endpoint: Endpoint | None = None) -> None:
        super().__init__(clock, endpoint or AnthropicEndpoint())

    def says_one_call_at_a_time(self, model: str) -> bool:
        return True

    def request(self, operation: Operation, body: JsonMapping, model: str) -> tuple[str, JsonMapping]:
        return _METHODS[operation], messages_request(body, model) if operation is Operation.CHAT else {**body, "model": model}

    def decode_answer(
        self, operation: Operation, headers: Headers, body: bytes, model: str, *, as_chat: bool = False
    ) -> PlainAnswer | Failure:
        if operation is not Operation.CHAT:
            return native_answer(operation, body)
        message = sound_answer(body, "content")
        if isinstance(message, Failure):
            return message
        named = message.get("model")
        named = named if isinstance(named, str) and named else None
        usage = token_counts(message.get("usage"))
        characters = uncounted_characters(message["content"], usage)
        try:
            chat = chat_completion(message, named or model, self._now())
            return PlainAnswer(None, named, usage, characters, chat)
        except orjson.JSONEncodeError:
            return TOO_DEEP

    def decode_stream(self, operation: Operation, model: str, *, as_chat: bool = False) -> StreamDecoder:
        return ChatStreamDecoder(model, self._now()) if operation is Operation.CHAT else NativeStreamDecoder()

    def decode_listing(self, body: bytes) -> Sequence[ListedModel]:
        return read_listing(body)
