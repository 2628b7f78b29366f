"""What every relayed request brings, whatever its format: how it arrives, its model, and the fields that are ours alone."""

import math
from typing import NamedTuple

import orjson

from ai_engine.access.roles import Caller
from ai_engine.autodecide.candidates import NO_NEEDS, NO_PREFERENCES, Needs, ProviderPreferences
from ai_engine.catalogue.snapshot import LONGEST_NAME
from ai_engine.errors import InvalidRequest
from ai_engine.names import Operation
from ai_engine.relay.request import ClientRequest
from ai_engine.upstream.port import Headers
from ai_engine.wire.json_types import Json, JsonMapping

OWN_FIELDS = frozenset({"autodecide", "models", "provider", "rescue", "hedge"})
"""Ours, not OpenAI's: taken out before the request goes on."""

_MOST_FURTHER_MODELS = 10
_SORTS = ("price", "latency", "throughput")


class Arrival(NamedTuple):
    """What is known of a request before its body is read; what each field means: `ClientRequest`."""

    request_id: str
    caller: Caller | None = None
    autodecide_by_default: bool = True
    """Where the request does not say."""
    timeout_seconds: float | None = None
    native_headers: Headers = ()
    hops: tuple[bytes, ...] = ()


def parse_object(raw: bytes) -> Json:
    """The body as a JSON object. Raises `InvalidRequest`."""
    if not raw:
        raise InvalidRequest("The body is empty; send a JSON object.", code="invalid_json")
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(f"The body is not valid JSON: {error}.", code="invalid_json") from None
    if not isinstance(body, dict):
        raise InvalidRequest("The body must be a JSON object.", code="invalid_json")
    return body


def timeout_of(value: bytes) -> float:
    """The header `x-ai-engine-timeout`, in seconds. Raises `InvalidRequest`."""
    try:
        seconds = float(value)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise InvalidRequest("x-ai-engine-timeout must be a number of seconds above 0.", param="x-ai-engine-timeout")
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
    """The request of any format, with its model checked and our own fields read and taken out. Raises `InvalidRequest`."""
    model = _model(body)
    autodecide, further, preferences = arrival.autodecide_by_default, None, NO_PREFERENCES
    if not OWN_FIELDS.isdisjoint(body):
        chosen = optional_flag(body, "autodecide")
        autodecide = autodecide if chosen is None else chosen
        further = _further_models(body)
        preferences = _preferences(body)
        _refuse_unknown_rescue(body)
        optional_flag(body, "hedge")
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
        timeout_seconds=arrival.timeout_seconds,
        caller=arrival.caller,
        native_headers=arrival.native_headers,
        hops=arrival.hops,
    )


def _model(body: Json) -> str:
    model = body.get("model")
    if not isinstance(model, str) or not model.strip():
        raise InvalidRequest("model must be the name of a model; GET /v1/models lists them.", param="model")
    # It goes back in a header and in messages, and no model has such a name.
    if len(model) > LONGEST_NAME:
        raise InvalidRequest(f"model may have {LONGEST_NAME} characters at most.", param="model")
    return model.strip()


def optional_flag(body: JsonMapping, field: str) -> bool | None:
    """`true`, `false`, or `None` where it is not given. Raises `InvalidRequest`."""
    value = body.get(field)
    if value is not None and not isinstance(value, bool):
        raise InvalidRequest(f"{field} must be true or false.", param=field)
    return value


def _further_models(body: Json) -> tuple[str, ...] | None:
    models = body.get("models")
    if models is None:
        return None
    if not isinstance(models, list) or not all(isinstance(model, str) and model.strip() for model in models):
        raise InvalidRequest("models must be an array of model names.", param="models")
    if any(len(model) > LONGEST_NAME for model in models):
        raise InvalidRequest(f"The names in models may have {LONGEST_NAME} characters at most.", param="models")
    if len(models) > _MOST_FURTHER_MODELS:
        raise InvalidRequest(f"models may name {_MOST_FURTHER_MODELS} models at most.", param="models")
    return tuple(dict.fromkeys(model.strip() for model in models if model.strip() != body.get("model")))


def _preferences(body: Json) -> ProviderPreferences:
    given = body.get("provider")
    if given is None:
        return NO_PREFERENCES
    if not isinstance(given, dict):
        raise InvalidRequest("provider must be an object with order, only, ignore or sort.", param="provider")
    for field in given:
        if field not in ("order", "only", "ignore", "sort"):
            raise InvalidRequest(f"provider.{field} is not known; use order, only, ignore or sort.", param=f"provider.{field}")
    sort = given.get("sort")
    if sort is not None and sort not in _SORTS:
        raise InvalidRequest("provider.sort must be price, latency or throughput.", param="provider.sort")
    return ProviderPreferences(_names(given, "order"), _names(given, "only"), _names(given, "ignore"), sort)


def _names(given: Json, field: str) -> tuple[str, ...]:
    names = given.get(field)
    if names is None:
        return ()
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InvalidRequest(f"provider.{field} must be an array of provider names.", param=f"provider.{field}")
    return tuple(names)


def _refuse_unknown_rescue(body: Json) -> None:
    if body.get("rescue") not in (None, "continue", "error"):
        raise InvalidRequest('rescue must be "continue" or "error".', param="rescue")
