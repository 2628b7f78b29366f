"""Several keys of one provider: another at once, none in cooldown, and each back in its time."""

import asyncio

import httpx
import pytest

from ai_engine.provider_keys.cooldown import CooldownPolicy
from ai_engine.providers.registry.definition import ProviderKey
from ai_engine.wiring.tuning import Tuning
from tests.fakes.gateway import Client, Provider, Reply, gateway_in_front_of
from tests.fakes.scripted_upstream import Answer, ScriptedUpstream, models
from tests.journeys.steps import CHAT, gaps, refused, sound
from tests.patience import eventually, within

pytestmark = pytest.mark.anyio


def keys_used(upstream: ScriptedUpstream) -> list[str | None]:
    return [request.key for request in upstream.requests]


async def states(gateway: Client, provider: str = "alpha") -> list[str]:
    return [key["state"] for key in (await gateway.provider(provider))["keys"]]


async def test_a_rate_limited_key_is_left_for_the_next_at_once_until_its_cooldown_ends(
    alpha: ScriptedUpstream, *, stream: bool
) -> None:
    provider = Provider("alpha", alpha.base_url, key_count=2)
    alpha.on(CHAT, sound(stream=stream))
    alpha.on(CHAT, refused(429, retry_after="2"), sound(stream=stream), key=provider.key(1))
    async with gateway_in_front_of(provider) as gateway:
        async with within(0.2):
            reply = await gateway.chat(stream=stream)
        assert (reply.status, reply.text, reply.attempts) == (200, "hello there", 2)
        limited_at = alpha.requests[0].at
        for _ in range(4):
            assert (await gateway.chat(stream=stream)).attempts == 1
        assert keys_used(alpha) == [provider.key(1), *[provider.key(2)] * 5]
        await eventually(lambda: gateway.chat(stream=stream), until=lambda _: alpha.requests[-1].key == provider.key(1))
        assert alpha.requests[-1].at - limited_at >= 2


async def test_a_key_that_is_limited_for_one_model_serves_the_others(alpha: ScriptedUpstream, *, stream: bool) -> None:
    provider = Provider("alpha", alpha.base_url, ["small", "large"])
    alpha.on(CHAT, sound(stream=stream))
    alpha.on(CHAT, refused(429, retry_after="60"), model="large")
    async with gateway_in_front_of(provider) as gateway:
        assert (await gateway.chat("large", stream=stream)).status == 429
        assert (await gateway.chat("small", stream=stream)).status == 200
        assert (await gateway.provider("alpha"))["status"] == "available"


async def test_with_every_key_limited_nothing_is_sent_and_the_client_hears_when_to_come_back(
    alpha: ScriptedUpstream, *, stream: bool
) -> None:
    provider = Provider("alpha", alpha.base_url, key_count=2)
    alpha.on(CHAT, refused(429, retry_after="60"), key=provider.key(1))
    alpha.on(CHAT, refused(429, retry_after="20"), key=provider.key(2))
    async with gateway_in_front_of(provider) as gateway:
        for _ in range(2):
            reply = await gateway.chat(stream=stream)
            assert (reply.status, reply.error["type"]) == (429, "rate_limit_error")
            assert 15 <= int(reply.headers["retry-after"]) <= 20
            assert "x-should-retry" not in reply.headers
    assert keys_used(alpha) == [provider.key(1), provider.key(2)]


async def test_a_short_rate_limit_is_waited_out_at_the_same_provider(alpha: ScriptedUpstream, *, stream: bool) -> None:
    alpha.on(CHAT, refused(429, retry_after="2"), sound(stream=stream))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway, within(3):
        reply = await gateway.chat(stream=stream)
    assert (reply.text, reply.provider, reply.attempts) == ("hello there", "alpha", 2)
    assert gaps(alpha)[0] >= 2


async def test_requests_that_find_every_key_in_a_short_cooldown_wait_in_line_and_are_all_served(alpha: ScriptedUpstream) -> None:
    alpha.on(CHAT, refused(429, retry_after="1"), sound(stream=False))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        replies = await asyncio.gather(gateway.chat(), *(_after(alpha, gateway) for _ in range(5)))
    assert [reply.text for reply in replies] == ["hello there"] * 6
    assert gaps(alpha)[0] >= 1, "no request goes before the key's cooldown is over"
    assert sum(gaps(alpha)[1:]) > 5 * 0.03, "they are let go one at a time"
    assert len(alpha.requests) == 7


async def _after(alpha: ScriptedUpstream, gateway: Client) -> Reply:
    await alpha.received(1)
    return await gateway.chat()


async def test_a_key_that_its_provider_does_not_know_is_invalid_until_the_listing_accepts_it(
    alpha: ScriptedUpstream, *, stream: bool
) -> None:
    provider = Provider("alpha", alpha.base_url, key_count=2)
    alpha.on(CHAT, sound(stream=stream))
    alpha.on(CHAT, refused(401, "invalid_api_key"), sound(stream=stream), key=provider.key(1))
    mended = asyncio.Event()
    alpha.on("/models", refused(401, "invalid_api_key"), Answer(models("tiny"), gate=mended), key=provider.key(1))
    tuning = Tuning(cooldown=CooldownPolicy(first_recheck=0.05, longest_recheck=0.05), recheck_look_every_seconds=0.02)
    async with gateway_in_front_of(provider, tuning=tuning) as gateway:
        reply = await gateway.chat(stream=stream)
        assert (reply.status, reply.text, reply.attempts) == (200, "hello there", 2)
        assert await states(gateway) == ["invalid", "usable"]
        assert (await gateway.chat(stream=stream)).attempts == 1
        mended.set()
        await eventually(lambda: states(gateway), until=lambda seen: seen == ["usable", "usable"])
        rechecks = [request for request in alpha.requests if request.path == "/v1/models"]
        assert [request.key for request in rechecks] == [provider.key(1)] * 2
        await gateway.chat(stream=stream)
    assert alpha.requests[-1].key == provider.key(1), "the longest unused is next"


async def test_without_a_known_key_the_provider_is_flagged_and_nothing_more_is_sent(
    alpha: ScriptedUpstream, *, stream: bool
) -> None:
    alpha.on(CHAT, refused(401, "invalid_api_key"))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        for _ in range(2):
            reply = await gateway.chat(stream=stream)
            assert (reply.status, reply.error["code"]) == (502, "provider_key_invalid")
            assert (reply.headers["x-should-retry"], reply.headers.get("retry-after")) == ("false", None)
            assert Provider("alpha", "").key() not in reply.body.decode()
        assert (await gateway.provider("alpha"))["status"] == "flagged"
    assert len(alpha.requests) == 1


async def test_a_key_that_is_refused_for_one_request_alone_is_good_for_the_next(alpha: ScriptedUpstream) -> None:
    alpha.on(CHAT, *[refused(413, "rate_limit_exceeded")] * 5, sound(stream=False))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        for _ in range(5):
            reply = await gateway.chat()
            assert (reply.status, reply.headers["x-should-retry"]) == (429, "false")
        assert (await gateway.chat()).text == "hello there"


@pytest.mark.parametrize(("status", "code"), [(402, None), (429, "insufficient_quota")])
async def test_a_key_without_money_is_in_cooldown_for_every_model(
    alpha: ScriptedUpstream, status: int, code: str | None, *, stream: bool
) -> None:
    provider = Provider("alpha", alpha.base_url, ["small", "large"], key_count=2)
    alpha.on(CHAT, sound(stream=stream))
    alpha.on(CHAT, refused(status, code), key=provider.key(1))
    async with gateway_in_front_of(provider) as gateway:
        for model in ("small", "large"):
            assert (await gateway.chat(model, stream=stream)).text == "hello there"
    assert keys_used(alpha) == [provider.key(1), provider.key(2), provider.key(2)]


async def test_a_forbidden_key_is_in_cooldown_for_that_model_only(alpha: ScriptedUpstream, *, stream: bool) -> None:
    provider = Provider("alpha", alpha.base_url, ["small", "large"], key_count=2)
    alpha.on(CHAT, sound(stream=stream))
    alpha.on(CHAT, refused(403), model="large", key=provider.key(1))
    async with gateway_in_front_of(provider) as gateway:
        for model in ("large", "large", "small", "small"):
            assert (await gateway.chat(model, stream=stream)).text == "hello there"
    assert keys_used(alpha)[:3] == [provider.key(1), provider.key(2), provider.key(2)]
    assert set(keys_used(alpha)[3:]) == {provider.key(1), provider.key(2)}


async def test_rolling_prefers_the_next_key_from_then_on_and_penalises_nobody(alpha: ScriptedUpstream) -> None:
    provider = Provider("alpha", alpha.base_url, key_count=3)
    alpha.on(CHAT, sound(stream=False))
    async with gateway_in_front_of(provider) as gateway:
        await gateway.chat()
        answer = await gateway.http.post("/api/providers/alpha/roll-key")
        rolled_to = next(number for number in (1, 2, 3) if ProviderKey.of(provider.key(number)).fingerprint in answer.text)
        for _ in range(4):
            await gateway.chat()
        assert keys_used(alpha)[1:] == [provider.key(rolled_to)] * 4
        assert await states(gateway) == ["usable"] * 3
        assert [key["active"] for key in (await gateway.provider("alpha"))["keys"]].index(True) == rolled_to - 1
    assert answer.json() == {"provider": "alpha", "preferred_key": ProviderKey.of(provider.key(rolled_to)).fingerprint}
    assert not any(provider.key(number) in answer.text for number in (1, 2, 3))


async def test_a_preferred_key_in_cooldown_gives_way_and_is_preferred_again_afterwards(alpha: ScriptedUpstream) -> None:
    provider = Provider("alpha", alpha.base_url, key_count=2)
    alpha.on(CHAT, sound(stream=False))
    async with gateway_in_front_of(provider) as gateway:
        preferred = (await gateway.post("/api/providers/alpha/roll-key"))["preferred_key"]
        number = next(number for number in (1, 2) if ProviderKey.of(provider.key(number)).fingerprint == preferred)
        alpha.on(CHAT, refused(429, retry_after="1"), sound(stream=False), key=provider.key(number))
        await gateway.chat()
        await gateway.chat()
        assert keys_used(alpha) == [provider.key(number), *[provider.key(3 - number)] * 2]
        await eventually(gateway.chat, until=lambda _: alpha.requests[-1].key == provider.key(number))
        await gateway.chat()
    assert alpha.requests[-1].key == provider.key(number)


async def test_there_is_nothing_to_roll_to_with_one_key(alpha: ScriptedUpstream) -> None:
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        answer = await gateway.http.post("/api/providers/alpha/roll-key")
    assert answer.status_code == httpx.codes.CONFLICT
    assert answer.json()["error"]["code"] == "no_other_key"
