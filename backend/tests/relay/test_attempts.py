"""Which route and key is asked next, for everything that can go wrong."""

import asyncio

import pytest

from ai_engine.errors import (
    AIEngineError,
    AttemptsFailed,
    DeadlinePassed,
    ModelNotFound,
    NoProviderConfigured,
    RateLimited,
    RefusedByProvider,
    RoutesOut,
)
from ai_engine.names import Route
from ai_engine.providers.failures import FailureClass
from ai_engine.providers.registry.definition import Timeouts
from ai_engine.relay.relay import Answer
from ai_engine.upstream.port import ConnectFailed, ConnectionCut, ConnectionReset, UpstreamSilent
from tests.builders import failure, provider
from tests.fakes.clock import HandTurnedClock, quiet
from tests.fakes.scripted_upstream import completion, error
from tests.fakes.upstream import Reply, Step, Streamed
from tests.relay.relay_bench import SOUND, Carrying, refused

pytestmark = pytest.mark.anyio

ALPHA = provider("alpha", keys=2, models=("tiny",), priority=1)
BETA = provider("beta", models=("tiny",), priority=1000)


def one_provider(keys: int = 1) -> Carrying:
    return Carrying(provider("alpha", keys=keys, models=("tiny",)))


OTHER_KEY = ["alpha/tiny 1", "alpha/tiny 2", "beta/tiny 1"]
OTHER_PROVIDER = ["alpha/tiny 1", "beta/tiny 1"]


@pytest.mark.parametrize(
    ("step", "asked"),
    [
        (refused(429, retry_after=100), OTHER_KEY),
        (refused(429), OTHER_KEY),
        (refused(402), OTHER_KEY),
        (refused(429, "insufficient_quota"), OTHER_KEY),
        (refused(401), OTHER_KEY),
        (refused(403), OTHER_KEY),
        (refused(413, "rate_limit_exceeded"), OTHER_KEY),
        (refused(404, "model_not_found"), OTHER_PROVIDER),
        (refused(500), OTHER_PROVIDER),
        (refused(503), OTHER_PROVIDER),
        (refused(302), OTHER_PROVIDER),
        (Reply(b"<html>"), OTHER_PROVIDER),
        (Reply(error("inside a 200", kind="server_error")), OTHER_PROVIDER),
        (ConnectFailed("refused"), OTHER_PROVIDER),
        (ConnectionReset("reset"), OTHER_PROVIDER),
        (UpstreamSilent("silent"), OTHER_PROVIDER),
        (Streamed([b"{", ConnectionCut("cut")]), OTHER_PROVIDER),
    ],
)
async def test_blame_decides_whether_another_key_or_another_provider_is_asked(step: Step, asked: list[str]) -> None:
    carrying = Carrying(ALPHA, BETA)
    carrying.upstream.on("alpha", step)
    carrying.upstream.on("beta", SOUND)
    answer = await carrying.ask()
    assert isinstance(answer, Answer)
    assert answer.route == Route("beta", "tiny")
    assert carrying.asked == asked
    assert carrying.clock.slept == []
    carrying.check_nothing_leaked()


@pytest.mark.parametrize("step", [refused(400), refused(422), refused(400, "content_policy_violation"), refused(409)])
async def test_a_clients_own_fault_stops_at_once_and_blames_nobody(step: Step) -> None:
    carrying = Carrying(ALPHA, BETA, file={"fallbacks": {"tiny": ["large"]}})
    carrying.upstream.on("alpha", step)
    told = await carrying.ask()
    assert isinstance(told, RefusedByProvider)
    assert carrying.asked == ["alpha/tiny 1"]
    assert carrying.track_record.of(Route("alpha", "tiny")).attempts == 0
    assert carrying.keys.keys_of("alpha")[0].failures == 0
    carrying.check_nothing_leaked()


async def test_a_request_that_does_not_fit_the_model_goes_to_the_next_model_only() -> None:
    gamma = provider("gamma", models=("large",))
    carrying = Carrying(ALPHA, BETA, gamma, file={"fallbacks": {"tiny": ["large"]}})
    carrying.upstream.on("alpha", refused(400, "context_length_exceeded"))
    carrying.upstream.on("gamma", SOUND)
    assert isinstance(await carrying.ask(), Answer)
    assert carrying.asked == ["alpha/tiny 1", "gamma/large 1"]
    assert [attempt.why for attempt in carrying.attempts] == ["first choice", "fallback model"]


@pytest.mark.parametrize("step", [UpstreamSilent("silent"), refused(400, "context_length_exceeded")])
async def test_a_silent_route_or_one_too_small_is_not_asked_again_under_another_name(step: Step) -> None:
    carrying = one_provider()
    carrying.upstream.on("alpha", step)
    assert isinstance(await carrying.ask(further_models=("alpha/tiny", "TINY", "tiny-latest")), AIEngineError)
    assert carrying.asked == ["alpha/tiny 1"]


async def test_a_missing_model_is_rediscovered() -> None:
    carrying = one_provider()
    carrying.upstream.on("alpha", refused(404, "model_not_found"))
    assert isinstance(await carrying.ask(), ModelNotFound)
    assert carrying.rediscovered == ["alpha"]
    assert carrying.asked == ["alpha/tiny 1"]


# Second chances


@pytest.mark.parametrize("step", [refused(500), refused(503), ConnectionReset("reset"), ConnectFailed("refused")])
async def test_with_nobody_else_left_a_passing_fault_is_repeated_once_after_a_backoff(step: Step) -> None:
    carrying = one_provider()
    carrying.upstream.on("alpha", step, SOUND)
    assert isinstance(await carrying.ask(), Answer)
    assert carrying.clock.slept == [0.25]
    assert [attempt.why for attempt in carrying.attempts] == ["first choice", "retry"]


async def test_a_fault_that_stays_is_repeated_once_only() -> None:
    carrying = one_provider()
    carrying.upstream.on("alpha", refused(500))
    assert isinstance(await carrying.ask(), AttemptsFailed)
    assert carrying.asked == ["alpha/tiny 1"] * 2
    carrying.check_nothing_leaked()


@pytest.mark.parametrize("step", [UpstreamSilent("silent"), Reply(b"<html>"), refused(403), refused(401), refused(402)])
async def test_what_will_not_pass_in_a_moment_is_not_repeated(step: Step) -> None:
    carrying = one_provider()
    carrying.upstream.on("alpha", step)
    assert isinstance(await carrying.ask(), AIEngineError)
    assert carrying.asked == ["alpha/tiny 1"]
    assert carrying.clock.slept == []


@pytest.mark.parametrize("seconds", [0, 1, 2, 3])
async def test_a_short_retry_after_is_waited_out(seconds: float) -> None:
    carrying = one_provider()
    carrying.upstream.on("alpha", refused(429, retry_after=seconds), SOUND)
    began_at = carrying.clock.monotonic()
    assert isinstance(await carrying.ask(), Answer)
    assert carrying.clock.monotonic() - began_at == seconds
    assert [attempt.why for attempt in carrying.attempts] == ["first choice", "after a rate limit"]


async def test_a_long_retry_after_is_told_and_not_waited_out() -> None:
    carrying = one_provider()
    carrying.upstream.on("alpha", refused(429, retry_after=3.5))
    told = await carrying.ask()
    assert isinstance(told, RateLimited)
    assert told.retry_after_seconds == 3.5
    assert carrying.clock.slept == []


async def test_a_rate_limit_without_a_time_is_waited_for_about_a_second_once() -> None:
    carrying = one_provider()
    carrying.upstream.on("alpha", refused(429))
    told = await carrying.ask()
    assert isinstance(told, RateLimited)
    assert carrying.clock.slept == [1]
    assert len(carrying.asked) == 2
    assert told.retry_after_seconds == 2


async def test_a_key_that_already_rests_for_a_moment_is_waited_for() -> None:
    carrying = one_provider()
    carrying.cool("alpha", "tiny", FailureClass.RATE_LIMIT, retry_after=2)
    carrying.upstream.on("alpha", SOUND)
    assert isinstance(await carrying.ask(), Answer)
    assert carrying.clock.slept == [2]


async def test_a_limited_key_is_waited_for_although_another_one_is_unknown() -> None:
    carrying = one_provider(keys=2)
    carrying.upstream.on("alpha", refused(429, retry_after=2), refused(401), SOUND)
    assert isinstance(await carrying.ask(), Answer)
    assert carrying.asked == ["alpha/tiny 1", "alpha/tiny 2", "alpha/tiny 1"]


async def test_a_key_whose_plan_is_too_small_is_not_waited_for() -> None:
    carrying = one_provider()
    carrying.upstream.on("alpha", refused(413, "rate_limit_exceeded"))
    assert isinstance(await carrying.ask(), RateLimited)
    assert carrying.asked == ["alpha/tiny 1"]


async def test_a_rate_limit_that_passed_while_others_were_tried_is_taken_up() -> None:
    clock = HandTurnedClock()
    carrying = Carrying(provider("alpha", models=("tiny",), priority=1), BETA, clock=clock)
    slow = asyncio.Event()
    carrying.upstream.on("alpha", refused(429, retry_after=2), SOUND)
    carrying.upstream.on("beta", slow, Reply(b"<html>"))
    asking = asyncio.create_task(carrying.ask())
    await clock.turn(5)
    slow.set()
    answer = await asking
    assert isinstance(answer, Answer)
    assert carrying.asked == ["alpha/tiny 1", "beta/tiny 1", "alpha/tiny 1"]


async def test_second_chances_come_in_the_order_of_their_time() -> None:
    carrying = Carrying(provider("alpha", models=("tiny",), priority=1), BETA)
    carrying.upstream.on("alpha", refused(429, retry_after=2), SOUND)
    carrying.upstream.on("beta", refused(500))
    assert isinstance(await carrying.ask(), Answer)
    assert carrying.asked == ["alpha/tiny 1", "beta/tiny 1", "beta/tiny 1", "alpha/tiny 1"]
    assert carrying.clock.slept == [0.25, 1.75]


async def test_those_who_wait_for_a_key_go_one_at_a_time() -> None:
    clock = HandTurnedClock()
    carrying = Carrying(provider("alpha", models=("tiny",)), clock=clock)
    carrying.cool("alpha", "tiny", FailureClass.RATE_LIMIT, retry_after=2)
    carrying.upstream.on("alpha", SOUND)
    asking = [asyncio.create_task(carrying.ask()) for _ in range(3)]
    await clock.turn(2)
    assert len(carrying.asked) == 1
    await clock.turn(0.05)
    assert len(carrying.asked) == 2
    await clock.turn(0.05)
    assert [isinstance(answer, Answer) for answer in await asyncio.gather(*asking)] == [True] * 3


# Bounds


async def test_one_model_gets_six_attempts_at_most() -> None:
    carrying = one_provider(keys=9)
    carrying.upstream.on("alpha", refused(429))
    assert isinstance(await carrying.ask(), RateLimited)
    assert len(carrying.asked) == 6


async def test_a_request_gets_ten_attempts_at_most() -> None:
    carrying = Carrying(
        *(provider(name, keys=9, models=(f"of-{name}",)) for name in ("alpha", "beta", "gamma")),
        file={"fallbacks": {"of-alpha": ["of-beta", "of-gamma"]}},
    )
    for name in ("alpha", "beta", "gamma"):
        carrying.upstream.on(name, refused(429, retry_after=60))
    assert isinstance(await carrying.ask("of-alpha"), RateLimited)
    assert [asked.partition("/")[0] for asked in carrying.asked] == ["alpha"] * 6 + ["beta"] * 4
    carrying.check_nothing_leaked()


async def test_a_breaker_that_opens_during_the_request_is_respected() -> None:
    carrying = one_provider()
    for _ in range(2):
        passage = carrying.breaker.begin(Route("alpha", "tiny"))
        carrying.breaker.record_failure(passage, failure(FailureClass.SERVER_ERROR))
    carrying.upstream.on("alpha", refused(500))
    told = await carrying.ask()
    assert isinstance(told, AttemptsFailed)
    assert carrying.asked == ["alpha/tiny 1"]
    assert told.retry_after_seconds == pytest.approx(2.0)


async def test_a_silent_provider_does_not_outlast_the_clients_deadline_and_is_not_blamed_for_it() -> None:
    carrying = Carrying(ALPHA, BETA)
    carrying.upstream.on("alpha", asyncio.Event())
    assert isinstance(await carrying.ask(timeout_seconds=0.02), DeadlinePassed)
    assert carrying.asked == ["alpha/tiny 1"]
    assert carrying.track_record.of(Route("alpha", "tiny")).attempts == 0
    assert [attempt.failure for attempt in carrying.attempts] == ["abandoned"]
    carrying.check_nothing_leaked()


async def test_a_provider_silent_for_longer_than_its_patience_is_left_for_another() -> None:
    timeouts = Timeouts(first_token=0.02, plain_answer=0.02)
    carrying = Carrying(provider("alpha", models=("tiny",), priority=1, timeouts=timeouts), BETA)
    carrying.upstream.on("alpha", asyncio.Event())
    carrying.upstream.on("beta", SOUND)
    assert isinstance(await carrying.ask(), Answer)
    assert [attempt.failure for attempt in carrying.attempts] == [FailureClass.SILENT, None]


async def test_nothing_is_waited_for_past_the_deadline() -> None:
    carrying = one_provider()
    carrying.upstream.on("alpha", refused(429, retry_after=2))
    assert isinstance(await carrying.ask(timeout_seconds=1.5), RateLimited)
    assert carrying.clock.slept == []


async def test_the_line_before_a_cooling_key_is_left_at_the_deadline() -> None:
    clock = HandTurnedClock()
    carrying = Carrying(provider("alpha", models=("tiny",)), clock=clock)
    carrying.cool("alpha", "tiny", FailureClass.RATE_LIMIT, retry_after=0.01)
    async with carrying.waiting_room.turn(Route("alpha", "tiny")):
        told = await carrying.ask(timeout_seconds=0.02)
    assert isinstance(told, RateLimited)
    assert carrying.asked == []


async def test_a_full_waiting_room_is_not_waited_for() -> None:
    clock = HandTurnedClock()
    carrying = Carrying(provider("alpha", models=("tiny",)), clock=clock)
    carrying.cool("alpha", "tiny", FailureClass.RATE_LIMIT, retry_after=2)
    carrying.upstream.on("alpha", SOUND)
    waiting = [asyncio.create_task(carrying.ask()) for _ in range(64)]
    await quiet()
    assert isinstance(await carrying.ask(), RateLimited)
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)


# Models


@pytest.mark.parametrize(("model", "fields"), [("alpha/tiny", {}), ("tiny", {"autodecide": False})])
async def test_a_pinned_request_has_no_configured_fallback_and_one_provider(model: str, fields: dict[str, bool]) -> None:
    file = {"fallbacks": {"tiny": ["large"], "alpha/tiny": ["large"]}}
    carrying = Carrying(ALPHA, BETA, provider("gamma", models=("large",)), file=file)
    carrying.upstream.on("alpha", refused(429, retry_after=60))
    assert isinstance(await carrying.ask(model, **fields), RateLimited)
    assert carrying.asked == ["alpha/tiny 1", "alpha/tiny 2"]


async def test_the_requests_own_models_replace_the_configured_fallbacks() -> None:
    file = {"fallbacks": {"tiny": ["large"]}}
    carrying = Carrying(ALPHA, provider("gamma", models=("large", "third")), file=file)
    carrying.upstream.on("alpha", refused(404, "model_not_found"))
    carrying.upstream.on("gamma", Reply(completion(model="third")))
    assert isinstance(await carrying.ask("alpha/tiny", further_models=("third",)), Answer)
    assert carrying.asked == ["alpha/tiny 1", "gamma/third 1"]
    assert isinstance(await carrying.ask("tiny", further_models=()), AIEngineError)
    assert len(carrying.asked) == 2


async def test_every_key_resting_means_nobody_is_asked() -> None:
    carrying = one_provider(keys=3)
    carrying.cool("alpha", "tiny", FailureClass.QUOTA)
    told = await carrying.ask()
    assert isinstance(told, RoutesOut)
    assert told.retry_after_seconds == 3600
    assert carrying.asked == []
    carrying.check_nothing_leaked()


async def test_without_any_provider_the_caller_is_told_so() -> None:
    assert isinstance(await Carrying(provider("alpha", is_configured=False)).ask(), NoProviderConfigured)


async def test_a_second_provider_far_from_back_does_not_put_off_a_retry_with_the_first() -> None:
    carrying = Carrying(provider("alpha", models=("tiny",), priority=1), BETA)
    carrying.cool("beta", "tiny", FailureClass.QUOTA)
    carrying.upstream.on("alpha", refused(500))
    told = await carrying.ask()
    assert isinstance(told, AttemptsFailed)
    assert told.retry_after_seconds == 1


# An operator's test of one route


async def test_a_test_asks_its_one_route_whether_it_is_in_rotation_or_not() -> None:
    carrying = Carrying(ALPHA, BETA)
    carrying.break_route("alpha", "tiny")
    carrying.upstream.on("alpha", SOUND)
    possible = carrying.finder.at_provider(ALPHA, "tiny")
    answer = await carrying.relay.answer(carrying.request(), only=possible)
    assert answer.route.provider == "alpha"
    assert carrying.breaker.is_admitting(Route("alpha", "tiny"))


async def test_a_test_goes_nowhere_else() -> None:
    carrying = Carrying(ALPHA, BETA)
    carrying.upstream.on("alpha", refused(500))
    with pytest.raises(AttemptsFailed):
        await carrying.relay.answer(carrying.request(), only=carrying.finder.at_provider(ALPHA, "tiny"))
    assert carrying.asked == ["alpha/tiny 1"]


async def test_a_test_asks_with_a_resting_key_where_there_is_no_other_and_a_client_never_does() -> None:
    carrying = Carrying(ALPHA)
    carrying.upstream.on("alpha", SOUND)
    carrying.cool("alpha", "tiny", FailureClass.QUOTA)
    assert isinstance(await carrying.ask(), RoutesOut)
    assert carrying.asked == []
    answer = await carrying.relay.answer(carrying.request(), only=carrying.finder.at_provider(ALPHA, "tiny"))
    assert answer.route.provider == "alpha"


async def test_a_failure_names_its_provider_and_counts_the_attempts() -> None:
    carrying = Carrying(ALPHA)
    carrying.upstream.on("alpha", refused(500), refused(500))
    told = await carrying.ask()
    assert isinstance(told, AttemptsFailed)
    assert told.message == "2 attempts failed; the last one: alpha: The provider answered with status 500."
    assert told.attempts == 2
