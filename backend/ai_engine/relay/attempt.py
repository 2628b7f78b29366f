"""One attempt: one request on one route with one provider key, from its sending to the whole answer or the first content."""

from collections.abc import AsyncIterator
from dataclasses import replace

from ai_engine.clock import Watchdog
from ai_engine.errors import DeadlineExceeded
from ai_engine.names import PASSED_THROUGH, Blame, TokenCounts
from ai_engine.providers.adapter import EventKind, PlainAnswer, StreamDecoder, StreamEvent
from ai_engine.providers.failures import Failure, FailureClass, classify_exception, malformed_response
from ai_engine.providers.registry.definition import Timeouts
from ai_engine.relay.client_stream import ClientStream
from ai_engine.relay.exchange import Exchange
from ai_engine.relay.lease import Lease
from ai_engine.relay.open_stream import OpenStream, Write
from ai_engine.relay.request import ClientRequest
from ai_engine.relay.services import RelayServices
from ai_engine.relay.spending import Spent, spent_as_reported, spent_on
from ai_engine.relay.whole_answer import WholeAnswer, in_client_format
from ai_engine.upstream.port import UpstreamAnswer, UpstreamError, UpstreamRequest
from ai_engine.wire.sse import MAX_EVENT_BYTES

_REASONING_FIRST_TOKEN_SECONDS = 300
"""Models that reason are silent by nature."""

_LARGEST_ERROR_BYTES = 256 * 1024
_LARGEST_ANSWER_BYTES = 128 * 1024 * 1024
_LARGEST_OPENING_BYTES = 2 * MAX_EVENT_BYTES
"""How much of a stream may come without content; what is held back of it lies in memory."""


class Attempt:
    """Ends its lease on every path: a plain answer and a failure in `run`, an open stream in `relay_to` or `end_stream`."""

    __slots__ = (
        "_client",
        "_deadline",
        "_decoder",
        "_request",
        "_services",
        "_upstream_request",
        "exchange",
        "lease",
        "plain",
        "stream",
    )

    def __init__(
        self,
        services: RelayServices,
        request: ClientRequest,
        exchange: Exchange,
        upstream_request: UpstreamRequest,
        lease: Lease,
        deadline: float,
        client: ClientStream | None,
    ) -> None:
        """`deadline` is the request's, in monotonic seconds. `client` writes the answer of a request for a stream."""
        self._services = services
        self._request = request
        self.exchange = exchange
        self._upstream_request = upstream_request
        self._deadline = deadline
        self._client = client
        self._decoder: StreamDecoder | None = None
        self.lease = lease
        self.stream: OpenStream | None = None
        """Set once its first content is there."""
        self.plain: WholeAnswer | None = None
        """The whole answer, in the client's format."""

    async def run(self) -> Failure | None:
        """`None` once there is a sound answer: `plain`, or a stream to `relay_to`.

        Raises `DeadlineExceeded` where the request's own time is over, which no provider is to blame for.
        """
        try:
            failure = await self._run()
        except BaseException:
            self.lease.abandon(self._reported())
            raise
        if failure is None:
            return None
        failure = self._without_our_key(failure)
        self.lease.fail(failure, self._reported())
        return failure

    async def _run(self) -> Failure | None:
        patience = self._patience()
        remaining = self._deadline - self.lease.started_at
        if remaining <= 0:
            raise DeadlineExceeded("The request's time was over before a provider could answer.")
        try:
            with Watchdog(min(patience, remaining)):
                return await self._read(await self._services.upstream.send(self._upstream_request))
        except TimeoutError:
            if remaining <= patience:
                raise DeadlineExceeded("The request's time was over before an answer was complete.") from None
            return Failure(FailureClass.TIMEOUT, Blame.ROUTE, f"No answer for {patience:g} seconds.")
        except UpstreamError as error:
            return classify_exception(error)

    def _patience(self) -> float:
        """How long an attempt may take to its first content, or to its whole answer, in seconds."""
        timeouts = self._timeouts()
        if not self._request.is_stream:
            return timeouts.plain_answer
        if self.lease.candidate.entry.is_reasoning:
            return max(timeouts.first_token, _REASONING_FIRST_TOKEN_SECONDS)
        return timeouts.first_token

    async def _read(self, answer: UpstreamAnswer) -> Failure | None:
        """Closes the answer on every path, except where it is a stream that has begun."""
        try:
            if not 200 <= answer.status < 300:
                body = await answer.read(_LARGEST_ERROR_BYTES)
                return self.exchange.classify(answer.status, answer.headers, body)
            if self._request.is_stream:
                return await self._open_stream(answer)
            outcome = self.exchange.decode_answer(answer.headers, await answer.read(_LARGEST_ANSWER_BYTES))
        finally:
            if self.stream is None:
                await answer.close()
        # Only now: a cancellation while the answer was being closed must find an attempt that is not over yet.
        return outcome if isinstance(outcome, Failure) else self._succeed(outcome, answer)

    def _succeed(self, plain: PlainAnswer, answer: UpstreamAnswer) -> Failure | None:
        whole = in_client_format(self.exchange, plain, self._request.translation)
        if isinstance(whole, Failure):
            return whole
        self.plain = whole
        self.lease.confirm(answer.headers)
        tokens, seconds = plain.usage.all_output if plain.usage else None, self.lease.provider_seconds()
        rate = tokens / seconds if tokens and seconds > 0 else None
        self.lease.succeed(self._spent(plain.usage, plain.characters_since_usage), rate)
        return None

    async def _open_stream(self, answer: UpstreamAnswer) -> Failure | None:
        """Reads until the first content. What came before it is held back, and forgotten if nothing follows."""
        decoder = self._decoder = self.exchange.decode_stream()
        chunks = answer.chunks()
        held: list[StreamEvent] = []
        received_bytes = 0
        async for chunk in chunks:
            events = decoder.feed(chunk)
            held.extend(events)
            for event in events:
                match event.kind:
                    case EventKind.CONTENT | EventKind.FINISH:
                        return self._begin_stream(answer, chunks, decoder, held)
                    case EventKind.FAILURE if event.failure is not None:
                        return event.failure
                    case EventKind.DONE:
                        return _nothing_came()
                    case _:
                        pass
            received_bytes += len(chunk)
            if received_bytes > _LARGEST_OPENING_BYTES:
                return malformed_response(f"The provider's stream has no content in its first {received_bytes} bytes.")
        failures = (event.failure for event in decoder.end() if event.failure is not None)
        return next(failures, _nothing_came())

    def _begin_stream(
        self, answer: UpstreamAnswer, chunks: AsyncIterator[bytes], decoder: StreamDecoder, held: list[StreamEvent]
    ) -> Failure | None:
        """Written now, while it can still begin elsewhere: what cannot be translated or written is this attempt's failure."""
        client = self._client
        assert client is not None, "the request is for a stream"
        opening = client.open(self.exchange, held)
        stream = OpenStream(
            answer, chunks, self.exchange, decoder, client, opening, self._timeouts(), self._deadline, self._services.clock
        )
        if client.failure is not None and not stream.is_complete:
            return client.failure
        self.lease.confirm(answer.headers)
        self.lease.first_token_seconds = self.lease.provider_seconds()
        self.stream = stream
        return None

    async def relay_to(self, write: Write) -> Failure | None:
        """Writes the stream's events, ends the lease, and returns how the stream broke, `None` if it did not.

        Where this raises, the lease is still to be ended: by `end_stream` or `abandon_stream`.
        """
        assert self.stream is not None, "the request is for a stream"
        try:
            failure = await self.stream.relay_to(write)
        finally:
            self.lease.client_seconds = self.stream.client_seconds
        if failure is None:
            self.end_stream()
            return None
        failure = self._without_our_key(failure)
        self.lease.fail(failure, self._spent_so_far())
        return failure

    def end_stream(self) -> None:
        """The stream is over without a failure: by its end, or because the client left."""
        if self.lease.is_over:
            return
        stream, decoder = self.stream, self._decoder
        assert stream is not None, "the request is for a stream"
        assert decoder is not None, "a stream has a decoder"
        tokens = decoder.usage.all_output if decoder.usage and stream.is_complete else None
        seconds = self.lease.provider_seconds() - (self.lease.first_token_seconds or 0)
        detail = None if decoder.inferred_finish is None else f"No finish reason came; {decoder.inferred_finish} was inferred."
        self.lease.succeed(self._spent_so_far(), tokens / seconds if tokens and seconds > 0 else None, detail)

    def abandon_stream(self) -> None:
        """The gateway itself failed while the stream was open."""
        self.lease.abandon(self._spent_so_far())

    def _without_our_key(self, failure: Failure) -> Failure:
        """Providers repeat the key that they refuse, and not every key looks like one."""
        key = self.lease.key.key
        return failure.without(key.secret) if key else failure

    def _timeouts(self) -> Timeouts:
        """The provider's. A picture takes its time: its stream may be as silent as a plain answer would be."""
        timeouts = self.lease.candidate.definition.timeouts
        if self._request.operation not in PASSED_THROUGH:
            return timeouts
        return replace(timeouts, first_token=timeouts.plain_answer, idle=timeouts.plain_answer, progress=timeouts.plain_answer)

    def _spent(self, usage: TokenCounts | None, characters_since_usage: int) -> Spent:
        candidate = self.lease.candidate
        if self._request.operation in PASSED_THROUGH:
            return spent_as_reported(self._request.operation, usage, candidate.entry.price, candidate.definition.free)
        return spent_on(self.exchange.body, usage, characters_since_usage, candidate.entry.price)

    def _spent_so_far(self) -> Spent:
        """What a stream took whose content had begun."""
        assert self._decoder is not None, "a stream has a decoder"
        return self._spent(self._decoder.usage, self._decoder.characters_since_usage)

    def _reported(self) -> Spent | None:
        """What a stream reported of its usage before any content; some count the input before they begin."""
        usage = self._decoder.usage if self._decoder is not None else None
        return self._spent(usage, 0) if usage is not None else None


def _nothing_came() -> Failure:
    return Failure(
        FailureClass.INCOMPLETE_STREAM, Blame.ROUTE, "The stream ended before its first content.", is_worth_repeating=True
    )
