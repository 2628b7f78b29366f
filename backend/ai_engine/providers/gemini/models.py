"""What the name of a Gemini model says of what it takes, and what the listing says of all of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from ai_engine.providers.adapter import ListedModel

_BEFORE_3 = ("gemini-1", "gemini-2", "gemma", "learnlm")
_SERVED = frozenset({"generateContent", "embedContent", "batchEmbedContents"})
_MOST_CONTEXT_TOKENS = 1_000_000_000


def is_before_3(model: str) -> bool:
    """Neither checks the signatures of calls nor takes images in a tool's result. `gemini-flash-latest` is newer."""
    return model.startswith(_BEFORE_3)


def thinks_by_budget(model: str) -> bool:
    """Takes `thinkingBudget`, not `thinkingLevel`. https://ai.google.dev/gemini-api/docs/thinking (read 2026-11-28)."""
    return model.startswith("gemini-2.5")


def read_listing(body: bytes) -> Sequence[ListedModel]:
    """Those models that answer chats or embed, in the listing's order. Raises `ValueError` where the body is no listing.

    Source: https://ai.google.dev/api/models#method:-models.list (read 2026-11-28).
    """
    listing = orjson.loads(body)
    entries = listing.get("models") if isinstance(listing, dict) else None
    if not isinstance(entries, list):
        raise ValueError("the listing has no list of models")  # noqa: TRY004 - the port promises this one for every bad body
    models: dict[str, ListedModel] = {}
    for entry in entries:
        name = entry.get("name") if isinstance(entry, dict) else None
        if isinstance(name, str) and name.isprintable():
            name = name.removeprefix("models/")
            methods = entry.get("supportedGenerationMethods")
            if name and (not isinstance(methods, list) or not _SERVED.isdisjoint(filter(_is_text, methods))):
                models.setdefault(name, _listed(name, entry, methods))
    return tuple(models.values())


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _listed(name: str, entry: Mapping[str, Any], methods: object) -> ListedModel:
    limit, thinks = entry.get("inputTokenLimit"), entry.get("thinking")
    # A model that embeds and does nothing else takes none of what a chat may ask for.
    cannot = False if isinstance(methods, list) and "generateContent" not in methods else None
    return ListedModel(
        name,
        context_tokens=limit if type(limit) is int and 1 <= limit <= _MOST_CONTEXT_TOKENS else None,
        takes_tools=cannot,
        takes_images=cannot,
        takes_json_schema=cannot,
        is_reasoning=thinks if isinstance(thinks, bool) else cannot,
    )
