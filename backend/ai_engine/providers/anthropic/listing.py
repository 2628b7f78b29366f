"""Reads `GET /models` in Anthropic's format.

Source: https://platform.claude.com/docs/en/api/models/list and the types of `anthropic` 2.14.0 for Python (read 2026-11-28).
`capabilities`, `max_input_tokens` and `lifecycle` are younger than the endpoint, and may be absent.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from ai_engine.providers.adapter import ListedModel
from ai_engine.providers.anthropic.traits import traits_of

LARGEST_PAGE = 1000
"""What one call gives at most: one page is all, there are far fewer models."""

_MOST_CONTEXT_TOKENS = 1_000_000_000


def read_listing(body: bytes) -> Sequence[ListedModel]:
    """The models in the listing's order, each once. Raises `ValueError` where the body is no listing."""
    listing = orjson.loads(body)
    entries = listing.get("data") if isinstance(listing, dict) else None
    if not isinstance(entries, list):
        raise ValueError("the listing has no list of models")  # noqa: TRY004 - the port promises this one for every bad body
    models: dict[str, ListedModel] = {}
    for entry in entries:
        name = entry.get("id") if isinstance(entry, dict) else None
        if isinstance(name, str) and name and name.isprintable() and entry.get("lifecycle") != "retired":
            models.setdefault(name, _listed(name, entry))
    return tuple(models.values())


def _listed(name: str, entry: Mapping[str, Any]) -> ListedModel:
    context = entry.get("max_input_tokens")
    return ListedModel(
        name,
        context_tokens=context if type(context) is int and 1 <= context <= _MOST_CONTEXT_TOKENS else None,
        takes_images=_is_supported(entry, "image_input"),
        takes_json_schema=_is_supported(entry, "structured_outputs"),
        # Silent by nature are those that think without being asked; the others do as the request says.
        is_reasoning=traits_of(name).thinks_unasked or None,
    )


def _is_supported(entry: Mapping[str, Any], capability: str) -> bool | None:
    capabilities = entry.get("capabilities")
    leaf = capabilities.get(capability) if isinstance(capabilities, dict) else None
    supported = leaf.get("supported") if isinstance(leaf, dict) else None
    return supported if isinstance(supported, bool) else None
