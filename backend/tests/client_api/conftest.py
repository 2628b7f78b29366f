"""Two gateways for the tests of `/v1`: one with the sandbox behind it, and one in front of a provider that keeps a journal."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes.gateway import Gateway, Provider, gateway_in_front_of, running_gateway
from tests.fakes.scripted_upstream import Answer, ScriptedUpstream, completion, embeddings, models
from tests.patience import eventually


@pytest.fixture(scope="module")
async def sandbox(anyio_backend: str) -> AsyncIterator[Gateway]:
    """As at a first start: nothing is configured."""
    async with running_gateway({}) as gateway:
        yield gateway


@pytest.fixture(scope="module")
async def upstream(anyio_backend: str) -> AsyncIterator[ScriptedUpstream]:
    async with ScriptedUpstream() as upstream:
        upstream.on("/chat/completions", Answer(completion()))
        upstream.on("/embeddings", Answer(embeddings([0.5, -0.5])))
        upstream.on("/models", Answer(models("tiny", "vendor/large")))
        yield upstream


@pytest.fixture(scope="module")
async def gateway(upstream: ScriptedUpstream) -> AsyncIterator[Gateway]:
    """In front of one real provider, `alpha`, which has listed its models: `tiny` and `vendor/large`."""
    async with gateway_in_front_of(Provider("alpha", upstream.base_url, models=None), aliases={"small": "tiny"}) as gateway:
        await eventually(lambda: gateway.get("/v1/models"), until=lambda listed: bool(listed["data"]))
        yield gateway


@pytest.fixture
async def nothing_is_left_behind(gateway: Gateway, upstream: ScriptedUpstream) -> AsyncIterator[None]:
    """For tests of what is refused: none reaches the provider, stays in flight or is held against anybody."""
    asked = len(upstream.requests)
    yield
    assert len(upstream.requests) == asked
    status = await gateway.get("/api/status")
    assert status["performance"]["in_flight"] == 0
    assert status["flagged_providers"] == 0
