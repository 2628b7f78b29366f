from typing import Any

import pytest

from ai_engine.autodecide.candidates import Needs, RouteQuery
from ai_engine.errors import InvalidRequest
from ai_engine.names import Route
from ai_engine.providers.adapter import ListedModel
from ai_engine.providers.failures import FailureClass
from ai_engine.providers.registry.definition import ProviderDefinition
from tests.autodecide.planner_bench import PlannerBench
from tests.builders import provider, sandbox
from tests.fakes.clock import HandTurnedClock

pytestmark = pytest.mark.anyio

ALPHA, BETA = provider("alpha", models=("tiny",)), provider("beta", models=("tiny",))


def test_the_better_score_comes_first() -> None:
    bench = PlannerBench(provider("alpha", models=("tiny",), priority=200), provider("beta", models=("tiny",), priority=10))
    plan = bench.plan("tiny")
    assert [candidate.route.provider for candidate in plan.candidates] == ["beta", "alpha"]
    assert plan.order == "score"
    assert bench.planner.rank(plan.candidates[0]).score.total > bench.planner.rank(plan.candidates[1]).score.total


def test_a_route_that_fails_goes_behind_its_equal() -> None:
    bench = PlannerBench(ALPHA, BETA)
    assert bench.order("tiny") == ["alpha", "beta"]
    bench.track_record.record(Route("alpha", "tiny"), succeeded=False)
    assert bench.order("tiny") == ["beta", "alpha"]


def test_equal_scores_share_the_load_in_turn() -> None:
    bench = PlannerBench(ALPHA, BETA, provider("gamma", models=("tiny",)))
    firsts = []
    for _ in range(6):
        first = bench.plan("tiny").candidates[0]
        bench.planner.note_use(first.route)
        firsts.append(first.route.provider)
    assert firsts == ["alpha", "beta", "gamma"] * 2


def test_scores_that_differ_by_less_than_their_second_decimal_share_the_load_too() -> None:
    bench = PlannerBench(provider("alpha", models=("tiny",), priority=100), provider("beta", models=("tiny",), priority=101))
    assert bench.order("tiny") == ["alpha", "beta"]
    bench.planner.note_use(Route("alpha", "tiny"))
    assert bench.order("tiny") == ["beta", "alpha"]


def test_of_equal_scores_the_better_match_comes_first() -> None:
    bench = PlannerBench(provider("alpha", models=("tiny-2025-01-01",)), BETA)
    assert bench.order("tiny") == ["beta", "alpha"]


async def test_the_operators_priority_at_run_time_beats_the_configured_one() -> None:
    bench = PlannerBench(ALPHA, BETA)
    await bench.preferences.set("beta", priority=0)
    assert bench.order("tiny") == ["beta", "alpha"]


def test_each_candidate_is_asked_by_its_own_name() -> None:
    bench = PlannerBench(provider("alpha", models=("openai/Tiny-latest",)), BETA)
    names = {candidate.route.provider: candidate.route.model for candidate in bench.plan("tiny").candidates}
    assert names == {"alpha": "openai/Tiny-latest", "beta": "tiny"}


# Who is left out, and why


async def test_every_reason_for_leaving_a_route_out_is_told() -> None:
    bench = PlannerBench(
        provider("off", models=("tiny",)),
        provider("community", models=("tiny",), is_community=True),
        provider("limited", models=("tiny",)),
        provider("flagged", models=("tiny",)),
        provider("ignored", models=("tiny",)),
        provider("blunt", models=("tiny",)),
        provider("blind", models=("tiny",)),
        provider("loose", models=("tiny",)),
        provider("short", models=("tiny",)),
        provider("good", models=("tiny",)),
        listings={
            "blunt": [ListedModel("tiny", takes_tools=False)],
            "blind": [ListedModel("tiny", takes_images=False)],
            "loose": [ListedModel("tiny", takes_json_schema=False)],
            "short": [ListedModel("tiny", context_tokens=100)],
        },
    )
    await bench.preferences.set("off", enabled=False)
    bench.cool("limited", "tiny", FailureClass.RATE_LIMIT, retry_after=7)
    bench.break_route("flagged", "tiny")
    query: dict[str, Any] = {"needs": Needs(tools=True, images=True, json_schema=True, text_bytes=801), "ignore": ("ignored",)}
    assert bench.order("tiny", **query) == ["good"]
    assert bench.exclusions("tiny", **query) == {
        "off": "disabled",
        "community": "disabled",
        "limited": "keys_in_cooldown",
        "flagged": "flagged",
        "ignored": "excluded_by_request",
        "blunt": "lacks_tools",
        "blind": "lacks_images",
        "loose": "lacks_json_schema",
        "short": "context_too_short",
    }


def test_those_who_may_be_back_say_when_and_what_took_them_out() -> None:
    bench = PlannerBench(ALPHA, BETA)
    bench.cool("alpha", "tiny", FailureClass.RATE_LIMIT, retry_after=7)
    bench.break_route("beta", "tiny")
    assert [(one.cause, one.returns_in_seconds) for one in bench.plan("tiny").exclusions] == [
        (FailureClass.RATE_LIMIT, 7),
        (FailureClass.SERVER_ERROR, 2),
    ]


def test_a_provider_without_its_key_names_the_variable_where_the_operator_asked_for_it() -> None:
    keyless = provider("alpha", keys=0, needs_key=True, key_variable="ALPHA_API_KEY", is_configured=False)
    bench = PlannerBench(keyless, BETA)
    candidate = bench.finder.at_provider(keyless, "tiny")
    exclusion = bench.finder.why_not(candidate, RouteQuery("tiny"))
    assert exclusion is not None
    assert exclusion.reason == "no_key"
    assert exclusion.detail.startswith("not configured: needs ALPHA_API_KEY")


class _RunningClock(HandTurnedClock):
    """Time passes between any two looks at it."""

    def monotonic(self) -> float:
        self.advance(0.125)
        return super().monotonic()


@pytest.mark.parametrize("cooldown_seconds", [number / 8 for number in range(8, 20)])
def test_a_key_whose_cooldown_ends_during_the_plan_is_never_taken_for_a_missing_one(cooldown_seconds: float) -> None:
    bench = PlannerBench(ALPHA, clock=_RunningClock())
    bench.cool("alpha", "tiny", FailureClass.RATE_LIMIT, retry_after=cooldown_seconds)
    while not (plan := bench.plan("tiny")).candidates:
        assert [one.reason for one in plan.exclusions] == ["keys_in_cooldown"]


def test_what_the_catalogue_does_not_know_of_a_route_is_no_reason_against_it() -> None:
    bench = PlannerBench(ALPHA)
    assert bench.order("tiny", needs=Needs(tools=True, images=True, json_schema=True, text_bytes=10**9)) == ["alpha"]


def test_a_request_is_too_long_only_where_it_surely_is() -> None:
    bench = PlannerBench(ALPHA, listings={"alpha": [ListedModel("tiny", context_tokens=100)]})
    assert bench.order("tiny", needs=Needs(text_bytes=800)) == ["alpha"]
    assert bench.exclusions("tiny", needs=Needs(text_bytes=801)) == {"alpha": "context_too_short"}


def test_a_route_whose_one_probe_is_under_way_is_left_out() -> None:
    bench = PlannerBench(ALPHA)
    bench.break_route("alpha", "tiny")
    bench.clock.advance(2)
    assert bench.order("tiny") == ["alpha"]
    bench.breaker.acquire(Route("alpha", "tiny"))
    assert bench.exclusions("tiny") == {"alpha": "flagged"}


# Names


def test_a_name_with_a_configured_provider_in_front_is_pinned_to_it() -> None:
    plan = PlannerBench(ALPHA, BETA).plan("beta/tiny")
    assert ([candidate.route.provider for candidate in plan.candidates], plan.pinned_to) == (["beta"], "beta")


def test_a_provider_that_listed_its_models_is_not_pinned_to_for_others() -> None:
    gateway = provider("gateway", models=("alpha/large",))
    bench = PlannerBench(ALPHA, gateway, listings={"alpha": ["tiny"], "gateway": ["alpha/large"]})
    plan = bench.plan("alpha/large")
    assert ([candidate.route.provider for candidate in plan.candidates], plan.pinned_to) == (["gateway"], None)


def test_a_provider_that_never_listed_is_believed_to_serve_what_it_is_pinned_for() -> None:
    plan = PlannerBench(provider("alpha")).plan("alpha/brand-new")
    assert [candidate.route for candidate in plan.candidates] == [Route("alpha", "brand-new")]


def test_a_provider_that_is_not_configured_pins_nothing() -> None:
    bench = PlannerBench(provider("alpha", models=("tiny",), is_configured=False), BETA)
    assert bench.plan("alpha/tiny").pinned_to is None


def test_auto_makes_every_usable_providers_default_model_a_candidate() -> None:
    bench = PlannerBench(
        provider("alpha", default_model="tiny"), provider("beta", default_model="large"), provider("gamma", models=("third",))
    )
    assert {str(candidate.route) for candidate in bench.plan("auto").candidates} == {"alpha/tiny", "beta/large"}


async def test_auto_follows_the_default_model_that_the_operator_chose() -> None:
    bench = PlannerBench(provider("alpha", default_model="tiny", models=("large",)))
    await bench.preferences.set("alpha", default_model="large")
    assert [str(candidate.route) for candidate in bench.plan("auto").candidates] == ["alpha/large"]


def test_a_configured_name_keeps_the_order_given_whatever_the_score() -> None:
    bench = PlannerBench(
        provider("alpha", models=("tiny",), priority=0),
        provider("beta", models=("large",), priority=1000),
        file={"models": [{"name": "smart", "candidates": ["beta/large", "alpha/tiny", "nobody/x"]}]},
    )
    plan = bench.plan("smart")
    assert ([str(candidate.route) for candidate in plan.candidates], plan.order) == (["beta/large", "alpha/tiny"], "configured")


def test_a_familys_best_member_stands_in_and_the_plan_says_so() -> None:
    bench = PlannerBench(provider("alpha", models=("claude-sonnet-4-5",)), listings={"alpha": ["claude-sonnet-4-5"]})
    for name, pinned_to in (("claude", None), ("alpha/claude", "alpha")):
        plan = bench.plan(name)
        assert [candidate.route.model for candidate in plan.candidates] == ["claude-sonnet-4-5"]
        assert (plan.family, plan.pinned_to) == ("claude", pinned_to)


def test_a_family_does_not_stand_in_for_a_model_whose_routes_are_all_out() -> None:
    bench = PlannerBench(provider("alpha", models=("gpt-4",)), provider("beta", models=("gpt-4o-mini",)))
    bench.break_route("alpha", "gpt-4")
    assert bench.order("gpt-4") == []
    assert bench.exclusions("gpt-4") == {"alpha": "flagged"}


def test_a_name_that_nobody_has_makes_an_empty_plan() -> None:
    plan = PlannerBench(ALPHA, listings={"alpha": ["tiny"]}).plan("unheard-of")
    assert not plan.is_known


# The request's own preferences


@pytest.mark.parametrize("field", ["order", "only", "ignore"])
def test_an_unknown_provider_in_the_preferences_is_refused_by_name(field: str) -> None:
    preferences: dict[str, Any] = {field: ("alpha", "nobody")}
    with pytest.raises(InvalidRequest, match="nobody") as refused:
        PlannerBench(ALPHA).plan("tiny", **preferences)
    assert refused.value.param == f"provider.{field}"


def test_preferences_order_exclude_and_sort() -> None:
    bench = PlannerBench(
        ALPHA,
        BETA,
        provider("gamma", models=("tiny",)),
        file={"prices": {"beta/tiny": {"input": 1, "output": 1}, "gamma/tiny": {"input": 5, "output": 5}}},
    )
    bench.track_record.record(Route("gamma", "tiny"), succeeded=True, first_token_seconds=0.1, tokens_per_second=9)
    bench.track_record.record(Route("alpha", "tiny"), succeeded=True, first_token_seconds=3, tokens_per_second=90)
    assert bench.order("tiny", order=("gamma", "alpha")) == ["gamma", "alpha", "beta"]
    assert bench.order("tiny", only=("beta",)) == ["beta"]
    assert sorted(bench.order("tiny", ignore=("beta",))) == ["alpha", "gamma"]
    assert bench.order("tiny", sort="price") == ["beta", "gamma", "alpha"]
    assert bench.order("tiny", sort="latency") == ["gamma", "alpha", "beta"]
    assert bench.order("tiny", sort="throughput") == ["alpha", "gamma", "beta"]
    assert bench.plan("tiny", sort="price").order == "provider.sort: price"
    assert bench.plan("tiny", order=("beta",)).order == "provider.order"


def test_without_autodecide_only_the_preferred_provider_is_a_candidate() -> None:
    bench = PlannerBench(ALPHA, provider("beta", models=("tiny",), priority=1))
    assert bench.order("tiny", autodecide=False) == ["beta"]
    assert bench.plan("tiny", autodecide=False).exclusions == ()


def test_without_autodecide_nobody_stands_in_for_a_preferred_provider_that_is_out() -> None:
    bench = PlannerBench(ALPHA, provider("beta", models=("tiny",), priority=1))
    bench.break_route("beta", "tiny")
    plan = bench.plan("tiny", autodecide=False)
    assert plan.candidates == ()
    assert [exclusion.candidate.route.provider for exclusion in plan.exclusions] == ["beta"]
    assert bench.order("tiny") == ["alpha"]


# The sandbox


@pytest.mark.parametrize(
    ("host", "switch", "others", "serves"),
    [
        ("127.0.0.1", None, (), True),
        ("127.0.0.1", None, (ALPHA,), False),
        ("127.0.0.1", None, (provider("alpha", models=("tiny",), is_configured=False),), True),
        ("0.0.0.0", None, (), False),
        ("0.0.0.0", True, (), True),
        ("127.0.0.1", True, (ALPHA,), True),
        ("127.0.0.1", False, (), False),
    ],
)
def test_the_sandbox_serves_any_name_only_where_it_should(
    host: str, switch: bool | None, others: tuple[ProviderDefinition, ...], serves: bool
) -> None:
    bench = PlannerBench(sandbox(is_configured=switch is not False), *others, host=host, sandbox=switch)
    assert bench.order("any name at all") == (["sandbox"] if serves else [])
    assert bench.finder.has_usable_provider() is (serves or bool(others))


def test_a_sandbox_that_is_switched_on_leaves_real_models_to_real_providers() -> None:
    bench = PlannerBench(sandbox(), ALPHA, sandbox=True)
    assert bench.order("tiny") == ["alpha"]
    assert bench.order("sandbox/tiny") == ["sandbox"]


def test_a_sandbox_that_is_switched_on_does_not_hide_that_a_real_provider_is_out() -> None:
    bench = PlannerBench(sandbox(), ALPHA, sandbox=True)
    bench.break_route("alpha", "tiny")
    assert bench.order("tiny") == []


async def test_a_sandbox_can_be_disabled_like_any_provider() -> None:
    bench = PlannerBench(sandbox())
    await bench.preferences.set("sandbox", enabled=False)
    assert bench.order("tiny") == []
    assert not bench.finder.has_usable_provider()


def test_while_a_usable_provider_has_still_to_list_a_name_may_be_known_in_a_moment() -> None:
    assert PlannerBench(ALPHA).finder.is_still_listing()
    assert not PlannerBench(ALPHA, listings={"alpha": ["tiny"]}).finder.is_still_listing()
