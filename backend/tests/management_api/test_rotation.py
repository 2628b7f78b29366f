"""Unflag, drain, restore: what an operator does by hand about who is in rotation."""

import hashlib
from typing import Any

import pytest

from ai_engine.access.audit import Action
from tests.client_api.refusals import refusal
from tests.fakes.gateway import Gateway, Provider, gateway_in_front_of
from tests.fakes.scripted_upstream import Answer, ScriptedUpstream, Stream, chunks, error

pytestmark = pytest.mark.anyio

CHAT = "/chat/completions"
FIRST = hashlib.sha256(b"sk-alpha-1").hexdigest()[:8]


async def audited(gateway: Gateway) -> list[Any]:
    return [(entry["action"], entry["target"]) for entry in (await gateway.get("/api/audit"))["items"]]


async def break_alpha(gateway: Gateway, alpha: ScriptedUpstream, step: Answer) -> None:
    """Until its breaker is open, or its keys are away."""
    alpha.on(CHAT, step)
    while (await gateway.get("/api/autodecide/alpha/tiny"))["candidates"]:
        await gateway.chat("alpha/tiny")
    alpha.on(CHAT, Stream(chunks("I am alpha")))


@pytest.mark.parametrize(
    "step", [Answer(error("Out of order."), 500), Answer(error("No.", code="invalid_api_key"), 401)], ids=["500", "401"]
)
async def test_unflagging_lets_the_next_request_in_at_once(gateway: Gateway, alpha: ScriptedUpstream, step: Answer) -> None:
    await break_alpha(gateway, alpha, step)
    assert (await gateway.chat("alpha/tiny", stream=True)).status == (502 if step.status == 401 else 503)
    provider = await gateway.post("/api/providers/alpha/unflag")
    assert (provider["status"], provider["flag"], provider["routes"]) == ("available", None, [])
    assert {key["state"] for key in provider["keys"]} == {"usable"}
    assert (await gateway.chat("alpha/tiny", stream=True)).status == 200
    assert await gateway.post("/api/providers/alpha/unflag") == await gateway.provider("alpha")
    (entry,) = (await gateway.get("/api/audit"))["items"]
    assert (entry["action"], entry["target"]) == (Action.UNFLAG, "alpha")
    assert entry["before"], "what was held against it"
    assert entry["after"] == dict.fromkeys(entry["before"])


async def test_a_provider_without_keys_whose_rest_is_ended_is_audited_too(alpha: ScriptedUpstream) -> None:
    async with gateway_in_front_of(Provider("alpha", alpha.base_url, key_count=0)) as gateway:
        await break_alpha(gateway, alpha, Answer(error("Pay first.", code="insufficient_quota"), 402))
        assert (await gateway.provider("alpha"))["status"] == "flagged"
        assert (await gateway.post("/api/providers/alpha/unflag"))["status"] == "available"
        (entry,) = (await gateway.get("/api/audit"))["items"]
        assert entry["before"] == {"flag": "quota"}


async def test_a_drained_provider_gets_no_new_request_until_it_is_restored(gateway: Gateway, alpha: ScriptedUpstream) -> None:
    for _ in range(2):
        provider = await gateway.post("/api/providers/alpha/drain")
        assert (provider["enabled"], provider["status"]) == (True, "drained")
        assert (provider["flag"]["reason"], provider["flag"]["until"]) == ("drained", None)
    assert (await gateway.chat(stream=True)).provider == "beta"
    pinned = await gateway.chat("alpha/tiny")
    assert (pinned.status, pinned.error["code"]) == (503, "no_route_available")
    assert "drained" in pinned.error["message"]
    (excluded,) = (await gateway.get("/api/autodecide/tiny"))["excluded"]
    assert (excluded["provider"], excluded["reason"], excluded["until"]) == ("alpha", "drained", None)
    assert "/api/providers/alpha/restore" in excluded["detail"]
    assert alpha.requests == []
    for _ in range(2):
        provider = await gateway.post("/api/providers/alpha/restore")
        assert (provider["status"], provider["flag"]) == ("available", None)
    assert (await gateway.chat(stream=True)).provider == "alpha"
    assert await audited(gateway) == [(Action.RESTORE, "alpha"), (Action.DRAIN, "alpha")], "what changes nothing is no change"


async def test_a_drain_is_no_failure_of_the_engine(gateway: Gateway) -> None:
    await gateway.post("/api/providers/alpha/drain")
    status = await gateway.get("/api/status")
    assert (status["status"], status["enabled_providers"], status["available_providers"]) == ("ok", 2, 1)
    assert (status["flagged_providers"], status["flagged_details"]) == (0, [])
    await gateway.post("/api/providers/beta/drain")
    assert (await gateway.get("/api/status"))["status"] == "down"


async def test_neither_toggling_nor_unflagging_ends_a_drain(gateway: Gateway) -> None:
    await gateway.post("/api/providers/alpha/drain")
    assert (await gateway.post("/api/providers/alpha/unflag"))["status"] == "drained"
    assert (await gateway.post("/api/providers/alpha/toggle"))["status"] == "disabled"
    assert (await gateway.post("/api/providers/alpha/toggle"))["status"] == "drained"


async def test_a_drained_provider_can_be_tested(gateway: Gateway) -> None:
    await gateway.post("/api/providers/alpha/drain")
    assert (await gateway.post("/api/providers/alpha/test"))["response"] == "I am alpha"


async def test_one_key_can_be_restored_alone(gateway: Gateway, alpha: ScriptedUpstream) -> None:
    await break_alpha(gateway, alpha, Answer(error("No.", code="invalid_api_key"), 401))
    for _ in range(2):
        provider = await gateway.post(f"/api/providers/alpha/keys/{FIRST}/restore")
        assert [key["state"] for key in provider["keys"]] == ["usable", "invalid"]
        assert (provider["status"], provider["keys"][0]["active"]) == ("available", True)
    assert (await gateway.chat("alpha/tiny", stream=True)).status == 200
    (entry,) = (await gateway.get("/api/audit"))["items"]
    assert (entry["action"], entry["target"]) == (Action.RESTORE_KEY, f"alpha/{FIRST}")
    assert entry["before"] == {"state": "invalid", "reason": "invalid_key"}


@pytest.mark.parametrize("fingerprint", ["00000000", "sk-alpha-1", "null", "%20"])
async def test_an_unknown_key_is_a_404(gateway: Gateway, fingerprint: str) -> None:
    refusal(await gateway.http.post(f"/api/providers/alpha/keys/{fingerprint}/restore"), 404, param="fingerprint")
    refusal(await gateway.http.post(f"/api/providers/openai/keys/{FIRST}/restore"), 404, param="fingerprint")
    assert await audited(gateway) == []


@pytest.mark.parametrize("route", ["unflag", "drain", "restore", f"keys/{FIRST}/restore"])
async def test_an_unknown_provider_is_a_404(gateway: Gateway, route: str) -> None:
    refusal(await gateway.http.post(f"/api/providers/unknown/{route}"), 404, param="provider")
