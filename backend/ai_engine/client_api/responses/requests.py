"""Bodies of `/v1/responses` as `ClientRequest`s, with the stored conversation that they continue."""

import secrets
from collections.abc import Callable, Sequence

from ai_engine.autodecide.candidates import Needs
from ai_engine.client_api.responses.conversation import kind_of
from ai_engine.client_api.responses.errors import error_events
from ai_engine.client_api.responses.reasoning import is_sealed
from ai_engine.client_api.responses.response_store import ResponseStore, Turn, owner_of
from ai_engine.client_api.responses.translation import ResponsesTranslation
from ai_engine.client_api.steering import OWN_FIELDS, Arrival, steered_request
from ai_engine.clock import Clock
from ai_engine.errors import AIEngineError
from ai_engine.names import Operation
from ai_engine.relay.request import ClientRequest
from ai_engine.wire.fields import (
    invalid,
    json_text,
    non_empty,
    objects_of,
    optional,
    optional_objects,
    parse_object,
    required,
)
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.responses import portable_items
from ai_engine.wire.sse import Event

_REPEATED = ("tools", "text", "tool_choice")
_REPEATED_TEXTS = ("prompt_cache_key", "safety_identifier", "user")
"""Fields that an answer repeats."""
_MOST_LEVELS = 200
"""A body with fewer brackets is not nested too deeply."""


def new_response_id() -> str:
    """Random, in OpenAI's form."""
    return f"resp_{secrets.token_hex(24)}"


class ResponsesRequests:
    """`endpoint.ParseRequest` of the Responses API, with the store of answers for later turns."""

    def __init__(self, store: ResponseStore, clock: Clock, new_id: Callable[[], str] = new_response_id) -> None:
        self._store = store
        self._clock = clock
        self._new_id = new_id

    def __call__(self, raw: bytes, arrival: Arrival) -> ClientRequest:
        """Reads `POST /v1/responses`. Raises `InvalidRequest`."""
        body = parse_object(raw)
        _check(body)
        if raw.count(b"{") + raw.count(b"[") > _MOST_LEVELS:
            _check_depth(body)
        owner = owner_of(arrival.caller)
        previous_id = optional(body, "previous_response_id", str)
        previous = None if previous_id is None else self._store.previous(owner, previous_id)
        before = [] if previous is None else previous.conversation()
        added, resolved = self._resolved(_items(body, has_previous=previous is not None), owner)
        is_stream = optional(body, "stream", bool) or False
        request = steered_request(
            _as_native(body, before, added, resolved),
            Operation.RESPONSES,
            arrival,
            is_stream=is_stream,
            wants_usage=is_stream,
            needs=_needs(body, (*before, *added), len(raw)),
        )
        whole = {field: value for field, value in body.items() if field not in OWN_FIELDS}
        if before or resolved:
            whole["input"] = before + added
        translation = ResponsesTranslation(
            whole,
            response_id=self._new_id(),
            clock=self._clock,
            previous_response_id=previous_id,
            turn=None if body.get("store") is False else Turn(owner, added, previous),
        )
        return request._replace(translation=translation)

    def error_events(self, error: AIEngineError) -> Sequence[Event]:
        """`endpoint.ClientFormat.error_events`."""
        return error_events(error, self._new_id(), int(self._clock.now().timestamp()))

    def keep(self, request: ClientRequest, answer: JsonMapping) -> None:
        """`endpoint.ClientFormat.keep`: stores a complete answer, unless `store` is false."""
        translation = request.translation
        if isinstance(translation, ResponsesTranslation) and translation.turn is not None:
            self._store.keep(translation.turn, answer)

    def _resolved(self, items: list[Json], owner: str) -> tuple[list[Json], set[int]]:
        """The items with references replaced by stored items, and the positions of these.

        A reference to an item that is not stored here stays: its provider may have it.
        """
        places: dict[str, int] = {}
        for index, item in enumerate(items):
            if kind_of(item, f"input[{index}]") == "item_reference":
                item_id = required(item, "id", str, f"input[{index}]")
                if item_id in places:  # as OpenAI does: a short request could repeat one long text many times
                    problem = f"is a duplicate: Duplicate item found with id {item_id[:100]}"
                    raise invalid(f"input[{index}].id", f"{problem}. Remove duplicate items from your input and try again")
                places[item_id] = index
        found = self._store.items(owner, places)
        for item_id, item in found.items():
            items[places[item_id]] = item
        resolved = {places[item_id] for item_id in found}
        return items, resolved


def _check(body: JsonMapping) -> None:
    """Checks the fields that the gateway reads; the provider or the translation checks the rest."""
    for field in ("store", "background", "stream"):
        optional(body, field, bool)
    for field in ("text", "reasoning", "stream_options", "metadata"):
        optional(body, field, dict)
    for field in ("instructions", *_REPEATED_TEXTS):
        optional(body, field, str)
    for field in ("max_output_tokens", "max_tool_calls", "top_logprobs"):
        optional(body, field, int)
    for field in ("temperature", "top_p"):
        optional(body, field, float)
    for field in ("effort", "summary"):
        optional(body.get("reasoning") or {}, field, str, "reasoning")
    metadata = body.get("metadata") or {}
    for field in metadata:
        required(metadata, field, str, "metadata")
    if body.get("conversation") is not None:
        problem = "is not supported; name the last response in previous_response_id, or send the items in input"
        raise invalid("conversation", problem, code="unsupported_parameter")
    for where, tool in optional_objects(body, "tools"):
        non_empty(tool, "type", str, where)


def _check_depth(body: JsonMapping) -> None:
    """Answers repeat these fields at a deeper level, where they must be encodable too."""
    for field in _REPEATED:
        json_text([[[[[[[[body.get(field)]]]]]]]], field)


def _items(body: JsonMapping, *, has_previous: bool) -> list[Json]:
    """The request's own input as items."""
    given = body.get("input")
    if type(given) is str:
        content = [{"type": "input_text", "text": given}]
        return [{"type": "message", "role": "user", "status": "completed", "content": content}]
    if given is None and (has_previous or body.get("prompt") is not None):
        return []
    if type(given) is not list or not (given or has_previous):
        raise invalid("input", "must be a string or a non-empty array of items")
    return [item for _, item in objects_of(given, "input")]


def _as_native(body: Json, before: list[Json], added: list[Json], resolved: set[int]) -> Json:
    """The body for a provider of the Responses API: the client's own, unless it refers to stored items."""
    has_sealed = any(is_sealed(item.get("encrypted_content")) for item in added)
    is_own = body.get("background") or body.get("previous_response_id") is not None
    if not (is_own or before or resolved or has_sealed):
        return body
    native = {field: value for field, value in body.items() if field not in ("background", "previous_response_id")}
    if before or resolved or has_sealed:
        kept = [(item, True) for item in before] + [(item, index in resolved) for index, item in enumerate(added)]
        native["input"] = list(portable_items(kept, _is_lost))
    return native


def _is_lost(item: JsonMapping, is_kept: bool) -> bool:
    """Reasoning that was sealed here, or stored and never encrypted: the provider cannot read it."""
    encrypted = item.get("encrypted_content")
    return is_sealed(encrypted) or (is_kept and encrypted is None and item.get("type") == "reasoning")


def _needs(body: JsonMapping, items: Sequence[JsonMapping], size_bytes: int) -> Needs:
    """What the request demands of a model. Texts are not read."""
    has_images = has_files = False
    has_tools = bool(body.get("tools"))
    for item in items:
        has_tools = has_tools or (item.get("type") == "additional_tools" and bool(item.get("tools")))
        for field in ("content", "output"):
            parts = item.get(field)
            for part in parts if type(parts) is list else ():
                kind = part.get("type") if type(part) is dict else None
                has_images = has_images or kind == "input_image"
                has_files = has_files or kind in ("input_file", "input_audio")
    form = (body.get("text") or {}).get("format")
    return Needs(
        tools=has_tools,
        images=has_images,
        json_schema=type(form) is dict and form.get("type") == "json_schema",
        text_bytes=0 if has_images or has_files else size_bytes,
    )
