"""The `ai-engine` command. Errors are one sentence on stderr; exit codes are 0, 1 (failure) and 2 (usage)."""

import asyncio
import errno
import os
import signal
import socket
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated, Any
from urllib.parse import quote

import httpx
import orjson
import typer
import uvicorn

from ai_engine import __version__
from ai_engine.access.keys import create_access_key
from ai_engine.access.repository import AccessKeyRepository
from ai_engine.app import AIEngine
from ai_engine.clock import SystemClock
from ai_engine.configuration import LiveConfiguration
from ai_engine.database import migrate, open_database
from ai_engine.errors import AIEngineError, ConfigurationError
from ai_engine.names import Role
from ai_engine.preferences.preferences import NO_PREFERENCE, is_enabled
from ai_engine.providers.registry.definition import ProviderDefinition
from ai_engine.providers.registry.readiness import credentials, obstacle, readiness_of
from ai_engine.settings import Environment, Settings, read_environment
from ai_engine.settings.environment import ENV_FILE, PREFIX
from ai_engine.telemetry.logs import configure
from ai_engine.web import websocket_bounds
from ai_engine.web.request_head import BoundedHeads
from ai_engine.wire.redaction import redact

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="One OpenAI-compatible endpoint in front of every model provider."
)
client_keys = typer.Typer(no_args_is_help=True, help="Keys of this gateway's callers.")
app.add_typer(client_keys, name="client-keys")

_LOCAL_NAMES = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - nothing is bound to it here
"""The loopback address of a gateway that listens on all addresses."""

Url = Annotated[str | None, typer.Option("--url", help="The gateway's URL. Default: http://HOST:PORT of the settings.")]
Key = Annotated[str | None, typer.Option("--key", envvar="AI_ENGINE_ADMIN_KEY", help="A key of the gateway, if it requires one.")]


def main() -> None:
    """The entry point: prints the engine's errors as one sentence."""
    try:
        app()
    except AIEngineError as error:
        print(f"ai-engine: {error.message}", file=sys.stderr)
        sys.exit(1)


def current_environment() -> Environment:
    """The process's variables and `.env`: the only place that reads them."""
    return read_environment(os.environ, ENV_FILE)


def create_app() -> AIEngine:
    """The application from the environment, for servers that take a factory (`uvicorn --factory ai_engine.cli:create_app`)."""
    configuration = LiveConfiguration(current_environment, SystemClock())
    return AIEngine(configuration, configure(configuration.current.settings, redact))


class _Server(uvicorn.Server):
    """uvicorn with draining: the first stop signal makes `/health/ready` fail, and an orderly shutdown exits with 0.

    uvicorn re-raises the signal after the last request, which would make the exit code that of a killed process.
    """

    def __init__(self, config: uvicorn.Config, engine: AIEngine) -> None:
        super().__init__(config)
        self._engine = engine

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._engine.draining.is_on = True
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def _listen(host: str, port: int) -> list[socket.socket]:
    """Binds a socket for each address of the host. Raises `ConfigurationError`.

    uvicorn would bind after startup, and exit with a system error and its own exit code.
    """
    listeners: list[socket.socket] = []
    failure: OSError | UnicodeError | None = None
    try:
        for family, _, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE):
            try:
                listeners.append(_bound(family, address))
            except OSError as error:
                failure = error
                # `localhost` may resolve to an IPv6 address although IPv6 is disabled.
                if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                    raise
    except (OSError, UnicodeError) as error:
        failure = error
        for listener in listeners:
            listener.close()
        listeners.clear()
    if listeners:
        return listeners
    if isinstance(failure, OSError) and failure.errno == errno.EADDRINUSE:
        raise ConfigurationError(
            f"AI_ENGINE_PORT is invalid: {_address(host, port)} is in use by another program; stop it, or set another port."
        )
    reason = getattr(failure, "strerror", None) or "unknown host"
    raise ConfigurationError(f"AI_ENGINE_HOST is invalid: {_address(host, port)}: {reason}.")


def _bound(family: int, address: Any) -> socket.socket:
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. Default: 127.0.0.1 (this machine only).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 picks a free one. Default: 8000.")] = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes; this version supports one.")] = None,
    reload: Annotated[bool, typer.Option("--reload", help="Restart when the code changes.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="The same as --log-level DEBUG.")] = False,
    log_level: Annotated[str | None, typer.Option(help="DEBUG, INFO, WARNING or ERROR. Default: INFO.")] = None,
    config: Annotated[Path | None, typer.Option(help="The YAML file. Default: ai-engine.yaml, if it exists.")] = None,
) -> None:
    """Run the gateway. Options override the environment and .env (see .env.example)."""
    given = {"HOST": host, "PORT": port, "WORKERS": workers, "CONFIG": config, "LOG_LEVEL": "DEBUG" if debug else log_level}
    # Set in the environment, since a reloader's child process reads its settings there.
    os.environ |= {PREFIX + name: str(value) for name, value in given.items() if value is not None}
    if reload:
        os.environ[PREFIX + "RELOAD"] = "true"
    settings = Settings.from_environment(current_environment())
    options: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "http": BoundedHeads,
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        **websocket_bounds.UVICORN_OPTIONS,
        "timeout_graceful_shutdown": max(1, round(settings.drain_seconds)),
    }
    if settings.reload:
        uvicorn.run("ai_engine.cli:create_app", factory=True, reload=True, reload_dirs=[str(Path(__file__).parent)], **options)
        return
    engine = create_app()
    sockets = _listen(settings.host, settings.port)
    address = _address(settings.public_host or settings.host, settings.public_port or sockets[0].getsockname()[1])
    print(f"AI Engine {__version__} on {address} (try it at {address}/docs)", file=sys.stderr)
    server = _Server(uvicorn.Config(engine, **options), engine)
    try:
        server.run(sockets)
    except SystemExit:  # uvicorn's exit code for a failed startup is 3; the log has the reason
        sys.exit(1)


app.command("server", hidden=True, help="The same as serve.")(serve)


@app.command("check-config")
def check_config() -> None:
    """Validate the environment, .env and the YAML file."""
    configuration = LiveConfiguration(current_environment, SystemClock()).current
    named = [section.name for section in configuration.file.providers]
    ready, unused = readiness_of(configuration.providers.values(), named, _is_enabled_by_default)
    print(f"The configuration is valid. Configured providers: {', '.join(ready) or 'none'}.")
    for reason in unused:
        print(f"Not used: {reason}.")


@app.command()
def providers() -> None:
    """List the providers with their keys, or what is missing."""
    configuration = LiveConfiguration(current_environment, SystemClock()).current
    lines = [(row.name, _state(row, configuration.settings), row.base_url) for row in configuration.providers.values()]
    # Ready ones first, since most are not.
    lines = [("PROVIDER", "STATE", "ADDRESS"), *sorted(lines, key=lambda line: not line[1].startswith("ready"))]
    name_width, state_width = (max(len(line[column]) for line in lines) for column in (0, 1))
    for name, state, address in lines:
        print(f"{name:<{name_width}}  {state:<{state_width}}  {address}")


def _state(row: ProviderDefinition, settings: Settings) -> str:
    if row.is_sandbox:
        return {True: "ready: always on", False: "off", None: "active while no other provider is configured"}[settings.sandbox]
    reason = obstacle(row)
    if _is_enabled_by_default(row):
        return reason or f"ready: {credentials(row)}"
    return f"{reason or credentials(row)}; unofficial reseller, disabled by default"


def _is_enabled_by_default(row: ProviderDefinition) -> bool:
    """Without changes at run time, which are in the database and shown by `/api/providers`."""
    return is_enabled(row, NO_PREFERENCE)


@app.command()
def autodecide(model: str, url: Url = None, key: Key = None) -> None:
    """Explain how a running gateway would route a request for MODEL."""
    explained = _ask("GET", url, f"/api/autodecide/{quote(model)}", key)
    print(orjson.dumps(explained, option=orjson.OPT_INDENT_2).decode())


@app.command()
def chat(model: str, text: str, url: Url = None, key: Key = None) -> None:
    """Send TEXT to MODEL through a running gateway, and print the response."""
    answer = _ask("POST", url, "/v1/chat/completions", key, {"model": model, "messages": [{"role": "user", "content": text}]})
    print(answer["choices"][0]["message"].get("content") or orjson.dumps(answer["choices"][0]["message"]).decode())


@app.command("migrate")
def migrate_database() -> None:
    """Apply outstanding migrations of the database; `serve` does the same."""
    settings = Settings.from_environment(current_environment())

    async def run() -> None:
        database = await open_database(settings.database_url.get_secret_value())
        try:
            await migrate(database)
        finally:
            await database.close()

    asyncio.run(run())
    print("The database is up to date.")


@client_keys.command("create")
def create_client_key(
    role: Annotated[str, typer.Option(help="admin or viewer.")],
    name: Annotated[str, typer.Option(help="The key's name.")] = "command line",
) -> None:
    """Create a key and print it once; only its hash is stored. It is valid within a second, also in a running gateway."""
    if role not in ("admin", "viewer"):
        raise typer.BadParameter("must be admin or viewer", param_hint="--role")
    settings = Settings.from_environment(current_environment())

    async def run() -> str:
        database = await open_database(settings.database_url.get_secret_value())
        try:
            await migrate(database)
            return await create_access_key(AccessKeyRepository(database, SystemClock()), name, Role[role.upper()])
        finally:
            await database.close()

    print(asyncio.run(run()))


@app.command("openapi")
def print_openapi() -> None:
    """Print the OpenAPI document."""
    print(orjson.dumps(create_app().openapi(), option=orjson.OPT_INDENT_2).decode())


@app.command()
def version() -> None:
    """Print the version."""
    print(__version__)


def _ask(method: str, url: str | None, path: str, key: str | None, body: Any = None) -> Any:
    """A request to a running gateway. Raises `ConfigurationError`."""
    settings = Settings.from_environment(current_environment())
    if url is None and key is None and settings.admin_key is not None:
        key = settings.admin_key.get_secret_value()  # from `.env`; not sent to another URL
    base = (url or _address(_LOCAL_NAMES.get(settings.host, settings.host), settings.port)).rstrip("/")
    headers = {"authorization": f"Bearer {key}"} if key else {}
    try:
        answer = httpx.request(method, base + path, json=body, headers=headers, timeout=600, trust_env=False)
        content = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise ConfigurationError(
            f"No gateway responds at {base} ({type(error).__name__}); start one with `ai-engine serve`."
        ) from None
    if answer.status_code != httpx.codes.OK:
        raise AIEngineError(_message_of(answer.status_code, content))
    return content


def _message_of(status: int, content: Any) -> str:
    try:
        return str(content["error"]["message"])
    except (KeyError, TypeError):
        return f"The gateway responded with status {status}."
