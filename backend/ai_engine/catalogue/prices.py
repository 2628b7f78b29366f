"""What a route costs: the operator's word, the provider's listing, or published data. Unknown is `None`, never 0."""

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
    "xai": "x-ai",
    "zai": "zai",
}
"""Our provider names → those of genai-prices. Who is missing has prices of its own that nobody publishes there."""

REMEMBERED_MODELS = 16_384


_MILLION = Decimal(1_000_000)
_PUBLISHED_VERSION = f"genai-prices {version('genai-prices')}"


class LongPrompts(NamedTuple):
    """What all tokens of a request cost whose input is longer than `above_tokens`."""

    above_tokens: int
    price: "Price"


@dataclass(frozen=True, slots=True)
class Price:
    """USD per million tokens at list price. Zero is a price: it costs nothing."""

    input_usd_per_million: Decimal
    output_usd_per_million: Decimal
    source: str
    """`configuration`, `listing`, or `genai-prices` with its version."""
    cached_input_usd_per_million: Decimal | None = None
    """`None` where nobody states it: then what was read from a cache costs as much as other input."""
    cache_write_usd_per_million: Decimal | None = None
    """As above."""
    for_long_prompts: tuple[LongPrompts, ...] = ()
    """The longest last."""

    @property
    def blended_usd_per_million(self) -> float:
        """Three parts input to one part output, as a chat usually has: for comparing, not for bills."""
        return (3 * float(self.input_usd_per_million) + float(self.output_usd_per_million)) / 4

    def cost_usd(self, tokens: TokenCounts) -> Decimal | None:
        """The exact cost; `None` where nobody knows how much went in or came out."""
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
"""What it makes up costs nobody anything."""


class PublishedFacts(NamedTuple):
    """What the offline data says of a model; `None` is unknown."""

    price: Price | None
    context_tokens: int | None


NOTHING_PUBLISHED = PublishedFacts(None, None)

FactsOf = Callable[[str, str], PublishedFacts]
"""(our provider name, the provider's model name) → what is published of it."""


def configured_price(sections: Mapping[str, PriceSection], definition_name: str, model: str) -> Price | None:
    """The operator's word on a route (`prices` in the file, by `provider/model`)."""
    section = sections.get(f"{definition_name}/{model}")
    return None if section is None else Price(section.input, section.output, "configuration")


class Prices:
    """Prices by route, the operator's word first, then the provider's own, then the published ones."""

    def __init__(self, overrides: Mapping[str, PriceSection], facts_of: FactsOf) -> None:
        """`overrides` is the file's `prices`, by `provider/model`."""
        self._overrides = overrides
        self._facts_of = facts_of

    def of(self, definition_name: str, model: str, listed: ListedModel | None) -> Price | None:
        """The price of `model` at the provider, `None` where nobody states one."""
        configured = configured_price(self._overrides, definition_name, model)
        if configured is not None:
            return configured
        if listed is not None and (stated := _stated_price(listed)) is not None:
            return stated
        return self._facts_of(definition_name, model).price

    def context_tokens_of(self, definition_name: str, model: str) -> int | None:
        """The published context window, for providers whose listing does not state it."""
        return self._facts_of(definition_name, model).context_tokens


class PublishedPrices:
    """The offline data of genai-prices, each route looked up once a day. It is never updated over the network."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[date, PublishedFacts]] = {}

    def remembered(self, definition_name: str, model: str) -> PublishedFacts:
        """What an earlier look-up found, at the price of a dictionary's."""
        found = self._known.get((definition_name, model))
        return found[1] if found else NOTHING_PUBLISHED

    def on(self, day: date) -> FactsOf:
        """What is published, at that day's prices.

        Call it in a thread: the first look-up of all imports 1.5 MB of tables (160 ms), and each new model searches them.
        """

        def facts_of(definition_name: str, model: str) -> PublishedFacts:
            found = self._known.get((definition_name, model))
            if found is None or found[0] != day:
                found = self._known[definition_name, model] = (day, _look_up(definition_name, model, day))
                if len(self._known) > REMEMBERED_MODELS:
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
    # Some providers are cheaper at night; noon is the full price.
    tariff = info.get_prices(datetime.combine(day, time(12), UTC))
    price = _price_at(tariff, 0)
    if price is None:
        return PublishedFacts(None, info.context_window)
    longer = [LongPrompts(start, above) for start in _tier_starts(tariff) if (above := _price_at(tariff, start)) is not None]
    return PublishedFacts(replace(price, for_long_prompts=tuple(longer)), info.context_window)


def _tier_starts(tariff: "ModelPrice") -> list[int]:
    """From where on prompts cost more."""
    tiered = (tariff.input_mtok, tariff.output_mtok, tariff.cache_read_mtok, tariff.cache_write_mtok)
    return sorted({tier.start for price in tiered for tier in getattr(price, "tiers", ())})


def _price_at(tariff: "ModelPrice", start: int) -> Price | None:
    """What prompts cost that are longer than `start`."""
    asked, answered = _at(tariff.input_mtok, start), _at(tariff.output_mtok, start)
    if asked is None:
        return None
    # What is priced for input alone, such as embeddings, has no output to pay for.
    return Price(
        asked,
        answered or Decimal(0),
        _PUBLISHED_VERSION,
        _at(tariff.cache_read_mtok, start),
        _at(tariff.cache_write_mtok, start),
    )


def _at(price: "Decimal | TieredPrices | None", start: int) -> Decimal | None:
    if price is None or isinstance(price, Decimal):
        return price
    return next((tier.price for tier in reversed(price.tiers) if tier.start <= start), price.base)


def _stated_price(listed: ListedModel) -> Price | None:
    asked, answered = _amount(listed.input_usd_per_million), _amount(listed.output_usd_per_million)
    return None if asked is None or answered is None else Price(asked, answered, "listing")


def _amount(text: str | None) -> Decimal | None:
    try:
        amount = Decimal(text) if text is not None else None
    except InvalidOperation:
        return None
    # A listing may say -1 for "it depends".
    return amount if amount is not None and amount.is_finite() and amount >= 0 else None
