"""What a Gemini model supports, by its name and by the listing."""

from collections.abc import Sequence

from ai_engine.providers.adapter import ListedModel
from ai_engine.providers.listings import context_tokens, read_entries
from ai_engine.wire.json_types import JsonMapping

_BEFORE_3 = ("gemini-1", "gemini-2", "gemma", "learnlm")
_SERVED = frozenset({"generateContent", "embedContent", "batchEmbedContents"})


def is_before_3(model: str) -> bool:
    """The model does not check the signatures of calls and has no images in tool results. `gemini-flash-latest` is newer."""
    return model.startswith(_BEFORE_3)


def thinks_by_budget(model: str) -> bool:
    """The model has `thinkingBudget`, not `thinkingLevel`. https://ai.google.dev/gemini-api/docs/thinking (read 2026-11-28)."""
    return model.startswith("gemini-2.5")


def read_listing(body: bytes) -> Sequence[ListedModel]:
    """The models that chat or embed, in the listing's order. Raises `ValueError` where the body is not a listing.

    Source: https://ai.google.dev/api/models#method:-models.list (read 2026-11-28).
    """
    return read_entries(body, "models", "name", _listed)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _listed(path: str, entry: JsonMapping) -> ListedModel | None:
    name, methods, thinks = path.removeprefix("models/"), entry.get("supportedGenerationMethods"), entry.get("thinking")
    if not name or (isinstance(methods, list) and _SERVED.isdisjoint(filter(_is_text, methods))):
        return None
    # A model for embeddings only supports no features of chats.
    cannot = False if isinstance(methods, list) and "generateContent" not in methods else None
    return ListedModel(
        name,
        context_tokens=context_tokens(entry.get("inputTokenLimit")),
        takes_tools=cannot,
        takes_images=cannot,
        takes_json_schema=cannot,
        is_reasoning=thinks if isinstance(thinks, bool) else cannot,
    )
