"""Reads Cohere's listing of models: https://docs.cohere.com/reference/list-models (read 2026-11-28)."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from ai_engine.providers.adapter import ListedModel

_SERVED = frozenset({"chat", "embed", "rerank"})
_MOST_CONTEXT_TOKENS = 1_000_000_000


def listing_url(base_url: str) -> str:
    """The listing is of v1 still, beside the v2 that everything else is under. One page holds a thousand, the API's most."""
    return base_url.removesuffix("/v2") + "/v1/models?page_size=1000"


def read_listing(body: bytes) -> Sequence[ListedModel]:
    """Those models that chat, embed or rank, in the listing's order. Raises `ValueError` where the body is no listing."""
    listing = orjson.loads(body)
    entries = listing.get("models") if isinstance(listing, dict) else None
    if not isinstance(entries, list):
        raise ValueError("the listing has no list of models")  # noqa: TRY004 - the port promises this one for every bad body
    models: dict[str, ListedModel] = {}
    for entry in entries:
        name = entry.get("name") if isinstance(entry, dict) else None
        if isinstance(name, str) and name and name.isprintable():
            endpoints = _texts(entry, "endpoints")
            if endpoints is None or not _SERVED.isdisjoint(endpoints):
                models.setdefault(name, _listed(name, entry, endpoints))
    return tuple(models.values())


def _texts(entry: Mapping[str, Any], name: str) -> frozenset[str] | None:
    values = entry.get(name)
    return frozenset(value for value in values if isinstance(value, str)) if isinstance(values, list) else None


def _listed(name: str, entry: Mapping[str, Any], endpoints: frozenset[str] | None) -> ListedModel:
    limit = entry.get("context_length")
    is_sound = isinstance(limit, int | float) and not isinstance(limit, bool) and 1 <= limit <= _MOST_CONTEXT_TOKENS
    features = _texts(entry, "features")
    if features is None and endpoints is not None and "chat" not in endpoints:
        features = frozenset()
    return ListedModel(
        name,
        context_tokens=int(limit) if isinstance(limit, int | float) and is_sound else None,
        takes_tools=None if features is None else "tools" in features,
        takes_images=None if features is None else "vision" in features,
        takes_json_schema=None if features is None else "json_schema" in features,
        is_reasoning=None if features is None else "reasoning" in features,
    )
