import hashlib
from datetime import datetime
from typing import Any

import pytest

from tests.client_api.refusals import refusal
from tests.fakes.gateway import Gateway, running_gateway
from tests.fakes.scripted_upstream import Answer, CutAfter, ScriptedUpstream, Stream, chunk, chunks, error

pytestmark = pytest.mark.anyio


def fingerprint(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()[:8]


FIRST, SECOND = fingerprint("sk-alpha-1"), fingerprint("sk-alpha-2")


async def key_states(gateway: Gateway) -> dict[str, Any]:
    return {key["fingerprint"]: key for key in (await gateway.provider("alpha"))["keys"]}


async def test_the_list_is_a_plain_array_of_every_known_provider(gateway: Gateway) -> None:
    providers = {provider["name"]: provider for provider in await gateway.get("/api/providers")}
    assert {"alpha", "beta", "openai", "anthropic", "sandbox"} <= providers.keys()
    assert providers["openai"]["status"] == "no_key"
    assert providers["sandbox"]["status"] == "disabled"
    for name, provider in providers.items():
        assert provider == await gateway.provider(name)


async def test_one_provider_is_shown_with_its_keys_and_no_secret(gateway: Gateway) -> None:
    provider = await gateway.provider("alpha")
    assert list(provider) == [
        *("name", "display_name", "protocol", "base_url", "docs_url", "enabled", "status", "flag", "priority", "keys", "routes"),
        *("default_model", "models_count", "success_rate", "latency_ms", "last_error", "last_used_at"),
    ]
    assert (provider["enabled"], provider["status"], provider["flag"], provider["protocol"]) == (
        True,
        "available",
        None,
        "openai",
    )
    assert [key["fingerprint"] for key in provider["keys"]] == [FIRST, SECOND]
    assert [key["active"] for key in provider["keys"]] == [True, False]
    assert all(key["state"] == "usable" and key["last_four"] is None for key in provider["keys"])
    assert (provider["models_count"], provider["success_rate"], provider["last_used_at"]) == (1, None, None)


@pytest.mark.parametrize("route", ["", "/test", "/toggle", "/roll-key"])
async def test_an_unknown_provider_is_a_404_that_says_where_the_known_ones_are(gateway: Gateway, route: str) -> None:
    answer = await gateway.http.request("POST" if route else "GET", f"/api/providers/unknown{route}")
    assert "GET /api/providers" in refusal(answer, 404, param="provider", code="not_found")["message"]


async def test_a_test_is_one_real_message_to_that_provider(
    gateway: Gateway, alpha: ScriptedUpstream, beta: ScriptedUpstream
) -> None:
    result = await gateway.post("/api/providers/beta/test", {"message": "Who are you?", "model": "tiny"})
    assert result.keys() == {
        "success",
        "provider",
        "model",
        "response",
        "latency_ms",
        "ttft_ms",
        "usage",
        "key",
        "attempts",
        "error",
    }
    assert [(attempt["key_fingerprint"], attempt["succeeded"]) for attempt in result["attempts"]] == [(result["key"], True)]
    assert (result["success"], result["provider"], result["model"], result["error"]) == (True, "beta", "tiny", None)
    assert result["response"] == "I am beta"
    assert result["usage"] == {"input_tokens": 7, "output_tokens": 3}
    assert result["latency_ms"] >= result["ttft_ms"] > 0
    assert result["key"] == fingerprint("sk-beta-1")
    assert alpha.requests == []
    assert beta.requests[0].body["messages"] == [{"role": "user", "content": "Who are you?"}]


async def test_a_test_survives_events_of_another_shape(gateway: Gateway, beta: ScriptedUpstream) -> None:
    odd = {**chunk({}), "choices": [{"index": 0, "delta": "words", "text": "words"}]}
    counts = {"prompt_tokens": "seven", "completion_tokens": 3}
    beta.on("/chat/completions", Stream([odd, {**chunk({"content": "I am beta"}, finish_reason="stop"), "usage": counts}]))
    result = await gateway.post("/api/providers/beta/test", {"model": "tiny"})
    assert (result["success"], result["response"]) == (True, "I am beta")
    assert result["usage"] == {"input_tokens": None, "output_tokens": 3}


async def test_a_test_needs_neither_message_nor_model(gateway: Gateway, alpha: ScriptedUpstream) -> None:
    assert (await gateway.post("/api/providers/alpha/test"))["success"] is True
    assert alpha.requests[0].model == "tiny"
    assert alpha.requests[0].body["messages"][0]["content"]


async def test_a_provider_that_is_switched_off_or_flagged_can_be_tested(gateway: Gateway, beta: ScriptedUpstream) -> None:
    await gateway.post("/api/providers/beta/toggle", {"enabled": False})
    result = await gateway.post("/api/providers/beta/test", {"model": "tiny"})
    assert (result["success"], result["response"]) == (True, "I am beta")


@pytest.mark.parametrize(
    ("step", "said", "response"),
    [
        (Answer(error("Out of order."), 500), "Out of order", None),
        (Answer(error("No such key.", code="invalid_api_key"), 401), "No such key", None),
        (Answer(error("Too long.", code="context_length_exceeded"), 400), "Too long", None),
        (CutAfter(3, Stream(chunks("I am beta"))), "not complete", "I am"),
    ],
)
async def test_a_failed_test_is_reported_not_raised(
    gateway: Gateway, beta: ScriptedUpstream, step: Any, said: str, response: str | None
) -> None:
    beta.on("/chat/completions", step)
    result = await gateway.post("/api/providers/beta/test", {"model": "tiny"})
    assert (result["success"], result["response"]) == (False, response)
    assert said in result["error"]
    assert (await gateway.get("/api/status"))["performance"]["in_flight"] == 0


@pytest.mark.parametrize(("provider", "variable"), [("openai", "OPENAI_API_KEY"), ("ollama", "OLLAMA_BASE_URL")])
async def test_a_provider_that_lacks_something_cannot_be_tested_and_says_what(
    gateway: Gateway, provider: str, variable: str
) -> None:
    error = refusal(await gateway.http.post(f"/api/providers/{provider}/test"), 409, code="no_key")
    assert f"needs {variable}" in error["message"]


async def test_a_test_without_any_model_asks_for_one(gateway: Gateway) -> None:
    refusal(await gateway.http.post("/api/providers/beta/test"), 400, param="model")


async def test_the_sandbox_can_be_tested(anyio_backend: str) -> None:
    async with running_gateway({}) as gateway:
        result = await gateway.post("/api/providers/sandbox/test", {"message": "ping", "model": "any"})
        assert result["success"] is True
        assert result["response"].startswith("[sandbox]")
        assert result["key"] is None


async def test_an_empty_body_flips_and_a_body_sets(gateway: Gateway) -> None:
    for body, enabled in ((None, False), (None, True), ({"enabled": True}, True), ({"enabled": False}, False)):
        provider = await gateway.post("/api/providers/alpha/toggle", body)
        assert (provider["enabled"], provider["status"]) == (enabled, "available" if enabled else "disabled")
        assert (await gateway.provider("alpha"))["enabled"] is enabled


async def test_a_provider_that_is_switched_off_gets_no_request(gateway: Gateway, alpha: ScriptedUpstream) -> None:
    await gateway.post("/api/providers/alpha/toggle")
    assert (await gateway.chat(stream=True)).provider == "beta"
    assert alpha.requests == []
    reply = await gateway.chat("alpha/tiny")
    assert (reply.status, reply.error["code"]) == (503, "no_route_available")


async def test_rolling_makes_the_next_key_the_preferred_one_without_a_cooldown(gateway: Gateway, alpha: ScriptedUpstream) -> None:
    for expected in (SECOND, FIRST, SECOND):
        rolled = await gateway.post("/api/providers/alpha/roll-key")
        assert rolled == {"provider": "alpha", "preferred_key": expected}
        for _ in range(3):
            await gateway.chat("alpha/tiny", stream=True)
        assert {fingerprint(request.key or "") for request in alpha.requests[-3:]} == {expected}
        states = await key_states(gateway)
        assert [name for name, key in states.items() if key["active"]] == [expected]
        assert all(key["state"] == "usable" for key in states.values())


async def test_rolling_without_another_key_is_a_409(gateway: Gateway) -> None:
    refusal(await gateway.http.post("/api/providers/beta/roll-key"), 409, code="no_other_key")
    refusal(await gateway.http.post("/api/providers/openai/roll-key"), 409, code="no_other_key")


async def test_a_key_that_is_refused_is_shown_as_invalid(gateway: Gateway, alpha: ScriptedUpstream) -> None:
    alpha.on("/chat/completions", Answer(error("No.", code="invalid_api_key"), 401), key="sk-alpha-1")
    assert (await gateway.chat("alpha/tiny", stream=True)).attempts == 2
    key = (await key_states(gateway))[FIRST]
    assert (key["active"], key["state"], key["requests"], key["failures"]) == (False, "invalid", 1, 1)
    assert datetime.fromisoformat(key["until"]).utcoffset() is not None
    provider = await gateway.provider("alpha")
    assert (provider["status"], provider["flag"]) == ("available", None), "the other key is left"
