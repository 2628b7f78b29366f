"""A gateway in front of `alpha`, which has two keys, and `beta`, which has one."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes.gateway import Gateway, Provider, gateway_in_front_of
from tests.fakes.scripted_upstream import ScriptedUpstream, Stream, chunks


@pytest.fixture
async def alpha(anyio_backend: str) -> AsyncIterator[ScriptedUpstream]:
    async with ScriptedUpstream() as upstream:
        upstream.on("/chat/completions", Stream(chunks("I am alpha")))
        yield upstream


@pytest.fixture
async def beta(anyio_backend: str) -> AsyncIterator[ScriptedUpstream]:
    async with ScriptedUpstream() as upstream:
        upstream.on("/chat/completions", Stream(chunks("I am beta")))
        yield upstream


@pytest.fixture
async def gateway(alpha: ScriptedUpstream, beta: ScriptedUpstream) -> AsyncIterator[Gateway]:
    providers = (
        Provider("alpha", alpha.base_url, key_count=2, fields={"default_model": "tiny"}),
        Provider("beta", beta.base_url, models=("tiny", "vendor/large")),
    )
    async with gateway_in_front_of(*providers, aliases={"small": "tiny"}, fallbacks={"tiny": ["vendor/large"]}) as gateway:
        yield gateway
