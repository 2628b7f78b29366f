"""One real message on an operator's behalf, and everything that it shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ai_engine.autodecide.candidates import Candidate
from ai_engine.clock import Clock
from ai_engine.errors import AIEngineError
from ai_engine.events import AttemptFinished
from ai_engine.management_api.schemas import TokenUsage
from ai_engine.names import Operation, Route
from ai_engine.relay.client import UncommittedClient
from ai_engine.relay.relay import Relay
from ai_engine.relay.request import ClientRequest
from ai_engine.telemetry.performance import Performance
from ai_engine.web.errors import error_status
from ai_engine.wire.openai_usage import token_counts
from ai_engine.wire.tolerant import objects_in

_TRIAL_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Trial:
    """How it went."""

    route: Route | None
    text: str | None
    usage: TokenUsage | None
    latency_ms: float
    ttft_ms: float | None
    attempts: Sequence[AttemptFinished]
    error: str | None


class Trials:
    """Sends the message as a stream, since only a stream shows the time to its first token."""

    def __init__(self, relay: Relay, performance: Performance, clock: Clock) -> None:
        self._relay = relay
        self._performance = performance
        self._clock = clock

    async def run(self, request_id: str, model: str, message: str, only: Candidate | None = None) -> Trial:
        """`only` pins the request to one route; without it autodecide chooses. A failure is returned in `error`, not raised."""
        body: dict[str, Any] = {"model": model, "messages": [{"role": "user", "content": message}], "stream": True}
        request = ClientRequest(
            request_id, Operation.CHAT, model, body, is_stream=True, wants_usage=True, timeout_seconds=_TRIAL_SECONDS
        )
        attempts: list[AttemptFinished] = []

        text = _Text()
        started_at = self._clock.monotonic()
        self._performance.started()
        route, error = None, None
        try:
            client = UncommittedClient(error_status)
            answer = await self._relay.answer(request, client, only=only, observer=attempts.append, on_chunk=text.take)
            route = answer.route
            assert answer.stream is not None
            try:
                broken = await answer.stream.relay_to(_discard)
                answer.stream.ending()  # the usage comes with it
            finally:
                await answer.stream.close()
            error = broken.message if broken else None
        except AIEngineError as failed:
            error = failed.message
        last = attempts[-1] if attempts else None
        return Trial(
            route=route,
            text=text.whole if route else None,
            usage=text.usage,
            latency_ms=(self._clock.monotonic() - started_at) * 1000,
            ttft_ms=last.first_token_ms if last else None,
            attempts=attempts,
            error=error,
        )


class _Text:
    """Gathers the text and the usage of a relayed stream."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self.usage: TokenUsage | None = None

    @property
    def whole(self) -> str:
        return "".join(self._parts)

    def take(self, chunk: Mapping[str, Any]) -> None:
        for choice in objects_in(chunk, "choices"):
            # The adapter passes on what it does not know, so a delta may be anything.
            delta = choice.get("delta")
            content = delta.get("content") if isinstance(delta, dict) else None
            if isinstance(content, str):
                self._parts.append(content)
        usage = token_counts(chunk.get("usage"))
        if usage is not None:
            self.usage = TokenUsage(input_tokens=usage.all_input, output_tokens=usage.all_output)


async def _discard(events: bytes) -> None:
    """The stream itself goes nowhere."""
