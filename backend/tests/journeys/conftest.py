"""The providers of the journeys, and the two ways to ask for an answer."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes.scripted_upstream import ScriptedUpstream


@pytest.fixture(params=[False, True], ids=["plain", "streamed"])
def stream(request: pytest.FixtureRequest) -> bool:
    """Whether the client asks for a stream; a journey that takes this is made both ways."""
    chosen: bool = request.param
    return chosen


@pytest.fixture
async def alpha(anyio_backend: str) -> AsyncIterator[ScriptedUpstream]:
    async with ScriptedUpstream() as upstream:
        yield upstream


@pytest.fixture
async def beta(anyio_backend: str) -> AsyncIterator[ScriptedUpstream]:
    async with ScriptedUpstream() as upstream:
        yield upstream
