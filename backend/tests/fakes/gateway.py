"""The whole gateway for a test: in this process under a real uvicorn, or as a process of its own, always over real sockets.

async with gateway_in_front_of(Provider("alpha", alpha.base_url), Provider("beta", beta.base_url)) as gateway:
    reply = await gateway.chat("tiny", stream=True)
    assert reply.text == "hello there"
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import uvicorn
import yaml as yaml_format

from ai_engine.app import AIEngine
from ai_engine.clock import SystemClock
from ai_engine.configuration import LiveConfiguration
from ai_engine.settings import Environment
from ai_engine.telemetry.logs import configure
from ai_engine.web import websocket_bounds
from ai_engine.web.request_head import BoundedHeads
from ai_engine.wire.redaction import redact
from ai_engine.wiring.tuning import Tuning
from tests.fakes.ports import free_port
from tests.patience import PATIENCE_SECONDS, eventually

CHAT = "/v1/chat/completions"


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider as an operator configures it: a section of the YAML file, and its keys in the environment."""

    name: str
    base_url: str
    models: Sequence[str] | None = ("tiny",)
    """`None`: the provider is asked for them."""
    key_count: int = 1
    """0: it takes none."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """More of its section: `priority`, `timeouts`, `default_model`."""

    def key(self, number: int = 1) -> str:
        """Its secret of that number, from 1."""
        return f"sk-{self.name}-{number}"

    @property
    def environment(self) -> dict[str, str]:
        variable = self.name.upper().replace("-", "_") + "_API_KEY"
        numbers = range(1, self.key_count + 1)
        return {variable if number == 1 else f"{variable}_{number}": self.key(number) for number in numbers}

    def section(self, place: int) -> dict[str, Any]:
        """Preferred in the order of listing, clearly enough that no other part of the score decides."""
        section = {"name": self.name, "protocol": "openai", "base_url": self.base_url, "priority": place * 100}
        if self.models is not None:
            section["models"] = list(self.models)
        if not self.key_count:
            section["auth"] = "none"
        return {**section, **self.fields}


def environment_of(*providers: Provider) -> dict[str, str]:
    """Every key of the providers, under its variable."""
    return {name: secret for provider in providers for name, secret in provider.environment.items()}


def yaml_of(*providers: Provider, **sections: Any) -> str:
    """The YAML file with these providers, preferred in this order, and further sections such as `fallbacks`."""
    rows = [provider.section(place) for place, provider in enumerate(providers)]
    return yaml_format.safe_dump({"providers": rows, **sections}, sort_keys=False)


@dataclass(frozen=True)
class Reply:
    """What came back for one chat request, plain or streamed."""

    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def is_stream(self) -> bool:
        return self.headers["content-type"].startswith("text/event-stream")

    @cached_property
    def lines(self) -> list[str]:
        """The payload of every event, `[DONE]` included; comments are left out."""
        *blocks, rest = self.body.decode().split("\n\n")
        assert not rest, "the stream ends inside an event"
        events = [block for block in blocks if not block.startswith(":")]
        assert all(event.startswith("data: ") and "\n" not in event for event in events), events
        return [event.removeprefix("data: ") for event in events]

    @cached_property
    def events(self) -> list[Any]:
        """The events as JSON, without `[DONE]`; a plain answer is the only one."""
        if not self.is_stream:
            return [json.loads(self.body)]
        return [json.loads(line) for line in self.lines if line != "[DONE]"]

    @property
    def is_ended(self) -> bool:
        """Ends as the SDKs expect: with `[DONE]`, and nothing after it."""
        return not self.is_stream or (self.lines[-1] == "[DONE]" and self.lines.count("[DONE]") == 1)

    @property
    def text(self) -> str:
        parts = "delta" if self.is_stream else "message"
        contents = [choice[parts].get("content") for event in self.events for choice in event.get("choices", ())]
        return "".join(content for content in contents if content)

    @property
    def finish_reasons(self) -> list[str]:
        reasons = [choice.get("finish_reason") for event in self.events for choice in event.get("choices", ())]
        return [reason for reason in reasons if reason]

    @property
    def error(self) -> Any:
        """The error object, of the body or of the stream; `None` if there is none."""
        return next((event["error"] for event in self.events if "error" in event), None)

    @property
    def usage(self) -> Any:
        return next((event["usage"] for event in self.events if event.get("usage")), None)

    @property
    def named_model(self) -> str | None:
        """The `model` in the body."""
        return next((event["model"] for event in self.events if "model" in event), None)

    @property
    def provider(self) -> str | None:
        named: str | None = self.headers.get("x-ai-engine-provider")
        return named

    @property
    def model(self) -> str | None:
        named: str | None = self.headers.get("x-ai-engine-model")
        return named

    @property
    def attempts(self) -> int:
        return int(self.headers["x-ai-engine-attempts"])


class Client:
    """An HTTP client of one gateway."""

    def __init__(self, port: int, http: httpx.AsyncClient) -> None:
        self.port = port
        self.http = http

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def chat(
        self, model: str = "tiny", *, stream: bool = False, headers: Mapping[str, str] | None = None, **fields: Any
    ) -> Reply:
        """One chat request, and everything that came back for it."""
        answer = await self.http.post(CHAT, json=chat_body(model, stream=stream, **fields), headers=headers)
        return Reply(answer.status_code, answer.headers, answer.content)

    async def get(self, path: str) -> Any:
        """The JSON at a path that answers with 200."""
        answer = await self.http.get(path)
        assert answer.status_code == httpx.codes.OK, answer.text
        return answer.json()

    async def post(self, path: str, body: Any = None) -> Any:
        """The JSON that a route answers with 200."""
        answer = await self.http.post(path, json=body)
        assert answer.status_code == httpx.codes.OK, answer.text
        return answer.json()

    async def provider(self, name: str) -> Any:
        """The provider as operators see it."""
        return await self.get(f"/api/providers/{name}")

    @contextlib.asynccontextmanager
    async def raw(self, body: Mapping[str, Any]) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A chat request on a socket of its own, sent; the connection ends with the block."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            content = json.dumps(body).encode()
            head = f"POST {CHAT} HTTP/1.1\r\nhost: 127.0.0.1:{self.port}\r\ncontent-type: application/json\r\n"
            writer.write(head.encode() + b"content-length: %d\r\n\r\n" % len(content) + content)
            await writer.drain()
            yield reader, writer
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


def chat_body(model: str = "tiny", *, stream: bool = False, **fields: Any) -> dict[str, Any]:
    """A chat request with one short message."""
    return {"model": model, "messages": [{"role": "user", "content": "hi"}], **({"stream": True} if stream else {}), **fields}


class Gateway(Client):
    """The gateway in this process."""

    def __init__(self, port: int, http: httpx.AsyncClient, engine: AIEngine, yaml_file: Path) -> None:
        super().__init__(port, http)
        self.engine = engine
        self.yaml_file = yaml_file
        """Its configuration file; what is written there takes effect by a reload."""


@contextlib.asynccontextmanager
async def running_gateway(
    environment: Mapping[str, str], *, yaml: str = "", tuning: Tuning | None = None
) -> AsyncIterator[Gateway]:
    """The whole program on a free loopback port and a database of its own, in the test's event loop.

    A reload reads `environment` as it is then.
    """
    # asyncio switches Nagle's delays off only for sockets that say they are TCP.
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    with tempfile.TemporaryDirectory() as folder, listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        yaml_file = Path(folder) / "ai-engine.yaml"
        yaml_file.write_text(yaml)
        own = _own_variables(Path(folder), port)

        def read() -> Environment:
            return {**own, **environment}

        configuration = LiveConfiguration(read, SystemClock())
        engine = AIEngine(configuration, configure(configuration.current.settings, redact), tuning)
        async with _serving(engine, listener), _http_client(port) as http:
            yield Gateway(port, http, engine, yaml_file)


@contextlib.asynccontextmanager
async def _serving(engine: AIEngine, listener: socket.socket) -> AsyncIterator[None]:
    # `Server.serve` would take over the process's signals; these are the parts of it that serve.
    config = uvicorn.Config(
        engine,
        http=BoundedHeads,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
        **websocket_bounds.UVICORN_OPTIONS,
    )
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    try:
        yield
    finally:
        await server.shutdown(sockets=[listener])


def _own_variables(folder: Path, port: int) -> dict[str, str]:
    return {
        "AI_ENGINE_PORT": str(port),
        "AI_ENGINE_ACCESS_LOG": "false",
        "AI_ENGINE_CONFIG": str(folder / "ai-engine.yaml"),
        "AI_ENGINE_DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'ai-engine.db'}",
        "AI_ENGINE_SPOOL_DIR": str(folder / "spool"),
    }


def process_environment(folder: Path, port: int, environment: Mapping[str, str]) -> dict[str, str]:
    """The variables of a gateway that is a process of its own and keeps everything in `folder`."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "SYSTEMROOT") if name in os.environ}
    return {**inherited, **_own_variables(folder, port), **environment}


def _http_client(port: int) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=None)
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_SECONDS, trust_env=False, limits=limits)


@contextlib.asynccontextmanager
async def gateway_in_front_of(
    *providers: Provider, environment: Mapping[str, str] | None = None, tuning: Tuning | None = None, **sections: Any
) -> AsyncIterator[Gateway]:
    """`running_gateway` with these providers, preferred in this order, and further sections of the YAML file."""
    variables = {**environment_of(*providers), **(environment or {})}
    async with running_gateway(variables, yaml=yaml_of(*providers, **sections), tuning=tuning) as gateway:
        yield gateway


class GatewayProcess(Client):
    """The gateway as `ai-engine serve`, in a process of its own."""

    def __init__(self, port: int, http: httpx.AsyncClient, process: asyncio.subprocess.Process) -> None:
        super().__init__(port, http)
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    def send_signal(self, sent: signal.Signals) -> None:
        self._process.send_signal(sent)


@contextlib.asynccontextmanager
async def gateway_process(folder: Path, environment: Mapping[str, str], *, yaml: str = "") -> AsyncIterator[GatewayProcess]:
    """Started in `folder`, where its database stays, and ready; ended by SIGTERM with the block. Starting again is a restart."""
    port = free_port()
    await asyncio.to_thread((folder / "ai-engine.yaml").write_text, yaml)
    with (folder / "log.txt").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "ai_engine", "serve"),
            cwd=folder,
            env=process_environment(folder, port, environment),
            stdout=log,
            stderr=log,
        )
    try:
        async with _http_client(port) as http:
            await _until_ready(process, http, folder / "log.txt")
            yield GatewayProcess(port, http, process)
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), PATIENCE_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _until_ready(process: asyncio.subprocess.Process, http: httpx.AsyncClient, log: Path) -> None:
    async def is_ready() -> bool:
        assert process.returncode is None, f"the gateway ended at once:\n{log.read_text()}"
        with contextlib.suppress(httpx.TransportError):
            return (await http.get("/health/ready")).status_code == httpx.codes.OK
        return False

    await eventually(is_ready)
