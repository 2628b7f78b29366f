"""Answers of providers of OpenAI's Responses API: relayed unchanged, and classified.

Source: https://platform.openai.com/docs/api-reference/responses-streaming and .../responses/object (read 2026-11-28).
"""

from collections.abc import Sequence

import orjson

from ai_engine.names import TokenCounts
from ai_engine.providers.adapter import EventKind, PlainAnswer, StreamEvent
from ai_engine.providers.failures import Failure, classify_error_object, classify_error_value, malformed_response
from ai_engine.providers.plain_answers import answer_object, uncounted_characters
from ai_engine.providers.stream_events import EventDecoder, failed, no_stream
from ai_engine.wire import exact_json
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.openai_usage import token_counts
from ai_engine.wire.responses import portable_items
from ai_engine.wire.sse import Event
from ai_engine.wire.tolerant import objects_in, string_in

_FINISHES = frozenset({"response.completed", "response.incomplete"})
_FAILURES = frozenset({"response.failed", "response.cancelled"})
# Events without content. OpenAI sends `keepalive` in long pauses.
_OPENINGS = frozenset(
    {"response.created", "response.queued", "response.in_progress", "response.content_part.added", "keepalive"}
    | {"response.reasoning_summary_part.added"}
)
_EMPTY_ITEMS = ("message", "reasoning")  # not a set: a malformed type may not be hashable
"""Items that are added empty. A call is added with its name."""

_CLIENTS_FAULTS = frozenset(
    {"invalid_prompt", "data_residency_mismatch", "bio_policy", "cyber_policy", "misalignment_policy_violation"}
    | {"invalid_image", "invalid_image_format", "invalid_base64_image", "invalid_image_url", "image_too_large", "image_too_small"}
    | {"image_parse_error", "image_content_policy_violation", "invalid_image_mode", "image_file_too_large", "empty_image_file"}
    | {"unsupported_image_media_type", "failed_to_download_image", "image_file_not_found"}
)
"""Codes of a failed response that are the client's errors (`ResponseError` in openai-python 3.54)."""

_UNREADABLE = "invalid_encrypted_content"
"""The code for reasoning from another organization's key or another provider (https://github.com/openai/codex/issues/8145, read
2026-11-28)."""


def is_unreadable_reasoning(failure: Failure, request: JsonMapping) -> bool:
    """Whether the provider refuses the request because of reasoning of earlier turns (`without_reasoning`)."""
    return failure.code == _UNREADABLE and any(item.get("type") == "reasoning" for item in objects_in(request, "input"))


def without_reasoning(request: JsonMapping) -> JsonMapping:
    """The request without the reasoning of earlier turns."""
    items = [(item, True) for item in request["input"]]
    return {**request, "input": list(portable_items(items, lambda item, _: item.get("type") == "reasoning"))}


def usage_counts(usage: object) -> TokenCounts | None:
    """A response's `usage` in disjoint classes, as `wire.openai_usage.token_counts` has them."""
    if not isinstance(usage, dict):
        return None
    return token_counts(
        {
            "prompt_tokens": usage.get("input_tokens"),
            "prompt_tokens_details": usage.get("input_tokens_details"),
            "completion_tokens": usage.get("output_tokens"),
            "completion_tokens_details": usage.get("output_tokens_details"),
            "total_tokens": usage.get("total_tokens"),
        }
    )


def decode_answer(body: bytes, model: str) -> PlainAnswer | Failure:
    """Reads a 2xx body. A failed response is a `Failure`."""
    answer = answer_object(body)
    if isinstance(answer, Failure):
        return answer
    failure = _failure_in(answer)
    if failure is not None:
        return failure
    named = answer.get("model")
    if not isinstance(named, str) or not named:
        answer, named = {**answer, "model": model}, None
    usage = usage_counts(answer.get("usage"))
    characters = uncounted_characters(answer["output"], usage)
    return PlainAnswer(body if named else None, named, usage, characters, answer)


def _failure_in(answer: JsonMapping) -> Failure | None:
    """The failure in a response; `None` for a valid answer."""
    status = answer.get("status")
    if answer.get("error") or status in ("failed", "cancelled"):
        return failure_of(answer.get("error"))
    if not isinstance(answer.get("output"), list):
        if any(answer.get(name) for name in ("errors", "detail", "message", "base_resp")):
            return classify_error_value(answer)
        return malformed_response("The provider's answer has no output.")
    if status in ("queued", "in_progress"):
        return malformed_response(f"The provider's answer is still {status}.")
    return None


def failure_of(error: object) -> Failure:
    """Classifies the `error` of a failed response or of an error event."""
    if not isinstance(error, dict):
        return classify_error_object({"message": error if isinstance(error, str) else "", "type": "server_error"})
    code = error.get("code")
    if isinstance(code, str) and code in _CLIENTS_FAULTS and "status" not in error:
        return classify_error_object({**error, "status": 400})
    return classify_error_object(error)


class ResponsesStreamDecoder(EventDecoder):
    """`adapter.StreamDecoder` for the events of a response."""

    __slots__ = ("_arguments", "_ended_items", "is_finished")

    def __init__(self) -> None:
        super().__init__()
        self.is_finished = False
        self._ended_items: list[Json] = []
        self._arguments: dict[object, object] = {}
        """Of calls, by the ids of their items."""

    def ending(self) -> Sequence[Event]:
        """Empty: the last event is the end."""
        return ()

    def _of_plain(self, body: bytes) -> StreamEvent:
        answer = decode_answer(body, "")
        return failed(answer) if isinstance(answer, Failure) else no_stream()

    def _event(self, data: bytes) -> StreamEvent:
        event = orjson.loads(data)
        if type(event) is not dict:
            return self._invalid()
        if type(event.get("delta")) is not str:
            event = exact_json.exact(event, data)
        kind = event.get("type")
        if type(kind) is not str:
            return failed(failure_of(event["error"])) if event.get("error") else self._invalid()
        judged = self._judge(kind, event)
        if isinstance(judged, Failure):
            return failed(judged)
        if b"\n" in data:
            try:
                data = exact_json.dumps(event)
            except orjson.JSONEncodeError:
                return self._invalid()
        if "\n" in kind or "\r" in kind:
            return self._invalid()
        return StreamEvent(judged, data, None, event, kind)

    def _judge(self, kind: str, event: JsonMapping) -> EventKind | Failure:
        delta = event.get("delta")
        if type(delta) is str:  # nearly every event
            self.characters_since_usage += len(delta)
            return EventKind.CONTENT if delta else EventKind.OPENING
        if kind in _OPENINGS:
            self._note_model(event.get("response"))
            return EventKind.OPENING
        if kind == "response.output_item.added":
            item = event.get("item")
            is_empty = type(item) is dict and item.get("type") in _EMPTY_ITEMS
            return EventKind.OPENING if is_empty else EventKind.CONTENT
        if kind in _FINISHES:
            return self._finish(event.get("response"))
        if kind in _FAILURES:
            response = event.get("response")
            if type(response) is not dict:
                return failure_of(None)
            self._note(usage_counts(response.get("usage")))
            return failure_of(response.get("error"))
        if kind == "error":
            return failure_of(event.get("error") or {name: value for name, value in event.items() if name != "type"})
        if kind == "response.output_item.done":
            self._note_item(event.get("item"))
        elif kind == "response.function_call_arguments.done":
            self._arguments[string_in(event, "item_id")] = event.get("arguments")
        return EventKind.CONTENT

    def _finish(self, response: object) -> EventKind | Failure:
        if type(response) is not dict:
            return malformed_response("The provider's last event has no response.")
        self._note_model(response)
        if response.get("error"):
            return failure_of(response["error"])
        self.is_finished = self.saw_end = True
        # Some servers repeat the items of the stream in the last event, and some do not.
        self.answer = response if response.get("output") else {**response, "output": self._ended_items}
        self._note(usage_counts(response.get("usage")))
        return EventKind.FINISH

    def _note_item(self, item: object) -> None:
        if type(item) is not dict:
            return
        if item.get("type") == "function_call" and not item.get("arguments"):
            item = {**item, "arguments": self._arguments.get(string_in(item, "id")) or ""}
        self._ended_items.append(item)

    def _note_model(self, response: object) -> None:
        if self.model is None and type(response) is dict:
            model = response.get("model")
            self.model = model if isinstance(model, str) and model else None
