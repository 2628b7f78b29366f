import subprocess
import sys
from datetime import date
from decimal import Decimal
from importlib.metadata import version

import pytest
from genai_prices.data_snapshot import get_snapshot

from ai_engine.catalogue.prices import (
    CACHED_MODELS,
    NOTHING_PUBLISHED,
    PUBLISHED_UNDER,
    LongPrompts,
    Price,
    Prices,
    PublishedFacts,
    PublishedPrices,
)
from ai_engine.names import TokenCounts
from ai_engine.providers.adapter import ListedModel
from ai_engine.settings.file import PriceSection

SOURCE = f"genai-prices {version('genai-prices')}"
TODAY = date(2026, 11, 23)
PUBLISHED = Price(Decimal(3), Decimal(15), "genai-prices")


def published(_provider: str, model: str) -> PublishedFacts:
    return PublishedFacts(PUBLISHED, 200_000) if model == "known" else NOTHING_PUBLISHED


def listed(asked: str | None, answered: str | None) -> ListedModel:
    return ListedModel("known", input_usd_per_million=asked, output_usd_per_million=answered)


def test_the_operators_price_wins_over_the_listings_and_that_over_the_published_one() -> None:
    own = Prices({"local/known": PriceSection(input=Decimal(0), output=Decimal("0.5"))}, published)

    assert own.of("local", "known", listed("1", "2")) == Price(Decimal(0), Decimal("0.5"), "configuration")
    assert own.of("other", "known", listed("1", "2")) == Price(Decimal(1), Decimal(2), "listing")
    assert own.of("other", "known", listed(None, None)) == PUBLISHED
    assert own.of("other", "known", None) == PUBLISHED


def test_an_unknown_price_is_none_and_a_stated_zero_is_zero() -> None:
    prices = Prices({}, published)

    assert prices.of("other", "unheard-of", None) is None
    assert prices.context_tokens_of("other", "unheard-of") is None
    assert prices.of("other", "unheard-of", listed("0", "0")) == Price(Decimal(0), Decimal(0), "listing")


@pytest.mark.parametrize(
    ("asked", "answered"), [("1", None), (None, "1"), ("-1000000", "-1000000"), ("NaN", "1"), ("cheap", "1")]
)
def test_a_listing_that_states_half_a_price_or_none_that_makes_sense_states_nothing(
    asked: str | None, answered: str | None
) -> None:
    assert Prices({}, published).of("other", "known", listed(asked, answered)) == PUBLISHED


def test_published_prices_and_context_windows_are_found_under_our_names() -> None:
    facts_of = PublishedPrices().on(TODAY)

    assert facts_of("openai", "gpt-4o-mini") == PublishedFacts(
        Price(Decimal("0.15"), Decimal("0.6"), SOURCE, cached_input_usd_per_million=Decimal("0.075")), 128_000
    )
    assert facts_of("gemini", "models/gemini-2.5-flash") == facts_of("gemini", "gemini-2.5-flash")
    assert facts_of("gemini", "gemini-2.5-flash").price is not None
    assert facts_of("openai", "no-such-model") == NOTHING_PUBLISHED
    assert facts_of("local-llama", "gpt-4o-mini") == NOTHING_PUBLISHED


def test_long_prompts_cost_what_is_published_for_them() -> None:
    price = PublishedPrices().on(TODAY)("anthropic", "claude-sonnet-4-5").price

    longer = Price(Decimal(6), Decimal("22.5"), SOURCE, Decimal("0.6"), Decimal("7.5"))
    assert price == Price(
        Decimal(3), Decimal(15), SOURCE, Decimal("0.3"), Decimal("3.75"), for_long_prompts=(LongPrompts(200_000, longer),)
    )
    assert price.cost_usd(TokenCounts(200_000, output=1_000)) == Decimal("0.615")
    assert price.cost_usd(TokenCounts(100_000, 100_001, output=1_000)) == Decimal("0.6825006")


@pytest.mark.parametrize(
    ("tokens", "cost"),
    [
        (TokenCounts(1_000, 0, 0, 100, 0), "0.0045"),
        (TokenCounts(1_000, 500, 200, 100, 50), "0.0061"),
        (TokenCounts(1, output=0), "0.000003"),
        (TokenCounts(0, output=0), "0"),
        (TokenCounts(5), None),
        (TokenCounts(output=5), None),
    ],
)
def test_every_class_of_tokens_costs_its_own_price_and_what_is_unknown_costs_an_unknown_amount(
    tokens: TokenCounts, cost: str | None
) -> None:
    price = Price(Decimal(3), Decimal(15), "listing", cached_input_usd_per_million=Decimal("0.5"))

    assert price.cost_usd(tokens) == (None if cost is None else Decimal(cost))


def test_what_is_priced_for_input_alone_costs_nothing_for_output() -> None:
    price = PublishedPrices().on(TODAY)("openai", "text-embedding-3-small").price

    assert price == Price(Decimal("0.02"), Decimal(0), SOURCE)


def test_a_model_that_is_published_without_a_price_has_none() -> None:
    assert PublishedPrices().on(TODAY)("openrouter", "qwen/qwen3-32b:free").price is None


def test_every_name_in_the_table_is_one_that_the_data_has() -> None:
    assert set(PUBLISHED_UNDER.values()) <= {publisher.id for publisher in get_snapshot().providers}


def test_a_look_up_is_remembered_and_made_again_on_another_day() -> None:
    prices = PublishedPrices()
    assert prices.cached("openai", "gpt-4o") == NOTHING_PUBLISHED

    first = prices.on(TODAY)("openai", "gpt-4o")

    assert prices.cached("openai", "gpt-4o") is first
    assert prices.on(TODAY)("openai", "gpt-4o") is first
    assert prices.on(date(2026, 11, 24))("openai", "gpt-4o") is not first


def test_memory_of_look_ups_is_bounded() -> None:
    prices = PublishedPrices()
    facts_of = prices.on(TODAY)
    facts_of("openai", "gpt-4o")

    for number in range(CACHED_MODELS):
        facts_of("local-llama", f"model {number}")

    assert prices.cached("openai", "gpt-4o") == NOTHING_PUBLISHED


def test_the_slow_tables_are_imported_by_the_first_look_up_and_not_before() -> None:
    program = """
import sys, datetime
from ai_engine.catalogue import discovery, live, prices, repository
before = "genai_prices" in sys.modules
prices.PublishedPrices().on(datetime.date(2026, 11, 23))("openai", "gpt-4o")
print(before, "genai_prices" in sys.modules)
"""
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert finished.stdout.strip() == "False True"


def test_a_blended_price_counts_input_three_times_as_much_as_output() -> None:
    assert Price(Decimal(1), Decimal(5), "listing").blended_usd_per_million == 2
