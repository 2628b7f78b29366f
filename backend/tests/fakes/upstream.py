"""An `Upstream` without sockets: every provider plays its script, and the journal says who was asked for what with which key.

    upstream = PortUpstream()
    upstream.on("alpha", Reply(status=503), Reply(completion()))
    ...
    assert upstream.asked == [("alpha", "tiny", "alpha-key-1"), …]

Every operation gives way to the loop once, so that a test can cancel between any two of them.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ai_engine.upstream.port import AnswerTooLarge, Headers, UpstreamAnswer, UpstreamError, UpstreamRequest


class Asked(NamedTuple):
    """One line of the journal."""

    provider: str
    model: str | None
    key: str | None


@dataclass(frozen=True)
class Reply:
    """A whole answer. A body that is not bytes is sent as JSON."""

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def parts(self) -> "Sequence[Part]":
        return [self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()]


Part = bytes | UpstreamError | asyncio.Event


@dataclass(frozen=True)
class Streamed:
    """A body in parts: bytes are sent, an error is raised, an event is waited for."""

    parts: Iterable[Part]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Step = Reply | Streamed | UpstreamError | asyncio.Event
"""What a request gets. `send` raises an error, and waits for an event before it takes the next step: never set, it is silence."""


class PlayedAnswer:
    """`UpstreamAnswer`."""

    def __init__(self, step: Reply | Streamed) -> None:
        self._step = step
        self.is_closed = False

    @property
    def status(self) -> int:
        return self._step.status

    @property
    def headers(self) -> Headers:
        return tuple((name.encode(), value.encode()) for name, value in self._step.headers.items())

    async def chunks(self) -> AsyncIterator[bytes]:
        for part in self._step.parts:
            await asyncio.sleep(0)
            if isinstance(part, UpstreamError):
                raise _anew(part)
            if isinstance(part, asyncio.Event):
                await part.wait()
            else:
                yield part

    async def read(self, limit_bytes: int) -> bytes:
        body = b"".join([part async for part in self.chunks()])
        if len(body) > limit_bytes:
            raise AnswerTooLarge("The body is too large.")
        return body

    async def close(self) -> None:
        self.is_closed = True
        await asyncio.sleep(0)


def _anew(error: UpstreamError) -> UpstreamError:
    """A frame that raises what one of its variables holds keeps all that led to it alive until the garbage collector comes."""
    return type(error)(error.message)


class PortUpstream:
    """Each provider's next request takes its next step; the last one repeats."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answers: list[PlayedAnswer] = []
        self.bodies: list[Any] = []
        self._scripts: dict[str, list[Step]] = {}

    def on(self, provider: str, *steps: Step) -> None:
        """Scripts the provider anew, from its next request on."""
        self._scripts[provider] = list(steps)

    async def send(self, request: UpstreamRequest) -> UpstreamAnswer:
        provider = (urlsplit(request.url).hostname or "").removesuffix(".test")
        body = json.loads(request.body) if request.body else {}
        secret = dict(request.headers).get(b"authorization", b"").decode().removeprefix("Bearer ") or None
        self.asked.append(Asked(provider, body.get("model"), secret))
        self.bodies.append(body)
        step = self._next(provider)
        await asyncio.sleep(0)
        while isinstance(step, asyncio.Event):
            await step.wait()
            step = self._next(provider)
        if isinstance(step, UpstreamError):
            raise _anew(step)
        answer = PlayedAnswer(step)
        self.answers.append(answer)
        return answer

    def _next(self, provider: str) -> Step:
        steps = self._scripts[provider]
        return steps.pop(0) if len(steps) > 1 else steps[0]

    async def close(self) -> None:
        assert all(answer.is_closed for answer in self.answers)
