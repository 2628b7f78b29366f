from datetime import datetime

import pytest

from ai_engine import __version__
from tests.fakes.gateway import Gateway, Provider, gateway_in_front_of, running_gateway
from tests.fakes.scripted_upstream import Answer, ScriptedUpstream, completion, error

pytestmark = pytest.mark.anyio

FIELDS = {
    "status": str,
    "version": str,
    "uptime_seconds": float,
    "total_providers": int,
    "enabled_providers": int,
    "disabled_providers": int,
    "available_providers": int,
    "flagged_providers": int,
    "flagged_details": list,
    "performance": dict,
    "configuration": dict,
    "generation": int,
}


async def test_the_first_start_is_ok_with_the_sandbox_alone(anyio_backend: str) -> None:
    async with running_gateway({}) as gateway:
        status = await gateway.get("/api/status")
    assert {name: type(value) for name, value in status.items()} == FIELDS
    assert (status["status"], status["version"], status["generation"]) == ("ok", __version__, 1)
    assert (status["enabled_providers"], status["available_providers"], status["flagged_providers"]) == (1, 1, 0)
    assert status["disabled_providers"] == status["total_providers"] - 1
    assert status["configuration"]["sandbox"] is True
    assert status["configuration"]["access"] == "open"
    assert datetime.fromisoformat(status["configuration"]["loaded_at"]).utcoffset() is not None
    assert status["performance"] == {
        **dict.fromkeys(status["performance"]),
        "requests": 0,
        "in_flight": 0,
    }, "what is not known yet is null"


async def test_its_address_is_the_one_that_clients_use(anyio_backend: str) -> None:
    inner = {"AI_ENGINE_PORT": "8001"}
    async with running_gateway(inner) as gateway:
        configuration = (await gateway.get("/api/status"))["configuration"]
        assert (configuration["host"], configuration["port"]) == ("127.0.0.1", 8001)
    async with running_gateway(inner | {"AI_ENGINE_PUBLIC_HOST": "localhost", "AI_ENGINE_PUBLIC_PORT": "8000"}) as gateway:
        configuration = (await gateway.get("/api/status"))["configuration"]
        assert (configuration["host"], configuration["port"]) == ("localhost", 8000)


async def test_it_counts_the_providers_and_what_they_did(gateway: Gateway, alpha: ScriptedUpstream) -> None:
    for _ in range(3):
        assert (await gateway.chat(stream=True)).status == 200
    status = await gateway.get("/api/status")
    assert status["status"] == "ok"
    assert (status["enabled_providers"], status["available_providers"]) == (2, 2)
    assert status["configuration"]["sandbox"] is False
    performance = status["performance"]
    assert (performance["requests"], performance["success_rate"], performance["in_flight"]) == (3, 1.0, 0)
    for name in ("latency_p50_ms", "latency_p99_ms", "first_token_p50_ms", "tokens_per_second", "overhead_p50_ms"):
        assert performance[name] > 0
    assert performance["latency_p50_ms"] <= performance["latency_p95_ms"] <= performance["latency_p99_ms"]


async def test_a_flagged_provider_degrades_it_and_is_shown_with_reason_and_end(gateway: Gateway, beta: ScriptedUpstream) -> None:
    beta.on("/chat/completions", Answer(error("No such key.", code="invalid_api_key"), 401))
    assert (await gateway.chat("beta/tiny")).status >= 400
    status = await gateway.get("/api/status")
    assert (status["status"], status["available_providers"], status["flagged_providers"]) == ("degraded", 1, 1)
    (detail,) = status["flagged_details"]
    assert detail["provider"] == "beta"
    assert detail["flag"].keys() == {"reason", "message", "until"}
    assert datetime.fromisoformat(detail["flag"]["until"]).utcoffset() is not None


async def test_it_is_down_without_an_available_provider(anyio_backend: str) -> None:
    async with running_gateway({"AI_ENGINE_SANDBOX": "false"}) as gateway:
        status = await gateway.get("/api/status")
        assert (status["status"], status["enabled_providers"], status["available_providers"]) == ("down", 0, 0)
        assert (await gateway.chat()).error["code"] == "no_provider_configured"


async def test_it_is_down_if_every_provider_is_flagged(alpha: ScriptedUpstream) -> None:
    alpha.on("/chat/completions", Answer(error("No such key.", code="invalid_api_key"), 401))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        await gateway.chat()
        assert (await gateway.get("/api/status"))["status"] == "down"


async def test_a_reload_is_a_new_generation_and_a_wrong_one_changes_nothing(gateway: Gateway, beta: ScriptedUpstream) -> None:
    before = gateway.yaml_file.read_text()
    reloaded = await gateway.post("/api/config/reload")
    assert reloaded.keys() == {"generation", "loaded_at"}
    assert reloaded["generation"] == 2
    gateway.yaml_file.write_text(before + "surprise: 1\n")
    refused = await gateway.http.post("/api/config/reload")
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "configuration_error"
    assert "surprise" in refused.json()["error"]["message"]
    status = await gateway.get("/api/status")
    assert (status["generation"], status["enabled_providers"]) == (2, 2)


async def test_a_reload_lets_a_provider_in(gateway: Gateway, alpha: ScriptedUpstream) -> None:
    alpha.on("/chat/completions", Answer(completion("here I am", "new")), model="new")
    added = f"- {{name: gamma, base_url: '{alpha.base_url}', auth: none, models: [new]}}\n"
    gateway.yaml_file.write_text(gateway.yaml_file.read_text().replace("providers:\n", "providers:\n" + added))
    await gateway.post("/api/config/reload")
    assert (await gateway.provider("gamma"))["status"] == "available"
    assert (await gateway.chat("new")).provider == "gamma"


async def test_no_key_is_in_any_answer(gateway: Gateway) -> None:
    await gateway.chat(stream=True)
    for path in ("/api/status", "/api/providers", "/api/providers/alpha", "/api/autodecide/tiny", "/v1/models", "/openapi.json"):
        assert "sk-alpha" not in (await gateway.http.get(path)).text, path
