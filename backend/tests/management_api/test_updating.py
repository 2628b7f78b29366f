"""`PATCH /api/providers/{provider}`: the default model and the priority."""

from typing import Any

import pytest

from tests.client_api.refusals import refusal
from tests.fakes.gateway import Gateway, Provider, gateway_in_front_of
from tests.fakes.scripted_upstream import Answer, ScriptedUpstream, models
from tests.patience import eventually

pytestmark = pytest.mark.anyio


async def patch(gateway: Gateway, name: str, body: Any) -> Any:
    answer = await gateway.http.patch(f"/api/providers/{name}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_field_that_is_left_out_stays_and_null_goes_back_to_the_configuration(gateway: Gateway) -> None:
    configured = await gateway.provider("beta")
    for body, expected in (
        ({"priority": 7}, (7, None)),
        ({"default_model": "vendor/large"}, (7, "vendor/large")),
        ({}, (7, "vendor/large")),
        ({"priority": None}, (configured["priority"], "vendor/large")),
        ({"default_model": "tiny", "priority": 0}, (0, "tiny")),
        ({"default_model": None, "priority": None}, (configured["priority"], configured["default_model"])),
    ):
        provider = await patch(gateway, "beta", body)
        assert (provider["priority"], provider["default_model"]) == expected
        assert await gateway.provider("beta") == provider


async def test_a_priority_orders_the_next_request(gateway: Gateway) -> None:
    assert (await gateway.chat(stream=True)).provider == "alpha"
    await patch(gateway, "alpha", {"priority": 10_000})
    assert (await gateway.chat(stream=True)).provider == "beta"


async def test_the_default_model_is_what_a_test_sends(gateway: Gateway, beta: ScriptedUpstream) -> None:
    await patch(gateway, "beta", {"default_model": "vendor/large"})
    await gateway.post("/api/providers/beta/test")
    assert beta.requests[0].model == "vendor/large"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"priority": -1}, "priority"),
        ({"priority": 10_001}, "priority"),
        ({"priority": 1.5}, "priority"),
        ({"priority": "7"}, "priority"),
        ({"priority": True}, "priority"),
        ({"priority": 10**400}, "priority"),
        ({"default_model": ""}, "default_model"),
        ({"default_model": 7}, "default_model"),
        ({"default_model": "m" * 513}, "default_model"),
        ({"default_model": "nul\0"}, "default_model"),
        ({"default_model": "gpt-unknown"}, "default_model"),
        ({"enabled": False}, "enabled"),
        ({"priority": 1, "prioritaet": 1}, "prioritaet"),
        ([], None),
        (None, None),
    ],
    ids=str,
)
async def test_what_cannot_be_is_refused_and_changes_nothing(gateway: Gateway, body: Any, param: str | None) -> None:
    before = await gateway.provider("beta")
    refusal(await gateway.http.patch("/api/providers/beta", json=body), 400, param=param)
    assert await gateway.provider("beta") == before
    assert (await gateway.get("/api/audit"))["items"] == []


async def test_half_a_character_is_no_name(gateway: Gateway) -> None:
    body = b'{"default_model": "half\\ud83d"}'
    refusal(await gateway.http.patch("/api/providers/openai", content=body), 400, param="default_model")


async def test_a_provider_whose_models_are_unknown_accepts_any(gateway: Gateway) -> None:
    assert (await patch(gateway, "openai", {"default_model": "gpt-9"}))["default_model"] == "gpt-9"


async def test_a_listing_decides_which_models_there_are(alpha: ScriptedUpstream) -> None:
    alpha.on("/models", Answer(models("listed-model")))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url, models=None)) as gateway:
        await eventually(lambda: gateway.provider("alpha"), until=lambda seen: seen["models_count"] == 1)
        assert (await patch(gateway, "alpha", {"default_model": "Listed_Model"}))["default_model"] == "Listed_Model"
        error = refusal(
            await gateway.http.patch("/api/providers/alpha", json={"default_model": "other"}), 400, param="default_model"
        )
    assert "GET /api/providers/alpha/models" in error["message"]


async def test_an_unknown_provider_is_a_404(gateway: Gateway) -> None:
    refusal(await gateway.http.patch("/api/providers/unknown", json={"priority": 1}), 404, param="provider")
