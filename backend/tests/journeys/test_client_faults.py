"""A client's own fault comes back as the provider worded it, was tried once, and blames nobody."""

import pytest

from tests.fakes.gateway import Provider, gateway_in_front_of
from tests.fakes.scripted_upstream import Answer, ScriptedUpstream, embeddings, error
from tests.journeys.steps import CHAT, asked, refused, sound

pytestmark = pytest.mark.anyio

FAULTS = {
    "bad request": Answer(error("temperature is 3, it must be below 2", param="temperature"), 400),
    "invalid_request_error": Answer(error("Incorrect API key usage: whatever the words", code=None), 400),
    "unprocessable": Answer(error("max_tokens must be positive", code="invalid_value", param="max_tokens"), 422),
    "moderation": Answer(error("flagged by moderation", kind="moderation_error", code="moderation_blocked"), 403),
    "content policy": Answer(error("against the content policy", code="content_policy_violation"), 400),
    "content filter": Answer(error("the filter was triggered", kind="", code="content_filter"), 400),
    "too large": Answer(error("the image is too large"), 413),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_the_providers_words_reach_the_client_and_nobody_is_blamed(
    alpha: ScriptedUpstream, beta: ScriptedUpstream, fault: Answer, *, stream: bool
) -> None:
    alpha.on(CHAT, fault, sound(stream=stream))
    beta.on(CHAT, sound(stream=stream))
    providers = Provider("alpha", alpha.base_url, key_count=2), Provider("beta", beta.base_url, ["tiny", "other"])
    async with gateway_in_front_of(*providers, fallbacks={"tiny": ["other"]}) as gateway:
        reply = await gateway.chat(stream=stream)
        said = fault.body["error"]
        assert (reply.status, reply.is_stream) == (fault.status, False)
        assert (reply.error["message"], reply.error["code"], reply.error["param"]) == (
            said["message"],
            said["code"],
            said["param"],
        )
        assert reply.headers["x-should-retry"] == "false"
        assert (len(alpha.requests), len(beta.requests)) == (1, 0)
        seen = await gateway.provider("alpha")
        assert (seen["status"], seen["routes"]) == ("available", [])
        assert [key["state"] for key in seen["keys"]] == ["usable", "usable"]
        assert [key["model_cooldowns"] for key in seen["keys"]] == [{}, {}]
        after = await gateway.chat(stream=stream)
        assert (after.provider, after.text, after.attempts) == ("alpha", "hello there", 1)


async def test_any_number_of_bad_requests_flags_no_provider(alpha: ScriptedUpstream) -> None:
    alpha.on(CHAT, *[refused(400, kind="invalid_request_error")] * 12, sound(stream=False))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        for _ in range(12):
            assert (await gateway.chat()).status == 400
        assert (await gateway.chat()).text == "hello there"


UNFIT = {
    "a model that does not chat": Answer(error("not a chat model", kind="invalid_request_error", param="model"), 404),
    "an item that is not there": Answer(error("Item not found", kind="invalid_request_error", param="input"), 404),
}


@pytest.mark.parametrize("fault", UNFIT.values(), ids=UNFIT)
async def test_a_request_that_does_not_fit_a_route_is_tried_elsewhere_and_takes_the_route_from_nobody(
    alpha: ScriptedUpstream, beta: ScriptedUpstream, fault: Answer, *, stream: bool
) -> None:
    alpha.on(CHAT, fault)
    alpha.on("/embeddings", Answer(embeddings([0.5])))
    beta.on(CHAT, sound(stream=stream))
    providers = Provider("alpha", alpha.base_url), Provider("beta", beta.base_url)
    async with gateway_in_front_of(*providers) as gateway:
        for _ in range(4):
            reply = await gateway.chat(stream=stream)
            assert (reply.provider, reply.attempts) == ("beta", 2)
            alone = await gateway.chat("alpha/tiny", stream=stream)
            assert (alone.status, alone.error["message"]) == (404, fault.body["error"]["message"])
        seen = await gateway.provider("alpha")
        assert (seen["status"], seen["routes"]) == ("available", [])
        other = await gateway.http.post("/v1/embeddings", json={"model": "alpha/tiny", "input": "hi"})
        assert other.status_code == 200


async def test_a_request_that_is_too_long_ends_its_model_and_goes_to_the_configured_fallback(
    alpha: ScriptedUpstream, beta: ScriptedUpstream, *, stream: bool
) -> None:
    alpha.on(CHAT, refused(400, "context_length_exceeded"), model="small")
    alpha.on(CHAT, sound(model="large", stream=stream), model="large")
    providers = Provider("alpha", alpha.base_url, ["small", "large"], key_count=2), Provider("beta", beta.base_url, ["small"])
    async with gateway_in_front_of(*providers, fallbacks={"small": ["large"]}) as gateway:
        reply = await gateway.chat("small", stream=stream)
    assert (reply.text, reply.model, reply.named_model, reply.attempts) == ("hello there", "large", "large", 2)
    assert asked(alpha) == ["small", "large"]
    assert not beta.requests, "the same model elsewhere has no longer context"


async def test_a_request_that_is_too_long_for_every_model_comes_back_in_the_providers_words(
    alpha: ScriptedUpstream, *, stream: bool
) -> None:
    alpha.on(CHAT, Answer(error("9,000 tokens are too many", code="context_length_exceeded"), 400))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        reply = await gateway.chat(stream=stream)
    assert (reply.status, reply.error["code"]) == (400, "context_length_exceeded")
    assert reply.error["message"] == "9,000 tokens are too many"
    assert len(alpha.requests) == 1


async def test_a_request_that_is_no_request_reaches_no_provider(alpha: ScriptedUpstream) -> None:
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        reply = await gateway.chat(messages="hi")
    assert (reply.status, reply.error["param"]) == (400, "messages")
    assert not alpha.requests
