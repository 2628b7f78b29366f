"""Stores the W3C trace context of a request for the spans that are created when it finishes."""

from collections.abc import Awaitable

from ai_engine.telemetry.traces import IncomingTrace, incoming_trace
from ai_engine.web.disconnect import Receive
from ai_engine.web.middleware import ASGIApp, Scope, Send


class TraceContext:
    """Reads `traceparent` and `tracestate`. Installed only if tracing is on."""

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
            # Always set: an earlier request on the same connection may have set one.
            incoming_trace.set(IncomingTrace(traceparent, ",".join(tracestate) or None) if traceparent else None)
        return self._app(scope, receive, send)
