"""A stream that has begun: its events go to the client as they come, until its sound end or its break."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from ai_engine.clock import Clock, Watchdog
from ai_engine.names import Blame, TokenCounts
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
        usage_until: float | None = None
        usage_on_the_way: TokenCounts | None = None
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
                    progress_until = now + progress
                if not self._decoder.is_finished or self._has_several_choices:
                    watchdog.expires_at = min(now + idle, progress_until, ends_at)
                    usage_on_the_way = self._decoder.usage
                elif self._decoder.usage is not usage_on_the_way:  # some report it with every piece, and of the whole at the end
                    return None
                else:
                    usage_until = usage_until or now + _USAGE_WAIT_SECONDS
                    if now >= usage_until:
                        return None
                    watchdog.restart(usage_until - now)
                chunk = await anext(self._chunks, None)
                is_over = chunk is None
                framed = client.read(self._exchange, self._decoder.end() if chunk is None else self._decoder.feed(chunk))

    async def close(self) -> None:
        """Ends the exchange. After a sound end the connection is kept, else it is closed at once."""
        try:
            if self._is_sound:
                with Watchdog(_DRAIN_SECONDS):
                    async for _ in self._chunks:
                        pass
        except (UpstreamError, TimeoutError):
            pass  # the answer was complete: how the connection ends does not matter any more
        finally:
            await self._answer.close()
