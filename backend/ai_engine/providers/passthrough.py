"""Requests that are passed through to one provider: images, audio, moderations and rankings, in OpenAI's or Cohere's format.

Bodies are unchanged both ways, except for the model's name. An answer is only checked, and its usage is read.
"""

from collections.abc import Sequence

import orjson

from ai_engine.names import Blame, Operation, TokenCounts
from ai_engine.providers.adapter import EventKind, PlainAnswer, StreamEvent
from ai_engine.providers.error_bodies import has_error
from ai_engine.providers.failures import Failure, FailureClass, classify_error_value, malformed_response
from ai_engine.providers.plain_answers import answer_object
from ai_engine.providers.stream_events import CHAT_END, DONE, EventDecoder, failed, no_stream
from ai_engine.upstream.port import Headers, header
from ai_engine.wire import exact_json, openai
from ai_engine.wire.json_types import JsonMapping
from ai_engine.wire.multipart import Form
from ai_engine.wire.openai_usage import token_counts
from ai_engine.wire.sse import Event
from ai_engine.wire.tolerant import object_in

_RESULTS = {
    Operation.IMAGE_GENERATIONS: ("data",),
    Operation.IMAGE_EDITS: ("data",),
    Operation.IMAGE_VARIATIONS: ("data",),
    Operation.MODERATIONS: ("results",),
    Operation.RERANK: ("results", "data"),  # `data` at Voyage: https://docs.voyageai.com/reference/reranker-api (read 2026-11-28)
    Operation.TRANSCRIPTIONS: ("text",),
    Operation.TRANSLATIONS: ("text",),
}
"""A JSON answer must have one of these fields."""
_MAY_BE_OTHER_THAN_JSON = frozenset({Operation.SPEECH, Operation.TRANSCRIPTIONS, Operation.TRANSLATIONS})
_GENERATES_NOTHING = frozenset({Operation.MODERATIONS, Operation.RERANK})

# Streams of images name each event outside its JSON as well, those of audio do not:
# https://platform.openai.com/docs/api-reference/images-streaming and /audio (read 2026-11-28).
_NAMED_EVENTS = frozenset({Operation.IMAGE_GENERATIONS, Operation.IMAGE_EDITS})


def encoded(body: JsonMapping, model: str) -> tuple[bytes, bytes]:
    """Content type and bytes of a request for `model`. Raises `InvalidRequest`."""
    if isinstance(body, Form):
        return body.content_type, body.with_field("model", model)
    return b"application/json", openai.encoded({**body, "model": model})


def read_answer(operation: Operation, headers: Headers, body: bytes) -> PlainAnswer | Failure:
    """A 2xx body, as it came, or why it is no answer."""
    content_type = header(headers, b"content-type") or "application/json"
    media_type = content_type.partition(";")[0].strip().lower()
    if operation in _MAY_BE_OTHER_THAN_JSON and not media_type.endswith("json"):
        if media_type == "text/html" or (operation is Operation.SPEECH and not body):
            return malformed_response(f"The provider's answer is {'a web page' if body else 'empty'}.")
        return PlainAnswer(body, None, None, content_type=content_type.encode("latin-1"))
    answer = answer_object(body, is_relayed=True)
    if isinstance(answer, Failure):
        return answer
    if answer.get("error"):
        return classify_error_value(answer)
    fields = _RESULTS.get(operation, ())
    if not any(answer.get(field) is not None for field in fields):
        if has_error(answer):
            return classify_error_value(answer)
        return malformed_response(f"The provider's answer has no {' or '.join(fields) or 'audio'}.")
    named = answer.get("model")
    return PlainAnswer(body, named if isinstance(named, str) else None, _usage_in(operation, answer), answer=answer)


def _usage_in(operation: Operation, answer: JsonMapping) -> TokenCounts | None:
    """The token counts of the answer; `None` where it has none, or counts something else.

    Images and transcriptions have `input_tokens` and `output_tokens`; whisper counts seconds
    (https://platform.openai.com/docs/api-reference/audio/json-object); rankings have one sum, in Cohere's format under
    `meta.billed_units` beside search units (https://docs.cohere.com/reference/rerank, all read 2026-11-28).
    """
    usage = object_in(answer, "usage") or object_in(object_in(answer, "meta"), "billed_units")
    if "input_tokens" in usage or "output_tokens" in usage:
        details = usage.get("input_tokens_details") or usage.get("input_token_details")
        usage = {
            "prompt_tokens": usage.get("input_tokens"),
            "completion_tokens": usage.get("output_tokens"),
            "prompt_tokens_details": details,
        }
    elif operation in _GENERATES_NOTHING and "prompt_tokens" not in usage:
        usage = {"prompt_tokens": usage.get("total_tokens")}
    counts = token_counts(usage)
    if counts is not None and counts.output is None and operation in _GENERATES_NOTHING:
        return counts._replace(output=0)
    return counts


class PassedStreamDecoder(EventDecoder):
    """`adapter.StreamDecoder` for streams of images and audio: typed events; the last one's type ends in `.done` or `.completed`.

    Several images are several `.completed`, whose usage is added up. Characters are not counted, since the output is not text.
    """

    __slots__ = ("_operation", "_saw_done", "is_finished")

    def __init__(self, operation: Operation) -> None:
        super().__init__()
        self._operation = operation
        self._saw_done = False
        self.is_finished = False

    def ending(self) -> Sequence[Event]:
        return CHAT_END if self._saw_done else ()

    def _repaired(self, payload: bytes) -> Sequence[StreamEvent]:
        events = super()._repaired(payload)
        self._saw_done = self._saw_done or DONE in events
        return events

    def _event(self, data: bytes) -> StreamEvent:
        event = exact_json.loads(data)
        if type(event) is not dict:
            return self._invalid()
        kind = event.get("type")
        if event.get("error") or kind == "error":
            return failed(classify_error_value(event))
        if b"\n" in data:
            try:
                data = exact_json.dumps(event)
            except orjson.JSONEncodeError:
                return self._invalid()
        if not isinstance(kind, str):
            return StreamEvent(EventKind.CONTENT, data, None, event)
        name = kind if self._operation in _NAMED_EVENTS and kind.isprintable() else ""
        if not kind.endswith((".done", ".completed")):
            return StreamEvent(EventKind.CONTENT, data, None, event, name)
        self.is_finished = True
        self._add(_usage_in(self._operation, event))
        return StreamEvent(EventKind.FINISH, data, None, event, name)

    def _add(self, usage: TokenCounts | None) -> None:
        if usage is None or self.usage is None:
            self.usage = usage or self.usage
            return
        sums = (None if a is None and b is None else (a or 0) + (b or 0) for a, b in zip(self.usage, usage, strict=True))
        self.usage = TokenCounts(*sums)

    def _of_plain(self, body: bytes) -> StreamEvent:
        """A body that is not a stream: an error in a 200, or the answer of a model that does not stream."""
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError:
            return no_stream()
        if has_error(value):
            return failed(classify_error_value(value))
        reason = "stream is not supported by this model; send the request without it."
        return failed(Failure(FailureClass.BAD_REQUEST, Blame.REQUEST, reason, status=400, param="stream"))
