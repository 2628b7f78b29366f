"""Responses that are worked on while their client does something else, and asks now and then how far they are."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import orjson

from ai_engine.client_api.responses.answers import started
from ai_engine.client_api.responses.errors import failure_of
from ai_engine.client_api.responses.response_store import KeptResponses, Key, Turn
from ai_engine.client_api.responses.translation import ResponsesTranslation
from ai_engine.errors import AIEngineError, InvalidRequest, RateLimited
from ai_engine.relay.client import Client, UncommittedClient
from ai_engine.relay.relay import Answer
from ai_engine.relay.request import ClientRequest
from ai_engine.web.errors import error_status, internal_error
from ai_engine.wire.json_types import Json

_logger = logging.getLogger("ai_engine")


class UnderWay:
    """One response in the background."""

    def __init__(self, request: ClientRequest, translation: ResponsesTranslation, turn: Turn) -> None:
        self.request = request
        self.turn = turn
        self._translation = translation
        self.answer = self._state("queued")
        """The response object as it is now."""
        self.task: asyncio.Task[None] | None = None

    def _state(self, status: str) -> Json:
        return started(self._translation, self.request.model, status)

    def snapshot(self) -> bytes:
        """`answer` as JSON."""
        return orjson.dumps(self.answer)

    def begin(self) -> None:
        """A provider is being asked."""
        self.answer = self._state("in_progress")

    def complete(self, answer: Answer) -> None:
        """It is answered. The client knows the response by the id that it was given at first, whatever the provider calls it."""
        whole = answer.plain.answer if answer.plain is not None else None
        assert whole is not None, "a response is a JSON object, and was not asked for as a stream"
        self.answer = {**whole, "id": self._translation.response_id, "background": True}

    def fail(self, error: AIEngineError) -> None:
        """Nobody answered."""
        self.answer = {**self._state("failed"), "error": failure_of(error)}

    def cancel(self) -> None:
        """The client wants it no more, or the gateway is shutting down."""
        self.answer = self._state("cancelled")


class BackgroundResponses:
    """Runs them as tasks of this process, a bounded number at once, and keeps what they come to as every response is kept."""

    def __init__(
        self,
        answer: Callable[[ClientRequest, Client], Awaitable[Answer]],
        kept: KeptResponses,
        *,
        has_started: Callable[[], None] = lambda: None,
        most_at_once: int = 64,
    ) -> None:
        """`answer` is the relay's; `has_started` hears of each request before it, as of every relayed one."""
        self._answer = answer
        self._kept = kept
        self._has_started = has_started
        self._most_at_once = most_at_once
        self._under_way: dict[Key, UnderWay] = {}

    def __len__(self) -> int:
        return len(self._under_way)

    def defer(self, request: ClientRequest) -> bytes | None:
        """Begins a request that is for the background, and returns what its client hears now; `None` for every other.

        Raises `InvalidRequest` where it asks for what the background cannot do, `RateLimited` where too many are under way.
        """
        translation = request.translation
        if not isinstance(translation, ResponsesTranslation) or not translation.body.get("background"):
            return None
        if translation.turn is None:
            raise InvalidRequest("A response in the background must be kept: store cannot be false.", param="store")
        if request.is_stream:
            raise InvalidRequest("A response in the background has no stream here; ask for it by its id.", param="stream")
        if len(self._under_way) >= self._most_at_once:
            raise RateLimited(
                f"{self._most_at_once} responses are being worked on in the background, which is all that may be.",
                code="too_many_background_responses",
            )
        under_way = UnderWay(request, translation, translation.turn)
        key = translation.turn.owner, translation.response_id
        self._under_way[key] = under_way
        under_way.task = asyncio.get_running_loop().create_task(self._run(key, under_way))
        return under_way.snapshot()

    async def _run(self, key: Key, under_way: UnderWay) -> None:
        under_way.begin()
        try:
            self._has_started()
            under_way.complete(await self._answer(under_way.request, UncommittedClient(error_status)))
        except AIEngineError as error:
            under_way.fail(error)
        except asyncio.CancelledError:
            under_way.cancel()
            raise
        except Exception:
            _logger.exception("A response in the background failed inside the gateway.")
            under_way.fail(internal_error())
        finally:
            self._under_way.pop(key, None)
            self._kept.keep(under_way.turn, under_way.answer)

    def find(self, owner: str, response_id: str) -> UnderWay | None:
        """The caller's response of this id, where it is still worked on."""
        return self._under_way.get((owner, response_id))

    async def cancel(self, owner: str, response_id: str) -> bytes | None:
        """Ends it and its request to the provider, and returns what it has become; `None` where none is under way."""
        under_way = self.find(owner, response_id)
        if under_way is None or under_way.task is None:
            return None
        under_way.task.cancel()
        await asyncio.wait([under_way.task])
        if under_way.answer["status"] == "queued":  # it had not even begun, and nobody heard of it
            under_way.cancel()
            self._under_way.pop((owner, response_id), None)
            self._kept.keep(under_way.turn, under_way.answer)
        return under_way.snapshot()

    async def run(self) -> None:
        """Waits for the end of the gateway, and ends with it all that is under way. A background task of the application."""
        try:
            await asyncio.Event().wait()
        finally:
            tasks = [under_way.task for under_way in self._under_way.values() if under_way.task is not None]
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)
