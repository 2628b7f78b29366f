"""Reads `GET /models` in Anthropic's format.

Source: https://platform.claude.com/docs/en/api/models/list and the types of `anthropic` 2.14.0 for Python (read 2026-11-28).
`capabilities`, `max_input_tokens` and `lifecycle` are newer than the endpoint, and may be absent.
"""

from collections.abc import Sequence

from ai_engine.providers.adapter import ListedModel
from ai_engine.providers.anthropic.traits import traits_of
from ai_engine.providers.listings import context_tokens, read_entries
from ai_engine.wire.json_types import JsonMapping
from ai_engine.wire.tolerant import object_in

LARGEST_PAGE = 1000
"""The API's largest page, far above the number of models."""


def read_listing(body: bytes) -> Sequence[ListedModel]:
    """The models in the listing's order, each once. Raises `ValueError` where the body is not a listing."""
    return read_entries(body, "data", "id", _listed)


def _listed(name: str, entry: JsonMapping) -> ListedModel | None:
    if entry.get("lifecycle") == "retired":
        return None
    return ListedModel(
        name,
        context_tokens=context_tokens(entry.get("max_input_tokens")),
        takes_images=_is_supported(entry, "image_input"),
        takes_json_schema=_is_supported(entry, "structured_outputs"),
        # Models that think by default are silent for long; the others think on request.
        is_reasoning=traits_of(name).thinks_by_default or None,
    )


def _is_supported(entry: JsonMapping, capability: str) -> bool | None:
    supported = object_in(object_in(entry, "capabilities"), capability).get("supported")
    return supported if isinstance(supported, bool) else None
