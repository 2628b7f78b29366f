"""The application: the way in (a readable list of middlewares), the hot endpoints in front, FastAPI for everything else."""

import asyncio
import contextlib
import gc
import logging
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from ai_engine import __version__
from ai_engine.access.audit import Actor
from ai_engine.access.guards import install_guard
from ai_engine.autodecide.candidates import CandidateFinder
from ai_engine.catalogue.live import LiveCatalogue
from ai_engine.client_api import answer_examples, chat_completions, completions, embeddings, models, passthrough
from ai_engine.client_api.endpoint import RelayedEndpoint
from ai_engine.client_api.messages import errors as anthropics
from ai_engine.client_api.messages import routes as messages
from ai_engine.client_api.responses import routes as responses
from ai_engine.client_api.schemas import ErrorAnswer
from ai_engine.clock import Clock, SystemClock
from ai_engine.configuration import Configuration, LiveConfiguration
from ai_engine.errors import ConfigurationError
from ai_engine.management_api import (
    audit,
    autodecide,
    config,
    health,
    metrics,
    providers,
    requests,
    rotation,
    session,
    statistics,
    status,
)
from ai_engine.management_api import models as catalogue_models
from ai_engine.management_api.config import Reloads
from ai_engine.management_api.health import Draining
from ai_engine.management_api.live import routes as live
from ai_engine.management_api.openapi import answer_examples as management_answer_examples
from ai_engine.management_api.openapi import documentation
from ai_engine.management_api.openapi.documentation import TAGS, completed
from ai_engine.providers.registry.readiness import readiness_of
from ai_engine.settings.environment import ENV_FILE
from ai_engine.settings.file import DEFAULT_PATH
from ai_engine.telemetry.logs import Logs
from ai_engine.web.client_address import ClientAddresses
from ai_engine.web.disconnect import Message, Receive
from ai_engine.web.errors import install_error_handlers
from ai_engine.web.middleware import ASGIApp, BodyLimit, CrossOrigin, RequestContext, Scope, SecurityHeaders, Send
from ai_engine.web.trace_context import TraceContext
from ai_engine.wiring.engine import wire
from ai_engine.wiring.tuning import Tuning

_log = logging.getLogger("ai_engine")
_LOOK_AT_FILES_EVERY_SECONDS = 1
_SHORTEST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 60
_COLLECTOR_THRESHOLDS = (10_000, 50, 100)

ANSWER_EXAMPLES: Mapping[str, Any] = {**answer_examples.ANSWER_EXAMPLES, **management_answer_examples.ANSWER_EXAMPLES}
"""By the names of their schemas, for `/openapi.json`."""

Work = Callable[[], Coroutine[Any, Any, None]]


class AIEngine(FastAPI):
    """FastAPI behind a dispatcher: the hot endpoints are found by one look into a dictionary, and never meet its machinery."""

    def __init__(self, configuration: LiveConfiguration, logs: Logs, tuning: Tuning | None = None) -> None:
        super().__init__(
            title="AI Engine",
            version=__version__,
            summary="One OpenAI-compatible endpoint in front of every model provider.",
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
            lifespan=_lifespan,
            generate_unique_id_function=_operation_id,
            # As the hot endpoints have it: a body that does not say what it is, is taken for JSON.
            strict_content_type=False,
            openapi_tags=TAGS,
            responses={"4XX": {"model": ErrorAnswer}, "5XX": {"model": ErrorAnswer}},
        )
        settings, clock = configuration.current.settings, SystemClock()
        self.configuration = configuration
        self.logs = logs
        self.tuning = tuning or Tuning()
        self.clock: Clock = clock
        self.draining = Draining()
        self.refusal: ConfigurationError | None = None
        """Why the start ended, where it was the operator's to mend."""
        self.hot: dict[tuple[str, str], RelayedEndpoint] = {}
        self._behind = BodyLimit(super().__call__, settings.max_request_size)
        self._addresses = ClientAddresses(settings.trusted_proxies)
        app: ASGIApp = self._dispatch
        app = SecurityHeaders(app)
        app = self._cross_origin = CrossOrigin(app, settings.cors_origins)
        if settings.otlp_endpoint is not None:
            app = TraceContext(app)
        app = RequestContext(app, self._addresses, logs.access_log(clock), clock)
        self._way_in = app
        configuration.on_change(self._take_over)
        install_error_handlers(self, others=[(anthropics.is_asked_for, anthropics.error_answer)])
        for room in (
            chat_completions,
            completions,
            embeddings,
            passthrough,
            messages,
            responses,
            models,
            health,
            status,
            providers,
            catalogue_models,
            rotation,
            autodecide,
            statistics,
            requests,
            session,
            config,
            audit,
            live,
            metrics,
            documentation,
        ):
            self.include_router(room.router)

    def _take_over(self, current: Configuration) -> None:
        """What the middlewares know of a reloaded configuration; the routes read it themselves."""
        self._behind.limit_bytes = current.settings.max_request_size
        self._addresses.trust(current.settings.trusted_proxies)
        self._cross_origin.allow(current.settings.cors_origins)

    def openapi(self) -> dict[str, Any]:
        return completed(super().openapi(), self.routes, ANSWER_EXAMPLES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._way_in(scope, receive, send)

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            endpoint = self.hot.get((scope["method"], scope["path"]))
            if endpoint is not None:
                await endpoint(scope, receive, send)
                return
        elif scope["type"] == "lifespan":
            send = self._telling_plainly(send)
        await self._behind(scope, receive, send)

    def _telling_plainly(self, send: Send) -> Send:
        """A start that was refused is told in the sentence that says what to mend, in place of Starlette's traceback."""

        async def emit(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed" and self.refusal is not None:
                message = {**message, "message": self.refusal.message}
            await send(message)

        return emit


def _operation_id(route: APIRoute) -> str:
    """`create_chat_completion`, not `create_chat_completion_v1_chat_completions_post`: generated clients read like ours."""
    return route.name


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    assert isinstance(app, AIEngine)
    try:
        wired = await wire(app.configuration, app.logs, app.clock, app.tuning)
    except ConfigurationError as error:
        app.refusal = error
        raise
    finder = wired.services[CandidateFinder]
    _tell_readiness(app.configuration.current, finder)
    app.configuration.on_change(lambda current: _tell_readiness(current, finder))
    reloads: Reloads = wired.services[Reloads]
    app.hot = wired.hot
    app.state.services = wired.services | {Draining: app.draining}
    install_guard(app, wired.guard)
    tasks = [
        asyncio.create_task(kept_running(work)) for work in (*wired.background, lambda: _watch_files(app.configuration, reloads))
    ]
    _freeze_gc()
    wired.services[LiveCatalogue].on_change(lambda _: _freeze_gc())
    with _reloaded_on_hangup(reloads):
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for close in wired.closing:
                await close()
            app.logs.close()


def _tell_readiness(configuration: Configuration, finder: CandidateFinder) -> None:
    """Says who answers and with which keys, so that whoever has just set one sees whether it was found."""
    rows = configuration.providers.values()
    named = [section.name for section in configuration.file.providers]
    ready, unused = readiness_of(rows, named, finder.is_enabled)
    if ready:
        _log.info("Providers: %s", ", ".join(ready))
    if any(row.is_sandbox and finder.is_usable(row) for row in rows):
        _log.info(
            "The sandbox answers with made-up text%s",
            "" if ready else "; for real answers put a key, such as OPENAI_API_KEY, into .env",
        )
    elif not ready:
        _log.warning("No provider is configured: put a key, such as OPENAI_API_KEY, into the environment or .env")
    for sentence in unused:
        _log.warning("Not used: %s", sentence)


def _freeze_gc() -> None:
    """What is there now stays for long: modules, services, thousands of catalogue entries and prices.

    Full collections would look at all of it again and again, in the middle of requests. Requests themselves leave few cycles
    behind, so collections may be rarer than Python's default (measured: together a tenth of a request's processor time).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTOR_THRESHOLDS)


async def kept_running(work: Work) -> None:
    """A background loop that fails is a fault of ours: the log has it, and it begins anew, ever later if it fails at once."""
    pause_seconds = _SHORTEST_PAUSE_SECONDS
    while True:
        began_at = time.monotonic()
        try:
            await work()
        except Exception:  # noqa: BLE001 - whatever it was, the others go on
            _log.exception(
                "A background task failed (%s); it begins again in %g s.", getattr(work, "__qualname__", work), pause_seconds
            )
        await asyncio.sleep(pause_seconds)
        has_worked = time.monotonic() - began_at > 2 * _LONGEST_PAUSE_SECONDS
        pause_seconds = _SHORTEST_PAUSE_SECONDS if has_worked else min(2 * pause_seconds, _LONGEST_PAUSE_SECONDS)


@contextlib.contextmanager
def _reloaded_on_hangup(reloads: Reloads) -> Iterator[None]:
    """SIGHUP reads the configuration again. Only a main thread can listen to signals; elsewhere there is the route."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    under_way: set[asyncio.Task[None]] = set()

    def begin() -> None:
        task = asyncio.create_task(_reload(reloads, "SIGHUP"), name="reload on SIGHUP")
        under_way.add(task)
        task.add_done_callback(under_way.discard)

    loop.add_signal_handler(signal.SIGHUP, begin)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


async def _reload(reloads: Reloads, cause: str) -> None:
    """`cause` is what the log and the audit call it."""
    try:
        current = await reloads.reload(Actor(cause, None, "system", None, None))
    except ConfigurationError as error:
        _log.error("Reload (%s) refused, the old configuration stays: %s", cause, error.message)
    else:
        _log.info("Reload (%s): configuration generation %d is in force", cause, current.generation)


async def _watch_files(configuration: LiveConfiguration, reloads: Reloads) -> None:
    """Reloads when `.env` or the YAML file has changed: a look at each once a second."""
    seen = _stamps(configuration)
    while True:
        await asyncio.sleep(_LOOK_AT_FILES_EVERY_SECONDS)
        now = _stamps(configuration)
        if now != seen:
            seen = now
            await _reload(reloads, "file change")


def _stamps(configuration: LiveConfiguration) -> list[tuple[int, int] | None]:
    stamps: list[tuple[int, int] | None] = []
    for path in (ENV_FILE, configuration.current.settings.config or DEFAULT_PATH):
        try:
            status = path.stat()
            stamps.append((status.st_mtime_ns, status.st_size))
        except OSError:
            stamps.append(None)
    return stamps
