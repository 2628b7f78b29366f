from decimal import Decimal

import pytest

from ai_engine.catalogue.model_names import MatchKind
from ai_engine.catalogue.prices import NOTHING_PUBLISHED, Price, Prices, PublishedFacts
from ai_engine.catalogue.snapshot import Catalogue, CatalogueEntry, Found, Listing, build
from ai_engine.names import Route
from ai_engine.providers.adapter import ListedModel
from ai_engine.providers.registry.definition import ProviderDefinition
from tests.catalogue.fakes import NOW, catalogue, listing, provider


def found(snapshot: Catalogue, name: str) -> dict[str, MatchKind]:
    return {str(matched.entry.route): matched.kind for matched in snapshot.find(name).matched}


def built(*definitions: ProviderDefinition, **listings: Listing) -> Catalogue:
    prices = Prices({}, lambda _provider, _model: NOTHING_PUBLISHED)
    return build({definition.name: definition for definition in definitions}, listings, {}, prices, NOW)


def test_exact_equal_alias_and_dated_matches_are_one_set() -> None:
    snapshot = catalogue(
        {
            "a": ["claude-sonnet-4.5"],
            "b": ["anthropic/claude-sonnet-4-5"],
            "c": ["claude-sonnet-4-5-20250929"],
            "d": ["sonnet-new"],
            "e": ["claude-sonnet-4"],
        },
        {"Claude-Sonnet-4-5": "sonnet-new"},
    )

    assert found(snapshot, "claude-sonnet-4.5") == {
        "a/claude-sonnet-4.5": MatchKind.EXACT,
        "b/anthropic/claude-sonnet-4-5": MatchKind.NORMALISED,
        "c/claude-sonnet-4-5-20250929": MatchKind.DATED,
        "d/sonnet-new": MatchKind.ALIAS,
    }
    assert snapshot.find("claude-sonnet-4.5").family is None


def test_of_one_provider_only_the_best_rung_counts_and_of_its_dated_ids_the_newest() -> None:
    snapshot = catalogue(
        {
            "a": ["gpt-4o-2024-05-13", "gpt-4o-2024-11-20", "gpt-4o-2024-08-06"],
            "b": ["gpt-4o-2024-11-20", "GPT-4o"],
            "c": ["openai/gpt-4o", "gpt-4o"],
            "d": ["gpt-4-0613", "gpt-4-0314"],
        }
    )

    assert found(snapshot, "gpt-4o") == {
        "a/gpt-4o-2024-11-20": MatchKind.DATED,
        "b/GPT-4o": MatchKind.NORMALISED,
        "c/gpt-4o": MatchKind.EXACT,
    }
    assert found(snapshot, "gpt-4") == {"d/gpt-4-0613": MatchKind.DATED}


def test_a_dated_request_finds_its_own_date_only() -> None:
    snapshot = catalogue({"a": ["gpt-4o", "gpt-4o-2024-05-13"], "b": ["gpt-4o-latest"], "c": ["gpt-4o-20240806"]})

    assert found(snapshot, "gpt-4o-2024-08-06") == {"c/gpt-4o-20240806": MatchKind.NORMALISED}
    assert snapshot.find("gpt-4o-2025-01-01") == Found((), None)


def test_a_free_variant_and_its_model_are_two_models() -> None:
    snapshot = catalogue({"a": ["llama-3.3-70b", "llama-3.3-70b:free"], "b": ["meta-llama/llama-3.3-70b:free"], "c": ["x"]})

    assert found(snapshot, "llama-3.3-70b") == {"a/llama-3.3-70b": MatchKind.EXACT}
    assert found(snapshot, "llama-3.3-70b:free") == {
        "a/llama-3.3-70b:free": MatchKind.EXACT,
        "b/meta-llama/llama-3.3-70b:free": MatchKind.NORMALISED,
    }
    assert found(snapshot, "x:free") == {}


def test_gpt_4_is_answered_by_nothing_where_only_its_namesakes_are() -> None:
    snapshot = catalogue({"a": ["gpt-4o-mini", "gpt-4o", "gpt-4-turbo", "gpt-4.1", "gpt-4-turbo-2024-04-09", "gpt-5"]})

    assert snapshot.find("gpt-4") == Found((), None)
    assert snapshot.find_at("a", "gpt-4") is None


def test_an_alias_adds_routes_and_never_worsens_a_better_match() -> None:
    snapshot = catalogue({"a": ["gpt4"], "b": ["gpt-4-0613"], "c": ["GPT-4"]}, {"gpt4": "gpt-4"})

    assert found(snapshot, "gpt4") == {"a/gpt4": MatchKind.EXACT, "b/gpt-4-0613": MatchKind.DATED, "c/GPT-4": MatchKind.ALIAS}
    assert found(snapshot, "gpt-4") == {"b/gpt-4-0613": MatchKind.DATED, "c/GPT-4": MatchKind.NORMALISED}


def test_a_family_gives_its_best_member_everywhere_and_says_so() -> None:
    snapshot = catalogue(
        {"a": ["claude-sonnet-4-5", "claude-sonnet-4-6"], "b": ["anthropic/claude-sonnet-4.6"], "c": ["claude-haiku-4-5"]}
    )

    assert found(snapshot, "claude-sonnet") == {
        "a/claude-sonnet-4-6": MatchKind.FAMILY,
        "b/anthropic/claude-sonnet-4.6": MatchKind.FAMILY,
    }
    assert snapshot.find("Claude Sonnet").family == "claude-sonnet"
    assert snapshot.find("claude-opus") == Found((), None)


def test_a_family_is_left_aside_where_a_model_bears_its_name() -> None:
    snapshot = catalogue({"local": ["mistral"], "b": ["mistral-large-4"]})

    assert found(snapshot, "mistral") == {"local/mistral": MatchKind.EXACT}
    assert snapshot.find("mistral").family is None


def test_within_one_provider_the_same_rules_find_its_own_route() -> None:
    snapshot = catalogue({"a": ["gpt-4o-2024-08-06", "gpt-4o-2024-11-20"], "b": ["gpt-4o"], "c": ["claude-opus-4-5"]})

    at_a, at_b, at_c = snapshot.find_at("a", "gpt-4o"), snapshot.find_at("b", "openai/gpt-4o"), snapshot.find_at("c", "claude")
    assert at_a is not None
    assert (at_a.entry.route.model, at_a.kind) == ("gpt-4o-2024-11-20", MatchKind.DATED)
    assert at_b is not None
    assert (at_b.entry.route.model, at_b.kind) == ("gpt-4o", MatchKind.NORMALISED)
    assert at_c is not None
    assert (at_c.entry.route.model, at_c.kind) == ("claude-opus-4-5", MatchKind.FAMILY)
    assert snapshot.find_at("c", "gpt-4o") is None
    assert snapshot.find_at("unknown", "gpt-4o") is None


def test_without_a_listing_a_provider_serves_what_its_definition_knows_and_is_pending() -> None:
    snapshot = built(provider("a", models=("m1", "m2"), default_model="m2"), provider("b", default_model="d"), provider("c"))

    assert [str(entry.route) for entry in snapshot.entries] == ["a/m1", "a/m2", "b/d"]
    assert [snapshot.is_pending(name) for name in ("a", "b", "c", "unknown")] == [True, True, True, False]
    assert snapshot.listed_at("a") is None


def test_a_listing_replaces_what_the_definition_knows() -> None:
    snapshot = built(provider("a", models=("m1",), default_model="m1"), a=listing("m2", "m3", "m2"))

    assert [entry.route.model for entry in snapshot.entries_of("a")] == ["m2", "m3"]
    assert snapshot.listed_at("a") == NOW
    assert not snapshot.is_pending("a")


def test_configured_models_replace_an_earlier_listing() -> None:
    snapshot = built(provider("a", models=("tiny",), default_model="tiny", lists_models=False), a=listing("other"))

    assert [entry.route.model for entry in snapshot.entries] == ["tiny"]
    assert not snapshot.is_pending("a")
    assert snapshot.listed_at("a") is None


def test_a_provider_that_is_not_configured_has_no_entry_and_a_disabled_one_has() -> None:
    snapshot = built(
        provider("keyless", models=("m",), is_configured=False), provider("reseller", models=("m",), is_community=True)
    )

    assert [str(entry.route) for entry in snapshot.entries] == ["reseller/m"]
    assert snapshot.entries_of("keyless") == ()
    assert not snapshot.is_pending("keyless")


def test_the_sandbox_has_only_its_own_entry_and_nothing_is_awaited_of_it() -> None:
    snapshot = built(provider("sandbox", models=("sandbox",), default_model="sandbox", is_sandbox=True), sandbox=listing("gpt-4"))

    assert [str(entry.route) for entry in snapshot.entries] == ["sandbox/sandbox"]
    assert not snapshot.is_pending("sandbox")


def test_an_entry_carries_what_the_listing_says_and_published_facts_where_it_is_silent() -> None:
    price = Price(Decimal(1), Decimal(2), "genai-prices")
    prices = Prices({}, lambda _provider, _model: PublishedFacts(price, 128_000))
    models = (ListedModel("m1", 8192, True, False, None, True, "3", "4"), ListedModel("m2"))
    snapshot = build({"a": provider("a")}, {"a": Listing(models, NOW)}, {}, prices, NOW)

    assert snapshot.entry(Route("a", "m1")) == CatalogueEntry(
        Route("a", "m1"), 8192, True, False, None, True, Price(Decimal(3), Decimal(4), "listing")
    )
    assert snapshot.entry(Route("a", "m2")) == CatalogueEntry(Route("a", "m2"), 128_000, price=price)
    assert snapshot.entry(Route("a", "m3")) is None


class CountingName(str):
    """A model name that counts how often it is compared."""

    __slots__ = ()
    compared = 0

    def __eq__(self, other: object) -> bool:
        CountingName.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


class AskedName(str):
    """A request's name that counts how often it is taken apart."""

    __slots__ = ()
    read = 0

    def strip(self, chars: str | None = None, /) -> str:
        AskedName.read += 1
        return super().strip(chars)


@pytest.fixture
def thousands() -> Catalogue:
    """Three providers with a thousand models each; one model they have in common."""
    names = [CountingName(f"model-{number}-x") for number in range(1000)]
    return catalogue({name: [*(CountingName(f"{name}-{model}") for model in names[1:]), names[0]] for name in ("a", "b", "c")})


def test_a_search_among_thousands_looks_only_at_the_models_of_that_name(thousands: Catalogue) -> None:
    assert len(thousands.entries) == 3000
    CountingName.compared = 0

    assert len(thousands.find("model-0-x").matched) == 3
    assert thousands.find("unknown-model") == Found((), None)

    assert CountingName.compared <= 3 * 2


def test_a_name_is_searched_once_however_often_it_is_asked_for(thousands: Catalogue) -> None:
    AskedName.read = 0
    first = thousands.find(AskedName("model-0-x"))
    reading = AskedName.read

    for _ in range(1000):
        assert thousands.find(AskedName("model-0-x")) is first
        thousands.find_at("a", AskedName("model-0-x"))

    assert reading > 0
    assert AskedName.read == reading


def test_megabytes_for_a_name_are_nobodys_and_are_not_remembered(thousands: Catalogue) -> None:
    AskedName.read = 0

    assert thousands.find(AskedName("x" * 1_000_000)) == Found((), None)
    assert thousands.find_at("a", AskedName("x" * 1_000_000)) is None

    assert AskedName.read == 0
