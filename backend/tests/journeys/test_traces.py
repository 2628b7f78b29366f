import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.fakes.gateway import Provider, gateway_in_front_of
from tests.fakes.scripted_upstream import Answer, ScriptedUpstream
from tests.journeys.steps import CHAT, refused, sound
from tests.patience import within

pytestmark = pytest.mark.anyio

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
LONGEST_STOP_SECONDS = 6
"""Two for the last spans, and what a gateway takes to stop."""


def received(collector: ScriptedUpstream) -> Iterator[tuple[str, Span]]:
    """Every span, with the name of the service that it came from."""
    for request in collector.requests:
        assert (request.method, request.path) == ("POST", "/v1/traces")
        for resource in ExportTraceServiceRequest.FromString(request.raw_body).resource_spans:
            names = {each.key: each.value.string_value for each in resource.resource.attributes}
            for scope in resource.scope_spans:
                yield from ((names["service.name"], span) for span in scope.spans)


async def test_a_failover_reaches_the_collector_as_one_trace(
    alpha: ScriptedUpstream, beta: ScriptedUpstream, stream: bool
) -> None:
    alpha.on(CHAT, refused(503))
    beta.on(CHAT, sound(stream=stream))
    async with ScriptedUpstream() as collector:
        collector.on("/traces", Answer(b""))
        providers = (Provider("alpha", alpha.base_url), Provider("beta", beta.base_url))
        environment = {"AI_ENGINE_OTLP_ENDPOINT": collector.base_url.removesuffix("/v1")}
        async with gateway_in_front_of(*providers, environment=environment) as gateway:
            followed = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
            assert (await gateway.chat("tiny", stream=stream, headers=followed)).provider == "beta"
            assert (await gateway.chat("tiny", stream=stream)).status == 200
        spans = list(received(collector))

    assert {service for service, _ in spans} == {"ai-engine"}
    ours = [span for _, span in spans if span.trace_id.hex() == TRACE]
    whole = next(span for span in ours if span.kind == Span.SPAN_KIND_SERVER)
    assert whole.parent_span_id.hex() == "00f067aa0ba902b7"
    attempts = [span for span in ours if span.parent_span_id == whole.span_id]
    providers_tried = [
        each.value.string_value for span in attempts for each in span.attributes if each.key == "gen_ai.provider.name"
    ]
    assert providers_tried == ["alpha", "beta"]
    others = {span.trace_id for _, span in spans} - {whole.trace_id}
    assert len(others) == 1, "a request without a trace of its own begins one, on the same connection too"


async def test_a_collector_that_is_away_costs_no_request_and_no_stop_anything(alpha: ScriptedUpstream) -> None:
    alpha.on(CHAT, sound(stream=False))
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
    serving = gateway_in_front_of(Provider("alpha", alpha.base_url), environment={"AI_ENGINE_OTLP_ENDPOINT": address})
    async with contextlib.AsyncExitStack() as stack:
        gateway = await stack.enter_async_context(serving)
        assert (await gateway.chat()).status == 200
        async with within(LONGEST_STOP_SECONDS):
            await stack.aclose()


def test_without_an_endpoint_opentelemetrys_sdk_is_not_even_loaded() -> None:
    program = "import sys, ai_engine.app; sys.exit('opentelemetry.sdk' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
