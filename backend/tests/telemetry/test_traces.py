import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from ai_engine.errors import ConfigurationError
from ai_engine.events import CANCELLED, Ending, RequestFinished
from ai_engine.names import Blame, Route, TokenCounts
from ai_engine.telemetry import traces as module
from ai_engine.telemetry.traces import IncomingTrace, Traces, incoming_trace
from tests.fakes.clock import HandTurnedClock
from tests.ledger.builders import a_failed_attempt, a_request, an_attempt

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


async def spans_of(*events: RequestFinished, incoming: IncomingTrace | None = None) -> Sequence[ReadableSpan]:
    """What becomes of these requests."""
    exporter = InMemorySpanExporter()
    traces = Traces(SimpleSpanProcessor(exporter), HandTurnedClock())
    token = incoming_trace.set(incoming)
    for event in events:
        traces(event)
    incoming_trace.reset(token)
    await traces.close()
    return exporter.get_finished_spans()


def failover() -> RequestFinished:
    refused = a_failed_attempt(1, route=Route("mistral", "tiny"), started_ms=1.0, duration_ms=10.0)
    answered = an_attempt(
        2,
        route=Route("groq", "tiny"),
        reason="next_candidate",
        started_ms=12.0,
        duration_ms=400.0,
        first_token_ms=50.0,
        tokens=TokenCounts(input=10, cached_input=4, cache_write=1, output=6, reasoning=2),
        cost_usd=Decimal("0.25"),
    )
    return a_request(
        received_at=NOON,
        requested_model="tiny-latest",
        route=answered.route,
        is_stream=True,
        first_token_ms=62.0,
        duration_ms=412.5,
        attempts=(refused, answered),
    )


async def test_a_request_is_a_span_and_its_attempts_are_its_children() -> None:
    first, second, whole = await spans_of(failover())

    assert [span.name for span in (whole, first, second)] == ["chat tiny-latest", "chat tiny", "chat tiny"]
    assert [span.kind for span in (whole, first, second)] == [SpanKind.SERVER, SpanKind.CLIENT, SpanKind.CLIENT]
    assert whole.parent is None
    for attempt in (first, second):
        assert attempt.parent is not None
        assert attempt.parent.span_id == whole.context.span_id
        assert attempt.context.trace_id == whole.context.trace_id


async def test_times_are_those_of_what_happened() -> None:
    first, second, whole = await spans_of(failover())
    noon = int(NOON.timestamp()) * 1_000_000_000

    assert (whole.start_time, whole.end_time) == (noon, noon + 412_500_000)
    assert (first.start_time, first.end_time) == (noon + 1_000_000, noon + 11_000_000)
    assert (second.start_time, second.end_time) == (noon + 12_000_000, noon + 412_000_000)


async def test_an_attempt_has_the_names_of_the_conventions() -> None:
    first, second, _ = await spans_of(failover())

    assert dict(second.attributes or {}) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "groq",
        "gen_ai.request.model": "tiny",
        "gen_ai.request.stream": True,
        "gen_ai.response.model": "tiny",
        "gen_ai.response.time_to_first_chunk": 0.05,
        "gen_ai.usage.input_tokens": 15,
        "gen_ai.usage.cache_read.input_tokens": 4,
        "gen_ai.usage.cache_creation.input_tokens": 1,
        "gen_ai.usage.output_tokens": 8,
        "gen_ai.usage.reasoning.output_tokens": 2,
        "http.response.status_code": 200,
        "ai_engine.provider": "groq",
        "ai_engine.attempt.number": 2,
        "ai_engine.attempt.reason": "next_candidate",
        "ai_engine.usage.is_estimated": False,
        "ai_engine.cost_usd": 0.25,
    }
    refused = dict(first.attributes or {})
    assert refused["gen_ai.provider.name"] == "mistral_ai", "the conventions' own word"
    assert (refused["error.type"], refused["http.response.status_code"]) == ("rate_limit", 429)
    assert not [name for name in refused if name.startswith("gen_ai.usage")], "what is unknown is not 0"


async def test_the_request_tells_the_end_and_leaves_the_tokens_to_its_attempts() -> None:
    *_, whole = await spans_of(failover())
    attributes = dict(whole.attributes or {})

    assert attributes["gen_ai.request.model"] == "tiny-latest"
    assert attributes["gen_ai.response.model"] == "tiny"
    assert (attributes["ai_engine.ending"], attributes["ai_engine.attempts"]) == ("completed", 2)
    assert attributes["ai_engine.request.id"] == "req-1"
    assert not [name for name in attributes if name.startswith("gen_ai.usage")]


@pytest.mark.parametrize(
    ("ending", "status", "code"),
    [
        (Ending.COMPLETED, 200, StatusCode.UNSET),
        (Ending.RESCUED, 200, StatusCode.UNSET),
        (Ending.CLIENT_CANCELLED, 499, StatusCode.UNSET),
        (Ending.ERROR, 400, StatusCode.UNSET),
        (Ending.ERROR, 503, StatusCode.ERROR),
        (Ending.UPSTREAM_CUT, 200, StatusCode.ERROR),
    ],
)
async def test_only_what_is_ours_is_an_error(ending: Ending, status: int, code: StatusCode) -> None:
    (whole,) = await spans_of(a_request(ending=ending, status=status, attempts=()))

    assert whole.status.status_code is code


async def test_a_failed_attempt_is_an_error_and_one_that_was_given_up_is_none() -> None:
    given_up = a_failed_attempt(2, failure=CANCELLED, blame=Blame.REQUEST, status=None)
    failed, abandoned, _ = await spans_of(a_request(attempts=(a_failed_attempt(1), given_up)))

    assert failed.status.status_code is StatusCode.ERROR
    assert abandoned.status.status_code is StatusCode.UNSET


async def test_the_clients_own_trace_is_continued() -> None:
    incoming = IncomingTrace(f"00-{TRACE}-{PARENT}-01", "vendor=1")
    *_, whole = await spans_of(failover(), incoming=incoming)

    assert whole.parent is not None
    assert f"{whole.context.trace_id:032x}" == TRACE
    assert f"{whole.parent.span_id:016x}" == PARENT
    assert whole.context.trace_state.get("vendor") == "1"


@pytest.mark.parametrize("traceparent", ["", "00-1-2-3", f"00-{'0' * 32}-{PARENT}-01", "ff" * 40])
async def test_a_trace_that_is_none_is_not_continued(traceparent: str) -> None:
    *_, whole = await spans_of(failover(), incoming=IncomingTrace(traceparent))

    assert whole.parent is None


async def test_a_client_that_does_not_sample_is_not_sampled() -> None:
    assert await spans_of(failover(), incoming=IncomingTrace(f"00-{TRACE}-{PARENT}-00")) == ()


async def test_spans_are_made_in_the_background_a_few_at_a_time() -> None:
    exporter, clock = InMemorySpanExporter(), HandTurnedClock()
    traces = Traces(SimpleSpanProcessor(exporter), clock)
    for _ in range(module.BATCH_SIZE + 1):
        traces(a_request(attempts=()))
    assert exporter.get_finished_spans() == (), "not on the way of the request"

    running = asyncio.create_task(traces.run())
    await asyncio.sleep(0)
    assert len(exporter.get_finished_spans()) == module.BATCH_SIZE
    for _ in range(3):
        await asyncio.sleep(0)
    assert len(exporter.get_finished_spans()) == module.BATCH_SIZE + 1
    assert clock.slept[-1] == module.POLL_SECONDS
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await traces.close()


async def test_the_queue_is_bounded() -> None:
    traces = Traces(SimpleSpanProcessor(exporter := InMemorySpanExporter()), HandTurnedClock())
    request = a_request(attempts=())
    for _ in range(module.MAX_QUEUE_LENGTH + 5):
        traces(request)
    await traces.close()

    assert len(exporter.get_finished_spans()) == module.MAX_QUEUE_LENGTH


def test_without_the_packages_the_start_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    # How Python itself marks a module that must not be found.
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)

    with pytest.raises(ConfigurationError, match=r"pip install 'ai-engine\[opentelemetry\]'"):
        Traces.exported_to("http://localhost:4318", HandTurnedClock())
