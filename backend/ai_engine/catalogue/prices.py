"""Prices of routes: configured, from the provider's listing, or published. Unknown is `None`, never 0."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from importlib.metadata import version
from typing import TYPE_CHECKING, NamedTuple

from ai_engine.names import TokenCounts
from ai_engine.providers.adapter import ListedModel
from ai_engine.settings.file import PriceSection

if TYPE_CHECKING:
    from genai_prices.types import ModelPrice, TieredPrices

PUBLISHED_UNDER = {
    "anthropic": "anthropic",
    "azure": "azure",
    "bedrock": "aws",
    "cerebras": "cerebras",
    "cloudflare": "cloudflare",
    "cohere": "cohere",
    "deepseek": "deepseek",
    "fireworks": "fireworks",
    "gemini": "google",
    "groq": "groq",
    "minimax": "minimax",
    "mistral": "mistral",
    "moonshot": "moonshotai",
    "novita": "novita",
    "openai": "openai",
    "openrouter": "openrouter",
    "perplexity": "perplexity",
    "together": "together",
    "vertex": "google",
    "xai": "x-ai",
    "zai": "zai",
}
"""Our provider names → those of genai-prices. Providers that are missing have no published prices there."""

CACHED_MODELS = 16_384


_MILLION = Decimal(1_000_000)
_PUBLISHED_VERSION = f"genai-prices {version('genai-prices')}"


class LongPrompts(NamedTuple):
    """The price of a request's tokens if its input is longer than `above_tokens`."""

    above_tokens: int
    price: "Price"


@dataclass(frozen=True, slots=True)
class Price:
    """USD per million tokens at list price; zero is free."""

    input_usd_per_million: Decimal
    output_usd_per_million: Decimal
    source: str
    """`configuration`, `listing`, or `genai-prices` with its version."""
    cached_input_usd_per_million: Decimal | None = None
    """`None` if unknown: then cached input costs as much as other input."""
    cache_write_usd_per_million: Decimal | None = None
    """As above."""
    for_long_prompts: tuple[LongPrompts, ...] = ()
    """In ascending order of length."""

    @property
    def blended_usd_per_million(self) -> float:
        """Three parts input to one part output, as in a usual chat: for comparison, not for billing."""
        return (3 * float(self.input_usd_per_million) + float(self.output_usd_per_million)) / 4

    def cost_usd(self, tokens: TokenCounts) -> Decimal | None:
        """The exact cost; `None` if input or output tokens are unknown."""
        all_input, all_output = tokens.all_input, tokens.all_output
        if all_input is None or all_output is None:
            return None
        for above_tokens, price in reversed(self.for_long_prompts):
            if all_input > above_tokens:
                return price.cost_usd(tokens)
        cached, written = tokens.cached_input or 0, tokens.cache_write or 0
        cached_price, write_price = self.cached_input_usd_per_million, self.cache_write_usd_per_million
        in_millionths = self.input_usd_per_million * (tokens.input or 0)
        if cached:
            in_millionths += (self.input_usd_per_million if cached_price is None else cached_price) * cached
        if written:
            in_millionths += (self.input_usd_per_million if write_price is None else write_price) * written
        return (in_millionths + self.output_usd_per_million * all_output) / _MILLION


SANDBOX_PRICE = Price(Decimal(0), Decimal(0), "sandbox")


class PublishedFacts(NamedTuple):
    """The published facts about a model; `None` is unknown."""

    price: Price | None
    context_tokens: int | None


NOTHING_PUBLISHED = PublishedFacts(None, None)

FactsOf = Callable[[str, str], PublishedFacts]
"""(our provider name, the provider's model name) → its published facts."""


def configured_price(sections: Mapping[str, PriceSection], definition_name: str, model: str) -> Price | None:
    """The configured price of a route (`prices` in the YAML file, by `provider/model`)."""
    section = sections.get(f"{definition_name}/{model}")
    return None if section is None else Price(section.input, section.output, "configuration")


class Prices:
    """Prices by route: configured, else from the provider's listing, else published."""

    def __init__(self, overrides: Mapping[str, PriceSection], facts_of: FactsOf) -> None:
        """`overrides` is `prices` of the YAML file, by `provider/model`."""
        self._overrides = overrides
        self._facts_of = facts_of

    def of(self, definition_name: str, model: str, listed: ListedModel | None) -> Price | None:
        """The price of `model` at the provider; `None` if unknown."""
        configured = configured_price(self._overrides, definition_name, model)
        if configured is not None:
            return configured
        if listed is not None and (price := _listed_price(listed)) is not None:
            return price
        return self._facts_of(definition_name, model).price

    def context_tokens_of(self, definition_name: str, model: str) -> int | None:
        """The published context window, for providers whose listing does not have it."""
        return self._facts_of(definition_name, model).context_tokens


class PublishedPrices:
    """The offline data of genai-prices, never updated over the network; each route is looked up once a day."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[date, PublishedFacts]] = {}

    def cached(self, definition_name: str, model: str) -> PublishedFacts:
        """The result of an earlier look-up: a dictionary access."""
        found = self._known.get((definition_name, model))
        return found[1] if found else NOTHING_PUBLISHED

    def on(self, day: date) -> FactsOf:
        """A look-up of published facts at that day's prices.

        Call it in a thread: the first one imports 1.5 MB of tables (160 ms), and each new model searches them.
        """

        def facts_of(definition_name: str, model: str) -> PublishedFacts:
            found = self._known.get((definition_name, model))
            if found is None or found[0] != day:
                found = self._known[definition_name, model] = (day, _look_up(definition_name, model, day))
                if len(self._known) > CACHED_MODELS:
                    del self._known[next(iter(self._known))]
            return found[1]

        return facts_of


def _look_up(definition_name: str, model: str, day: date) -> PublishedFacts:
    publisher = PUBLISHED_UNDER.get(definition_name)
    if publisher is None:
        return NOTHING_PUBLISHED
    from genai_prices.data_snapshot import get_snapshot

    try:
        _, info = get_snapshot().find_provider_model(model.removeprefix("models/"), None, publisher, None)
    except LookupError:
        return NOTHING_PUBLISHED
    # Some providers are cheaper at night; noon has the full price.
    tariff = info.get_prices(datetime.combine(day, time(12), UTC))
    price = _price_at(tariff, 0)
    if price is None:
        return PublishedFacts(None, info.context_window)
    longer = [LongPrompts(start, above) for start in _tier_starts(tariff) if (above := _price_at(tariff, start)) is not None]
    return PublishedFacts(replace(price, for_long_prompts=tuple(longer)), info.context_window)


def _tier_starts(tariff: "ModelPrice") -> list[int]:
    """The prompt lengths from which the price changes."""
    tiered = (tariff.input_mtok, tariff.output_mtok, tariff.cache_read_mtok, tariff.cache_write_mtok)
    return sorted({tier.start for price in tiered for tier in getattr(price, "tiers", ())})


def _price_at(tariff: "ModelPrice", start: int) -> Price | None:
    """The price of prompts longer than `start`."""
    input_price, output_price = _at(tariff.input_mtok, start), _at(tariff.output_mtok, start)
    if input_price is None:
        return None
    # Models that are priced for input only, such as embeddings, have no output.
    return Price(
        input_price,
        output_price or Decimal(0),
        _PUBLISHED_VERSION,
        _at(tariff.cache_read_mtok, start),
        _at(tariff.cache_write_mtok, start),
    )


def _at(price: "Decimal | TieredPrices | None", start: int) -> Decimal | None:
    if price is None or isinstance(price, Decimal):
        return price
    return next((tier.price for tier in reversed(price.tiers) if tier.start <= start), price.base)


def _listed_price(listed: ListedModel) -> Price | None:
    input_price, output_price = _amount(listed.input_usd_per_million), _amount(listed.output_usd_per_million)
    return None if input_price is None or output_price is None else Price(input_price, output_price, "listing")


def _amount(text: str | None) -> Decimal | None:
    try:
        amount = Decimal(text) if text is not None else None
    except InvalidOperation:
        return None
    # A listing may contain -1 for a variable price.
    return amount if amount is not None and amount.is_finite() and amount >= 0 else None
