"""A request goes on elsewhere when a provider cannot answer it."""

import pytest

from ai_engine.catalogue.discovery import DiscoveryIntervals
from ai_engine.wiring.tuning import Tuning
from tests.fakes.gateway import Provider, gateway_in_front_of
from tests.fakes.scripted_upstream import (
    Answer,
    CloseBeforeHeaders,
    Garbage,
    Reset,
    ScriptedUpstream,
    Step,
    error,
    models,
)
from tests.journeys.steps import CHAT, asked, refused, sound
from tests.patience import eventually

pytestmark = pytest.mark.anyio


async def test_each_provider_is_asked_by_its_own_name_for_the_model(
    alpha: ScriptedUpstream, beta: ScriptedUpstream, *, stream: bool
) -> None:
    alpha.on(CHAT, refused(503))
    beta.on(CHAT, sound(model="vendor-model-1", stream=stream))
    providers = (
        Provider("alpha", alpha.base_url, ["anthropic/claude-sonnet-4.5"]),
        Provider("beta", beta.base_url, ["claude_sonnet_4_5-latest"]),
    )
    async with gateway_in_front_of(*providers) as gateway:
        reply = await gateway.chat("claude-sonnet-4-5", stream=stream)
    assert (reply.status, reply.text, reply.is_ended) == (200, "hello there", True)
    assert asked(alpha) == ["anthropic/claude-sonnet-4.5"]
    assert asked(beta) == ["claude_sonnet_4_5-latest"]
    assert (reply.provider, reply.model, reply.attempts) == ("beta", "claude_sonnet_4_5-latest", 2)
    assert reply.named_model == "vendor-model-1"


@pytest.mark.parametrize(
    "step",
    [refused(500), refused(529), Reset(), CloseBeforeHeaders(), Garbage()],
    ids=["error", "overload", "reset", "close", "nonsense"],
)
async def test_whatever_the_first_provider_breaks_the_second_one_serves_at_once(
    alpha: ScriptedUpstream, beta: ScriptedUpstream, step: Step, *, stream: bool
) -> None:
    alpha.on(CHAT, step)
    beta.on(CHAT, sound(stream=stream))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url), Provider("beta", beta.base_url)) as gateway:
        reply = await gateway.chat(stream=stream)
    assert (reply.provider, reply.text, reply.attempts) == ("beta", "hello there", 2)
    assert beta.requests[0].at - alpha.requests[0].at < 0.2


async def test_a_provider_that_cannot_be_reached_is_passed_over(
    alpha: ScriptedUpstream, beta: ScriptedUpstream, *, stream: bool
) -> None:
    beta.on(CHAT, sound(stream=stream))
    async with ScriptedUpstream() as gone:
        nobody = gone.base_url
    async with gateway_in_front_of(Provider("alpha", nobody), Provider("beta", beta.base_url)) as gateway:
        reply = await gateway.chat(stream=stream)
    assert (reply.provider, reply.text) == ("beta", "hello there")


async def test_a_model_that_its_provider_does_not_have_is_served_by_the_next_and_the_provider_is_listed_again(
    alpha: ScriptedUpstream, beta: ScriptedUpstream, *, stream: bool
) -> None:
    alpha.on("/models", Answer(models("tiny")), Answer(models("other")))
    alpha.on(CHAT, refused(404, "model_not_found"))
    beta.on(CHAT, sound(stream=stream))
    tuning = Tuning(discovery=DiscoveryIntervals(at_most_every=0))
    providers = Provider("alpha", alpha.base_url, models=None), Provider("beta", beta.base_url)
    async with gateway_in_front_of(*providers, tuning=tuning) as gateway:
        await eventually(lambda: gateway.provider("alpha"), until=lambda provider: provider["models_count"] == 1)
        reply = await gateway.chat(stream=stream)
        assert (reply.provider, reply.text, reply.attempts) == ("beta", "hello there", 2)
        assert [route["reason"] for route in (await gateway.provider("alpha"))["routes"]] == ["model_not_found"]
        await alpha.received(3)
        assert [request.path for request in alpha.requests] == ["/v1/models", "/v1/chat/completions", "/v1/models"]
        assert (await gateway.chat(stream=stream)).attempts == 1


async def test_a_rediscovery_that_finds_the_model_again_lets_its_route_back(alpha: ScriptedUpstream, *, stream: bool) -> None:
    alpha.on("/models", Answer(models("tiny")))
    alpha.on(CHAT, refused(404, "model_not_found"), sound(stream=stream))
    tuning = Tuning(discovery=DiscoveryIntervals(at_most_every=0))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url, models=None), tuning=tuning) as gateway:
        await eventually(lambda: gateway.provider("alpha"), until=lambda provider: provider["models_count"] == 1)
        refusal = await gateway.chat(stream=stream)
        assert (refusal.status, refusal.error["code"]) == (404, "model_not_found")
        await eventually(lambda: gateway.provider("alpha"), until=lambda provider: not provider["routes"])
        assert (await gateway.chat(stream=stream)).text == "hello there"


async def test_when_every_provider_fails_the_client_gets_an_error_that_tells_of_the_last(
    alpha: ScriptedUpstream, beta: ScriptedUpstream, *, stream: bool
) -> None:
    alpha.on(CHAT, Answer(error("alpha's words"), 500))
    beta.on(CHAT, Answer(error("beta's words"), 500))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url), Provider("beta", beta.base_url)) as gateway:
        reply = await gateway.chat(stream=stream)
    assert (reply.status, reply.is_stream) == (502, False)
    assert len(asked(alpha)) == len(asked(beta)) == 2
    # Both are asked again after a jittered pause, so either may come last.
    last = "alpha" if alpha.requests[-1].at > beta.requests[-1].at else "beta"
    assert reply.error["message"].endswith(f"{last}: The provider answered with status 500.")
