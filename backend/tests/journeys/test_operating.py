"""What an operator does while requests go on: toggle, try out, reload."""

import asyncio

import httpx
import pytest

from ai_engine.health.breaker import BreakerPolicy
from ai_engine.wiring.tuning import Tuning
from tests.fakes.gateway import Gateway, Provider, gateway_in_front_of, yaml_of
from tests.fakes.scripted_upstream import (
    Answer,
    CutAfter,
    ScriptedUpstream,
    Stream,
    chunk,
    chunks,
    completion,
    error,
    usage,
)
from tests.journeys.steps import CHAT, asked, refused, sound
from tests.patience import eventually, within

pytestmark = pytest.mark.anyio


async def toggle(gateway: Gateway, name: str, *, enabled: bool) -> None:
    seen = await gateway.post(f"/api/providers/{name}/toggle", {"enabled": enabled})
    assert seen["enabled"] is enabled


async def test_toggling_a_provider_in_traffic_loses_no_request(
    alpha: ScriptedUpstream, beta: ScriptedUpstream, *, stream: bool
) -> None:
    slowly = Stream(chunks("one two three"), pause_seconds=0.004) if stream else Answer(completion("one two three"))
    alpha.on(CHAT, slowly)
    beta.on(CHAT, slowly)
    providers = Provider("alpha", alpha.base_url), Provider("beta", beta.base_url)
    async with gateway_in_front_of(*providers) as gateway:
        left = 200

        async def load() -> list[tuple[int, str, bool]]:
            nonlocal left
            seen = []
            while left:
                left -= 1
                reply = await gateway.chat(stream=stream)
                seen.append((reply.status, reply.text, reply.is_ended))
            return seen

        loads = [asyncio.create_task(load()) for _ in range(8)]
        while left:
            await toggle(gateway, "alpha", enabled=False)
            await toggle(gateway, "alpha", enabled=True)
        replies = [reply for done in await asyncio.gather(*loads) for reply in done]
    assert len(replies) == 200
    assert set(replies) == {(200, "one two three", True)}
    assert len(alpha.requests) + len(beta.requests) == 200
    assert alpha.requests
    assert beta.requests


async def test_a_provider_that_is_switched_off_gets_nothing_and_comes_back_without_a_restart(
    alpha: ScriptedUpstream, beta: ScriptedUpstream
) -> None:
    alpha.on(CHAT, sound(stream=False))
    beta.on(CHAT, sound(stream=False))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url), Provider("beta", beta.base_url)) as gateway:
        await toggle(gateway, "alpha", enabled=False)
        assert (await gateway.chat()).provider == "beta"
        assert (await gateway.chat("alpha/tiny")).status == 503
        assert (await gateway.provider("alpha"))["status"] == "disabled"
        assert not alpha.requests
        assert (await gateway.post("/api/providers/alpha/toggle"))["enabled"] is True
        assert (await gateway.chat()).provider == "alpha"
        assert (await gateway.post("/api/providers/alpha/toggle"))["enabled"] is False


async def test_switching_off_breaks_no_request_in_flight(alpha: ScriptedUpstream) -> None:
    goes_on = asyncio.Event()
    alpha.on(CHAT, Stream(chunks("one two"), gates={2: goes_on}))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        asking = asyncio.create_task(gateway.chat(stream=True))
        await alpha.received(1)
        await toggle(gateway, "alpha", enabled=False)
        goes_on.set()
        reply = await asking
    assert (reply.text, reply.error, reply.is_ended) == ("one two", None, True)


async def test_trying_a_provider_out_asks_it_and_no_other_and_tells_everything(
    alpha: ScriptedUpstream, beta: ScriptedUpstream
) -> None:
    alpha.on(CHAT, sound("I am alpha", stream=True))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url), Provider("beta", beta.base_url)) as gateway:
        result = await gateway.post("/api/providers/alpha/test", {"message": "who?", "model": "tiny"})
    assert (result["success"], result["provider"], result["model"], result["error"]) == (True, "alpha", "tiny", None)
    assert result["response"] == "I am alpha"
    reported = usage(output_tokens=3)
    assert result["usage"] == {"input_tokens": reported["prompt_tokens"], "output_tokens": reported["completion_tokens"]}
    assert result["latency_ms"] >= result["ttft_ms"] > 0
    assert alpha.requests[0].body["messages"] == [{"role": "user", "content": "who?"}]
    assert not beta.requests


@pytest.mark.parametrize("fault", [refused(500), refused(401, "invalid_api_key"), refused(400)], ids=["500", "401", "400"])
async def test_a_provider_that_fails_its_trial_has_failed_it(
    alpha: ScriptedUpstream, beta: ScriptedUpstream, fault: Answer
) -> None:
    alpha.on(CHAT, fault)
    beta.on(CHAT, sound(stream=True))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url), Provider("beta", beta.base_url)) as gateway:
        result = await gateway.post("/api/providers/alpha/test", {"model": "tiny"})
    assert (result["success"], result["provider"], result["response"]) == (False, "alpha", None)
    assert fault.body["error"]["message"] in result["error"]
    assert not beta.requests


async def test_a_trial_whose_stream_breaks_has_failed(alpha: ScriptedUpstream) -> None:
    alpha.on(CHAT, CutAfter(2, Stream(chunks("one two"))))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        result = await gateway.post("/api/providers/alpha/test", {"model": "tiny"})
    assert result["success"] is False
    assert result["error"]


async def test_a_provider_can_be_tried_out_while_it_is_off(alpha: ScriptedUpstream) -> None:
    alpha.on(CHAT, Stream([chunk({"content": "yes"}, finish_reason="stop")]))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        await toggle(gateway, "alpha", enabled=False)
        assert (await gateway.post("/api/providers/alpha/test", {"model": "tiny"}))["success"] is True
        assert (await gateway.provider("alpha"))["enabled"] is False


async def test_a_provider_can_be_tried_out_while_it_is_flagged_and_is_back_if_that_succeeds(alpha: ScriptedUpstream) -> None:
    alpha.on(CHAT, refused(500))
    tuning = Tuning(breaker=BreakerPolicy(first_probe_seconds=60))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url), tuning=tuning) as gateway:
        while (await gateway.chat()).status != 503:
            pass
        assert (await gateway.post("/api/providers/alpha/test", {"model": "tiny"}))["success"] is False
        assert (await gateway.chat()).status == 503
        alpha.on(CHAT, sound(stream=True))
        assert (await gateway.post("/api/providers/alpha/test", {"model": "tiny"}))["success"] is True
        assert (await gateway.chat(stream=True)).status == 200


async def test_autodecide_can_be_tried_out_and_explained(alpha: ScriptedUpstream, beta: ScriptedUpstream) -> None:
    alpha.on(CHAT, refused(503))
    beta.on(CHAT, sound(stream=True))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url), Provider("beta", beta.base_url)) as gateway:
        explained = await gateway.get("/api/autodecide/tiny")
        assert [candidate["provider"] for candidate in explained["candidates"]] == ["alpha", "beta"]
        result = await gateway.post("/api/autodecide/test", {"model": "tiny", "message": "hi"})
    assert (result["success"], result["provider"], result["response"]) == (True, "beta", "hello there")
    assert [(attempt["provider"], attempt["succeeded"]) for attempt in result["attempts"]] == [("alpha", False), ("beta", True)]


async def test_a_changed_file_takes_effect_within_two_seconds(alpha: ScriptedUpstream, beta: ScriptedUpstream) -> None:
    alpha.on(CHAT, sound(stream=False))
    beta.on(CHAT, sound(stream=False))
    one, other = Provider("alpha", alpha.base_url), Provider("beta", beta.base_url, key_count=0)
    async with gateway_in_front_of(one) as gateway:
        assert (await gateway.chat()).provider == "alpha"
        gateway.yaml_file.write_text(yaml_of(other, one, aliases={"little": "tiny"}))
        async with within(2):
            seen = await eventually(lambda: gateway.get("/api/status"), until=lambda status: status["generation"] == 2)
        assert seen["configuration"]["config_file"] == str(gateway.yaml_file)
        assert (await gateway.chat("little")).provider == "beta"


WRONG = {
    "an unknown field": ("providers:\n- name: alpha\n  adress: http://127.0.0.1/v1\n", 3, "providers[0].adress"),
    "invalid YAML": ("providers:\n- name: [alpha\n", 3, "invalid YAML"),
    "a value out of range": ("aliases: {}\nautodecide:\n  weights: {cost: -1}\n", 3, "weights.cost"),
}


@pytest.mark.parametrize(("text", "line", "reason"), WRONG.values(), ids=WRONG)
async def test_a_wrong_file_changes_nothing_and_is_refused_with_line_and_reason(
    alpha: ScriptedUpstream, text: str, line: int, reason: str
) -> None:
    alpha.on(CHAT, sound(stream=False))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        sound_text = gateway.yaml_file.read_text()
        gateway.yaml_file.write_text(text)
        answer = await gateway.http.post("/api/config/reload")
        assert answer.status_code == httpx.codes.BAD_REQUEST
        message = answer.json()["error"]["message"]
        assert message.startswith(f"{gateway.yaml_file}, line {line}: ")
        assert reason in message
        assert (await gateway.get("/api/status"))["generation"] == 1
        assert (await gateway.chat()).text == "hello there"
        gateway.yaml_file.write_text(sound_text)
        assert (await gateway.post("/api/config/reload"))["generation"] == 2


async def test_a_reload_under_load_loses_no_request(alpha: ScriptedUpstream, beta: ScriptedUpstream, *, stream: bool) -> None:
    alpha.on(CHAT, sound(stream=stream))
    beta.on(CHAT, sound(stream=stream))
    one, other = Provider("alpha", alpha.base_url, key_count=0), Provider("beta", beta.base_url, key_count=0)
    async with gateway_in_front_of(one, other) as gateway:
        done = asyncio.Event()

        async def load() -> set[tuple[int, str]]:
            replies = [await gateway.chat(stream=stream)]
            while not done.is_set():
                replies.append(await gateway.chat(stream=stream))
            return {(reply.status, reply.text) for reply in replies}

        loads = [asyncio.create_task(load()) for _ in range(4)]
        for providers in ((other,), (one,), (other, one)) * 3:
            gateway.yaml_file.write_text(yaml_of(*providers))
            await gateway.post("/api/config/reload")
        done.set()
        assert set.union(*(await asyncio.gather(*loads))) == {(200, "hello there")}
    assert asked(alpha)
    assert asked(beta)


async def test_a_provider_key_is_in_no_answer(alpha: ScriptedUpstream, *, stream: bool) -> None:
    provider = Provider("alpha", alpha.base_url)
    alpha.on(CHAT, Answer(error(f"Incorrect API key provided: {provider.key()}.", code="invalid_api_key"), 401))
    async with gateway_in_front_of(provider) as gateway:
        reported = [(await gateway.chat(stream=stream)).body.decode()]
        reported += [(await gateway.http.get(path)).text for path in ("/api/providers", "/api/status", "/v1/models")]
        reported += [(await gateway.http.post("/api/providers/alpha/test", json={"model": "tiny"})).text]
    assert not any(provider.key() in text for text in reported)
