"""A provider that does what a test tells it to, over real sockets, and keeps a journal of what it was asked.

    async with ScriptedUpstream() as upstream:
        upstream.on("/chat/completions", Reset(), Answer(completion("hello")))
        ...  # point a provider's base URL at upstream.base_url
        assert [request.model for request in upstream.requests] == ["tiny", "tiny"]
        await upstream.requests[0].closed()

Every request takes the next step of its script; the last step repeats (`then="start over"` begins again). A script may be for one
model, for one provider key, or both; the most particular one that fits is used, and of two alike the later. A step that takes a
`gate` waits for that `asyncio.Event` first, so a test decides when things happen and never sleeps.
"""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Protocol, Self

from ai_engine.wire.json_types import JsonMapping
from tests.fakes.raw_server import RawConnection, RawRequest, RawServer
from tests.patience import PATIENCE_SECONDS, within


class ReceivedRequest:
    """One line of the journal."""

    def __init__(self, raw: RawRequest, connection: RawConnection) -> None:
        self._raw = raw
        self._connection = connection
        self.method = raw.method
        self.path = raw.target.partition("?")[0]
        """As it came, `/v1` included, without the query."""
        self.query = raw.target.partition("?")[2]
        self.headers: dict[str, str] = dict(raw.headers)
        """By lower-case name."""
        self.raw_body = raw.body
        self.body: Any = _json_or_none(raw.body)
        """The body as JSON; `None` if there is none, or it is something else."""
        self.at = time.monotonic()
        """Monotonic time at which it had arrived whole."""
        self.step: Step | None = None
        """What it was answered with."""

    @property
    def model(self) -> str | None:
        """The model asked for, if the body names one."""
        return self.body.get("model") if isinstance(self.body, dict) else None

    @property
    def key(self) -> str | None:
        """The provider key it came with, as a bearer or in `x-api-key`."""
        return self.headers.get("x-api-key") or self.headers.get("authorization", "").removeprefix("Bearer ") or None

    @property
    def closed_at(self) -> float | None:
        """Monotonic time at which its connection ended, `None` while it lasts (an answered one is kept alive)."""
        return self._connection.gone_at

    async def closed(self, within_seconds: float = PATIENCE_SECONDS) -> None:
        """Waits until its connection has ended. Raises `TimeoutError`."""
        async with within(within_seconds):
            await self._connection.gone.wait()


def _json_or_none(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


class Step(Protocol):
    """What to do with one request. Returning `True` keeps the connection for the next request; `False` closes it."""

    async def play(self, connection: RawConnection) -> bool: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer at once. A body that is not bytes is sent as JSON."""

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    gate: asyncio.Event | None = None

    async def play(self, connection: RawConnection) -> bool:
        await _pass(self.gate)
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        headers = {"content-type": "application/json", **self.headers, "content-length": str(len(body))}
        connection.write(_head(self.status, headers) + body)
        return True


@dataclass(frozen=True, slots=True)
class Stream:
    """Server-sent events, each in an HTTP chunk of its own: JSON as `data: …`, strings and bytes as they are."""

    events: Sequence[Any]
    gates: Mapping[int, asyncio.Event] = field(default_factory=dict)
    """What to wait for before the event of that number (from 0; the number of events stands for the end)."""
    pause_seconds: float = 0
    """Between two events, for tests of pace."""
    done: bool = True
    """Ends with `data: [DONE]`."""
    headers: Mapping[str, str] = field(default_factory=dict)

    async def play(self, connection: RawConnection) -> bool:
        await self.play_first(len(self.events), connection)
        await _pass(self.gates.get(len(self.events)))
        connection.write((_chunk(b"data: [DONE]\n\n") if self.done else b"") + b"0\r\n\r\n")
        return True

    async def play_first(self, count: int, connection: RawConnection) -> None:
        """The headers and the first `count` events, and no end."""
        headers = {"content-type": "text/event-stream", **self.headers, "transfer-encoding": "chunked"}
        connection.write(_head(200, headers))
        for index, event in enumerate(self.events[:count]):
            await _pass(self.gates.get(index))
            if index and self.pause_seconds:
                await asyncio.sleep(self.pause_seconds)
            connection.write(_chunk(_event(event)))


@dataclass(frozen=True, slots=True)
class CutAfter:
    """The stream's first `count` events; then the connection ends without the stream's end. `reset` ends it with a TCP reset."""

    count: int
    stream: Stream
    gate: asyncio.Event | None = None
    """What to wait for between the last event and the cut."""
    reset: bool = False

    async def play(self, connection: RawConnection) -> bool:
        await self.stream.play_first(self.count, connection)
        await _pass(self.gate)
        if self.reset:
            connection.reset()
        return False


@dataclass(frozen=True, slots=True)
class Stall:
    """The stream's first `count` events; then silence until the client leaves."""

    count: int
    stream: Stream

    async def play(self, connection: RawConnection) -> bool:
        await self.stream.play_first(self.count, connection)
        await connection.gone.wait()
        return False


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing at all until the client leaves."""

    async def play(self, connection: RawConnection) -> bool:
        await connection.gone.wait()
        return False


@dataclass(frozen=True, slots=True)
class Reset:
    """A TCP reset instead of an answer."""

    gate: asyncio.Event | None = None

    async def play(self, connection: RawConnection) -> bool:
        await _pass(self.gate)
        connection.reset()
        return False


@dataclass(frozen=True, slots=True)
class CloseBeforeHeaders:
    """The connection is closed, politely, instead of an answer."""

    gate: asyncio.Event | None = None

    async def play(self, connection: RawConnection) -> bool:
        await _pass(self.gate)
        return False


@dataclass(frozen=True, slots=True)
class Garbage:
    """Bytes that need not be HTTP; then the connection is closed."""

    data: bytes = b"\x16\x03\x01 this is not HTTP\r\n\r\n"

    async def play(self, connection: RawConnection) -> bool:
        connection.write(self.data)
        return False


@dataclass(slots=True)
class _Script:
    path: str
    model: str | None
    key: str | None
    steps: tuple[Step, ...]
    starts_over: bool
    taken: int = 0

    def fits(self, request: ReceivedRequest, path: str) -> bool:
        return self.path == path and self.model in (None, request.model) and self.key in (None, request.key)

    def next(self) -> Step:
        index = self.taken % len(self.steps) if self.starts_over else min(self.taken, len(self.steps) - 1)
        self.taken += 1
        return self.steps[index]


class ScriptedUpstream:
    """Listens while its `async with` lasts. What no script covers is answered with 404, so that a forgotten one shows."""

    def __init__(self) -> None:
        self.requests: list[ReceivedRequest] = []
        """The journal, in order of arrival."""
        self._scripts: list[_Script] = []
        self._arrival = asyncio.Condition()
        self._server = RawServer(self._serve)

    def on(
        self,
        path: str,
        *steps: Step,
        model: str | None = None,
        key: str | None = None,
        then: Literal["repeat last", "start over"] = "repeat last",
    ) -> None:
        """Plays `steps`, one a request, for requests to `path` (below `/v1`) that ask for `model` with `key`, if given.

        May be called again at any time; the newer script wins.
        """
        assert steps, "a script needs a step"
        self._scripts.append(_Script(path, model, key, steps, then == "start over"))

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.port}/v1"

    @property
    def accepted_connections(self) -> int:
        return self._server.accepted

    @property
    def open_connections(self) -> int:
        return len(self._server.open)

    async def received(self, count: int, within_seconds: float = PATIENCE_SECONDS) -> Sequence[ReceivedRequest]:
        """Waits until `count` requests have arrived in all, and gives the journal. Raises `TimeoutError`."""
        async with within(within_seconds), self._arrival:
            await self._arrival.wait_for(lambda: len(self.requests) >= count)
        return self.requests

    async def _serve(self, connection: RawConnection) -> None:
        while (raw := await connection.read_request()) is not None:
            request = ReceivedRequest(raw, connection)
            async with self._arrival:
                self.requests.append(request)
                self._arrival.notify_all()
            request.step = self._step_for(request)
            if not await request.step.play(connection):
                return

    def _step_for(self, request: ReceivedRequest) -> Step:
        path = request.path.removeprefix("/v1")
        fitting = [script for script in reversed(self._scripts) if script.fits(request, path)]
        if not fitting:
            return Answer(error(f"nothing is scripted for {request.path}", code="not_scripted"), 404)
        return max(fitting, key=lambda script: (script.model is not None) + (script.key is not None)).next()

    async def __aenter__(self) -> Self:
        await self._server.__aenter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._server.__aexit__(kind, error, trace)


async def _pass(gate: asyncio.Event | None) -> None:
    if gate is not None:
        await gate.wait()


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Scripted", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def _event(event: Any) -> bytes:
    if isinstance(event, bytes):
        return event
    return event.encode() if isinstance(event, str) else b"data: " + json.dumps(event).encode() + b"\n\n"


def usage(input_tokens: int = 7, output_tokens: int = 5) -> JsonMapping:
    """OpenAI's `usage` of a chat completion."""
    return {"prompt_tokens": input_tokens, "completion_tokens": output_tokens, "total_tokens": input_tokens + output_tokens}


def completion(text: str | None = "hello", model: str = "tiny", **message: Any) -> JsonMapping:
    """A plain chat completion; `message` adds to its message, such as `tool_calls`."""
    finish = "tool_calls" if "tool_calls" in message else "stop"
    choice = {"index": 0, "message": {"role": "assistant", "content": text, **message}, "finish_reason": finish}
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model, "choices": [choice], "usage": usage()}


def chunk(delta: JsonMapping, model: str = "tiny", finish_reason: str | None = None) -> JsonMapping:
    """One event of a streamed chat completion."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model, "choices": [choice]}


def chunks(text: str = "hello there", model: str = "tiny", *, with_usage: bool = True) -> list[JsonMapping]:
    """A streamed chat completion: the role, one event a word, the finish, and the usage chunk if it was asked for."""
    words = [word if index == 0 else f" {word}" for index, word in enumerate(text.split(" "))]
    events = [chunk({"role": "assistant", "content": ""}, model), *(chunk({"content": word}, model) for word in words)]
    events.append(chunk({}, model, "stop"))
    if with_usage:
        events.append({**chunk({}, model), "choices": [], "usage": usage(output_tokens=len(words))})
    return events


def error(message: str, *, kind: str = "invalid_request_error", code: str | None = None, param: str | None = None) -> JsonMapping:
    """OpenAI's error body."""
    return {"error": {"message": message, "type": kind, "code": code, "param": param}}


def embeddings(*vectors: Sequence[float], model: str = "tiny") -> JsonMapping:
    """An embeddings answer, in OpenAI's format."""
    data = [{"object": "embedding", "index": index, "embedding": list(vector)} for index, vector in enumerate(vectors)]
    return {"object": "list", "data": data, "model": model, "usage": {"prompt_tokens": 7, "total_tokens": 7}}


def models(*names: str) -> JsonMapping:
    """A listing of models, in OpenAI's format."""
    return {"object": "list", "data": [{"id": name, "object": "model", "created": 1, "owned_by": "scripted"} for name in names]}
