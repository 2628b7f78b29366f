"""The common part of relayed requests of every format: their arrival, their model, and the gateway's own fields."""

import math
from typing import NamedTuple

from ai_engine.access.roles import Caller
from ai_engine.autodecide.candidates import NO_NEEDS, NO_PREFERENCES, Needs, ProviderPreferences
from ai_engine.catalogue.snapshot import LONGEST_NAME
from ai_engine.names import Operation
from ai_engine.relay.request import ClientRequest
from ai_engine.upstream.port import Headers
from ai_engine.wire.fields import invalid, one_of, optional
from ai_engine.wire.json_types import Json, JsonMapping

OWN_FIELDS = frozenset({"autodecide", "models", "provider", "rescue", "hedge"})
"""The gateway's own fields, removed before a request is sent."""

_MOST_FURTHER_MODELS = 10
_SORTS = ("price", "latency", "throughput")
_PREFERENCES = ("order", "only", "ignore", "sort", "require_parameters")
_RESCUES = ("continue", "error")


class Arrival(NamedTuple):
    """A request before its body is read. The fields are those of `ClientRequest`."""

    request_id: str
    caller: Caller | None = None
    autodecide_by_default: bool = True
    """For requests without the field."""
    requires_parameters_by_default: bool = False
    """As `ClientRequest.requires_parameters`, for requests without the field."""
    timeout_seconds: float | None = None
    native_headers: Headers = ()
    hops: tuple[bytes, ...] = ()


def timeout_of(value: bytes) -> float:
    """The header `x-ai-engine-timeout`, in seconds. Raises `InvalidRequest`."""
    try:
        seconds = float(value)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise invalid("x-ai-engine-timeout", "must be a number of seconds above 0")
    return seconds


def steered_request(
    body: Json,
    operation: Operation,
    arrival: Arrival,
    *,
    is_stream: bool = False,
    wants_usage: bool = False,
    needs: Needs = NO_NEEDS,
) -> ClientRequest:
    """The request of any format, with its model checked and the gateway's own fields removed. Raises `InvalidRequest`."""
    model = _model(body)
    autodecide, further, preferences = arrival.autodecide_by_default, None, NO_PREFERENCES
    requires_parameters = arrival.requires_parameters_by_default
    if not OWN_FIELDS.isdisjoint(body):
        chosen = optional(body, "autodecide", bool)
        autodecide = autodecide if chosen is None else chosen
        further = _further_models(body)
        preferences = _preferences(body)
        required = optional(body.get("provider") or {}, "require_parameters", bool, "provider")
        requires_parameters = requires_parameters if required is None else required
        if body.get("rescue") is not None:
            one_of(body, "rescue", _RESCUES)
        optional(body, "hedge", bool)
        body = {field: value for field, value in body.items() if field not in OWN_FIELDS}
    return ClientRequest(
        id=arrival.request_id,
        operation=operation,
        model=model,
        body=body,
        is_stream=is_stream,
        wants_usage=wants_usage,
        autodecide=autodecide,
        further_models=further,
        preferences=preferences,
        needs=needs,
        requires_parameters=requires_parameters,
        timeout_seconds=arrival.timeout_seconds,
        caller=arrival.caller,
        native_headers=arrival.native_headers,
        hops=arrival.hops,
    )


def _model(body: JsonMapping) -> str:
    model = body.get("model")
    if not isinstance(model, str) or not model.strip():
        raise invalid("model", "must be the name of a model; GET /v1/models lists them")
    # The name is repeated in a header and in messages.
    if len(model) > LONGEST_NAME:
        raise invalid("model", f"must have at most {LONGEST_NAME} characters")
    return model.strip()


def _further_models(body: JsonMapping) -> tuple[str, ...] | None:
    models = optional(body, "models", list)
    if models is None:
        return None
    if len(models) > _MOST_FURTHER_MODELS:
        raise invalid("models", f"must have at most {_MOST_FURTHER_MODELS} names")
    for index, model in enumerate(models):
        if not isinstance(model, str) or not model.strip() or len(model) > LONGEST_NAME:
            raise invalid(f"models[{index}]", f"must be the name of a model, of at most {LONGEST_NAME} characters")
    return tuple(dict.fromkeys(model.strip() for model in models if model.strip() != body.get("model")))


def _preferences(body: JsonMapping) -> ProviderPreferences:
    given = optional(body, "provider", dict)
    if given is None:
        return NO_PREFERENCES
    for field in given:
        if field not in _PREFERENCES:
            raise invalid(f"provider.{field}", f"is unknown; use one of {', '.join(_PREFERENCES)}")
    sort = None if given.get("sort") is None else one_of(given, "sort", _SORTS, "provider")
    return ProviderPreferences(_names(given, "order"), _names(given, "only"), _names(given, "ignore"), sort)


def _names(given: JsonMapping, field: str) -> tuple[str, ...]:
    names = optional(given, field, list, "provider") or ()
    for index, name in enumerate(names):
        if not isinstance(name, str):
            raise invalid(f"provider.{field}[{index}]", "must be the name of a provider")
    return tuple(names)
