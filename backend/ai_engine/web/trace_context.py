"""Notes the trace that a client's request belongs to, for the spans that are made of it when it has ended."""

from collections.abc import Awaitable

from ai_engine.telemetry.traces import IncomingTrace, incoming_trace
from ai_engine.web.disconnect import Receive
from ai_engine.web.middleware import ASGIApp, Scope, Send


class TraceContext:
    """Reads `traceparent` and `tracestate`. There only where traces are switched on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http":
            traceparent: str | None = None
            tracestate: list[str] = []
            for name, value in scope["headers"]:
                if name == b"traceparent":
                    traceparent = value.decode("ascii", "replace")
                elif name == b"tracestate":
                    tracestate.append(value.decode("ascii", "replace"))
            # Set in any case: a request that came over the same connection may have left one behind.
            incoming_trace.set(IncomingTrace(traceparent, ",".join(tracestate) or None) if traceparent else None)
        return self._app(scope, receive, send)
