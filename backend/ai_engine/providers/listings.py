"""Reads the listings of models of every protocol: named entries, and a number of tokens."""

from collections.abc import Callable, Sequence

import orjson

from ai_engine.providers.adapter import ListedModel
from ai_engine.wire.json_types import JsonMapping

_MOST_CONTEXT_TOKENS = 1_000_000_000


class NoListing(ValueError):
    """The body has no list of models."""


def read_entries(
    body: bytes,
    collection: str,
    name_field: str,
    read: Callable[[str, JsonMapping], ListedModel | None],
    *,
    may_be_bare: bool = False,
) -> Sequence[ListedModel]:
    """The models in the listing's order, each once, from the list under `collection`; `may_be_bare`: the body may be that list.

    `read` turns a name and its entry into a model, or `None` to leave it out. Raises `ValueError` if the body is not a listing.
    """
    listing = orjson.loads(body)
    entries = listing.get(collection) if isinstance(listing, dict) else listing if may_be_bare else None
    if not isinstance(entries, list):
        raise NoListing("the listing has no list of models")
    models: dict[str, ListedModel] = {}
    for entry in entries:
        name = entry.get(name_field) if isinstance(entry, dict) else None
        model = read(name, entry) if isinstance(name, str) and name and name.isprintable() else None
        if model is not None:
            models.setdefault(model.name, model)
    return tuple(models.values())


def context_tokens(value: object) -> int | None:
    """The context length of an entry; `None` where it is not a plausible number of tokens."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= _MOST_CONTEXT_TOKENS:
        return None
    return int(value)
