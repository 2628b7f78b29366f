"""Responses that are worked on while their client does something else."""

import asyncio
from typing import Any

import orjson
import pytest

from ai_engine.access.roles import Caller
from ai_engine.client_api.responses.background import BackgroundResponses
from ai_engine.client_api.responses.requests import ResponsesRequests
from ai_engine.client_api.responses.response_store import ResponseStore
from ai_engine.client_api.steering import Arrival
from ai_engine.errors import AIEngineError, AttemptsFailed, InvalidRequest, RateLimited
from ai_engine.names import Role, Route
from ai_engine.relay.client import Client
from ai_engine.relay.relay import Answer
from ai_engine.relay.request import ClientRequest
from ai_engine.relay.whole_answer import WholeAnswer
from ai_engine.wire.json_types import Json
from tests.builders import chat_of
from tests.client_api.responses.response_builders import chat
from tests.fakes.clock import HandTurnedClock, quiet

pytestmark = pytest.mark.anyio

OWNER = "key:key-1"
ADA = Caller(Role.CLIENT, "ada", "key-1")


class SlowRelay:
    """Answers when the test says so, and notes whether it was left alone before."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.error: Exception | None = None
        self.cancelled = 0

    async def answer(self, request: ClientRequest, client: Client) -> Answer:
        assert client.committed_status is None
        assert request.translation is not None
        chat_of(request.translation)
        try:
            await self.may_answer.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.error is not None:
            raise self.error
        whole = {**request.translation.answer(chat({"content": "Hi."})), "id": "resp_of_the_provider"}
        return Answer(Route("alpha", "tiny"), 1, None, 0, 0, WholeAnswer(orjson.dumps(whole), whole), None)


class Gateway:
    def __init__(self, **bounds: Any) -> None:
        self.clock = HandTurnedClock()
        self.kept = ResponseStore(self.clock)
        self.requests = ResponsesRequests(self.kept, self.clock)
        self.relay = SlowRelay()
        self.started = 0
        self.background = BackgroundResponses(self.relay.answer, self.kept, has_started=self._start, **bounds)

    def _start(self) -> None:
        self.started += 1

    def request(self, **body: Any) -> ClientRequest:
        raw = orjson.dumps({"model": "tiny", "input": "Hello!", "background": True, **body})
        return self.requests(raw, Arrival("r1", ADA))

    def defer(self, **body: Any) -> Json:
        now = self.background.defer(self.request(**body))
        assert now is not None
        state: Json = orjson.loads(now)
        return state

    def state(self, response_id: str) -> Json:
        """As the client reads it."""
        under_way = self.background.find(OWNER, response_id)
        if under_way is not None:
            state: Json = orjson.loads(under_way.snapshot())
            return state
        kept = self.kept.find(OWNER, response_id)
        assert kept is not None
        return kept.state()


async def test_it_is_queued_in_progress_and_completed_under_one_id() -> None:
    gateway = Gateway()
    queued = gateway.defer()
    assert (queued["status"], queued["background"], queued["output"]) == ("queued", True, [])
    await quiet()
    assert gateway.state(queued["id"])["status"] == "in_progress"
    gateway.relay.may_answer.set()
    await quiet()
    state = gateway.state(queued["id"])
    assert (state["status"], state["id"], state["background"]) == ("completed", queued["id"], True)
    assert state["output"][0]["content"][0]["text"] == "Hi."
    assert (len(gateway.background), gateway.started) == (0, 1)


async def test_a_next_turn_goes_on_from_it() -> None:
    gateway = Gateway()
    queued = gateway.defer()
    gateway.relay.may_answer.set()
    await quiet()
    request = gateway.request(previous_response_id=queued["id"])
    assert len(request.body["input"]) == 3


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (AttemptsFailed("Nobody answered."), {"code": "server_error", "message": "Nobody answered."}),
        (RateLimited("Too many."), {"code": "rate_limit_exceeded", "message": "Too many."}),
        (InvalidRequest("x is wrong.", param="x"), {"code": "invalid_prompt", "message": "x is wrong."}),
    ],
)
async def test_a_failure_is_reported_when_polled(error: AIEngineError, expected: Json) -> None:
    gateway = Gateway()
    gateway.relay.error = error
    gateway.relay.may_answer.set()
    queued = gateway.defer()
    await quiet()
    state = gateway.state(queued["id"])
    assert (state["status"], state["error"], state["output"]) == ("failed", expected, [])


async def test_an_internal_error_is_logged_and_reported_without_details(caplog: pytest.LogCaptureFixture) -> None:
    gateway = Gateway()
    gateway.relay.error = ZeroDivisionError("secret")
    gateway.relay.may_answer.set()
    queued = gateway.defer()
    await quiet()
    assert "secret" not in gateway.state(queued["id"])["error"]["message"]
    assert "failed with an internal error" in caplog.text


async def test_cancelling_it_ends_its_request_to_the_provider() -> None:
    gateway = Gateway()
    queued = gateway.defer()
    await quiet()
    cancelled = await gateway.background.cancel(OWNER, queued["id"])
    assert cancelled is not None
    assert orjson.loads(cancelled)["status"] == "cancelled"
    assert (gateway.relay.cancelled, len(gateway.background)) == (1, 0)
    assert gateway.state(queued["id"])["status"] == "cancelled"


async def test_it_can_be_cancelled_before_it_has_begun() -> None:
    gateway = Gateway()
    queued = gateway.defer()
    await gateway.background.cancel(OWNER, queued["id"])
    assert gateway.state(queued["id"])["status"] == "cancelled"
    assert (gateway.started, len(gateway.background)) == (0, 0)


async def test_another_callers_response_is_not_found_or_cancelled() -> None:
    gateway = Gateway()
    queued = gateway.defer()
    await quiet()
    assert gateway.background.find("key:key-2", queued["id"]) is None
    assert await gateway.background.cancel("key:key-2", queued["id"]) is None
    assert gateway.relay.cancelled == 0
    await gateway.background.cancel(OWNER, queued["id"])


async def test_too_many_at_once_are_refused() -> None:
    gateway = Gateway(most_at_once=1)
    queued = gateway.defer()
    with pytest.raises(RateLimited):
        gateway.defer()
    await gateway.background.cancel(OWNER, queued["id"])
    await gateway.background.cancel(OWNER, gateway.defer()["id"])


@pytest.mark.parametrize(("fields", "param"), [({"store": False}, "store"), ({"stream": True}, "stream")])
async def test_what_the_background_cannot_do_is_refused(fields: Json, param: str) -> None:
    gateway = Gateway()
    with pytest.raises(InvalidRequest) as refusal:
        gateway.background.defer(gateway.request(**fields))
    assert refusal.value.param == param


async def test_every_other_request_is_answered_at_once() -> None:
    gateway = Gateway()
    assert gateway.background.defer(gateway.request(background=False)) is None


async def test_the_end_of_the_gateway_ends_what_is_under_way() -> None:
    gateway = Gateway()
    running = asyncio.create_task(gateway.background.run())
    queued = gateway.defer()
    await quiet()
    running.cancel()
    await asyncio.wait([running])
    assert gateway.relay.cancelled == 1
    assert gateway.state(queued["id"])["status"] == "cancelled"
