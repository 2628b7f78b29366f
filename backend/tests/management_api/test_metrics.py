import asyncio
import re
import socket
from collections.abc import AsyncIterator, Mapping

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from ai_engine import __version__
from ai_engine.management_api.metrics import CONTENT_TYPE
from tests.fakes.gateway import Client, Gateway, Provider, gateway_in_front_of
from tests.fakes.scripted_upstream import Answer, ScriptedUpstream, Stream, chunks, completion, error, models
from tests.patience import eventually
from tests.repository.tree import read

pytestmark = pytest.mark.anyio

CHAT = "/chat/completions"


class Page:
    """One scrape, read by Prometheus's own parser."""

    def __init__(self, text: str) -> None:
        self.families: Mapping[str, Metric] = {family.name: family for family in text_string_to_metric_families(text)}
        self.samples = {
            (sample.name, *(f"{name}={value}" for name, value in sorted(sample.labels.items()))): sample.value
            for family in self.families.values()
            for sample in family.samples
        }

    def value(self, name: str, *labels: str) -> float:
        """Of the sample with exactly these labels, each written as `name=value`."""
        return self.samples[(name, *sorted(labels))]

    def labels(self, name: str) -> set[str]:
        """Of a family, without a histogram's own."""
        return {label for sample in self.families[name].samples for label in sample.labels} - {"le"}


async def scraped(gateway: Client) -> Page:
    answer = await gateway.http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == CONTENT_TYPE
    return Page(answer.text)


@pytest.fixture
async def busy(alpha: ScriptedUpstream, beta: ScriptedUpstream) -> AsyncIterator[Gateway]:
    """A gateway whose first provider refuses one of its keys and limits the other, so that the second one answers."""
    alpha.on("/models", Answer(models("tiny")))
    alpha.on(CHAT, Answer(error("who?"), 401), key="sk-alpha-1")
    alpha.on(CHAT, Answer(error("slow down"), 429, {"retry-after": "60"}), key="sk-alpha-2")
    beta.on(CHAT, Stream(chunks("I am beta")))
    providers = (Provider("alpha", alpha.base_url, models=None, key_count=2), Provider("beta", beta.base_url))
    async with gateway_in_front_of(*providers, prices={"beta/tiny": {"input": 2, "output": 4}}) as gateway:
        await eventually(lambda: gateway.provider("alpha"), until=lambda provider: bool(provider["models_count"]))
        assert (await gateway.chat(stream=True)).provider == "beta"
        yield gateway


async def test_a_failover_is_seen_from_every_side(busy: Gateway) -> None:
    page = await scraped(busy)

    assert page.value("ai_engine_requests_total", "operation=chat", "ending=completed", "status_class=2xx") == 1
    assert page.value("ai_engine_attempts_total", "provider=alpha", "operation=chat", "result=invalid_key") == 1
    assert page.value("ai_engine_attempts_total", "provider=alpha", "operation=chat", "result=rate_limit") == 1
    assert page.value("ai_engine_attempts_total", "provider=beta", "operation=chat", "result=success") == 1
    assert page.value("ai_engine_retries_total", "reason=next_key") == 1
    assert page.value("ai_engine_retries_total", "reason=next_candidate") == 1
    assert page.value("ai_engine_provider_keys", "provider=alpha", "state=invalid") == 1
    assert page.value("ai_engine_key_model_cooldowns", "provider=alpha") == 1
    assert (page.value("ai_engine_rescues_total"), page.value("ai_engine_hedges_total")) == (0, 0)


async def test_tokens_and_cost_are_those_that_the_provider_reported(busy: Gateway) -> None:
    page = await scraped(busy)

    assert page.value("ai_engine_tokens_total", "provider=beta", "operation=chat", "class=input") == 7
    assert page.value("ai_engine_tokens_total", "provider=beta", "operation=chat", "class=output") == 3
    assert page.value("ai_engine_cost_usd_total", "provider=beta", "operation=chat") == pytest.approx(26e-6)


async def test_times_are_spread_over_buckets_in_seconds(busy: Gateway) -> None:
    page = await scraped(busy)

    for name, *labels in (
        ("ai_engine_request_duration_seconds", "operation=chat"),
        ("ai_engine_request_first_token_seconds", "operation=chat"),
        ("ai_engine_attempt_duration_seconds", "provider=beta", "operation=chat"),
        ("ai_engine_attempt_first_token_seconds", "provider=beta", "operation=chat"),
        ("ai_engine_overhead_seconds",),
    ):
        assert page.value(f"{name}_count", *labels) == page.value(f"{name}_bucket", *labels, "le=+Inf") == 1
        assert 0 < page.value(f"{name}_sum", *labels) < 20


async def test_what_stands_now_is_shown_as_it_stands(busy: Gateway) -> None:
    page = await scraped(busy)

    assert page.value("ai_engine_build_info", f"version={__version__}") == 1
    assert page.value("ai_engine_configuration_generation") == 1
    assert page.value("ai_engine_requests_in_flight") == 0
    assert page.value("ai_engine_provider_available", "provider=beta") == 1
    assert page.value("ai_engine_catalogue_models", "provider=alpha") == 1
    assert 0 <= page.value("ai_engine_catalogue_age_seconds", "provider=alpha") < 60
    assert page.value("process_resident_memory_bytes") > 1_000_000
    await busy.post("/api/config/reload")
    await busy.post("/api/providers/beta/toggle")
    page = await scraped(busy)
    assert page.value("ai_engine_configuration_generation") == 2
    assert page.value("ai_engine_provider_available", "provider=beta") == 0


async def test_a_request_on_its_way_is_in_flight(gateway: Gateway, alpha: ScriptedUpstream) -> None:
    gate = asyncio.Event()
    alpha.on(CHAT, Answer(completion(), gate=gate))
    asking = asyncio.create_task(gateway.chat())
    await alpha.received(1)

    page = await scraped(gateway)
    gate.set()
    await asking

    assert page.value("ai_engine_requests_in_flight") == 1
    assert page.value("ai_engine_attempts_in_flight", "provider=alpha") == 1
    assert (await scraped(gateway)).value("ai_engine_requests_in_flight") == 0


async def test_a_route_that_is_out_is_seen(gateway: Gateway, alpha: ScriptedUpstream) -> None:
    alpha.on(CHAT, Answer(error("broken"), 500))
    for _ in range(3):
        await gateway.chat("alpha/tiny")

    page = await scraped(gateway)
    assert page.value("ai_engine_route_breakers_open", "provider=alpha") == 1
    assert page.value("ai_engine_provider_breaker_open", "provider=alpha") == 0


async def test_an_open_breaker_is_seen(anyio_backend: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/v1"
    async with gateway_in_front_of(Provider("gone", address)) as gateway:
        for _ in range(3):
            await gateway.chat("gone/tiny")

        page = await scraped(gateway)
    assert page.value("ai_engine_provider_breaker_open", "provider=gone") == 1
    assert page.value("ai_engine_provider_available", "provider=gone") == 0
    assert page.value("ai_engine_attempts_total", "provider=gone", "operation=chat", "result=connection_failed") >= 3


async def test_clients_cannot_make_up_labels(gateway: Gateway) -> None:
    before = set((await scraped(gateway)).samples)
    for number in range(20):
        await gateway.chat(f"no-such-model-{number}", user=f"user-{number}")
    after = set((await scraped(gateway)).samples)

    assert not [sample for sample in after if "no-such-model" in str(sample) or "user-" in str(sample)]
    assert {sample for sample in after - before if not sample[0].startswith("ai_engine_request")} == set()


async def test_the_page_of_metrics_tells_exactly_those_that_there_are(busy: Gateway) -> None:
    page = await scraped(busy)
    real = {
        (f"{family.name}_total" if family.type == "counter" else family.name): (
            family.type,
            page.labels(family.name),
            family.documentation,
        )
        for family in page.families.values()
        if not family.name.startswith("process_")
    }
    rows = re.findall(r"^\| `(ai_engine_\w+)` \| (\w+) \| (.*?) ?\| (.*) \|$", read("docs/operations.md"), re.MULTILINE)

    assert {name: (kind, set(re.findall(r"`(\w+)`", labels)), meaning) for name, kind, labels, meaning in rows} == real
    assert len(rows) == len(real)
