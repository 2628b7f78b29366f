from typing import Any

import pytest

from ai_engine.autodecide.candidates import Needs, Wish
from ai_engine.errors import InvalidRequest
from ai_engine.names import Route
from ai_engine.providers.adapter import ListedModel
from ai_engine.providers.failures import FailureClass
from ai_engine.providers.registry.definition import ProviderDefinition
from tests.autodecide.planner_bench import Deciding
from tests.builders import provider, sandbox
from tests.fakes.clock import HandTurnedClock

pytestmark = pytest.mark.anyio

ALPHA, BETA = provider("alpha", models=("tiny",)), provider("beta", models=("tiny",))


def test_the_better_score_comes_first() -> None:
    deciding = Deciding(provider("alpha", models=("tiny",), priority=200), provider("beta", models=("tiny",), priority=10))
    plan = deciding.plan("tiny")
    assert [candidate.route.provider for candidate in plan.candidates] == ["beta", "alpha"]
    assert plan.order == "score"
    assert deciding.planner.judge(plan.candidates[0]).score.total > deciding.planner.judge(plan.candidates[1]).score.total


def test_a_route_that_fails_goes_behind_its_equal() -> None:
    deciding = Deciding(ALPHA, BETA)
    assert deciding.order("tiny") == ["alpha", "beta"]
    deciding.track_record.record(Route("alpha", "tiny"), succeeded=False)
    assert deciding.order("tiny") == ["beta", "alpha"]


def test_equal_scores_share_the_load_in_turn() -> None:
    deciding = Deciding(ALPHA, BETA, provider("gamma", models=("tiny",)))
    firsts = []
    for _ in range(6):
        first = deciding.plan("tiny").candidates[0]
        deciding.planner.note_use(first.route)
        firsts.append(first.route.provider)
    assert firsts == ["alpha", "beta", "gamma"] * 2


def test_scores_that_differ_by_less_than_their_second_decimal_share_the_load_too() -> None:
    deciding = Deciding(provider("alpha", models=("tiny",), priority=100), provider("beta", models=("tiny",), priority=101))
    assert deciding.order("tiny") == ["alpha", "beta"]
    deciding.planner.note_use(Route("alpha", "tiny"))
    assert deciding.order("tiny") == ["beta", "alpha"]


def test_of_equal_scores_the_better_match_comes_first() -> None:
    deciding = Deciding(provider("alpha", models=("tiny-2025-01-01",)), BETA)
    assert deciding.order("tiny") == ["beta", "alpha"]


async def test_the_operators_priority_at_run_time_beats_the_configured_one() -> None:
    deciding = Deciding(ALPHA, BETA)
    await deciding.preferences.set("beta", priority=0)
    assert deciding.order("tiny") == ["beta", "alpha"]


def test_each_candidate_is_asked_by_its_own_name() -> None:
    deciding = Deciding(provider("alpha", models=("openai/Tiny-latest",)), BETA)
    names = {candidate.route.provider: candidate.route.model for candidate in deciding.plan("tiny").candidates}
    assert names == {"alpha": "openai/Tiny-latest", "beta": "tiny"}


# Who is left out, and why


async def test_every_reason_for_leaving_a_route_out_is_told() -> None:
    deciding = Deciding(
        provider("off", models=("tiny",)),
        provider("community", models=("tiny",), is_community=True),
        provider("resting", models=("tiny",)),
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
    await deciding.preferences.set("off", enabled=False)
    deciding.cool("resting", "tiny", FailureClass.RATE_LIMIT, retry_after=7)
    deciding.break_route("flagged", "tiny")
    wish: dict[str, Any] = {"needs": Needs(tools=True, images=True, json_schema=True, text_bytes=801), "ignore": ("ignored",)}
    assert deciding.order("tiny", **wish) == ["good"]
    assert deciding.left_out("tiny", **wish) == {
        "off": "disabled",
        "community": "disabled",
        "resting": "keys_resting",
        "flagged": "flagged",
        "ignored": "excluded_by_request",
        "blunt": "lacks_tools",
        "blind": "lacks_images",
        "loose": "lacks_json_schema",
        "short": "context_too_short",
    }


def test_those_who_may_be_back_say_when_and_what_took_them_out() -> None:
    deciding = Deciding(ALPHA, BETA)
    deciding.cool("alpha", "tiny", FailureClass.RATE_LIMIT, retry_after=7)
    deciding.break_route("beta", "tiny")
    now = deciding.clock.monotonic()
    assert [(one.cause, one.returns_at) for one in deciding.plan("tiny").left_out] == [
        (FailureClass.RATE_LIMIT, now + 7),
        (FailureClass.SERVER_ERROR, now + 2),
    ]


def test_a_provider_without_its_key_names_the_variable_where_the_operator_asked_for_it() -> None:
    keyless = provider("alpha", keys=0, needs_key=True, key_variable="ALPHA_API_KEY", is_configured=False)
    deciding = Deciding(keyless, BETA)
    possible = deciding.finder.at_provider(keyless, "tiny")
    left_out = deciding.finder.why_not(possible, Wish("tiny"))
    assert left_out is not None
    assert left_out.reason == "no_key"
    assert left_out.detail.startswith("not configured: needs ALPHA_API_KEY")


class _RunningClock(HandTurnedClock):
    """Time passes between any two looks at it."""

    def monotonic(self) -> float:
        self.advance(0.125)
        return super().monotonic()


@pytest.mark.parametrize("rest_seconds", [number / 8 for number in range(8, 20)])
def test_a_key_whose_rest_ends_during_the_plan_is_never_taken_for_a_missing_one(rest_seconds: float) -> None:
    deciding = Deciding(ALPHA, clock=_RunningClock())
    deciding.cool("alpha", "tiny", FailureClass.RATE_LIMIT, retry_after=rest_seconds)
    while not (plan := deciding.plan("tiny")).candidates:
        assert [one.reason for one in plan.left_out] == ["keys_resting"]


def test_what_the_catalogue_does_not_know_of_a_route_is_no_reason_against_it() -> None:
    deciding = Deciding(ALPHA)
    assert deciding.order("tiny", needs=Needs(tools=True, images=True, json_schema=True, text_bytes=10**9)) == ["alpha"]


def test_a_request_is_too_long_only_where_it_surely_is() -> None:
    deciding = Deciding(ALPHA, listings={"alpha": [ListedModel("tiny", context_tokens=100)]})
    assert deciding.order("tiny", needs=Needs(text_bytes=800)) == ["alpha"]
    assert deciding.left_out("tiny", needs=Needs(text_bytes=801)) == {"alpha": "context_too_short"}


def test_a_route_whose_one_probe_is_under_way_is_left_out() -> None:
    deciding = Deciding(ALPHA)
    deciding.break_route("alpha", "tiny")
    deciding.clock.advance(2)
    assert deciding.order("tiny") == ["alpha"]
    deciding.breaker.begin(Route("alpha", "tiny"))
    assert deciding.left_out("tiny") == {"alpha": "flagged"}


# Names


def test_a_name_with_a_configured_provider_in_front_is_pinned_to_it() -> None:
    plan = Deciding(ALPHA, BETA).plan("beta/tiny")
    assert ([candidate.route.provider for candidate in plan.candidates], plan.pinned_to) == (["beta"], "beta")


def test_a_provider_that_listed_its_models_is_not_pinned_to_for_others() -> None:
    gateway = provider("gateway", models=("alpha/large",))
    deciding = Deciding(ALPHA, gateway, listings={"alpha": ["tiny"], "gateway": ["alpha/large"]})
    plan = deciding.plan("alpha/large")
    assert ([candidate.route.provider for candidate in plan.candidates], plan.pinned_to) == (["gateway"], None)


def test_a_provider_that_never_listed_is_believed_to_serve_what_it_is_pinned_for() -> None:
    plan = Deciding(provider("alpha")).plan("alpha/brand-new")
    assert [candidate.route for candidate in plan.candidates] == [Route("alpha", "brand-new")]


def test_a_provider_that_is_not_configured_pins_nothing() -> None:
    deciding = Deciding(provider("alpha", models=("tiny",), is_configured=False), BETA)
    assert deciding.plan("alpha/tiny").pinned_to is None


def test_auto_makes_every_usable_providers_default_model_a_candidate() -> None:
    deciding = Deciding(
        provider("alpha", default_model="tiny"), provider("beta", default_model="large"), provider("gamma", models=("third",))
    )
    assert {str(candidate.route) for candidate in deciding.plan("auto").candidates} == {"alpha/tiny", "beta/large"}


async def test_auto_follows_the_default_model_that_the_operator_chose() -> None:
    deciding = Deciding(provider("alpha", default_model="tiny", models=("large",)))
    await deciding.preferences.set("alpha", default_model="large")
    assert [str(candidate.route) for candidate in deciding.plan("auto").candidates] == ["alpha/large"]


def test_a_configured_name_keeps_the_order_given_whatever_the_score() -> None:
    deciding = Deciding(
        provider("alpha", models=("tiny",), priority=0),
        provider("beta", models=("large",), priority=1000),
        file={"models": [{"name": "smart", "candidates": ["beta/large", "alpha/tiny", "nobody/x"]}]},
    )
    plan = deciding.plan("smart")
    assert ([str(candidate.route) for candidate in plan.candidates], plan.order) == (["beta/large", "alpha/tiny"], "configured")


def test_a_familys_best_member_stands_in_and_the_plan_says_so() -> None:
    deciding = Deciding(provider("alpha", models=("claude-sonnet-4-5",)), listings={"alpha": ["claude-sonnet-4-5"]})
    for name, pinned_to in (("claude", None), ("alpha/claude", "alpha")):
        plan = deciding.plan(name)
        assert [candidate.route.model for candidate in plan.candidates] == ["claude-sonnet-4-5"]
        assert (plan.family, plan.pinned_to) == ("claude", pinned_to)


def test_a_family_does_not_stand_in_for_a_model_whose_routes_are_all_out() -> None:
    deciding = Deciding(provider("alpha", models=("gpt-4",)), provider("beta", models=("gpt-4o-mini",)))
    deciding.break_route("alpha", "gpt-4")
    assert deciding.order("gpt-4") == []
    assert deciding.left_out("gpt-4") == {"alpha": "flagged"}


def test_a_name_that_nobody_has_makes_an_empty_plan() -> None:
    plan = Deciding(ALPHA, listings={"alpha": ["tiny"]}).plan("unheard-of")
    assert not plan.is_known


# The request's own preferences


@pytest.mark.parametrize("field", ["order", "only", "ignore"])
def test_an_unknown_provider_in_the_preferences_is_refused_by_name(field: str) -> None:
    preferences: dict[str, Any] = {field: ("alpha", "nobody")}
    with pytest.raises(InvalidRequest, match="nobody") as refused:
        Deciding(ALPHA).plan("tiny", **preferences)
    assert refused.value.param == f"provider.{field}"


def test_preferences_order_exclude_and_sort() -> None:
    deciding = Deciding(
        ALPHA,
        BETA,
        provider("gamma", models=("tiny",)),
        file={"prices": {"beta/tiny": {"input": 1, "output": 1}, "gamma/tiny": {"input": 5, "output": 5}}},
    )
    deciding.track_record.record(Route("gamma", "tiny"), succeeded=True, first_token_seconds=0.1, tokens_per_second=9)
    deciding.track_record.record(Route("alpha", "tiny"), succeeded=True, first_token_seconds=3, tokens_per_second=90)
    assert deciding.order("tiny", order=("gamma", "alpha")) == ["gamma", "alpha", "beta"]
    assert deciding.order("tiny", only=("beta",)) == ["beta"]
    assert sorted(deciding.order("tiny", ignore=("beta",))) == ["alpha", "gamma"]
    assert deciding.order("tiny", sort="price") == ["beta", "gamma", "alpha"]
    assert deciding.order("tiny", sort="latency") == ["gamma", "alpha", "beta"]
    assert deciding.order("tiny", sort="throughput") == ["alpha", "gamma", "beta"]
    assert deciding.plan("tiny", sort="price").order == "provider.sort: price"
    assert deciding.plan("tiny", order=("beta",)).order == "provider.order"


def test_without_autodecide_only_the_preferred_provider_is_a_candidate() -> None:
    deciding = Deciding(ALPHA, provider("beta", models=("tiny",), priority=1))
    assert deciding.order("tiny", autodecide=False) == ["beta"]
    assert deciding.plan("tiny", autodecide=False).left_out == ()


def test_without_autodecide_nobody_stands_in_for_a_preferred_provider_that_is_out() -> None:
    deciding = Deciding(ALPHA, provider("beta", models=("tiny",), priority=1))
    deciding.break_route("beta", "tiny")
    plan = deciding.plan("tiny", autodecide=False)
    assert plan.candidates == ()
    assert [left_out.possible.route.provider for left_out in plan.left_out] == ["beta"]
    assert deciding.order("tiny") == ["alpha"]


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
    deciding = Deciding(sandbox(is_configured=switch is not False), *others, host=host, sandbox=switch)
    assert deciding.order("any name at all") == (["sandbox"] if serves else [])
    assert deciding.finder.has_usable_provider() is (serves or bool(others))


def test_a_sandbox_that_is_switched_on_leaves_real_models_to_real_providers() -> None:
    deciding = Deciding(sandbox(), ALPHA, sandbox=True)
    assert deciding.order("tiny") == ["alpha"]
    assert deciding.order("sandbox/tiny") == ["sandbox"]


def test_a_sandbox_that_is_switched_on_does_not_hide_that_a_real_provider_is_out() -> None:
    deciding = Deciding(sandbox(), ALPHA, sandbox=True)
    deciding.break_route("alpha", "tiny")
    assert deciding.order("tiny") == []


async def test_a_sandbox_can_be_disabled_like_any_provider() -> None:
    deciding = Deciding(sandbox())
    await deciding.preferences.set("sandbox", enabled=False)
    assert deciding.order("tiny") == []
    assert not deciding.finder.has_usable_provider()


def test_while_a_usable_provider_has_still_to_list_a_name_may_be_known_in_a_moment() -> None:
    assert Deciding(ALPHA).finder.is_still_listing()
    assert not Deciding(ALPHA, listings={"alpha": ["tiny"]}).finder.is_still_listing()
