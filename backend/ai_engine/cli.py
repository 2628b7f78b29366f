"""The `ai-engine` command. Errors go to stderr in one sentence; exit codes are 0, 1 (it failed) and 2 (wrong usage)."""

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
from ai_engine.preferences.preferences import NOTHING_PREFERRED, is_enabled
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
client_keys = typer.Typer(no_args_is_help=True, help="Keys that callers of this gateway use.")
app.add_typer(client_keys, name="client-keys")

_LOCAL_NAMES = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - nothing is bound to it here
"""Where a gateway that listens everywhere is reached from this machine."""

Url = Annotated[str | None, typer.Option("--url", help="Where the gateway runs. Default: http://HOST:PORT of the settings.")]
Key = Annotated[
    str | None, typer.Option("--key", envvar="AI_ENGINE_ADMIN_KEY", help="A key of this gateway, where it asks for one.")
]


def main() -> None:
    """The entry point: every error of ours as one sentence."""
    try:
        app()
    except AIEngineError as error:
        print(f"ai-engine: {error.message}", file=sys.stderr)
        sys.exit(1)


def current_environment() -> Environment:
    """The process's variables over `.env`: the one place that reads them."""
    return read_environment(os.environ, ENV_FILE)


def create_app() -> AIEngine:
    """The application from the environment, for servers that want a factory (`uvicorn --factory ai_engine.cli:create_app`)."""
    configuration = LiveConfiguration(current_environment, SystemClock())
    return AIEngine(configuration, configure(configuration.current.settings, redact))


class _Server(uvicorn.Server):
    """uvicorn, whose first signal to stop also makes `/health/ready` say no, and whose orderly stop is a success.

    Its own handler raises the signal again after the last request, so that the exit code would tell of a process that was killed.
    """

    def __init__(self, config: uvicorn.Config, engine: AIEngine) -> None:
        super().__init__(config)
        self._engine = engine

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._engine.draining.is_on = True
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def _listen(host: str, port: int) -> list[socket.socket]:
    """A socket for each address of the host, bound and not yet listening. Raises `ConfigurationError`.

    uvicorn would do it after the start, and end with an error of the system and an exit code of its own.
    """
    listeners: list[socket.socket] = []
    failure: OSError | UnicodeError | None = None
    try:
        for family, _, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE):
            try:
                listeners.append(_bound(family, address))
            except OSError as error:
                failure = error
                # Where IPv6 is switched off, `localhost` may still have an address of that kind.
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
            f"AI_ENGINE_PORT is not usable: another program listens at {_address(host, port)}; "
            "stop that one, or set AI_ENGINE_PORT to another number."
        )
    reason = getattr(failure, "strerror", None) or "no such name"
    raise ConfigurationError(f"AI_ENGINE_HOST is not usable: {_address(host, port)}: {reason}.")


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
    host: Annotated[str | None, typer.Option(help="Address to listen on. Default: 127.0.0.1, this machine alone.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one. Default: 8000.")] = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes; this version runs one.")] = None,
    reload: Annotated[bool, typer.Option("--reload", help="Start again when the code changes.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="The same as --log-level DEBUG.")] = False,
    log_level: Annotated[str | None, typer.Option(help="DEBUG, INFO, WARNING or ERROR. Default: INFO.")] = None,
    config: Annotated[Path | None, typer.Option(help="The YAML file. Default: ai-engine.yaml, if it is there.")] = None,
) -> None:
    """Run the gateway. Options win over the environment and .env, which .env.example describes."""
    given = {"HOST": host, "PORT": port, "WORKERS": workers, "CONFIG": config, "LOG_LEVEL": "DEBUG" if debug else log_level}
    # Into the environment, since a reloader's child reads its settings there again.
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
    except SystemExit:  # uvicorn's own exit code for a start that failed is 3; the log has the reason
        sys.exit(1)


app.command("server", hidden=True, help="The same as serve.")(serve)


@app.command("check-config")
def check_config() -> None:
    """Read and validate environment, .env and YAML file, and say what came of it."""
    configuration = LiveConfiguration(current_environment, SystemClock()).current
    named = [section.name for section in configuration.file.providers]
    ready, unused = readiness_of(configuration.providers.values(), named, _is_enabled_by_default)
    print(f"The configuration is sound. Providers that are configured: {', '.join(ready) or 'none'}.")
    for sentence in unused:
        print(f"Not used: {sentence}.")


@app.command()
def providers() -> None:
    """List the providers: what each is used with, or what it needs."""
    configuration = LiveConfiguration(current_environment, SystemClock()).current
    lines = [(row.name, _state(row, configuration.settings), row.base_url) for row in configuration.providers.values()]
    # Those that are ready first: the others are many.
    lines = [("PROVIDER", "STATE", "ADDRESS"), *sorted(lines, key=lambda line: not line[1].startswith("ready"))]
    name_width, state_width = (max(len(line[column]) for line in lines) for column in (0, 1))
    for name, state, address in lines:
        print(f"{name:<{name_width}}  {state:<{state_width}}  {address}")


def _state(row: ProviderDefinition, settings: Settings) -> str:
    if row.is_sandbox:
        return {True: "ready: always on", False: "off", None: "answers while no other provider is configured"}[settings.sandbox]
    reason = obstacle(row)
    if _is_enabled_by_default(row):
        return reason or f"ready: {credentials(row)}"
    return f"{reason or credentials(row)}; a reseller, off until you enable it"


def _is_enabled_by_default(row: ProviderDefinition) -> bool:
    """What a person has switched since is in the database; a running gateway tells it at `/api/providers`."""
    return is_enabled(row, NOTHING_PREFERRED)


@app.command()
def autodecide(model: str, url: Url = None, key: Key = None) -> None:
    """Explain which routes a running gateway would try for MODEL, in order and why."""
    explained = _ask("GET", url, f"/api/autodecide/{quote(model)}", key)
    print(orjson.dumps(explained, option=orjson.OPT_INDENT_2).decode())


@app.command()
def chat(model: str, text: str, url: Url = None, key: Key = None) -> None:
    """Send TEXT to MODEL through a running gateway, and print the answer."""
    answer = _ask("POST", url, "/v1/chat/completions", key, {"model": model, "messages": [{"role": "user", "content": text}]})
    print(answer["choices"][0]["message"].get("content") or orjson.dumps(answer["choices"][0]["message"]).decode())


@app.command("migrate")
def migrate_database() -> None:
    """Bring the database up to date; a start does the same."""
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
    role: Annotated[str, typer.Option(help="admin or viewer; keys for clients come with limits and budgets.")],
    name: Annotated[str, typer.Option(help="What the key is for.")] = "made on the command line",
) -> None:
    """Make a key, print it once, and store only its hash. A running gateway knows it after its next start."""
    if role not in ("admin", "viewer"):
        raise typer.BadParameter("it must be admin or viewer", param_hint="--role")
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
    """Print the description of every route (OpenAPI), which generated clients are made from."""
    print(orjson.dumps(create_app().openapi(), option=orjson.OPT_INDENT_2).decode())


@app.command()
def version() -> None:
    """Print the version."""
    print(__version__)


def _ask(method: str, url: str | None, path: str, key: str | None, body: Any = None) -> Any:
    """One request to a running gateway. Raises `ConfigurationError` with a sentence about what is wrong."""
    settings = Settings.from_environment(current_environment())
    if url is None and key is None and settings.admin_key is not None:
        key = settings.admin_key.get_secret_value()  # from `.env`; another gateway's address does not get it
    base = (url or _address(_LOCAL_NAMES.get(settings.host, settings.host), settings.port)).rstrip("/")
    headers = {"authorization": f"Bearer {key}"} if key else {}
    try:
        answer = httpx.request(method, base + path, json=body, headers=headers, timeout=600, trust_env=False)
        content = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise ConfigurationError(
            f"No gateway answers at {base} ({type(error).__name__}); start one with `ai-engine serve`."
        ) from None
    if answer.status_code != httpx.codes.OK:
        raise AIEngineError(_message_of(answer.status_code, content))
    return content


def _message_of(status: int, content: Any) -> str:
    try:
        return str(content["error"]["message"])
    except (KeyError, TypeError):
        return f"The gateway answered with status {status}."
