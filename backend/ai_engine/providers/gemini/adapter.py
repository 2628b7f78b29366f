"""The adapter for Google's Gemini API."""

from collections.abc import Sequence

import orjson

from ai_engine.clock import Clock
from ai_engine.names import Operation
from ai_engine.providers.adapter import ListedModel, PlainAnswer, StreamDecoder
from ai_engine.providers.endpoint import Endpoint
from ai_engine.providers.failures import Failure, classify_error_value, malformed_response
from ai_engine.providers.gemini.answers import failure_of_finish, failure_of_prompt, no_candidates, plain_choice
from ai_engine.providers.gemini.embeddings import embed_contents, read_embeddings
from ai_engine.providers.gemini.endpoint import GeminiEndpoint
from ai_engine.providers.gemini.listing import read_listing
from ai_engine.providers.gemini.requests import generate_content
from ai_engine.providers.gemini.stream import GeminiStreamDecoder
from ai_engine.providers.plain_answers import TOO_DEEP, answer_object
from ai_engine.providers.translating import TranslatingAdapter
from ai_engine.upstream.port import Headers
from ai_engine.wire import gemini, openai
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.made_ids import answer_id
from ai_engine.wire.openai_usage import token_counts
from ai_engine.wire.tolerant import string_in


class Gemini(TranslatingAdapter):
    """`adapter.Adapter` for the format, by default at the Gemini API (`WireProtocol.GEMINI`)."""

    name = "Gemini"
    operations = frozenset({Operation.CHAT, Operation.EMBEDDINGS})

    def __init__(self, clock: Clock, endpoint: Endpoint | None = None) -> None:
        super().__init__(clock, endpoint or GeminiEndpoint())

    def says_one_call_at_a_time(self, model: str) -> bool:
        return False

    def request(self, operation: Operation, body: JsonMapping, model: str) -> tuple[str, JsonMapping]:
        name = model.removeprefix("models/")
        if operation is Operation.EMBEDDINGS:
            return embed_contents(body, name)
        return "streamGenerateContent" if body.get("stream") else "generateContent", generate_content(body, name)

    def decode_answer(
        self, operation: Operation, headers: Headers, body: bytes, model: str, *, as_chat: bool = False
    ) -> PlainAnswer | Failure:
        answer = answer_object(body)
        if isinstance(answer, Failure):
            return answer
        if answer.get("error"):
            return classify_error_value(answer)
        try:
            if operation is Operation.EMBEDDINGS:
                return read_embeddings(answer, model)
            return self._chat(answer, body, model)
        except orjson.JSONEncodeError:
            return TOO_DEEP

    def _chat(self, answer: Json, body: bytes, model: str) -> PlainAnswer | Failure:
        candidates = answer.get("candidates")
        if not isinstance(candidates, list) or not candidates:
            return failure_of_prompt(answer) or no_candidates()
        given_id = string_in(answer, "responseId") or answer_id(body)
        named = string_in(answer, "modelVersion") or None
        choices, characters = [], 0
        for place, candidate in enumerate(candidates):
            if not isinstance(candidate, dict) or gemini.finish_reason_in(candidate) is None:
                return malformed_response("Gemini's answer has a candidate without a finishReason.")
            failure = failure_of_finish(candidate)
            if failure is not None:
                return failure
            index = candidate.get("index")
            choice, length = plain_choice(candidate, given_id, index if type(index) is int else place)
            choices.append(choice)
            characters += length
        usage = gemini.chat_usage(answer.get("usageMetadata"))
        chat = openai.chat_completion(
            completion_id=given_id,
            created=self._now(),
            model=named or model,
            choices=choices,
            usage=usage,
        )
        if usage is None:
            del chat["usage"]
        counts = token_counts(usage)
        return PlainAnswer(None, named, counts, 0 if counts is not None and counts.all_output else characters, chat)

    def decode_stream(self, operation: Operation, model: str, *, as_chat: bool = False) -> StreamDecoder:
        return GeminiStreamDecoder(model, self._now())

    def decode_listing(self, body: bytes) -> Sequence[ListedModel]:
        return read_listing(body)
