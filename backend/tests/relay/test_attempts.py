"""Which route and key is asked next, for everything that can go wrong."""

import asyncio

import pytest

from ai_engine.errors import (
    AIEngineError,
    AttemptsFailed,
    DeadlineExceeded,
    ModelNotFound,
    NoProviderConfigured,
    NoRouteAvailable,
    RateLimited,
    RefusedByProvider,
)
from ai_engine.names import Route
from ai_engine.provider_keys.cooldown import Cooldown
from ai_engine.providers.failures import FailureClass
from ai_engine.providers.registry.definition import Timeouts
from ai_engine.relay.relay import Answer
from ai_engine.upstream.port import ConnectFailed, ConnectionCut, ConnectionReset, UpstreamTimeout
from tests.builders import failure, provider
from tests.fakes.clock import HandTurnedClock, quiet
from tests.fakes.scripted_upstream import completion, error
from tests.fakes.upstream import Reply, Step, Streamed
from tests.relay.relay_bench import SOUND, RelayBench, refused

pytestmark = pytest.mark.anyio

ALPHA = provider("alpha", keys=2, models=("tiny",), priority=1)
BETA = provider("beta", models=("tiny",), priority=1000)


def one_provider(keys: int = 1) -> RelayBench:
    return RelayBench(provider("alpha", keys=keys, models=("tiny",)))


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
        (UpstreamTimeout("silent"), OTHER_PROVIDER),
        (Streamed([b"{", ConnectionCut("cut")]), OTHER_PROVIDER),
    ],
)
async def test_blame_decides_whether_another_key_or_another_provider_is_asked(step: Step, asked: list[str]) -> None:
    bench = RelayBench(ALPHA, BETA)
    bench.upstream.on("alpha", step)
    bench.upstream.on("beta", SOUND)
    answer = await bench.ask()
    assert isinstance(answer, Answer)
    assert answer.route == Route("beta", "tiny")
    assert bench.asked == asked
    assert bench.clock.slept == []
    bench.check_nothing_leaked()


@pytest.mark.parametrize("step", [refused(400), refused(422), refused(400, "content_policy_violation"), refused(409)])
async def test_a_clients_own_fault_stops_at_once_and_blames_nobody(step: Step) -> None:
    bench = RelayBench(ALPHA, BETA, file={"fallbacks": {"tiny": ["large"]}})
    bench.upstream.on("alpha", step)
    error = await bench.ask()
    assert isinstance(error, RefusedByProvider)
    assert bench.asked == ["alpha/tiny 1"]
    assert bench.track_record.of(Route("alpha", "tiny")).attempts == 0
    assert bench.keys.keys_of("alpha")[0].failures == 0
    bench.check_nothing_leaked()


async def test_a_request_that_does_not_fit_the_model_goes_to_the_next_model_only() -> None:
    gamma = provider("gamma", models=("large",))
    bench = RelayBench(ALPHA, BETA, gamma, file={"fallbacks": {"tiny": ["large"]}})
    bench.upstream.on("alpha", refused(400, "context_length_exceeded"))
    bench.upstream.on("gamma", SOUND)
    assert isinstance(await bench.ask(), Answer)
    assert bench.asked == ["alpha/tiny 1", "gamma/large 1"]
    assert [attempt.reason for attempt in bench.attempts] == ["first_candidate", "fallback_model"]


@pytest.mark.parametrize("step", [UpstreamTimeout("silent"), refused(400, "context_length_exceeded")])
async def test_a_silent_route_or_one_too_small_is_not_asked_again_under_another_name(step: Step) -> None:
    bench = one_provider()
    bench.upstream.on("alpha", step)
    assert isinstance(await bench.ask(further_models=("alpha/tiny", "TINY", "tiny-latest")), AIEngineError)
    assert bench.asked == ["alpha/tiny 1"]


async def test_a_missing_model_is_rediscovered() -> None:
    bench = one_provider()
    bench.upstream.on("alpha", refused(404, "model_not_found"))
    assert isinstance(await bench.ask(), ModelNotFound)
    assert bench.rediscovered == ["alpha"]
    assert bench.asked == ["alpha/tiny 1"]


# Second chances


@pytest.mark.parametrize("step", [refused(500), refused(503), ConnectionReset("reset"), ConnectFailed("refused")])
async def test_with_nobody_else_left_a_passing_fault_is_repeated_once_after_a_backoff(step: Step) -> None:
    bench = one_provider()
    bench.upstream.on("alpha", step, SOUND)
    assert isinstance(await bench.ask(), Answer)
    assert bench.clock.slept == [0.25]
    assert [attempt.reason for attempt in bench.attempts] == ["first_candidate", "retry"]


async def test_a_fault_that_stays_is_repeated_once_only() -> None:
    bench = one_provider()
    bench.upstream.on("alpha", refused(500))
    assert isinstance(await bench.ask(), AttemptsFailed)
    assert bench.asked == ["alpha/tiny 1"] * 2
    bench.check_nothing_leaked()


@pytest.mark.parametrize("step", [UpstreamTimeout("silent"), Reply(b"<html>"), refused(403), refused(401), refused(402)])
async def test_what_will_not_pass_in_a_moment_is_not_repeated(step: Step) -> None:
    bench = one_provider()
    bench.upstream.on("alpha", step)
    assert isinstance(await bench.ask(), AIEngineError)
    assert bench.asked == ["alpha/tiny 1"]
    assert bench.clock.slept == []


@pytest.mark.parametrize("seconds", [0, 1, 2, 3])
async def test_a_short_retry_after_is_waited_out(seconds: float) -> None:
    bench = one_provider()
    bench.upstream.on("alpha", refused(429, retry_after=seconds), SOUND)
    began_at = bench.clock.monotonic()
    assert isinstance(await bench.ask(), Answer)
    assert bench.clock.monotonic() - began_at == seconds
    assert [attempt.reason for attempt in bench.attempts] == ["first_candidate", "after_cooldown"]


async def test_a_long_retry_after_is_told_and_not_waited_out() -> None:
    bench = one_provider()
    bench.upstream.on("alpha", refused(429, retry_after=3.5))
    error = await bench.ask()
    assert isinstance(error, RateLimited)
    assert error.retry_after_seconds == 3.5
    assert bench.clock.slept == []


async def test_a_rate_limit_without_a_time_is_waited_for_about_a_second_once() -> None:
    bench = one_provider()
    bench.upstream.on("alpha", refused(429))
    error = await bench.ask()
    assert isinstance(error, RateLimited)
    assert bench.clock.slept == [1]
    assert len(bench.asked) == 2
    assert error.retry_after_seconds == 2


async def test_a_key_that_already_rests_for_a_moment_is_waited_for() -> None:
    bench = one_provider()
    bench.cool("alpha", "tiny", FailureClass.RATE_LIMIT, retry_after=2)
    bench.upstream.on("alpha", SOUND)
    assert isinstance(await bench.ask(), Answer)
    assert bench.clock.slept == [2]


async def test_a_limited_key_is_waited_for_although_another_one_is_unknown() -> None:
    bench = one_provider(keys=2)
    bench.upstream.on("alpha", refused(429, retry_after=2), refused(401), SOUND)
    assert isinstance(await bench.ask(), Answer)
    assert bench.asked == ["alpha/tiny 1", "alpha/tiny 2", "alpha/tiny 1"]


async def test_a_key_whose_plan_is_too_small_is_not_waited_for() -> None:
    bench = one_provider()
    bench.upstream.on("alpha", refused(413, "rate_limit_exceeded"))
    assert isinstance(await bench.ask(), RateLimited)
    assert bench.asked == ["alpha/tiny 1"]


async def test_a_rate_limit_that_passed_while_others_were_tried_is_taken_up() -> None:
    clock = HandTurnedClock()
    bench = RelayBench(provider("alpha", models=("tiny",), priority=1), BETA, clock=clock)
    slow = asyncio.Event()
    bench.upstream.on("alpha", refused(429, retry_after=2), SOUND)
    bench.upstream.on("beta", slow, Reply(b"<html>"))
    asking = asyncio.create_task(bench.ask())
    await clock.turn(5)
    slow.set()
    answer = await asking
    assert isinstance(answer, Answer)
    assert bench.asked == ["alpha/tiny 1", "beta/tiny 1", "alpha/tiny 1"]


async def test_second_chances_come_in_the_order_of_their_time() -> None:
    bench = RelayBench(provider("alpha", models=("tiny",), priority=1), BETA)
    bench.upstream.on("alpha", refused(429, retry_after=2), SOUND)
    bench.upstream.on("beta", refused(500))
    assert isinstance(await bench.ask(), Answer)
    assert bench.asked == ["alpha/tiny 1", "beta/tiny 1", "beta/tiny 1", "alpha/tiny 1"]
    assert bench.clock.slept == [0.25, 1.75]


async def test_of_two_retries_at_the_same_time_the_better_candidate_comes_first() -> None:
    bench = RelayBench(provider("alpha", models=("tiny",), priority=1), BETA)
    for name in ("alpha", "beta"):
        bench.upstream.on(name, refused(503, retry_after=1), SOUND)
    assert isinstance(await bench.ask(), Answer)
    assert bench.asked == ["alpha/tiny 1", "beta/tiny 1", "alpha/tiny 1"]


async def test_those_who_wait_for_a_key_go_one_at_a_time() -> None:
    clock = HandTurnedClock()
    bench = RelayBench(provider("alpha", models=("tiny",)), clock=clock)
    bench.cool("alpha", "tiny", FailureClass.RATE_LIMIT, retry_after=2)
    bench.upstream.on("alpha", SOUND)
    asking = [asyncio.create_task(bench.ask()) for _ in range(3)]
    await clock.turn(2)
    assert len(bench.asked) == 1
    await clock.turn(0.05)
    assert len(bench.asked) == 2
    await clock.turn(0.05)
    assert [isinstance(answer, Answer) for answer in await asyncio.gather(*asking)] == [True] * 3


# Bounds


async def test_one_model_gets_six_attempts_at_most() -> None:
    bench = one_provider(keys=9)
    bench.upstream.on("alpha", refused(429))
    assert isinstance(await bench.ask(), RateLimited)
    assert len(bench.asked) == 6


async def test_a_request_gets_ten_attempts_at_most() -> None:
    bench = RelayBench(
        *(provider(name, keys=9, models=(f"of-{name}",)) for name in ("alpha", "beta", "gamma")),
        file={"fallbacks": {"of-alpha": ["of-beta", "of-gamma"]}},
    )
    for name in ("alpha", "beta", "gamma"):
        bench.upstream.on(name, refused(429, retry_after=60))
    assert isinstance(await bench.ask("of-alpha"), RateLimited)
    assert [asked.partition("/")[0] for asked in bench.asked] == ["alpha"] * 6 + ["beta"] * 4
    bench.check_nothing_leaked()


async def test_a_breaker_that_opens_during_the_request_is_respected() -> None:
    bench = one_provider()
    for _ in range(2):
        permit = bench.breaker.acquire(Route("alpha", "tiny"))
        bench.breaker.record_failure(permit, failure(FailureClass.SERVER_ERROR))
    bench.upstream.on("alpha", refused(500))
    error = await bench.ask()
    assert isinstance(error, AttemptsFailed)
    assert bench.asked == ["alpha/tiny 1"]
    assert error.retry_after_seconds == pytest.approx(2.0)


async def test_a_silent_provider_does_not_outlast_the_clients_deadline_and_is_not_blamed_for_it() -> None:
    bench = RelayBench(ALPHA, BETA)
    bench.upstream.on("alpha", asyncio.Event())
    assert isinstance(await bench.ask(timeout_seconds=0.02), DeadlineExceeded)
    assert bench.asked == ["alpha/tiny 1"]
    assert bench.track_record.of(Route("alpha", "tiny")).attempts == 0
    assert [attempt.failure for attempt in bench.attempts] == ["cancelled"]
    bench.check_nothing_leaked()


async def test_a_provider_silent_for_longer_than_its_patience_is_left_for_another() -> None:
    timeouts = Timeouts(first_token=0.02, plain_answer=0.02)
    bench = RelayBench(provider("alpha", models=("tiny",), priority=1, timeouts=timeouts), BETA)
    bench.upstream.on("alpha", asyncio.Event())
    bench.upstream.on("beta", SOUND)
    assert isinstance(await bench.ask(), Answer)
    assert [attempt.failure for attempt in bench.attempts] == [FailureClass.TIMEOUT, None]


async def test_nothing_is_waited_for_past_the_deadline() -> None:
    bench = one_provider()
    bench.upstream.on("alpha", refused(429, retry_after=2))
    assert isinstance(await bench.ask(timeout_seconds=1.5), RateLimited)
    assert bench.clock.slept == []


async def test_the_line_before_a_cooling_key_is_left_at_the_deadline() -> None:
    bench = RelayBench(provider("alpha", models=("tiny",)), clock=HandTurnedClock())
    bench.cool("alpha", "tiny", FailureClass.RATE_LIMIT, retry_after=0.01)
    never = Cooldown(2000, FailureClass.QUOTA)
    head = asyncio.create_task(bench.cooldown_queue.wait(Route("alpha", "tiny"), lambda: never, 9999))
    await quiet()
    error = await bench.ask(timeout_seconds=0.02)
    head.cancel()
    assert isinstance(error, RateLimited)
    assert bench.asked == []


async def test_a_full_cooldown_queue_is_not_waited_for() -> None:
    clock = HandTurnedClock()
    bench = RelayBench(provider("alpha", models=("tiny",)), clock=clock)
    bench.cool("alpha", "tiny", FailureClass.RATE_LIMIT, retry_after=2)
    bench.upstream.on("alpha", SOUND)
    waiting = [asyncio.create_task(bench.ask()) for _ in range(64)]
    await quiet()
    assert isinstance(await bench.ask(), RateLimited)
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)


# Models


@pytest.mark.parametrize(("model", "fields"), [("alpha/tiny", {}), ("tiny", {"autodecide": False})])
async def test_a_pinned_request_has_no_configured_fallback_and_one_provider(model: str, fields: dict[str, bool]) -> None:
    file = {"fallbacks": {"tiny": ["large"], "alpha/tiny": ["large"]}}
    bench = RelayBench(ALPHA, BETA, provider("gamma", models=("large",)), file=file)
    bench.upstream.on("alpha", refused(429, retry_after=60))
    assert isinstance(await bench.ask(model, **fields), RateLimited)
    assert bench.asked == ["alpha/tiny 1", "alpha/tiny 2"]


async def test_the_requests_own_models_replace_the_configured_fallbacks() -> None:
    file = {"fallbacks": {"tiny": ["large"]}}
    bench = RelayBench(ALPHA, provider("gamma", models=("large", "third")), file=file)
    bench.upstream.on("alpha", refused(404, "model_not_found"))
    bench.upstream.on("gamma", Reply(completion(model="third")))
    assert isinstance(await bench.ask("alpha/tiny", further_models=("third",)), Answer)
    assert bench.asked == ["alpha/tiny 1", "gamma/third 1"]
    assert isinstance(await bench.ask("tiny", further_models=()), AIEngineError)
    assert len(bench.asked) == 2


async def test_every_key_resting_means_nobody_is_asked() -> None:
    bench = one_provider(keys=3)
    bench.cool("alpha", "tiny", FailureClass.QUOTA)
    error = await bench.ask()
    assert isinstance(error, NoRouteAvailable)
    assert error.retry_after_seconds == 3600
    assert bench.asked == []
    bench.check_nothing_leaked()


async def test_without_any_provider_the_caller_is_told_so() -> None:
    assert isinstance(await RelayBench(provider("alpha", is_configured=False)).ask(), NoProviderConfigured)


async def test_a_second_provider_far_from_back_does_not_put_off_a_retry_with_the_first() -> None:
    bench = RelayBench(provider("alpha", models=("tiny",), priority=1), BETA)
    bench.cool("beta", "tiny", FailureClass.QUOTA)
    bench.upstream.on("alpha", refused(500))
    error = await bench.ask()
    assert isinstance(error, AttemptsFailed)
    assert error.retry_after_seconds == 1


async def test_a_failure_names_its_provider_and_counts_the_attempts() -> None:
    bench = RelayBench(ALPHA)
    bench.upstream.on("alpha", refused(500), refused(500))
    error = await bench.ask()
    assert isinstance(error, AttemptsFailed)
    assert error.message == "2 attempts failed; the last one: alpha: The provider answered with status 500."
    assert error.attempts == 2
