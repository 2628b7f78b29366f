"""Which providers a model's name means, and what a request may say about them."""

from typing import Any

import pytest

from tests.fakes.gateway import Provider, gateway_in_front_of
from tests.fakes.scripted_upstream import Answer, ScriptedUpstream, Step, completion
from tests.journeys.steps import CHAT, asked, refused, sound

pytestmark = pytest.mark.anyio

BROKEN = refused(503)


def script(upstream: ScriptedUpstream, *steps: Step) -> None:
    upstream.on(CHAT, *(steps or (sound(stream=False),)))


async def test_gpt_4_is_never_answered_by_gpt_4o_mini(alpha: ScriptedUpstream, *, stream: bool) -> None:
    alpha.on(CHAT, sound(stream=stream))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url, ["gpt-4o-mini", "gpt-4o", "gpt-4-turbo"])) as gateway:
        reply = await gateway.chat("gpt-4", stream=stream)
        assert (reply.status, reply.error["code"]) == (404, "model_not_found")
        assert reply.headers["x-should-retry"] == "false"
    assert not alpha.requests


async def test_an_undated_name_means_the_newest_dated_model_and_a_dated_one_no_other_date(alpha: ScriptedUpstream) -> None:
    script(alpha)
    async with gateway_in_front_of(Provider("alpha", alpha.base_url, ["gpt-4o-2024-08-06", "gpt-4o-2024-11-20"])) as gateway:
        assert (await gateway.chat("GPT-4o")).model == "gpt-4o-2024-11-20"
        assert (await gateway.chat("gpt-4o-2024-08-06")).model == "gpt-4o-2024-08-06"
        assert (await gateway.chat("gpt-4o-2024-05-13")).status == 404


async def test_a_family_gives_its_best_member_and_says_so(alpha: ScriptedUpstream, *, stream: bool) -> None:
    alpha.on(CHAT, sound(stream=stream))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url, ["claude-3-haiku", "claude-sonnet-4-5"])) as gateway:
        reply = await gateway.chat("claude", stream=stream)
        assert (reply.model, reply.headers["x-ai-engine-family"]) == ("claude-sonnet-4-5", "claude")
        assert "x-ai-engine-family" not in (await gateway.chat("claude-sonnet-4-5", stream=stream)).headers


async def test_without_autodecide_only_the_preferred_provider_is_asked_with_all_its_keys(
    alpha: ScriptedUpstream, beta: ScriptedUpstream, *, stream: bool
) -> None:
    alpha.on(CHAT, refused(401, "invalid_api_key"))
    beta.on(CHAT, sound(stream=stream))
    providers = Provider("alpha", alpha.base_url, key_count=2), Provider("beta", beta.base_url, ["tiny", "other"])
    async with gateway_in_front_of(*providers, fallbacks={"tiny": ["other"]}) as gateway:
        reply = await gateway.chat(autodecide=False, stream=stream)
    assert (reply.status, reply.error["code"]) == (502, "provider_key_invalid")
    assert [request.key for request in alpha.requests] == [providers[0].key(1), providers[0].key(2)]
    assert "autodecide" not in alpha.requests[0].body
    assert not beta.requests


async def test_the_gateway_may_leave_autodecide_off_and_a_request_switch_it_on(
    alpha: ScriptedUpstream, beta: ScriptedUpstream
) -> None:
    script(alpha, refused(404, "model_not_found"))
    script(beta)
    providers = Provider("alpha", alpha.base_url), Provider("beta", beta.base_url)
    async with gateway_in_front_of(*providers, environment={"AI_ENGINE_AUTODECIDE": "false"}) as gateway:
        assert (await gateway.chat()).status == 404
        assert (await gateway.chat(autodecide=True)).provider == "beta"


@pytest.mark.parametrize("name", ["beta/tiny", "beta/vendor/model"])
async def test_a_pinned_model_is_asked_at_its_provider_only(alpha: ScriptedUpstream, beta: ScriptedUpstream, name: str) -> None:
    script(alpha)
    script(beta, BROKEN)
    models = ["tiny", "vendor/model"]
    providers = Provider("alpha", alpha.base_url, [*models, "other"]), Provider("beta", beta.base_url, models)
    async with gateway_in_front_of(*providers, fallbacks={name: ["other"], "tiny": ["other"]}) as gateway:
        reply = await gateway.chat(name)
    assert (reply.status, reply.error["code"]) == (503, "overloaded")
    assert set(asked(beta)) == {name.removeprefix("beta/")}
    assert not alpha.requests


async def test_a_pinned_request_may_name_further_models_itself(alpha: ScriptedUpstream, beta: ScriptedUpstream) -> None:
    script(alpha)
    script(beta, BROKEN)
    async with gateway_in_front_of(Provider("alpha", alpha.base_url, ["other"]), Provider("beta", beta.base_url)) as gateway:
        reply = await gateway.chat("beta/tiny", models=["other"])
    assert (reply.provider, reply.model) == ("alpha", "other")
    assert "models" not in alpha.requests[0].body


async def test_a_name_with_a_slash_that_is_no_provider_is_a_model(alpha: ScriptedUpstream) -> None:
    script(alpha)
    async with gateway_in_front_of(Provider("alpha", alpha.base_url, ["meta-llama/llama-3.3-70b"])) as gateway:
        assert (await gateway.chat("meta-llama/llama-3.3-70b")).model == "meta-llama/llama-3.3-70b"


async def test_the_requests_own_models_replace_the_configured_fallbacks(alpha: ScriptedUpstream) -> None:
    alpha.on(CHAT, BROKEN, model="first")
    alpha.on(CHAT, BROKEN, model="second")
    alpha.on(CHAT, Answer(completion(model="third")), model="third")
    alpha.on(CHAT, Answer(completion(model="configured")), model="configured")
    provider = Provider("alpha", alpha.base_url, ["first", "second", "third", "configured"])
    async with gateway_in_front_of(provider, fallbacks={"first": ["configured"]}) as gateway:
        assert (await gateway.chat("first", models=["second", "third"])).named_model == "third"
        assert (await gateway.chat("first")).named_model == "configured"


@pytest.mark.parametrize(
    ("preferences", "expected"),
    [
        ({}, "alpha"),
        ({"only": ["beta"]}, "beta"),
        ({"ignore": ["alpha"]}, "beta"),
        ({"order": ["beta"]}, "beta"),
        ({"sort": "price"}, "beta"),
    ],
    ids=["none", "only", "ignore", "order", "sort"],
)
async def test_a_request_says_which_providers_it_prefers(
    alpha: ScriptedUpstream, beta: ScriptedUpstream, preferences: dict[str, Any], expected: str
) -> None:
    script(alpha)
    script(beta)
    prices = {"alpha/tiny": {"input": 2, "output": 8}, "beta/tiny": {"input": 1, "output": 4}}
    providers = Provider("alpha", alpha.base_url), Provider("beta", beta.base_url)
    async with gateway_in_front_of(*providers, prices=prices) as gateway:
        reply = await gateway.chat(provider=preferences)
    assert reply.provider == expected
    assert "provider" not in (alpha.requests + beta.requests)[0].body


async def test_a_request_cannot_prefer_a_provider_that_does_not_exist(alpha: ScriptedUpstream) -> None:
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        reply = await gateway.chat(provider={"only": ["nobody"]})
    assert (reply.status, reply.error["param"]) == (400, "provider.only")


async def test_auto_lets_the_engine_pick_among_the_default_models(alpha: ScriptedUpstream, beta: ScriptedUpstream) -> None:
    script(alpha, BROKEN)
    script(beta)
    providers = (
        Provider("alpha", alpha.base_url, ["a1", "a2"], fields={"default_model": "a2"}),
        Provider("beta", beta.base_url, ["b1"], fields={"default_model": "b1"}),
    )
    async with gateway_in_front_of(*providers) as gateway:
        reply = await gateway.chat("auto")
    assert (reply.provider, reply.model) == ("beta", "b1")
    assert asked(alpha) == ["a2"]


async def test_a_configured_name_means_its_routes_in_the_operators_order(alpha: ScriptedUpstream, beta: ScriptedUpstream) -> None:
    script(alpha)
    script(beta, BROKEN)
    models = [{"name": "smart", "candidates": ["beta/b1", "alpha/a1"]}]
    providers = Provider("alpha", alpha.base_url, ["a1"]), Provider("beta", beta.base_url, ["b1"])
    async with gateway_in_front_of(*providers, models=models) as gateway:
        reply = await gateway.chat("smart")
        names = [model["id"] for model in (await gateway.get("/v1/models"))["data"]]
    assert (reply.provider, reply.model) == ("alpha", "a1")
    assert asked(beta) == ["b1"]
    assert {"smart", "a1", "alpha/a1", "beta/b1"} <= set(names)


async def test_an_alias_means_its_model(alpha: ScriptedUpstream) -> None:
    script(alpha)
    async with gateway_in_front_of(Provider("alpha", alpha.base_url, ["gpt-4"]), aliases={"gpt4": "gpt-4"}) as gateway:
        reply = await gateway.chat("gpt4")
    assert (reply.model, asked(alpha)) == ("gpt-4", ["gpt-4"])


async def test_equal_providers_share_the_load(alpha: ScriptedUpstream, beta: ScriptedUpstream) -> None:
    script(alpha)
    script(beta)
    equal = {"priority": 5}
    providers = Provider("alpha", alpha.base_url, fields=equal), Provider("beta", beta.base_url, fields=equal)
    async with gateway_in_front_of(*providers, autodecide={"weights": {"latency": 0}}) as gateway:
        for _ in range(10):
            await gateway.chat()
    assert len(alpha.requests) == len(beta.requests) == 5


async def test_everything_in_a_request_but_our_own_fields_reaches_the_provider(alpha: ScriptedUpstream) -> None:
    script(alpha)
    more: dict[str, Any] = {
        "temperature": 0.3,
        "x_unknown": {"deep": [1, None]},
        "tools": [{"type": "vendor_thing"}],
        "n": 1,
        "user": "ü",
    }
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        await gateway.chat(**more, hedge=False, rescue="error", autodecide=True, models=[], provider={})
    messages = [{"role": "user", "content": "hi"}]
    assert alpha.requests[0].body == {"model": "tiny", "messages": messages, **more}
