"""The routes of kept responses."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI

from ai_engine.access.guards import Guard, install_guard
from ai_engine.access.roles import Caller
from ai_engine.client_api.responses import routes
from ai_engine.client_api.responses.background import BackgroundResponses
from ai_engine.client_api.responses.requests import ResponsesRequests
from ai_engine.client_api.responses.response_store import ResponseStore, Turn
from ai_engine.client_api.steering import Arrival
from ai_engine.names import Role
from ai_engine.settings import Settings
from ai_engine.web.errors import install_error_handlers
from ai_engine.wire.json_types import Json
from tests.builders import chat_of
from tests.client_api.responses.response_builders import chat, translation
from tests.client_api.responses.test_background import SlowRelay
from tests.fakes.clock import HandTurnedClock, quiet

pytestmark = pytest.mark.anyio

OWNER = "role:ADMIN:local"
"""In open mode everybody on this machine is one caller."""


class Service:
    """The routes over their services, without the rest of the gateway."""

    def __init__(self) -> None:
        self.clock = HandTurnedClock()
        self.kept = ResponseStore(self.clock)
        self.relay = SlowRelay()
        self.background = BackgroundResponses(self.relay.answer, self.kept)
        self.requests = ResponsesRequests(self.kept, self.clock)
        self.app = FastAPI()
        self.app.include_router(routes.router)
        self.app.state.services = {ResponseStore: self.kept, BackgroundResponses: self.background}
        install_guard(self.app, Guard(Settings()))
        install_error_handlers(self.app)
        # The guard lets in who comes from this machine: in the gateway, `RequestContext` says who that is.
        transport = httpx.ASGITransport(self._from_this_machine)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://localhost/v1/responses")

    async def _from_this_machine(self, scope: Any, receive: Any, send: Any) -> None:
        scope.setdefault("state", {})["client_address"] = "127.0.0.1"
        await self.app(scope, receive, send)

    def keep(self, response_id: str, *texts: str, owner: str = OWNER, **fields: Any) -> Json:
        request = translation()
        chat_of(request)
        answer = {**request.answer(chat({"content": "Hi."})), "id": response_id, **fields}
        added = [{"role": "user", "content": text} for text in texts or ("Hello!",)]
        self.kept.keep(Turn(owner, added, None), answer)
        return answer

    def begin(self) -> str:
        raw = b'{"model": "tiny", "input": "Hello!", "background": true}'
        local = Caller(Role.ADMIN, "local", None)
        request = self.requests(raw, Arrival("r1", local))
        deferred = self.background.defer(request)
        assert deferred is not None
        response_id: str = orjson.loads(deferred)["id"]
        return response_id


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    service = Service()
    async with service.client:
        yield service


def error_of(response: httpx.Response) -> tuple[int, str, str | None]:
    error = response.json()["error"]
    return response.status_code, error["message"], error["param"]


async def test_a_kept_response_is_shown_as_it_was(service: Service) -> None:
    answer = service.keep("resp_1")
    response = await service.client.get("/resp_1")
    assert (response.status_code, response.json()) == (200, answer)


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("DELETE", ""), ("GET", "/input_items"), ("POST", "/cancel")], ids=str)
async def test_what_is_not_there_or_anothers_is_not_found(service: Service, method: str, path: str) -> None:
    service.keep("resp_1", owner="key:bob")
    for response_id in ("resp_1", "resp_2"):
        response = await service.client.request(method, f"/{response_id}{path}")
        assert error_of(response) == (404, f"Response with id '{response_id}' not found.", "response_id")


async def test_a_kept_response_has_no_events(service: Service) -> None:
    service.keep("resp_1")
    response = await service.client.get("/resp_1?stream=true")
    assert error_of(response)[::2] == (400, "stream")


async def test_a_deleted_response_is_gone(service: Service) -> None:
    service.keep("resp_1")
    response = await service.client.delete("/resp_1")
    assert response.json() == {"id": "resp_1", "object": "response", "deleted": True}
    assert (await service.client.get("/resp_1")).status_code == 404
    assert (await service.client.delete("/resp_1")).status_code == 404


async def test_the_input_is_listed_page_by_page_with_ids(service: Service) -> None:
    service.keep("resp_1", "one", "two", "three")
    first = (await service.client.get("/resp_1/input_items?limit=2")).json()
    assert [item["content"][0]["text"] for item in first["data"]] == ["three", "two"]
    assert (first["object"], first["has_more"]) == ("list", True)
    assert (first["first_id"], first["last_id"]) == (first["data"][0]["id"], first["data"][1]["id"])
    rest = (await service.client.get(f"/resp_1/input_items?limit=2&after={first['last_id']}")).json()
    assert ([item["content"][0]["text"] for item in rest["data"]], rest["has_more"]) == (["one"], False)
    oldest = (await service.client.get("/resp_1/input_items?order=asc")).json()
    assert [item["content"][0]["text"] for item in oldest["data"]] == ["one", "two", "three"]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "order=up", "after=nobody"])
async def test_a_page_that_cannot_be_is_refused_by_its_parameter(service: Service, query: str) -> None:
    service.keep("resp_1")
    response = await service.client.get(f"/resp_1/input_items?{query}")
    assert error_of(response)[::2] == (400, query.partition("=")[0])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "Cannot cancel a synchronous response."),
        ({"background": True}, "Cannot cancel a completed response."),
        ({"background": True, "status": "failed"}, "Cannot cancel a failed response."),
    ],
)
async def test_what_is_over_cannot_be_cancelled(service: Service, fields: Json, message: str) -> None:
    service.keep("resp_1", **fields)
    response = await service.client.post("/resp_1/cancel")
    assert error_of(response) == (400, message, "response_id")


async def test_what_is_under_way_can_be_watched_and_cancelled(service: Service) -> None:
    response_id = service.begin()
    await quiet()
    assert (await service.client.get(f"/{response_id}")).json()["status"] == "in_progress"
    assert (await service.client.post(f"/{response_id}/cancel")).json()["status"] == "cancelled"
    assert service.relay.cancelled == 1
    assert (await service.client.get(f"/{response_id}")).json()["status"] == "cancelled"
    again = await service.client.post(f"/{response_id}/cancel")
    assert (again.status_code, again.json()["status"]) == (200, "cancelled")


async def test_deleting_what_is_under_way_ends_it(service: Service) -> None:
    response_id = service.begin()
    await quiet()
    assert (await service.client.delete(f"/{response_id}")).json()["deleted"] is True
    assert service.relay.cancelled == 1
    assert (await service.client.get(f"/{response_id}")).status_code == 404
