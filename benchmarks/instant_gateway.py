"""The gateway as users run it, with an upstream that answers at once within the process.

    python instant_gateway.py

Reads the same environment as `ai-engine serve`. The cost of this process is the gateway's own.
"""

import asyncio
from collections.abc import AsyncIterator

import canned_upstream
import uvicorn

from ai_engine.app import AIEngine
from ai_engine.cli import current_environment
from ai_engine.clock import SystemClock
from ai_engine.configuration import LiveConfiguration
from ai_engine.telemetry.logs import configure
from ai_engine.upstream.port import Headers, UpstreamRequest
from ai_engine.wire.redaction import redact
from ai_engine.wiring.tuning import Tuning

_JSON: Headers = ((b"content-type", b"application/json"),)


class InstantAnswer:
    """Implements `upstream.port.UpstreamAnswer`; a stream yields to other tasks between events, as with a network."""

    status = 200
    headers = _JSON

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    async def chunks(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            await asyncio.sleep(0)
            yield piece

    async def read(self, limit_bytes: int) -> bytes:
        return b"".join(self._pieces)

    async def close(self) -> None:
        pass


class InstantUpstream:
    """Implements `upstream.port.Upstream`."""

    async def send(self, request: UpstreamRequest) -> InstantAnswer:
        if b'"stream":true' in request.body:
            return InstantAnswer([*canned_upstream.EVENT_PAYLOADS, canned_upstream.DONE_PAYLOAD])
        return InstantAnswer([canned_upstream.ANSWER_BODY])

    async def close(self) -> None:
        pass


def main() -> None:
    configuration = LiveConfiguration(current_environment, SystemClock())
    settings = configuration.current.settings
    engine = AIEngine(configuration, configure(settings, redact), Tuning(http_engine=InstantUpstream))
    uvicorn.run(engine, host=settings.host, port=settings.port, log_config=None, access_log=False, server_header=False)


if __name__ == "__main__":
    main()
