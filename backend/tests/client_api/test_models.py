from urllib.parse import quote

import pytest

from ai_engine.wire.json_types import Json
from tests.client_api.refusals import refusal
from tests.fakes.gateway import Gateway, Provider, gateway_in_front_of
from tests.fakes.scripted_upstream import ScriptedUpstream

pytestmark = pytest.mark.anyio


async def listed(gateway: Gateway) -> Json:
    answer = await gateway.get("/v1/models")
    assert answer.keys() == {"object", "data"}
    assert answer["object"] == "list"
    models = {model["id"]: model for model in answer["data"]}
    assert len(models) == len(answer["data"]), "every name once"
    return models


async def test_the_list_has_plain_names_and_pinned_ones(gateway: Gateway) -> None:
    models = await listed(gateway)
    assert list(models) == ["tiny", "vendor/large", "alpha/tiny", "alpha/vendor/large"]
    for model in models.values():
        assert model.keys() == {"id", "object", "created", "owned_by"}
        assert model["object"] == "model"
        assert isinstance(model["created"], int)
        assert model["owned_by"] == "alpha"


@pytest.mark.parametrize("name", ["tiny", "vendor/large", "alpha/tiny", "alpha/vendor/large"])
@pytest.mark.parametrize("is_encoded", [False, True])
async def test_each_is_shown_by_its_name(gateway: Gateway, name: str, is_encoded: bool) -> None:
    shown = await gateway.get(f"/v1/models/{quote(name, safe='') if is_encoded else name}")
    assert shown == (await listed(gateway))[name]


@pytest.mark.parametrize("name", ["small", "TINY", "openai/tiny"])
async def test_whatever_a_request_may_ask_for_is_shown_too(gateway: Gateway, name: str) -> None:
    shown = await gateway.get(f"/v1/models/{name}")
    assert (shown["id"], shown["object"], shown["owned_by"]) == (name, "model", "alpha")


@pytest.mark.parametrize("name", ["nobody-has-it", "nobody/tiny", "alpha/nobody-has-it", "tiny/", "a?b", "%", "\0"])
async def test_an_unknown_one_is_a_404(gateway: Gateway, name: str) -> None:
    refusal(await gateway.http.get(f"/v1/models/{quote(name)}"), 404, param="model", code="model_not_found")


async def test_a_name_without_end_is_a_400(gateway: Gateway) -> None:
    refusal(await gateway.http.get("/v1/models/" + "m" * 513), 400, param="model_id")


async def test_a_model_of_two_providers_is_listed_once_with_both_and_a_configured_name_as_the_gateways(
    upstream: ScriptedUpstream,
) -> None:
    providers = (Provider("alpha", upstream.base_url), Provider("beta", upstream.base_url))
    names = [{"name": "smart", "candidates": ["beta/tiny", "alpha/tiny"]}]
    async with gateway_in_front_of(*providers, models=names) as gateway:
        models = await listed(gateway)
        assert models["tiny"]["owned_by"] == "alpha, beta"
        assert models["smart"]["owned_by"] == "ai-engine"
        assert {"alpha/tiny", "beta/tiny"} < models.keys()
        assert (await gateway.get("/v1/models/smart"))["owned_by"] == "ai-engine"


async def test_the_models_of_a_provider_that_is_switched_off_are_gone(upstream: ScriptedUpstream) -> None:
    async with gateway_in_front_of(Provider("alpha", upstream.base_url), Provider("beta", upstream.base_url)) as gateway:
        await gateway.post("/api/providers/alpha/toggle", {"enabled": False})
        assert list(await listed(gateway)) == ["tiny", "beta/tiny"]
        refusal(await gateway.http.get("/v1/models/alpha/tiny"), 404, param="model")


async def test_the_sandbox_is_listed_and_any_name_is_its(sandbox: Gateway) -> None:
    assert list(await listed(sandbox)) == ["sandbox", "sandbox/sandbox"]
    assert (await sandbox.get("/v1/models/gpt-4"))["owned_by"] == "sandbox"
