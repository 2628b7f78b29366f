"""OpenTelemetry traces: a span per request and a child span per attempt, named by the GenAI conventions.

Spans are created from finished events in the background: the request path only appends an event to a queue. Without
`AI_ENGINE_OTLP_ENDPOINT`, OpenTelemetry is not imported. Spans do not contain message text.

The conventions: https://github.com/open-telemetry/semantic-conventions-genai (read 2026-11-23).
"""

import asyncio
import logging
import threading
from collections import deque
from contextlib import suppress
from contextvars import ContextVar
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from ai_engine import __version__
from ai_engine.clock import Clock
from ai_engine.errors import ConfigurationError
from ai_engine.events import CANCELLED, AttemptFinished, Ending, RequestFinished

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import SpanProcessor

MAX_QUEUE_LENGTH = 10_000
"""Requests waiting to be converted to spans. Beyond it new ones are dropped."""
POLL_SECONDS = 0.1
SHUTDOWN_SECONDS = 2
"""How long shutdown waits for the collector to accept the last spans."""
BATCH_SIZE = 16
"""Requests converted before yielding to other tasks: about a millisecond."""

_NANOSECONDS = 1_000_000

_PROVIDER_NAMES = MappingProxyType(
    {
        "azure": "azure.ai.openai",
        "gemini": "gcp.gemini",
        "mistral": "mistral_ai",
        "xai": "x_ai",
    }
)
"""Providers whose name in the conventions differs from ours."""


class IncomingTrace(NamedTuple):
    """The trace context of a client's request (https://www.w3.org/TR/trace-context/)."""

    traceparent: str
    tracestate: str | None = None


incoming_trace: ContextVar[IncomingTrace | None] = ContextVar("incoming_trace", default=None)
"""Set for each request by `web.trace_context` if tracing is on; each request runs in its own task."""


class Traces:
    """A `RequestObserver`. `run` converts requests to spans; `close` sends the rest."""

    def __init__(self, processor: "SpanProcessor", clock: Clock) -> None:
        """`processor` receives the finished spans.

        OpenTelemetry reads sampler, limits and resource attributes from its own variables, such as `OTEL_TRACES_SAMPLER`.
        """
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider

        own = Resource({"service.name": "ai-engine", "service.version": __version__})
        self._provider = TracerProvider(resource=own.merge(OTELResourceDetector().detect()), shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("ai_engine", __version__)
        self._queue: deque[tuple[RequestFinished, IncomingTrace | None]] = deque()
        self._clock = clock

    @classmethod
    def exported_to(cls, endpoint: str, clock: Clock) -> "Traces":
        """Sends batches by OTLP over HTTP to `endpoint`, such as `http://localhost:4318`, with the path `/v1/traces`.

        Raises `ConfigurationError` if the packages for it are not installed.
        """
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError:
            raise ConfigurationError(
                "AI_ENGINE_OTLP_ENDPOINT needs packages that are not installed; "
                "install them with: pip install 'ai-engine[opentelemetry]'"
            ) from None
        # It warns at every retry; the error about a lost batch is enough.
        logging.getLogger(OTLPSpanExporter.__module__).setLevel(logging.ERROR)
        return cls(BatchSpanProcessor(OTLPSpanExporter(endpoint.rstrip("/") + "/v1/traces")), clock)

    def __call__(self, request: RequestFinished) -> None:
        if len(self._queue) < MAX_QUEUE_LENGTH:
            self._queue.append((request, incoming_trace.get()))

    async def run(self) -> None:
        """Converts requests to spans until it is cancelled."""
        while True:
            self._make_spans(BATCH_SIZE)
            await self._clock.sleep(0 if self._queue else POLL_SECONDS)

    async def close(self) -> None:
        """Sends the rest, and waits a bounded time for a slow or unavailable collector. `run` must have ended."""
        self._make_spans(len(self._queue))
        loop, is_sent = asyncio.get_running_loop(), asyncio.Event()

        def send() -> None:
            self._provider.shutdown()
            with suppress(RuntimeError):  # the wait timed out, and the loop is closed
                loop.call_soon_threadsafe(is_sent.set)

        # A daemon thread: it retries for ten seconds and more, and must not delay the end of the process.
        threading.Thread(target=send, daemon=True).start()
        with suppress(TimeoutError):
            async with asyncio.timeout(SHUTDOWN_SECONDS):
                await is_sent.wait()

    def _make_spans(self, most: int) -> None:
        for _ in range(min(most, len(self._queue))):
            event, incoming = self._queue.popleft()
            self._request_span(event, _parent(incoming))

    def _request_span(self, event: RequestFinished, parent: "Context") -> None:
        from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context

        received_at = _nanoseconds(event.received_at)
        span = self._tracer.start_span(
            f"{event.operation.value} {event.requested_model}",
            context=parent,
            kind=SpanKind.SERVER,
            start_time=received_at,
            attributes=_request_attributes(event),
        )
        if event.ending is Ending.UPSTREAM_CUT or (event.ending is Ending.ERROR and event.status >= 500):
            span.set_status(Status(StatusCode.ERROR))
        context = set_span_in_context(span, parent)
        for attempt in event.attempts:
            self._attempt_span(attempt, event, received_at, context)
        span.end(received_at + int(event.duration_ms * _NANOSECONDS))

    def _attempt_span(self, attempt: AttemptFinished, event: RequestFinished, received_at: int, parent: "Context") -> None:
        from opentelemetry.trace import SpanKind, Status, StatusCode

        started_at = received_at + int(attempt.started_ms * _NANOSECONDS)
        span = self._tracer.start_span(
            f"{event.operation.value} {attempt.route.model}",
            context=parent,
            kind=SpanKind.CLIENT,
            start_time=started_at,
            attributes=_attempt_attributes(attempt, event),
        )
        if attempt.failure is not None and attempt.failure != CANCELLED:
            span.set_status(Status(StatusCode.ERROR))
        span.end(started_at + int(attempt.duration_ms * _NANOSECONDS))


Attributes = dict[str, str | bool | int | float]


def _parent(incoming: IncomingTrace | None) -> "Context":
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    if incoming is None:
        return Context()
    carrier = {"traceparent": incoming.traceparent}
    if incoming.tracestate is not None:
        carrier["tracestate"] = incoming.tracestate
    return TraceContextTextMapPropagator().extract(carrier, Context())


def _request_attributes(event: RequestFinished) -> Attributes:
    """Tokens and cost are attributes of attempts only, so that a sum over spans counts nothing twice."""
    attributes: dict[str, str | bool | int | float | None] = {
        "gen_ai.operation.name": event.operation.value,
        "gen_ai.provider.name": _provider_name(event.route.provider) if event.route else None,
        "gen_ai.request.model": event.requested_model,
        "gen_ai.request.stream": event.is_stream or None,
        "gen_ai.response.model": event.route.model if event.route and event.status < 300 else None,
        "gen_ai.response.time_to_first_chunk": _seconds(event.first_token_ms),
        "http.response.status_code": event.status,
        "error.type": event.error_class,
        "ai_engine.request.id": event.request_id,
        "ai_engine.ending": event.ending.value,
        "ai_engine.attempts": len(event.attempts),
        "ai_engine.overhead_ms": round(event.overhead_ms, 3),
    }
    return {name: value for name, value in attributes.items() if value is not None}


def _attempt_attributes(attempt: AttemptFinished, event: RequestFinished) -> Attributes:
    tokens = attempt.tokens
    attributes: dict[str, str | bool | int | float | None] = {
        "gen_ai.operation.name": event.operation.value,
        "gen_ai.provider.name": _provider_name(attempt.route.provider),
        "gen_ai.request.model": attempt.route.model,
        "gen_ai.request.stream": event.is_stream or None,
        "gen_ai.response.model": attempt.route.model if attempt.succeeded else None,
        "gen_ai.response.time_to_first_chunk": _seconds(attempt.first_token_ms),
        "gen_ai.usage.input_tokens": tokens.all_input,
        "gen_ai.usage.cache_read.input_tokens": tokens.cached_input,
        "gen_ai.usage.cache_creation.input_tokens": tokens.cache_write,
        "gen_ai.usage.output_tokens": tokens.all_output,
        "gen_ai.usage.reasoning.output_tokens": tokens.reasoning,
        "http.response.status_code": attempt.status,
        "error.type": str(attempt.failure) if attempt.failure is not None else None,
        "ai_engine.provider": attempt.route.provider,
        "ai_engine.attempt.number": attempt.number,
        "ai_engine.attempt.reason": attempt.reason,
        "ai_engine.usage.is_estimated": attempt.tokens_are_estimated,
        "ai_engine.cost_usd": float(attempt.cost_usd) if attempt.cost_usd is not None else None,
    }
    return {name: value for name, value in attributes.items() if value is not None}


def _provider_name(provider: str) -> str:
    return _PROVIDER_NAMES.get(provider, provider)


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1000
