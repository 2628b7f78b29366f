"""The adapter for OpenAI's protocol, which most providers have.

The client's body goes out and the provider's comes back, unchanged where possible. This module decides whether it is an answer,
whether it has content, whether it is complete, and how many tokens it used.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import ClassVar, NamedTuple
from urllib.parse import quote

from ai_engine.names import PASSED_THROUGH, Operation
from ai_engine.providers import failures, passthrough
from ai_engine.providers.adapter import ListedModel, PlainAnswer, StreamDecoder
from ai_engine.providers.anthropic.native import NativeStreamDecoder, native_answer
from ai_engine.providers.error_bodies import has_error
from ai_engine.providers.failures import Failure, classify_error_value, malformed_response
from ai_engine.providers.json_requests import COMMON_HEADERS, listing_request, post_request
from ai_engine.providers.openai import chat_via_responses, responses
from ai_engine.providers.openai.dialects import adopted
from ai_engine.providers.openai.listing import read_listing
from ai_engine.providers.openai.stream import OpenAIStreamDecoder, failure_of_choice
from ai_engine.providers.plain_answers import answer_object, uncounted_characters
from ai_engine.providers.registry.definition import ProviderDefinition, ProviderKey
from ai_engine.upstream.port import Headers, UpstreamRequest
from ai_engine.wire import exact_json, openai
from ai_engine.wire.fields import unsupported
from ai_engine.wire.finish_reasons import reason_in, reason_of
from ai_engine.wire.hints import DroppedHints
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.openai_usage import token_counts, usage_in

_PATHS = {
    Operation.CHAT: "/chat/completions",
    Operation.COMPLETIONS: "/completions",
    Operation.RESPONSES: "/responses",
    Operation.MESSAGES: "/messages",
    Operation.COUNT_TOKENS: "/messages/count_tokens",
    Operation.EMBEDDINGS: "/embeddings",
    Operation.RERANK: "/rerank",
    Operation.MODERATIONS: "/moderations",
    Operation.IMAGE_GENERATIONS: "/images/generations",
    Operation.IMAGE_EDITS: "/images/edits",
    Operation.IMAGE_VARIATIONS: "/images/variations",
    Operation.SPEECH: "/audio/speech",
    Operation.TRANSCRIPTIONS: "/audio/transcriptions",
    Operation.TRANSLATIONS: "/audio/translations",
}
_EMBEDDINGS = Operation.EMBEDDINGS
_FORMATS_OF_SOME = frozenset({Operation.COMPLETIONS, Operation.RESPONSES, Operation.MESSAGES, Operation.COUNT_TOKENS})
"""Formats of a conversation that only some providers have (`ProviderDefinition.formats`); for others the provider decides."""
_TAKES_STREAM_OPTIONS = frozenset({Operation.CHAT, Operation.COMPLETIONS})
# Readers of answers other than chats, text completions and embeddings.
_READERS: Mapping[Operation, Callable[[Operation, Headers, bytes, str], PlainAnswer | Failure]] = {
    **dict.fromkeys(PASSED_THROUGH, lambda operation, headers, body, _: passthrough.read_answer(operation, headers, body)),
    **dict.fromkeys(
        (Operation.MESSAGES, Operation.COUNT_TOKENS), lambda operation, _headers, body, _model: native_answer(operation, body)
    ),
    Operation.RESPONSES: lambda _operation, _headers, body, model: responses.decode_answer(body, model),
}
_DECODERS: Mapping[Operation, Callable[[Operation], StreamDecoder]] = {
    **dict.fromkeys(PASSED_THROUGH, passthrough.PassedStreamDecoder),
    Operation.MESSAGES: lambda _: NativeStreamDecoder(),
    Operation.RESPONSES: lambda _: responses.ResponsesStreamDecoder(),
}
_DOT_SEGMENTS = (".", "..")
"""Segments that URL parsers remove, quoted or not (https://url.spec.whatwg.org/#path-state, read 2026-11-28)."""
_KNOWN_TARGETS = 4096


class _Target(NamedTuple):
    """The URLs and headers of all requests to one base URL with one key."""

    urls: Mapping[Operation, str]
    names_model: bool
    """The URLs hold `{model}`."""
    plain_headers: Headers
    stream_headers: Headers
    any_headers: Headers
    """For any type of answer, without the request's content type."""
    listing_url: str
    listing_headers: Headers


def _target(base_url: str, key_header: str, secret: str | None) -> _Target:
    common = COMMON_HEADERS
    if secret is not None:
        value = b"Bearer " + secret.encode() if key_header == "authorization" else secret.encode()
        common = ((key_header.encode(), value), *common)
    json_body = ((b"content-type", b"application/json"), *common)
    base, mark, query = base_url.partition("?")
    # The listing is beside the collection that has `{model}`.
    all_models = base.partition("/{model}")[0].rpartition("/")[0] if "/{model}" in base else base
    return _Target(
        {operation: base + path + mark + query for operation, path in _PATHS.items()},
        "{model}" in base,
        ((b"accept", b"application/json"), *json_body),
        ((b"accept", b"text/event-stream"), *json_body),
        ((b"accept", b"*/*"), *common),
        all_models + "/models" + mark + query,
        ((b"accept", b"application/json"), *common),
    )


class OpenAICompatible:
    """`adapter.Adapter` for `WireProtocol.OPENAI`."""

    translates_chats: ClassVar[bool] = False

    def __init__(self) -> None:
        self._target = lru_cache(_KNOWN_TARGETS)(_target)

    def says_one_call_at_a_time(self, model: str) -> bool:
        return True

    def speaks(self, operation: Operation, provider: ProviderDefinition, model: str) -> bool:
        return (
            operation not in _FORMATS_OF_SOME
            or operation in provider.formats
            or (operation is Operation.COMPLETIONS and model in provider.completion_models)
        )

    def chat_requests(
        self, chat: JsonMapping, provider: ProviderDefinition, model: str, dropped: DroppedHints
    ) -> Iterator[tuple[Operation, JsonMapping]]:
        if Operation.RESPONSES in provider.formats and chat_via_responses.is_only_way(chat, model):
            yield Operation.RESPONSES, chat_via_responses.responses_request(chat)
        yield Operation.CHAT, adopted(chat, provider, model, dropped)

    def amended(self, operation: Operation, body: JsonMapping, failure: Failure) -> JsonMapping | None:
        if operation is Operation.RESPONSES and responses.is_unreadable_reasoning(failure, body):
            return responses.without_reasoning(body)
        return None

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
        target = self._target(provider.base_url, provider.key_header, key.secret if key else None)
        if target.names_model and model in _DOT_SEGMENTS:
            raise unsupported("model", f"must not be {model!r}: in a URL it changes the path")
        if operation in PASSED_THROUGH:
            content_type, encoded = passthrough.encoded(body, model)
            headers = ((b"content-type", content_type), *target.any_headers)
        else:
            if provider.refuses and not provider.refuses.isdisjoint(body):
                _check_refused(body, provider)
            outgoing = {**body, "model": model}
            headers = target.plain_headers
            if body.get("stream"):
                headers = target.stream_headers
                if ask_usage and provider.takes_stream_options and operation in _TAKES_STREAM_OPTIONS:
                    options = body.get("stream_options")
                    outgoing["stream_options"] = {**(options if isinstance(options, dict) else {}), "include_usage": True}
            encoded = openai.encoded(outgoing)
        url = target.urls[operation]
        if target.names_model:
            url = url.replace("{model}", quote(model, safe=""))
        return post_request(provider, url, headers + extra_headers, encoded)

    def decode_answer(
        self, operation: Operation, headers: Headers, body: bytes, model: str, *, as_chat: bool = False
    ) -> PlainAnswer | Failure:
        read = _READERS.get(operation)
        if read is not None:
            plain = read(operation, headers, body, model)
            if as_chat and operation is Operation.RESPONSES and isinstance(plain, PlainAnswer):
                return chat_via_responses.chat_answer(plain)
            return plain
        answer = answer_object(body, is_relayed=True)
        if isinstance(answer, Failure):
            return answer
        failure = _failure_in(operation, answer)
        if failure is not None:
            return failure
        named = answer.get("model")
        if not isinstance(named, str) or not named:
            answer, named = {**exact_json.exact(answer, body), "model": model}, None
        raw = body if named else None
        if operation is not _EMBEDDINGS and any(map(_has_odd_reason, answer["choices"])):
            answer, raw = {**answer, "choices": [{**each, "finish_reason": reason_of(each)} for each in answer["choices"]]}, None
        usage = token_counts(usage_in(answer))
        if operation is _EMBEDDINGS:
            return PlainAnswer(raw, named, usage._replace(output=0) if usage else None, answer=answer)
        return PlainAnswer(raw, named, usage, uncounted_characters(answer["choices"], usage), answer)

    def decode_stream(self, operation: Operation, model: str, *, as_chat: bool = False) -> StreamDecoder:
        if as_chat and operation is Operation.RESPONSES:
            return chat_via_responses.ChatStreamDecoder()
        make = _DECODERS.get(operation)
        return OpenAIStreamDecoder() if make is None else make(operation)

    def classify(self, status: int, headers: Headers, body: bytes) -> Failure:
        return failures.classify(status, headers, body)

    def encode_listing(self, provider: ProviderDefinition, key: ProviderKey | None) -> UpstreamRequest:
        target = self._target(provider.base_url, provider.key_header, key.secret if key else None)
        return listing_request(provider, target.listing_url, target.listing_headers)

    def encode_next_listing(self, provider: ProviderDefinition, key: ProviderKey | None, page: bytes) -> UpstreamRequest | None:
        return None

    def decode_listing(self, body: bytes) -> Sequence[ListedModel]:
        return read_listing(body)


def _check_refused(body: JsonMapping, provider: ProviderDefinition) -> None:
    fields = [field for field in sorted(provider.refuses) if body.get(field) is not None]
    if fields:
        raise unsupported(fields[0], f"is not supported by {provider.display_name}", *fields[1:])


def _has_odd_reason(choice: Json) -> bool:
    reason = choice.get("finish_reason")
    return reason is not None and reason_in(reason) is not reason


def _failure_in(operation: Operation, answer: Json) -> Failure | None:
    """The failure in a parsed 2xx body; `None` for a valid answer."""
    if answer.get("error"):
        return classify_error_value(answer)
    field = "data" if operation is _EMBEDDINGS else "choices"
    results = answer.get(field)
    if isinstance(results, list) and results:
        for result in results:
            if type(result) is not dict:
                break
            failure = failure_of_choice(result)
            if failure is not None:
                return failure
        else:
            return None
    if has_error(answer):
        return classify_error_value(answer)
    return malformed_response(f"The provider's answer has no {field}.")
