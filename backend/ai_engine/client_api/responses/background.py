"""Responses in the background: the client polls for them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from ai_engine.client_api.responses.answers import started
from ai_engine.client_api.responses.errors import failure_of
from ai_engine.client_api.responses.response_store import Key, ResponseStore, Turn
from ai_engine.client_api.responses.translation import ResponsesTranslation
from ai_engine.errors import AIEngineError, RateLimited
from ai_engine.relay.client import Client, UncommittedClient
from ai_engine.relay.relay import Answer
from ai_engine.relay.request import ClientRequest
from ai_engine.web.errors import error_status, internal_error
from ai_engine.wire import exact_json
from ai_engine.wire.fields import invalid
from ai_engine.wire.json_types import Json

_logger = logging.getLogger("ai_engine")


class BackgroundResponse:
    """One response in the background."""

    def __init__(self, request: ClientRequest, translation: ResponsesTranslation, turn: Turn) -> None:
        self.request = request
        self.turn = turn
        self._translation = translation
        self.answer = self._state("queued")
        """The response object in its current state."""
        self.task: asyncio.Task[None] | None = None

    def _state(self, status: str) -> Json:
        return started(self._translation, self.request.model, status)

    def snapshot(self) -> bytes:
        """`answer` as JSON."""
        return exact_json.dumps(self.answer)

    def begin(self) -> None:
        """The request has started."""
        self.answer = self._state("in_progress")

    def complete(self, answer: Answer) -> None:
        """The answer is complete. It keeps the response's first id, not the provider's."""
        whole = answer.plain.answer if answer.plain is not None else None
        assert whole is not None, "a response is a JSON object, and not a stream"
        self.answer = {**whole, "id": self._translation.response_id, "background": True}

    def fail(self, error: AIEngineError) -> None:
        """The request failed."""
        self.answer = {**self._state("failed"), "error": failure_of(error)}

    def cancel(self) -> None:
        """Cancelled by the client or at shutdown."""
        self.answer = self._state("cancelled")


class BackgroundResponses:
    """Runs responses as tasks of this process, a bounded number at once, and stores the results."""

    def __init__(
        self,
        answer: Callable[[ClientRequest, Client], Awaitable[Answer]],
        store: ResponseStore,
        *,
        has_started: Callable[[], None] = lambda: None,
        most_at_once: int = 64,
    ) -> None:
        """`answer` is the relay's; `has_started` is called before each request."""
        self._answer = answer
        self._store = store
        self._has_started = has_started
        self._most_at_once = most_at_once
        self._running: dict[Key, BackgroundResponse] = {}

    def __len__(self) -> int:
        return len(self._running)

    def defer(self, request: ClientRequest) -> bytes | None:
        """Starts a background request and returns its first state; `None` for every other request.

        Raises `InvalidRequest` for what the background does not support, `RateLimited` where too many are running.
        """
        translation = request.translation
        if not isinstance(translation, ResponsesTranslation) or not translation.body.get("background"):
            return None
        if translation.turn is None:
            raise invalid("store", "must not be false with background: true")
        if request.is_stream:
            raise invalid("stream", "is not supported with background: true; poll GET /v1/responses/{id}")
        if len(self._running) >= self._most_at_once:
            raise RateLimited(
                f"The limit of {self._most_at_once} background responses is reached; try again later.",
                code="too_many_background_responses",
            )
        running = BackgroundResponse(request, translation, translation.turn)
        key = translation.turn.owner, translation.response_id
        self._running[key] = running
        running.task = asyncio.get_running_loop().create_task(self._run(key, running))
        return running.snapshot()

    async def _run(self, key: Key, running: BackgroundResponse) -> None:
        running.begin()
        try:
            self._has_started()
            running.complete(await self._answer(running.request, UncommittedClient(error_status)))
        except AIEngineError as error:
            running.fail(error)
        except asyncio.CancelledError:
            running.cancel()
            raise
        except Exception:
            _logger.exception("A background response failed with an internal error.")
            running.fail(internal_error())
        finally:
            self._running.pop(key, None)
            self._store.keep(running.turn, running.answer)

    def find(self, owner: str, response_id: str) -> BackgroundResponse | None:
        """The caller's response of this id, if it is running."""
        return self._running.get((owner, response_id))

    async def cancel(self, owner: str, response_id: str) -> bytes | None:
        """Ends it and its request to the provider, and returns its state; `None` where it is not running."""
        running = self.find(owner, response_id)
        if running is None or running.task is None:
            return None
        running.task.cancel()
        await asyncio.wait([running.task])
        if running.answer["status"] == "queued":  # the task was cancelled before it started
            running.cancel()
            self._running.pop((owner, response_id), None)
            self._store.keep(running.turn, running.answer)
        return running.snapshot()

    async def run(self) -> None:
        """Waits for the shutdown, and then cancels all that is running. A background task of the application."""
        try:
            await asyncio.Event().wait()
        finally:
            tasks = [running.task for running in self._running.values() if running.task is not None]
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)
