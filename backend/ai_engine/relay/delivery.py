"""One request under way: the loop that takes the steps of the route search until there is a sound answer."""

import asyncio

from ai_engine.autodecide.candidates import Candidate
from ai_engine.clock import Watchdog
from ai_engine.errors import AIEngineError
from ai_engine.events import AttemptFinished, AttemptObserver
from ai_engine.relay.attempt import Attempt
from ai_engine.relay.client import Client
from ai_engine.relay.client_stream import ClientStream, OnChunk
from ai_engine.relay.journal import Journal
from ai_engine.relay.lease import Lease
from ai_engine.relay.request import ClientRequest
from ai_engine.relay.route_search import LONGEST_WAIT_SECONDS, RouteSearch
from ai_engine.relay.services import RelayServices
from ai_engine.relay.settlement import Settlement
from ai_engine.relay.steps import Send, Wait
from ai_engine.relay.whole_answer import WholeAnswer, own_answer


class Delivery:
    """Owns what outlives the request's attempts: search, journal, settlement, and the writer of a stream."""

    def __init__(
        self,
        services: RelayServices,
        request: ClientRequest,
        client: Client,
        only: Candidate | None,
        observer: AttemptObserver | None,
        on_chunk: OnChunk | None,
    ) -> None:
        self.services = services
        self.request = request
        self.journal = Journal()
        self.search = RouteSearch(services, request, only)
        self.settlement = Settlement(services, request, client, self.journal)
        self.client_stream = (
            ClientStream(request.translation, wants_usage=request.wants_usage, on_chunk=on_chunk) if request.is_stream else None
        )
        self._observer = observer

    async def first_answer(self) -> Attempt | WholeAnswer:
        """The attempt that has a sound answer, plain or an open stream; or an answer in the engine's own name.

        Raises `CallerError` or `Unavailable`, and settles the request then, as when it is cancelled.
        """
        try:
            return await self._next_answer()
        except AIEngineError as error:
            error.attempts = self.journal.begun
            self.settlement.fail(error)
            raise
        except asyncio.CancelledError:
            self.settlement.leave()
            raise
        except Exception:
            self.settlement.crash()
            raise

    async def _next_answer(self) -> Attempt | WholeAnswer:
        while (step := self.search.next_step()) is not None:
            if isinstance(step, Wait):
                await self._wait(step)
                continue
            attempt = self._begin(step)
            failure = await attempt.run()
            if failure is None:
                self.search.note_answered(step)
                self.journal.answer_with(attempt.lease.number)
                return attempt
            self.search.record(step, failure)
        if self.request.local_fallback is not None and self.search.may_answer_locally():
            return own_answer(self.request.local_fallback())
        raise self.search.final_error()

    def _begin(self, step: Send) -> Attempt:
        lease = Lease(
            self.services,
            self.journal,
            step.trial.candidate,
            step.key,
            step.trial.reason,
            step.exchange.dropped,
            self.request.id,
            self.settlement.started_at,
            self._observe,
        )
        return Attempt(
            self.services,
            self.request,
            step.exchange,
            step.request,
            lease,
            self.search.deadline(step.trial.candidate),
            self.client_stream,
        )

    def _observe(self, finished: AttemptFinished) -> None:
        self.services.observe_attempt(finished)
        if self._observer is not None:
            self._observer(finished)

    async def _wait(self, wait: Wait) -> None:
        """Waits as the step says, never past the request's end, and lets the search look at the route again."""
        clock, route = self.services.clock, wait.trial.candidate.route
        now = clock.monotonic()
        self.journal.enter(now)
        try:
            if wait.is_cooldown:
                with Watchdog(self.search.deadline(wait.trial.candidate) - now):
                    await self.services.cooldown_queue.wait(
                        route, lambda: self.services.keys.cooldown_of(*route), LONGEST_WAIT_SECONDS
                    )
            else:
                await clock.sleep(wait.until - now)
        except TimeoutError:
            return
        finally:
            self.journal.leave(clock.monotonic())
        self.search.resume(wait)
