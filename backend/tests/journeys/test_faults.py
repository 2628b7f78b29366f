"""The provider faults of the public Failover Bench, plain and streamed, as far as they end before the first token.

One provider with one key serves the fault; a healthy model at another is its configured fallback. Times are shortened where the
fault itself is only a length of time.
"""

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from ai_engine.health.breaker import BreakerPolicy
from ai_engine.wiring.tuning import Tuning
from tests.fakes.gateway import Gateway, Provider, Reply, gateway_in_front_of
from tests.fakes.loops import LOOPS
from tests.fakes.scripted_upstream import (
    Answer,
    Reset,
    ScriptedUpstream,
    Step,
    Stream,
    chunks,
    completion,
    error,
    usage,
)
from tests.journeys.steps import CHAT, gaps, refused, sound
from tests.patience import within

pytestmark = pytest.mark.anyio

SIXTY_WORDS = " ".join(f"word{number}" for number in range(60))


async def ask(
    alpha: ScriptedUpstream,
    beta: ScriptedUpstream,
    *faults: Step,
    stream: bool,
    tuning: Tuning | None = None,
) -> Reply:
    """One request for the faulty model."""
    alpha.on(CHAT, *faults)
    beta.on(CHAT, sound(SIXTY_WORDS, "healthy", stream=stream))
    async with with_fallback(alpha, beta, tuning) as gateway:
        return await gateway.chat("faulty", stream=stream, **asking_usage(stream=stream))


def with_fallback(
    alpha: ScriptedUpstream, beta: ScriptedUpstream, tuning: Tuning | None = None
) -> AbstractAsyncContextManager[Gateway]:
    providers = Provider("alpha", alpha.base_url, ["faulty"]), Provider("beta", beta.base_url, ["healthy"])
    return gateway_in_front_of(*providers, fallbacks={"faulty": ["healthy"]}, tuning=tuning)


def asking_usage(*, stream: bool) -> dict[str, Any]:
    return {"stream_options": {"include_usage": True}} if stream else {}


def assert_is_whole(reply: Reply, model: str, attempts: int) -> None:
    assert (reply.status, reply.text, reply.is_ended) == (200, SIXTY_WORDS, True)
    assert (reply.model, reply.named_model, reply.attempts) == (model, model, attempts)
    assert reply.finish_reasons == ["stop"]


@pytest.mark.parametrize("anyio_backend", LOOPS)
async def test_s01_a_short_retry_after_is_waited_out(alpha: ScriptedUpstream, beta: ScriptedUpstream, *, stream: bool) -> None:
    fault = refused(429, retry_after="2")
    reply = await ask(alpha, beta, fault, sound(SIXTY_WORDS, "faulty", stream=stream), stream=stream)
    assert_is_whole(reply, "faulty", 2)
    assert gaps(alpha)[0] >= 2
    assert not beta.requests


async def test_s02_an_endless_429_is_tried_again_with_a_pause_and_then_left(
    alpha: ScriptedUpstream, beta: ScriptedUpstream, *, stream: bool
) -> None:
    alpha.on(CHAT, refused(429))
    beta.on(CHAT, sound(SIXTY_WORDS, "healthy", stream=stream))
    async with with_fallback(alpha, beta) as gateway, within(1.5):
        reply = await gateway.chat("faulty", stream=stream)
    assert_is_whole(reply, "healthy", 3)
    assert len(alpha.requests) == 2
    assert gaps(alpha)[0] >= 0.7


async def test_s03_one_500_is_retried_at_the_same_provider(
    alpha: ScriptedUpstream, beta: ScriptedUpstream, *, stream: bool
) -> None:
    reply = await ask(alpha, beta, refused(500), sound(SIXTY_WORDS, "faulty", stream=stream), stream=stream)
    assert_is_whole(reply, "faulty", 2)
    assert len(alpha.requests) == 2
    assert not beta.requests


async def test_s04_an_endless_503_is_left_for_the_fallback(
    alpha: ScriptedUpstream, beta: ScriptedUpstream, *, stream: bool
) -> None:
    reply = await ask(alpha, beta, refused(503), stream=stream)
    assert_is_whole(reply, "healthy", 3)
    assert len(alpha.requests) == 2


async def test_s05_a_reset_before_the_headers_is_retried(
    alpha: ScriptedUpstream, beta: ScriptedUpstream, *, stream: bool
) -> None:
    reply = await ask(alpha, beta, Reset(), sound(SIXTY_WORDS, "faulty", stream=stream), stream=stream)
    assert_is_whole(reply, "faulty", 2)
    assert not beta.requests


async def test_s10_an_event_of_invalid_json_is_skipped(alpha: ScriptedUpstream, beta: ScriptedUpstream) -> None:
    events = chunks(SIXTY_WORDS, "faulty")
    reply = await ask(alpha, beta, Stream([*events[:20], 'data: {"choices": [{"del\n\n', *events[20:]]), stream=True)
    assert_is_whole(reply, "faulty", 1)


async def test_s11_a_proper_end_without_done_is_an_end_at_once_with_usage(
    alpha: ScriptedUpstream, beta: ScriptedUpstream
) -> None:
    alpha.on(CHAT, Stream(chunks(SIXTY_WORDS, "faulty"), done=False))
    async with with_fallback(alpha, beta) as gateway, within(1):
        reply = await gateway.chat("faulty", stream=True, **asking_usage(stream=True))
    assert_is_whole(reply, "faulty", 1)
    assert reply.usage == usage(output_tokens=60)


async def test_s12_a_request_that_is_too_long_goes_to_the_fallback_and_never_there_again(
    alpha: ScriptedUpstream, beta: ScriptedUpstream, *, stream: bool
) -> None:
    reply = await ask(alpha, beta, refused(400, "context_length_exceeded"), stream=stream)
    assert_is_whole(reply, "healthy", 2)
    assert len(alpha.requests) == 1


async def test_s13_a_content_policy_is_not_routed_around(
    alpha: ScriptedUpstream, beta: ScriptedUpstream, *, stream: bool
) -> None:
    fault = Answer(error("against our policy", code="content_policy_violation"), 400)
    reply = await ask(alpha, beta, fault, stream=stream)
    assert (reply.status, reply.error["message"]) == (400, "against our policy")
    assert (len(alpha.requests), len(beta.requests)) == (1, 0)


async def test_s15_an_outage_costs_no_request_and_few_probes_and_ends_soon_after_it_is_over(
    alpha: ScriptedUpstream, beta: ScriptedUpstream, *, stream: bool
) -> None:
    # A minute of outage with a request every 4 s, thirty times as fast.
    second = 1 / 30
    usual = BreakerPolicy()
    policy = BreakerPolicy(
        first_probe_seconds=usual.first_probe_seconds * second,
        early_seconds=usual.early_seconds * second,
        longest_early_probe_seconds=usual.longest_early_probe_seconds * second,
    )
    alpha.on(CHAT, refused(503))
    beta.on(CHAT, sound(SIXTY_WORDS, "healthy", stream=stream))
    async with with_fallback(alpha, beta, Tuning(breaker=policy)) as gateway:
        asking = []
        for _ in range(15):
            asking.append(asyncio.create_task(gateway.chat("faulty", stream=stream)))
            await asyncio.sleep(4 * second)
        for reply in await asyncio.gather(*asking):
            assert (reply.status, reply.text, reply.named_model) == (200, SIXTY_WORDS, "healthy")
        assert len(alpha.requests) <= len(asking), "about one probe a request at most"
        alpha.on(CHAT, sound(SIXTY_WORDS, "faulty", stream=stream))
        async with within(30 * second):
            while (await gateway.chat("faulty", stream=stream)).named_model != "faulty":
                await asyncio.sleep(second)


async def test_s16_the_answer_tells_the_fallbacks_model_and_usage(
    alpha: ScriptedUpstream, beta: ScriptedUpstream, *, stream: bool
) -> None:
    reply = await ask(alpha, beta, refused(503), stream=stream)
    assert (reply.named_model, reply.provider) == ("healthy", "beta")
    reported = chunks(SIXTY_WORDS)[-1]["usage"] if stream else completion()["usage"]
    assert reply.usage == reported


async def test_attempts_are_bounded_however_many_providers_and_models_there_are(alpha: ScriptedUpstream, *, stream: bool) -> None:
    alpha.on(CHAT, refused(503))
    models = [f"m{number}" for number in range(5)]
    providers = [Provider(f"p{number}", alpha.base_url, models) for number in range(8)]
    async with gateway_in_front_of(*providers, fallbacks={"m0": models[1:]}) as gateway:
        reply = await gateway.chat("m0", stream=stream)
    assert (reply.status, reply.error["code"]) == (503, "overloaded")
    asked = [request.model for request in alpha.requests]
    assert len(asked) == 10
    assert asked.count("m0") == 6
