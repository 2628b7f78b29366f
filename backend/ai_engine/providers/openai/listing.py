"""Reads `GET /models` in OpenAI's format, with the additions of several providers.

Fields and where they come from (each page read 2026-11-23):
OpenRouter https://openrouter.ai/docs/models · Groq https://console.groq.com/docs/api-reference#models ·
Mistral https://docs.mistral.ai/api/#tag/models · Together https://docs.together.ai/reference/models ·
Vercel https://vercel.com/docs/ai-gateway/models-and-providers · vLLM `max_model_len` · llama.cpp `meta.n_ctx_train`.
"""

from collections.abc import Sequence
from decimal import Decimal

from ai_engine.providers.adapter import ListedModel
from ai_engine.providers.listings import context_tokens, read_entries
from ai_engine.wire.json_types import JsonMapping
from ai_engine.wire.tolerant import object_in

_CONTEXT_FIELDS = ("context_length", "context_window", "max_context_length", "max_model_len")
_MILLION = 1_000_000
_MOST_ZEROS = 12
"""The most zeros of a price before or after its point; bounds its length when written out."""


def read_listing(body: bytes) -> Sequence[ListedModel]:
    """The models in the listing's order, each once. Raises `ValueError` where the body is not a listing."""
    return read_entries(body, "data", "id", _listed, may_be_bare=True)


def _listed(name: str, entry: JsonMapping) -> ListedModel:
    known = _parameters(entry)
    capabilities = object_in(entry, "capabilities")
    modalities = object_in(entry, "architecture").get("input_modalities")
    input_price, output_price = _prices(object_in(entry, "pricing"))
    return ListedModel(
        name,
        context_tokens=_context_tokens(entry),
        takes_tools=_flag(capabilities, "function_calling") if known is None else "tools" in known,
        takes_images="image" in modalities if isinstance(modalities, list) else _flag(capabilities, "vision"),
        takes_json_schema=None if known is None else bool(known & {"structured_outputs", "response_format"}),
        is_reasoning=_flag(capabilities, "reasoning") if known is None else bool(known & {"reasoning", "include_reasoning"}),
        input_usd_per_million=input_price,
        output_usd_per_million=output_price,
    )


def _parameters(entry: JsonMapping) -> frozenset[str] | None:
    parameters = entry.get("supported_parameters")
    if not isinstance(parameters, list):
        return None
    return frozenset(parameter for parameter in parameters if isinstance(parameter, str))


def _flag(values: JsonMapping, name: str) -> bool | None:
    value = values.get(name)
    return value if isinstance(value, bool) else None


def _context_tokens(entry: JsonMapping) -> int | None:
    stated = [entry.get(field) for field in _CONTEXT_FIELDS] + [object_in(entry, "meta").get("n_ctx_train")]
    return next((tokens for value in stated if (tokens := context_tokens(value)) is not None), None)


def _prices(pricing: JsonMapping) -> tuple[str | None, str | None]:
    """Input and output in USD per million tokens.

    OpenRouter has strings per token under `prompt` and `completion`, Vercel the same under `input` and `output`; Together has
    numbers per million under `input` and `output`.
    """
    if "prompt" in pricing or "completion" in pricing:
        return _price(pricing.get("prompt"), _MILLION), _price(pricing.get("completion"), _MILLION)
    first, second = pricing.get("input"), pricing.get("output")
    return (
        _price(first, _MILLION if isinstance(first, str) else 1),
        _price(second, _MILLION if isinstance(second, str) else 1),
    )


def _price(value: object, factor: int) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        price = Decimal(str(value)) * factor
    except ArithmeticError:  # not a number, or out of range
        return None
    if not price.is_finite() or (price and abs(price.adjusted()) > _MOST_ZEROS):
        return None
    # OpenRouter's own router has -1 for a variable price.
    return f"{price.normalize():f}" if price >= 0 else None
