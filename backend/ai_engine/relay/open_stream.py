"""A stream that has begun: its events go to the client as they come, until its sound end or its break."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from ai_engine.clock import Clock, Watchdog
from ai_engine.names import Blame
from ai_engine.providers.adapter import StreamDecoder
from ai_engine.providers.failures import Failure, FailureClass, classify_exception
from ai_engine.providers.registry.definition import Timeouts
from ai_engine.relay.client_stream import ClientStream
from ai_engine.relay.exchange import Exchange
from ai_engine.upstream.port import UpstreamAnswer, UpstreamError

Write = Callable[[bytes], Awaitable[None]]
"""Takes whole events for the client, and waits while the client is slow."""

_USAGE_WAIT_SECONDS = 2
"""How long a stream whose every choice has finished may still take to report its usage."""
_DOUBTFUL_WAIT_SECONDS = 5
"""The same, where the finish reason came beside content: some providers send one with every piece."""
_DIVISION_SECONDS = 0.2
"""How long content waits for the end beside a finish reason, so that a provider's last event reaches the client unchanged."""
_DRAIN_SECONDS = 1
"""How long the end of the body is waited for once the answer is complete, so that the connection can be used again."""


class OpenStream:
    """The rest of one upstream stream. Its owner calls `close()`."""

    def __init__(
        self,
        answer: UpstreamAnswer,
        chunks: AsyncIterator[bytes],
        exchange: Exchange,
        decoder: StreamDecoder,
        client: ClientStream,
        opening: bytes,
        timeouts: Timeouts,
        deadline: float,
        clock: Clock,
    ) -> None:
        """`opening` is what `client` made of the first events. `deadline` is the request's, in monotonic seconds."""
        self._answer = answer
        self._chunks = chunks
        self._exchange = exchange
        self._decoder = decoder
        self._client = client
        self._opening = opening
        self._timeouts = timeouts
        self._deadline = deadline
        self._clock = clock
        # With `n > 1` a choice may begin when the others are over, so only the stream's own end is its end.
        self._has_several_choices = exchange.body.get("n") not in (None, 1)
        self._is_sound = False
        self._ends_at = 0.0
        """The deadline in loop time, which a timer may reach a little before `clock` does."""
        self._complete_at: float | None = None
        """When an answer that may have ended has, in loop time; `None` while it goes on."""
        self._reading: asyncio.Future[bytes | None] | None = None
        """The next piece of the body, where the relay could not wait for it."""
        self.client_seconds = 0.0
        """How long the client took to read: no time of the provider's."""

    @property
    def is_complete(self) -> bool:
        """The client has the `finish_reason` of every choice: what may still come belongs to no answer."""
        return self._client.saw_finish and self._decoder.is_finished

    def ending(self) -> bytes:
        """What ends a sound answer in the client's format and was not among its events."""
        return self._client.ending(self._exchange, self._decoder)

    @property
    def answer(self) -> Mapping[str, Any] | None:
        """The whole answer, where the client's format repeats it at its end; known after `ending`."""
        return self._client.answer(self._exchange, self._decoder)

    async def relay_to(self, write: Write) -> Failure | None:
        """Writes every event, in order, and returns how the stream broke, `None` if it did not.

        The end is the caller's to write, since the answer may yet go on elsewhere.
        """
        try:
            failure = await self._relay(write)
        except UpstreamError as error:
            failure = classify_exception(error)
        except TimeoutError:
            failure = self._timed_out()
        client = self._client
        if not self.is_complete and client.failure is None and (client.saw_done or self._is_closed):
            client.read(self._exchange, self._decoder.infer_finish())
        if self.is_complete:
            self._is_sound = True
            return None
        return failure or Failure(FailureClass.INCOMPLETE_STREAM, Blame.ROUTE, "The stream ended without a finish.")

    def _timed_out(self) -> Failure:
        if asyncio.get_running_loop().time() >= self._ends_at:
            return Failure(FailureClass.TIMEOUT, Blame.REQUEST, "The request's time was over before the answer was complete.")
        return Failure(FailureClass.TIMEOUT, Blame.ROUTE, "The stream stalled.")

    async def _relay(self, write: Write) -> Failure | None:
        time, clock = asyncio.get_running_loop().time, self._clock.monotonic
        now = time()
        idle, progress = self._timeouts.idle, self._timeouts.progress
        self._ends_at = ends_at = now + self._deadline - self._clock.monotonic()
        progress_until = now + progress
        client, framed, is_over = self._client, self._opening, False
        with Watchdog(min(idle, max(ends_at - now, 0))) as watchdog:
            while True:
                if framed:
                    watchdog.expires_at = ends_at  # a slow client is not a stalled provider
                    before = clock()
                    try:
                        await write(framed)
                    finally:
                        waited = clock() - before
                        self.client_seconds += waited
                    progress_until += waited
                if client.failure is not None or client.saw_done or is_over:
                    return client.failure
                now = time()
                if client.has_content:
                    progress_until, self._complete_at = now + progress, None
                watchdog.expires_at = min(now + idle, progress_until, ends_at)
                if client.may_be_over:
                    if self._is_over(now, watchdog):
                        return None
                    if client.end.content_waits and not (client.has_content and await self._comes_soon()):
                        framed = client.let_content_go(self._exchange)
                        continue
                if self._reading is None:
                    chunk = await anext(self._chunks, None)
                else:
                    chunk = await self._reading
                    self._reading = None
                is_over = chunk is None
                framed = client.read(self._exchange, self._decoder.end() if chunk is None else self._decoder.feed(chunk))

    @property
    def _is_closed(self) -> bool:
        """No content follows."""
        return self._client.end.is_closed or self._decoder.saw_end

    def _is_over(self, now: float, watchdog: Watchdog) -> bool:
        """Whether an answer that may have ended has; `watchdog` is set to how long more of it is waited for."""
        is_complete, is_closed = self.is_complete, self._is_closed
        if self._has_several_choices or not (is_complete or is_closed):
            return False
        if is_complete and is_closed:
            return True
        if self._complete_at is None:
            end = self._client.end
            wait = _DOUBTFUL_WAIT_SECONDS if end.is_doubtful else _USAGE_WAIT_SECONDS
            self._complete_at = min(now + (self._timeouts.idle if end.has_reopened else wait), self._ends_at)
        if now >= self._complete_at:
            return True
        watchdog.restart(self._complete_at - now)
        return False

    async def _comes_soon(self) -> bool:
        """Whether the next piece of the body does."""
        self._reading = asyncio.ensure_future(anext(self._chunks, None))
        await asyncio.wait((self._reading,), timeout=_DIVISION_SECONDS)
        return self._reading.done()

    async def close(self) -> None:
        """Ends the exchange. After a sound end the connection is kept, else it is closed at once."""
        try:
            if self._reading is not None:
                self._reading.cancel()
                await asyncio.gather(self._reading, return_exceptions=True)
            if self._is_sound:
                with Watchdog(_DRAIN_SECONDS):
                    async for _ in self._chunks:
                        pass
        except (UpstreamError, TimeoutError):
            pass  # the answer was complete: how the connection ends does not matter any more
        finally:
            await self._answer.close()
