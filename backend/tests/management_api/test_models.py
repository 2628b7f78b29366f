import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from ai_engine.catalogue.discovery import DiscoveryIntervals
from ai_engine.catalogue.live import LiveCatalogue
from ai_engine.clock import SystemClock
from ai_engine.management_api.models import Capability, ModelQuery, catalogue_page
from ai_engine.management_api.views.models import ModelViews
from ai_engine.providers.adapter import ListedModel
from ai_engine.wiring.tuning import Tuning
from tests.client_api.refusals import refusal
from tests.fakes.gateway import Gateway, Provider, gateway_in_front_of, running_gateway
from tests.fakes.scripted_upstream import Answer, ScriptedUpstream, Silence, error, models
from tests.patience import eventually

pytestmark = pytest.mark.anyio

AT_ONCE = Tuning(discovery=DiscoveryIntervals(manual_at_most_every=0))
FACTS = [
    ListedModel("Vendor/Big-1", context_tokens=200_000, takes_tools=True, takes_images=True, is_reasoning=True),
    ListedModel("small_1", context_tokens=8_000, takes_tools=True, takes_json_schema=True),
    ListedModel("plain"),
]
PRICES = {
    "alpha/Vendor/Big-1": {"input": 3, "output": "15.50"},
    "alpha/small_1": {"input": 0, "output": 0},
    "beta/small-1": {"input": "0.10", "output": "1e2"},
}


@pytest.fixture
async def stocked(alpha: ScriptedUpstream, beta: ScriptedUpstream) -> AsyncIterator[Gateway]:
    """`alpha` lists three models with facts, `beta` one of them under another spelling."""
    alpha.on("/models", Answer(b"", 503))
    providers = Provider("alpha", alpha.base_url, models=None), Provider("beta", beta.base_url, models=["small-1"])
    async with gateway_in_front_of(*providers, prices=PRICES) as gateway:
        catalogue: LiveCatalogue = gateway.engine.state.services[LiveCatalogue]
        catalogue.record_listing("alpha", FACTS, SystemClock().now())
        await catalogue.settled()
        yield gateway


async def page(gateway: Gateway, path: str = "/api/models", **query: Any) -> Any:
    answer = await gateway.http.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def shown(gateway: Gateway, **query: Any) -> dict[str, list[str]]:
    """Model → the ids of its routes, the sandbox's apart."""
    listed = await page(gateway, **query)
    assert listed["next_cursor"] is None
    routes = {model["name"]: [route["id"] for route in model["routes"]] for model in listed["items"]}
    return {name: ids for name, ids in routes.items() if not ids[0].startswith("sandbox/")}


EVERYTHING = {
    "Vendor/Big-1": ["alpha/Vendor/Big-1"],
    "plain": ["alpha/plain"],
    "small-1": ["alpha/small_1", "beta/small-1"],
}


async def test_a_model_is_shown_once_with_all_its_routes_however_they_spell_it(stocked: Gateway) -> None:
    everything = await shown(stocked)
    assert everything == EVERYTHING
    assert list(everything) == sorted(everything)
    for name in EVERYTHING:
        planned = await stocked.get(f"/api/autodecide/{name}")
        assert sorted(f"{one['provider']}/{one['model']}" for one in planned["candidates"]) == everything[name]


async def test_a_route_tells_its_facts_its_price_and_how_it_stands(stocked: Gateway) -> None:
    (big,) = (await page(stocked, search="big"))["items"]
    assert big["routes"] == [
        {
            "id": "alpha/Vendor/Big-1",
            "provider": "alpha",
            "name": "Vendor/Big-1",
            "context_tokens": 200_000,
            "capabilities": {"tools": True, "images": True, "json_schema": None, "reasoning": True},
            "input_usd_per_million": "3",
            "output_usd_per_million": "15.5",
            "price_source": "configuration",
            "state": "available",
            "flag": None,
            "is_default": False,
        }
    ]
    (small,) = (await page(stocked, search="small"))["items"]
    prices = [(route["input_usd_per_million"], route["output_usd_per_million"]) for route in small["routes"]]
    assert prices == [("0", "0"), ("0.1", "100")]
    (plain,) = (await page(stocked, search="plain"))["items"]
    assert (plain["routes"][0]["input_usd_per_million"], plain["routes"][0]["price_source"]) == (None, None)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"search": "SMALL"}, {"small-1": ["alpha/small_1", "beta/small-1"]}),
        ({"search": "vendor/"}, {"Vendor/Big-1": ["alpha/Vendor/Big-1"]}),
        ({"search": "nothing-like-it"}, {}),
        ({"provider": "beta"}, {"small-1": ["beta/small-1"]}),
        ({"provider": "openai"}, {}),
        ({"capability": "images"}, {"Vendor/Big-1": ["alpha/Vendor/Big-1"]}),
        ({"capability": ["tools", "json_schema"]}, {"small-1": ["alpha/small_1"]}),
        ({"capability": ["reasoning", "json_schema"]}, {}),
        ({"min_context_tokens": 8_000, "provider": "alpha"}, {k: v[:1] for k, v in EVERYTHING.items() if k != "plain"}),
        ({"min_context_tokens": 8_001, "provider": "alpha"}, {"Vendor/Big-1": ["alpha/Vendor/Big-1"]}),
        ({"max_input_usd_per_million": "0.1"}, {"small-1": ["alpha/small_1", "beta/small-1"]}),
        ({"max_input_usd_per_million": 0}, {"small-1": ["alpha/small_1"]}),
        (
            {"max_output_usd_per_million": 99, "search": "1"},
            {"Vendor/Big-1": EVERYTHING["Vendor/Big-1"], "small-1": ["alpha/small_1"]},
        ),
    ],
    ids=str,
)
async def test_filters_exclude_what_does_not_match_or_is_unknown(
    stocked: Gateway, query: Any, expected: dict[str, list[str]]
) -> None:
    assert await shown(stocked, **query) == expected


async def test_a_route_says_why_no_request_goes_there(stocked: Gateway, alpha: ScriptedUpstream) -> None:
    async def standing() -> list[tuple[str, Any]]:
        (small,) = (await page(stocked, search="small"))["items"]
        return [(route["state"], route["flag"] and route["flag"]["reason"]) for route in small["routes"]]

    await stocked.post("/api/providers/beta/toggle")
    assert (await standing())[1] == ("disabled", "disabled")
    await stocked.post("/api/providers/alpha/drain")
    assert (await standing())[0] == ("drained", "drained")
    await stocked.post("/api/providers/alpha/restore")
    alpha.on("/chat/completions", Answer(error("No such model.", code="model_not_found"), 404))
    await stocked.chat("alpha/small_1")
    assert (await standing())[0] == ("flagged", "model_not_found")
    (plain,) = (await page(stocked, search="plain"))["items"]
    assert plain["routes"][0]["state"] == "available", "the other routes go on"
    alpha.on("/chat/completions", Answer(error("No.", code="invalid_api_key"), 401))
    await stocked.chat("alpha/plain")
    (plain,) = (await page(stocked, search="plain"))["items"]
    assert (plain["routes"][0]["state"], plain["routes"][0]["flag"]["reason"]) == ("flagged", "invalid_key")
    assert plain["routes"][0]["flag"]["until"] is not None


async def test_a_providers_models_are_listed_by_name_with_its_default(stocked: Gateway) -> None:
    await stocked.http.patch("/api/providers/alpha", json={"default_model": "Small 1"})
    listed = await page(stocked, "/api/providers/alpha/models")
    assert [(route["name"], route["is_default"]) for route in listed["items"]] == [
        ("Vendor/Big-1", False),
        ("plain", False),
        ("small_1", True),
    ]
    first = await page(stocked, "/api/providers/alpha/models", limit=2)
    rest = await page(stocked, "/api/providers/alpha/models", limit=2, cursor=first["next_cursor"])
    assert (first["items"] + rest["items"], rest["next_cursor"]) == (listed["items"], None)
    assert [one["name"] for one in (await page(stocked, "/api/providers/alpha/models", search="BIG"))["items"]] == [
        "Vendor/Big-1"
    ]
    assert (await page(stocked, "/api/providers/openai/models"))["items"] == []
    refusal(await stocked.http.get("/api/providers/unknown/models"), 404, param="provider")
    foreign = {"cursor": first["next_cursor"]}
    refusal(await stocked.http.get("/api/providers/beta/models", params=foreign), 400, param="cursor")
    refusal(await stocked.http.get("/api/models", params=foreign), 400, param="cursor")


async def test_pages_follow_one_another_in_an_order_that_stays(stocked: Gateway) -> None:
    whole = (await page(stocked, limit=200))["items"]
    seen: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        part = await page(stocked, limit=1, **cursor)
        seen += part["items"]
        if part["next_cursor"] is None:
            break
        cursor = {"cursor": part["next_cursor"]}
    assert seen == whole


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=x", "limit"),
        ("search=", "search"),
        ("search=" + "m" * 201, "search"),
        ("provider=unknown", "provider"),
        ("provider=%00", "provider"),
        ("capability=flying", "capability[0]"),
        ("min_context_tokens=-1", "min_context_tokens"),
        ("min_context_tokens=1e400", "min_context_tokens"),
        ("max_input_usd_per_million=-1", "max_input_usd_per_million"),
        ("max_input_usd_per_million=NaN", "max_input_usd_per_million"),
        ("max_output_usd_per_million=Infinity", "max_output_usd_per_million"),
        ("cursor=nonsense", "cursor"),
        ("cursor=YXVkaXQ6NDI", "cursor"),  # audit:42
        ("offset=10", "offset"),
    ],
)
async def test_what_cannot_be_asked_is_a_400_that_names_it(gateway: Gateway, query: str, param: str) -> None:
    refusal(await gateway.http.get(f"/api/models?{query}"), 400, param=param)


async def test_five_thousand_routes_cost_a_page_less_than_twenty_milliseconds(stocked: Gateway) -> None:
    catalogue: LiveCatalogue = stocked.engine.state.services[LiveCatalogue]
    many = [ListedModel(f"vendor-{number % 40}/model-{number}", context_tokens=number) for number in range(5_000)]
    catalogue.record_listing("alpha", many, SystemClock().now())
    await catalogue.settled()
    views: ModelViews = stocked.engine.state.services[ModelViews]
    for query in (ModelQuery(limit=1_000), ModelQuery(search="nothing-like-it"), ModelQuery(capability=[Capability.TOOLS])):
        spent = []
        for _ in range(5):
            started_at = time.process_time()
            catalogue_page(query, views)
            spent.append(time.process_time() - started_at)
        assert min(spent) < 0.02


async def test_five_thousand_models_are_read_in_five_pages(stocked: Gateway) -> None:
    catalogue: LiveCatalogue = stocked.engine.state.services[LiveCatalogue]
    catalogue.record_listing("alpha", [ListedModel(f"model-{number}") for number in range(5_000)], SystemClock().now())
    await catalogue.settled()
    names: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(5):
        listed = await page(stocked, provider="alpha", limit=1_000, **cursor)
        names += [model["name"] for model in listed["items"]]
        cursor = {"cursor": listed["next_cursor"]}
    assert cursor == {"cursor": None}
    assert len(set(names)) == len(names) == 5_000


async def test_a_first_start_shows_the_sandbox_alone(anyio_backend: str) -> None:
    async with running_gateway({}) as gateway:
        routes = [route for model in (await page(gateway))["items"] for route in model["routes"]]
    assert routes
    assert {(route["provider"], route["state"]) for route in routes} == {("sandbox", "available")}


async def test_a_refresh_asks_again_and_tells_what_came_of_it(alpha: ScriptedUpstream, beta: ScriptedUpstream) -> None:
    alpha.on("/models", Answer(models("first")))
    beta.on("/models", Answer(b"", 503))
    providers = [Provider(name, one.base_url, models=None) for name, one in (("alpha", alpha), ("beta", beta))]
    async with gateway_in_front_of(*providers, tuning=AT_ONCE) as gateway:
        await eventually(lambda: gateway.provider("alpha"), until=lambda seen: seen["models_count"] == 1)
        alpha.on("/models", Answer(models("first", "second")))

        async def refreshed() -> Any:
            return {one["provider"]: one for one in (await gateway.post("/api/models/refresh"))["providers"]}

        # The listing of the start may still be coming to its end, and is then the one that is waited for.
        outcomes = await eventually(refreshed, until=lambda seen: seen["alpha"]["models_count"] == 2)
        assert (outcomes["alpha"]["outcome"], outcomes["alpha"]["error"]) == ("refreshed", None)
        assert outcomes["alpha"]["refreshed_at"] is not None
        assert (outcomes["beta"]["outcome"], outcomes["beta"]["models_count"], outcomes["beta"]["refreshed_at"]) == (
            "failed",
            0,
            None,
        )
        assert "503" in outcomes["beta"]["error"]
        assert (await gateway.provider("alpha"))["models_count"] == 2
        (only,) = (await gateway.post("/api/models/refresh", {"provider": "alpha"}))["providers"]
        assert only["provider"] == "alpha"
        entries = (await gateway.get("/api/audit"))["items"]
    assert [(entry["action"], entry["target"]) for entry in entries[:2]] == [("models.refresh", "alpha"), ("models.refresh", "*")]
    assert entries[1]["after"]["alpha"] == "refreshed"
    assert "503" in entries[1]["after"]["beta"]


async def test_repeated_refreshes_request_no_list_twice(alpha: ScriptedUpstream) -> None:
    alpha.on("/models", Silence())
    async with gateway_in_front_of(Provider("alpha", alpha.base_url, models=None)) as gateway:
        await alpha.received(1)
        pressing = [asyncio.create_task(gateway.http.post("/api/models/refresh")) for _ in range(20)]
        await eventually(lambda: _true(all(not task.done() for task in pressing)))
        assert (await gateway.get("/health"))["status"] == "healthy"
        assert len(alpha.requests) == 1
        for task in pressing:
            task.cancel()


async def _true(seen: bool) -> bool:
    return seen


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"provider": "unknown"}, 400, "provider"),
        ({"provider": ""}, 400, "provider"),
        ({"provider": 7}, 400, "provider"),
        ({"providers": []}, 400, "providers"),
        ([], 400, None),
        ({"provider": "openai"}, 409, None),
        ({"provider": "alpha"}, 409, None),
        ({"provider": "sandbox"}, 409, None),
    ],
    ids=str,
)
async def test_who_cannot_be_asked_is_refused(gateway: Gateway, body: Any, status: int, param: str | None) -> None:
    answer: httpx.Response = await gateway.http.post("/api/models/refresh", json=body)
    refusal(answer, status, param=param)
    assert (await gateway.get("/api/audit"))["items"] == []
