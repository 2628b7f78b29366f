"""Reads Cohere's listing of models: https://docs.cohere.com/reference/list-models (read 2026-11-28)."""

from collections.abc import Sequence

from ai_engine.providers.adapter import ListedModel
from ai_engine.providers.listings import context_tokens, read_entries
from ai_engine.wire.json_types import JsonMapping

_SERVED = frozenset({"chat", "embed", "rerank"})


def read_listing(body: bytes) -> Sequence[ListedModel]:
    """The models that chat, embed or rank, in the listing's order. Raises `ValueError` where the body is not a listing."""
    return read_entries(body, "models", "name", _listed)


def _texts(entry: JsonMapping, name: str) -> frozenset[str] | None:
    values = entry.get(name)
    return frozenset(value for value in values if isinstance(value, str)) if isinstance(values, list) else None


def _listed(name: str, entry: JsonMapping) -> ListedModel | None:
    endpoints, features = _texts(entry, "endpoints"), _texts(entry, "features")
    if endpoints is not None and _SERVED.isdisjoint(endpoints):
        return None
    if features is None and endpoints is not None and "chat" not in endpoints:
        features = frozenset()
    return ListedModel(
        name,
        context_tokens=context_tokens(entry.get("context_length")),
        takes_tools=None if features is None else "tools" in features,
        takes_images=None if features is None else "vision" in features,
        takes_json_schema=None if features is None else "json_schema" in features,
        is_reasoning=None if features is None else "reasoning" in features,
    )
