"""A whole chat completion as a response, and the common part of plain answers and streams."""

from collections.abc import Sequence
from typing import Protocol

from ai_engine.client_api.responses.images import pictures_in
from ai_engine.client_api.responses.reasoning import seal, shown_text
from ai_engine.client_api.responses.tools import ITEM_PREFIX, Tools, call_item
from ai_engine.wire import responses as wire
from ai_engine.wire.chat_shape import text_of
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.openai_usage import characters_in, token_counts, tokens_of
from ai_engine.wire.tolerant import object_in, objects_in, string_in

_INCOMPLETE_REASONS = {"length": "max_output_tokens", "content_filter": "content_filter"}
"""By a choice's `finish_reason`; with any other the answer is complete."""
_TIERS = frozenset({"default", "flex", "scale", "priority", "fast", "ultrafast"})
"""OpenAI's tiers, the only ones that SDKs accept."""


class Answered(Protocol):
    """The fields of the request that its answer needs (`translation.ResponsesTranslation`)."""

    response_id: str
    created_at: int

    def now(self) -> int:
        """Seconds since 1970."""

    @property
    def characters(self) -> int:
        """The length of its text."""

    @property
    def echo(self) -> Json: ...

    @property
    def tools(self) -> Tools: ...


class ItemIds:
    """Unique ids of one response's items, derived from the response's id."""

    __slots__ = ("_stem", "_used")

    def __init__(self, response_id: str) -> None:
        self._stem = response_id.removeprefix("resp_")
        self._used = 0

    def next(self, prefix: str) -> str:
        self._used += 1
        return f"{prefix}_{self._stem}{self._used:02x}"


def response_of(chat: JsonMapping, request: Answered) -> Json:
    """`chat` as the response to `request`."""
    choice: Json = next(iter(objects_in(chat, "choices")), {})
    finish = choice.get("finish_reason")
    output = _output(object_in(choice, "message"), choice.get("logprobs"), status_of(finish), request)
    return response(request, model=chat.get("model"), finish=finish, output=output, usage=chat.get("usage"), chat=chat)


def response(
    request: Answered, *, model: object, finish: object, output: Sequence[Json], usage: object, chat: JsonMapping
) -> Json:
    """The complete response object."""
    status = status_of(finish)
    answer = started(request, model, status)
    answer["output"] = list(output)
    if (counts := usage_of(usage, request, output)) is not None:
        answer["usage"] = counts
    tier = string_in(chat, "service_tier")
    answer["service_tier"] = tier if tier in _TIERS else "default"
    if status == wire.INCOMPLETE:
        answer["incomplete_details"] = {"reason": _INCOMPLETE_REASONS[str(finish)]}
    else:
        answer["completed_at"] = request.now()
    return answer


def started(request: Answered, model: object, status: str) -> Json:
    """The response before it has any output."""
    return {
        "id": request.response_id,
        "object": "response",
        "created_at": request.created_at,
        "status": status,
        "completed_at": None,
        "error": None,
        "incomplete_details": None,
        "model": model if isinstance(model, str) else "",
        "output": [],
        "service_tier": "auto",
        **request.echo,
    }


def status_of(finish: object) -> str:
    """By the choice's `finish_reason`."""
    return wire.INCOMPLETE if isinstance(finish, str) and finish in _INCOMPLETE_REASONS else wire.COMPLETED


def usage_of(usage: object, request: Answered, output: Sequence[Json]) -> Json | None:
    """A chat's usage as a response's; `None` where it has no counts. 0 for real text is unknown, and so an estimate."""
    counts = token_counts(usage)
    if counts is None:
        return None
    prompt = counts.all_input or tokens_of(request.characters)
    completion = counts.all_output or tokens_of(characters_in(output))
    return wire.usage(
        prompt=prompt,
        cached=counts.cached_input or 0,
        cache_write=counts.cache_write or 0,
        completion=completion,
        reasoning=counts.reasoning or 0,
        total=prompt + completion,
    )


def _output(message: JsonMapping, logprobs: object, status: str, request: Answered) -> list[Json]:
    """The items of one message. An item cut by a limit is the last one; parallel calls are last together."""
    ids = ItemIds(request.response_id)
    output: list[Json] = []
    shown, encrypted = reasoning_in(message)
    pictures = pictures_in(message)
    parts = _parts(message, logprobs) + [wire.text_part(address) for address in pictures.addresses]
    calls = objects_in(message, "tool_calls")
    if shown or encrypted:
        ended = wire.COMPLETED if parts or calls or pictures.files else status
        output.append(wire.reasoning_item(ids.next("rs"), [shown] if shown else [], encrypted, ended))
    if parts:
        output.append(wire.message_item(ids.next("msg"), parts, wire.COMPLETED if calls or pictures.files else status))
    output += (wire.image_generation_call(ids.next("ig"), file, wire.COMPLETED) for file in pictures.files)
    for call in calls:
        function = call["function"]
        tool = request.tools.named(function["name"])
        item_id = ids.next(ITEM_PREFIX[tool.kind])
        output.append(call_item(tool, item_id, call["id"], function["arguments"], status))
    return output


def reasoning_in(message: JsonMapping) -> tuple[str, str | None]:
    """The reasoning of a message or delta: its text, and the sealed details for the next turn."""
    details = objects_in(message, "reasoning_details")
    return reasoning_text(message) or shown_text(details), seal(details)


def reasoning_text(delta: JsonMapping) -> str:
    """Reasoning as text. vLLM and OpenRouter name it `reasoning`
    (https://docs.vllm.ai/en/latest/features/reasoning_outputs.html, read 2026-11-28).
    """
    return string_in(delta, "reasoning_content") or string_in(delta, "reasoning")


def _parts(message: JsonMapping, logprobs: object) -> list[Json]:
    parts = []
    if text := text_of(message.get("content")):
        parts.append(wire.text_part(text, annotations_in(message), logprobs_in(logprobs)))
    if refusal := string_in(message, "refusal"):
        parts.append(wire.refusal_part(refusal))
    return parts


def annotations_in(message: JsonMapping) -> list[Json]:
    """Citations of web pages, which are nested in a chat and flat in a response."""
    annotations = []
    for annotation in objects_in(message, "annotations"):
        citation = annotation.get("url_citation")
        if isinstance(citation, dict):
            annotations.append(
                {
                    "type": "url_citation",
                    "url": string_in(citation, "url"),
                    "title": string_in(citation, "title"),
                    "start_index": _integer(citation, "start_index"),
                    "end_index": _integer(citation, "end_index"),
                }
            )
    return annotations


def logprobs_in(logprobs: object) -> list[Json]:
    """A choice's `logprobs` as those of a text part."""
    return [
        {**_logprob(token), "top_logprobs": [_logprob(other) for other in objects_in(token, "top_logprobs")]}
        for token in objects_in(logprobs, "content")
    ]


def _logprob(token: JsonMapping) -> Json:
    logprob, given = token.get("logprob"), token.get("bytes")
    return {
        "token": string_in(token, "token"),
        "bytes": given if isinstance(given, list) and all(type(one) is int for one in given) else [],
        "logprob": logprob if type(logprob) in (int, float) else 0.0,
    }


def _integer(given: JsonMapping, name: str) -> int:
    """SDKs require an integer."""
    value = given.get(name)
    return value if type(value) is int else 0
