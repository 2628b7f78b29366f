"""A whole chat completion as a response, and what plain answers and streams have in common."""

import secrets
from collections.abc import Sequence
from typing import Protocol, TypeVar

from ai_engine.client_api.responses.images import pictures_in
from ai_engine.client_api.responses.reasoning import seal, shown_text
from ai_engine.client_api.responses.tools import ITEM_PREFIX, Tools, call_item
from ai_engine.wire import responses as wire
from ai_engine.wire.chat_shape import text_of
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.openai_usage import token_counts
from ai_engine.wire.tolerant import objects_in

Kind = TypeVar("Kind")

_INCOMPLETE_REASONS = {"length": "max_output_tokens", "content_filter": "content_filter"}
"""By a choice's `finish_reason`; every other one is a whole answer."""
_TIERS = frozenset({"default", "flex", "scale", "priority", "fast", "ultrafast"})
"""OpenAI's: other providers have words of their own, which no SDK takes here."""


class Answered(Protocol):
    """What an answer must know of its request (`translation.ResponsesTranslation`)."""

    response_id: str
    created_at: int

    def now(self) -> int:
        """Seconds since 1970."""

    @property
    def echo(self) -> Json: ...

    @property
    def tools(self) -> Tools: ...


class ItemIds:
    """Ids of one response's items: unlike all others, and told from the response's."""

    __slots__ = ("_stem", "_used")

    def __init__(self, response_id: str) -> None:
        self._stem = response_id.removeprefix("resp_")
        self._used = 0

    def next(self, prefix: str) -> str:
        self._used += 1
        return f"{prefix}_{self._stem}{self._used:02x}"


def response_of(chat: JsonMapping, request: Answered) -> Json:
    """`chat` as the response to `request`."""
    choices = chat.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    message = choice.get("message")
    finish = choice.get("finish_reason")
    output = _output(message if isinstance(message, dict) else {}, choice.get("logprobs"), status_of(finish), request)
    return response(request, model=chat.get("model"), finish=finish, output=output, usage=chat.get("usage"), chat=chat)


def response(
    request: Answered, *, model: object, finish: object, output: Sequence[Json], usage: object, chat: JsonMapping
) -> Json:
    """The response object of a request that was answered."""
    status = status_of(finish)
    answer = started(request, model, status)
    answer["output"] = list(output)
    if (counts := usage_of(usage)) is not None:
        answer["usage"] = counts
    tier = chat.get("service_tier")
    answer["service_tier"] = tier if isinstance(tier, str) and tier in _TIERS else "default"
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


def usage_of(usage: object) -> Json | None:
    """A chat's usage in the words of a response; `None` where it says nothing."""
    counts = token_counts(usage)
    if counts is None:
        return None
    prompt, completion = counts.all_input or 0, counts.all_output or 0
    return wire.usage(
        prompt=prompt,
        cached=counts.cached_input or 0,
        cache_write=counts.cache_write or 0,
        completion=completion,
        reasoning=counts.reasoning or 0,
        total=prompt + completion,
    )


def _output(message: JsonMapping, logprobs: object, status: str, request: Answered) -> list[Json]:
    """The items of one message. What a limit cut is the last of them, and parallel calls are the last together."""
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
        name, arguments = function_of(call)
        tool = request.tools.named(name)
        item_id = ids.next(ITEM_PREFIX[tool.kind])
        output.append(call_item(tool, item_id, call_id_of(call), arguments, status))
    return output


def reasoning_in(message: JsonMapping) -> tuple[str, str | None]:
    """What of a message's or delta's reasoning may be shown, and what a next turn needs, sealed."""
    details = objects_in(message, "reasoning_details")
    return reasoning_text(message) or shown_text(details), seal(details)


def reasoning_text(delta: JsonMapping) -> str:
    """Reasoning given as text. vLLM and OpenRouter say `reasoning`
    (https://docs.vllm.ai/en/latest/features/reasoning_outputs.html, read 2026-11-28).
    """
    text = delta.get("reasoning_content") or delta.get("reasoning")
    return text if isinstance(text, str) else ""


def _parts(message: JsonMapping, logprobs: object) -> list[Json]:
    parts = []
    text, refusal = text_of(message.get("content")), message.get("refusal")
    if text:
        parts.append(wire.text_part(text, annotations_in(message), logprobs_in(logprobs)))
    if isinstance(refusal, str) and refusal:
        parts.append(wire.refusal_part(refusal))
    return parts


def annotations_in(message: JsonMapping) -> list[Json]:
    """Citations of web pages: a chat nests what a response has flat."""
    annotations = []
    for annotation in objects_in(message, "annotations"):
        citation = annotation.get("url_citation")
        if isinstance(citation, dict):
            annotations.append(
                {
                    "type": "url_citation",
                    "url": _as(str, citation.get("url"), ""),
                    "title": _as(str, citation.get("title"), ""),
                    "start_index": _as(int, citation.get("start_index"), 0),
                    "end_index": _as(int, citation.get("end_index"), 0),
                }
            )
    return annotations


def logprobs_in(logprobs: object) -> list[Json]:
    """A choice's `logprobs` as a text part has them."""
    if not isinstance(logprobs, dict):
        return []
    return [
        {**_logprob(token), "top_logprobs": [_logprob(other) for other in objects_in(token, "top_logprobs")]}
        for token in objects_in(logprobs, "content")
    ]


def _logprob(token: JsonMapping) -> Json:
    logprob, given = token.get("logprob"), token.get("bytes")
    return {
        "token": _as(str, token.get("token"), ""),
        "bytes": given if isinstance(given, list) and all(type(one) is int for one in given) else [],
        "logprob": logprob if type(logprob) in (int, float) else 0.0,
    }


def _as(kind: type[Kind], value: object, otherwise: Kind) -> Kind:
    """`value` where it is of this kind: SDKs insist on it."""
    return value if type(value) is kind else otherwise


def function_of(call: JsonMapping) -> tuple[str, str]:
    """The name and arguments in a call, or in the first piece of one; empty where it has none."""
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    name, arguments = function.get("name"), function.get("arguments")
    return name if isinstance(name, str) else "", arguments if isinstance(arguments, str) else ""


def call_id_of(call: JsonMapping) -> str:
    """The call's id; a new one where the provider gave none, since the result must name it."""
    call_id = call.get("id")
    return call_id if isinstance(call_id, str) and call_id else f"call_{secrets.token_hex(12)}"
