"""The adapter for Google's Gemini API."""

from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import quote

import orjson

from ai_engine.clock import Clock
from ai_engine.names import Operation
from ai_engine.providers.adapter import ListedModel, PlainAnswer, StreamDecoder
from ai_engine.providers.failures import Failure, classify_error_value, malformed_answer
from ai_engine.providers.gemini.answers import failure_of_finish, failure_of_prompt, no_candidates, plain_choice
from ai_engine.providers.gemini.embeddings import embed_contents, read_embeddings
from ai_engine.providers.gemini.listing import read_listing
from ai_engine.providers.gemini.requests import generate_content
from ai_engine.providers.gemini.stream import GeminiStreamDecoder
from ai_engine.providers.json_requests import KeyedHeaders, keyed_headers, listing_request, post_request
from ai_engine.providers.plain_answers import TOO_DEEP, answer_object
from ai_engine.providers.registry.definition import ProviderDefinition, ProviderKey
from ai_engine.providers.translating import TranslatingAdapter
from ai_engine.upstream.port import Headers, UpstreamRequest
from ai_engine.wire import gemini, openai
from ai_engine.wire.fields import unsupported
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.made_ids import answer_id
from ai_engine.wire.openai_usage import token_counts
from ai_engine.wire.tolerant import string_in

_SPOKEN = frozenset({Operation.CHAT, Operation.EMBEDDINGS})
_REMEMBERED_MODELS = 4096


def _headers_with(secret: str | None) -> KeyedHeaders:
    # In a header, since URLs end up in logs: https://ai.google.dev/gemini-api/docs/api-key (read 2026-11-28).
    return keyed_headers() if secret is None else keyed_headers((b"x-goog-api-key", secret.encode()))


class Gemini(TranslatingAdapter):
    """`adapter.Adapter` for `WireProtocol.GEMINI`."""

    says_one_call_at_a_time = False

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, _headers_with)
        self._path = lru_cache(_REMEMBERED_MODELS)(_path)

    def speaks(self, operation: Operation, provider: ProviderDefinition, model: str) -> bool:
        return operation in _SPOKEN

    def encode(
        self,
        operation: Operation,
        body: JsonMapping,
        provider: ProviderDefinition,
        model: str,
        key: ProviderKey | None,
        *,
        ask_usage: bool,
        extra_headers: Headers = (),
    ) -> UpstreamRequest:
        known = self._headers(key)
        path, name, headers = self._path(model), model.removeprefix("models/"), known.plain
        if operation is Operation.EMBEDDINGS:
            method, outgoing = embed_contents(body, name)
        elif operation is Operation.CHAT:
            outgoing, method = generate_content(body, name), "generateContent"
            if body.get("stream"):
                method, headers = "streamGenerateContent?alt=sse", known.stream
        else:
            raise unsupported("model", f"is served by Gemini, which does not support {operation}")
        url = f"{provider.base_url}/{path}:{method}"
        return post_request(provider, url, headers + extra_headers, openai.encoded(outgoing))

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
            if not isinstance(candidate, dict) or not candidate.get("finishReason"):
                return malformed_answer("Gemini's answer has a candidate without a finishReason.")
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
        else:
            characters = 0
        return PlainAnswer(None, named, token_counts(usage), characters, chat)

    def decode_stream(self, operation: Operation, model: str, *, as_chat: bool = False) -> StreamDecoder:
        return GeminiStreamDecoder(model, self._now())

    def encode_listing(self, provider: ProviderDefinition, key: ProviderKey | None) -> UpstreamRequest:
        # The API's largest page, far above the number of models.
        url = provider.base_url + "/models?pageSize=1000"
        return listing_request(provider, url, self._headers(key).listing)

    def decode_listing(self, body: bytes) -> Sequence[ListedModel]:
        return read_listing(body)


def _path(model: str) -> str:
    """`models/` and the name, quoted into one segment; tuned models are in a collection of their own."""
    name = model.removeprefix("models/")
    if name.startswith("tunedModels/"):
        return "tunedModels/" + quote(name.removeprefix("tunedModels/"), safe="")
    return "models/" + quote(name, safe="")
