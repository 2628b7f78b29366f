"""The guard of every route, over real sockets: it speaks before anything of a request is read."""

from collections.abc import AsyncIterator

import pytest
from fastapi.routing import iter_route_contexts

from ai_engine.access.guards import GuardedRoute, declared_roles
from ai_engine.names import Role
from tests.fakes.gateway import Gateway, running_gateway

pytestmark = pytest.mark.anyio

ADMIN = "admin-0123456789abcdef"
BROKEN = b'{"message": '


@pytest.fixture(scope="module")
async def keyed(anyio_backend: str) -> AsyncIterator[Gateway]:
    async with running_gateway({"AI_ENGINE_ADMIN_KEY": ADMIN}) as gateway:
        yield gateway


async def test_a_stranger_learns_of_no_route_what_it_thinks_of_his_body(keyed: Gateway) -> None:
    """Hot endpoints too: each reads a body only once it knows who sends it."""
    asked = 0
    for route in iter_route_contexts(keyed.engine.routes):
        for method in route.methods or ():
            if declared_roles(route) != [Role.PUBLIC]:
                answer = await keyed.http.request(method, route.path_format or "", content=BROKEN)
                assert (answer.status_code, answer.json()["error"]["type"]) == (401, "authentication_error"), route.path_format
                asked += 1
    assert asked > 10


async def test_an_authorized_caller_gets_the_errors_of_its_body(keyed: Gateway) -> None:
    answer = await keyed.http.post("/api/providers/openai/test", content=BROKEN, headers={"authorization": f"Bearer {ADMIN}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_json")


async def test_every_route_is_of_the_guarded_class(keyed: Gateway) -> None:
    for route in iter_route_contexts(keyed.engine.routes):
        if route.methods:
            assert isinstance(route.original_route, GuardedRoute), f"{route.path_format}: route_class=GuardedRoute is missing"
