"""A stream that has begun: its events go to the client as they come, until its sound end or its break."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from ai_engine.clock import Clock, Watchdog
from ai_engine.names import Blame, TokenCounts
from ai_engine.providers.adapter import EventKind, StreamDecoder, StreamEvent
from ai_engine.providers.failures import Failure, FailureClass, classify_exception
from ai_engine.providers.registry.definition import Timeouts
from ai_engine.upstream.port import UpstreamAnswer, UpstreamError

Write = Callable[[bytes], Awaitable[None]]
"""Takes whole events for the client, and waits while the client is slow."""

_USAGE_WAIT_SECONDS = 2
"""How long a stream whose every choice has finished may still take to report its usage."""
_DRAIN_SECONDS = 1
"""How long the end of the body is waited for once the answer is complete, so that the connection can be used again."""

_RELAYED = frozenset({EventKind.OPENING, EventKind.CONTENT, EventKind.FINISH})


class OpenStream:
    """The rest of one upstream stream. `on_end` hears its end exactly once; whoever holds the stream calls `close()`."""

    def __init__(
        self,
        answer: UpstreamAnswer,
        chunks: AsyncIterator[bytes],
        decoder: StreamDecoder,
        held: list[StreamEvent],
        timeouts: Timeouts,
        deadline: float,
        clock: Clock,
        *,
        cleaned: Callable[[Failure], Failure],
        has_several_choices: bool = False,
    ) -> None:
        """`has_several_choices` (`n > 1`): one may begin when the others are over, so only the stream's own end is its end.

        `cleaned` takes our key out of what the provider says of its failure.
        """
        self._cleaned = cleaned
        self._answer = answer
        self._chunks = chunks
        self._decoder = decoder
        self._held = held
        self._timeouts = timeouts
        self._deadline = deadline
        self._clock = clock
        self._has_several_choices = has_several_choices
        self._saw_done = False
        self._failure: Failure | None = None
        self.on_end: Callable[[Failure | None], None] | None = None

    @property
    def is_complete(self) -> bool:
        """Every choice has its `finish_reason`: nothing that may still come belongs to the answer."""
        return self._decoder.is_finished

    @property
    def answer(self) -> Mapping[str, Any] | None:
        """The whole answer, where its format repeats it at its end; known once the stream has ended."""
        return self._decoder.answer

    def ending(self) -> bytes:
        """What ends a sound answer in the client's format."""
        return self._decoder.ending()

    async def relay_to(self, write: Write, *, wants_usage: bool) -> Failure | None:
        """Writes every event, in order, and returns how the stream broke, `None` if it did not.

        The caller writes the end (`ending()`, or the error), since the engine may yet go on elsewhere.
        """
        try:
            failure = await self._relay(write, wants_usage=wants_usage)
            self._failure = self._cleaned(failure) if failure is not None else None
        except UpstreamError as error:
            self._failure = classify_exception(error)
        except TimeoutError:
            self._failure = self._timed_out()
        if self.is_complete:
            self._failure = None
        elif self._failure is None:
            self._failure = Failure(FailureClass.CUT, Blame.ROUTE, "The stream ended without a finish.")
        self.end(self._failure)
        return self._failure

    def _timed_out(self) -> Failure:
        if self._clock.monotonic() >= self._deadline:
            return Failure(FailureClass.SILENT, Blame.REQUEST, "The request's time was over before the answer was complete.")
        return Failure(FailureClass.SILENT, Blame.ROUTE, "The stream stalled.")

    async def _relay(self, write: Write, *, wants_usage: bool) -> Failure | None:
        loop = asyncio.get_running_loop()
        idle, progress = self._timeouts.idle, self._timeouts.progress
        ends_at = loop.time() + self._deadline - self._clock.monotonic()
        progress_until = loop.time() + progress
        usage_until: float | None = None
        usage_on_the_way: TokenCounts | None = None
        events: Sequence[StreamEvent] = self._held
        with Watchdog(min(idle, max(ends_at - loop.time(), 0))) as watchdog:
            while True:
                lines, has_content, failure = self._sorted_out(events, wants_usage=wants_usage)
                if lines:
                    watchdog.expires_at = ends_at  # a slow client is not a stalled provider
                    await write(b"".join(lines))
                if failure is not None or self._saw_done:
                    return failure
                if has_content:
                    progress_until = loop.time() + progress
                if not self._decoder.is_finished or self._has_several_choices:
                    watchdog.expires_at = min(loop.time() + idle, progress_until, ends_at)
                    usage_on_the_way = self._decoder.usage
                elif self._decoder.usage is not usage_on_the_way:  # some tell it with every piece, and of the whole at the end
                    return None
                else:
                    usage_until = usage_until or loop.time() + _USAGE_WAIT_SECONDS
                    if loop.time() >= usage_until:
                        return None
                    watchdog.restart(usage_until - loop.time())
                chunk = await anext(self._chunks, None)
                if chunk is None:
                    lines, _, failure = self._sorted_out(self._decoder.end(), wants_usage=wants_usage)
                    if lines:
                        await write(b"".join(lines))
                    return failure
                events = self._decoder.feed(chunk)

    def _sorted_out(self, events: Sequence[StreamEvent], *, wants_usage: bool) -> tuple[list[bytes], bool, Failure | None]:
        """The lines to relay, whether the answer got any further, and the error that ends the stream."""
        lines: list[bytes] = []
        has_content = False
        for event in events:
            kind = event.kind
            if kind in _RELAYED:
                lines.append(event.data)
                has_content = has_content or kind is not EventKind.OPENING
            elif kind is EventKind.USAGE:
                if wants_usage:
                    lines.append(event.data)
            elif kind is EventKind.DONE:
                self._saw_done = True
                break
            elif kind is EventKind.FAILURE:
                return lines, has_content, event.failure
        return lines, has_content, None

    def end(self, failure: Failure | None = None) -> None:
        """Nothing more is relayed; whoever listens hears it, the first time. Without a failure, the client left."""
        if self.on_end is not None:
            on_end, self.on_end = self.on_end, None
            on_end(failure)

    async def close(self) -> None:
        """Ends the exchange. After a sound end the connection is kept, else it is closed at once."""
        try:
            if self.is_complete and self._failure is None:
                with Watchdog(_DRAIN_SECONDS):
                    async for _ in self._chunks:
                        pass
        except (UpstreamError, TimeoutError):
            pass  # the answer was complete: how the connection ends does not matter any more
        finally:
            self.end()
            await self._answer.close()
