"""The application: middlewares, hot endpoints, FastAPI for everything else, and the lifespan."""

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
from ai_engine.client_api.schemas import ErrorResponse
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
from ai_engine.management_api.openapi.documentation import TAGS, with_examples_and_security
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
_WATCH_FILES_SECONDS = 1
_MIN_BACKOFF_SECONDS = 0.5
_MAX_BACKOFF_SECONDS = 60
_GC_THRESHOLDS = (10_000, 50, 100)

ANSWER_EXAMPLES: Mapping[str, Any] = {**answer_examples.ANSWER_EXAMPLES, **management_answer_examples.ANSWER_EXAMPLES}
"""By schema, for `/openapi.json`."""

Work = Callable[[], Coroutine[Any, Any, None]]


class AIEngine(FastAPI):
    """FastAPI behind a dispatcher: hot endpoints are found by a dictionary look-up and bypass FastAPI."""

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
            # As for the hot endpoints: a body without a content type is JSON.
            strict_content_type=False,
            openapi_tags=TAGS,
            responses={"4XX": {"model": ErrorResponse}, "5XX": {"model": ErrorResponse}},
        )
        settings, clock = configuration.current.settings, SystemClock()
        self.configuration = configuration
        self.logs = logs
        self.tuning = tuning or Tuning()
        self.clock: Clock = clock
        self.draining = Draining()
        self.startup_error: ConfigurationError | None = None
        """Why startup failed, if the configuration is invalid."""
        self.hot: dict[tuple[str, str], RelayedEndpoint] = {}
        self._body_limit = BodyLimit(super().__call__, settings.max_request_size)
        self._addresses = ClientAddresses(settings.trusted_proxies)
        app: ASGIApp = self._dispatch
        app = SecurityHeaders(app)
        app = self._cross_origin = CrossOrigin(app, settings.cors_origins)
        if settings.otlp_endpoint is not None:
            app = TraceContext(app)
        app = RequestContext(app, self._addresses, logs.access_log(clock), clock)
        self._middleware = app
        configuration.on_change(self._apply)
        install_error_handlers(self, others=[(anthropics.is_asked_for, anthropics.error_answer)])
        for module in (
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
            self.include_router(module.router)

    def _apply(self, current: Configuration) -> None:
        """Applies a reloaded configuration to the middlewares; routes read it themselves."""
        self._body_limit.limit_bytes = current.settings.max_request_size
        self._addresses.trust(current.settings.trusted_proxies)
        self._cross_origin.allow(current.settings.cors_origins)

    def openapi(self) -> dict[str, Any]:
        return with_examples_and_security(super().openapi(), self.routes, ANSWER_EXAMPLES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._middleware(scope, receive, send)

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            endpoint = self.hot.get((scope["method"], scope["path"]))
            if endpoint is not None:
                await endpoint(scope, receive, send)
                return
        elif scope["type"] == "lifespan":
            send = self._with_startup_error(send)
        await self._body_limit(scope, receive, send)

    def _with_startup_error(self, send: Send) -> Send:
        """Replaces Starlette's traceback of a failed startup by the sentence of the `ConfigurationError`."""

        async def emit(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed" and self.startup_error is not None:
                message = {**message, "message": self.startup_error.message}
            await send(message)

        return emit


def _operation_id(route: APIRoute) -> str:
    """`create_chat_completion`, not `create_chat_completion_v1_chat_completions_post`, for readable generated clients."""
    return route.name


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    assert isinstance(app, AIEngine)
    try:
        wired = await wire(app.configuration, app.logs, app.clock, app.tuning)
    except ConfigurationError as error:
        app.startup_error = error
        raise
    finder = wired.services[CandidateFinder]
    _log_readiness(app.configuration.current, finder)
    app.configuration.on_change(lambda current: _log_readiness(current, finder))
    reloads: Reloads = wired.services[Reloads]
    app.hot = wired.hot
    app.state.services = wired.services | {Draining: app.draining}
    install_guard(app, wired.guard)
    tasks = [
        asyncio.create_task(restarted_on_failure(work))
        for work in (*wired.background, lambda: _watch_files(app.configuration, reloads))
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


def _log_readiness(configuration: Configuration, finder: CandidateFinder) -> None:
    """Logs the usable providers with their keys, so that operators see whether a new key was found."""
    rows = configuration.providers.values()
    named = [section.name for section in configuration.file.providers]
    ready, unused = readiness_of(rows, named, finder.is_enabled)
    if ready:
        _log.info("Providers: %s", ", ".join(ready))
    if any(row.is_sandbox and finder.is_usable(row) for row in rows):
        _log.info(
            "The sandbox provider is active and answers with made-up text%s",
            "" if ready else "; for real answers set a provider key, such as OPENAI_API_KEY, in .env",
        )
    elif not ready:
        _log.warning("No provider is configured; set a provider key, such as OPENAI_API_KEY, in the environment or .env")
    for reason in unused:
        _log.warning("Not used: %s", reason)


def _freeze_gc() -> None:
    """Excludes current objects from garbage collection: modules, services, thousands of catalogue entries and prices.

    Full collections would traverse all of them in the middle of requests. Requests leave few cycles, so collections may be rarer
    than Python's default (measured: together a tenth of a request's CPU time).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)


async def restarted_on_failure(work: Work) -> None:
    """Runs a background loop; if it fails, the exception is logged and the loop restarted with exponential backoff."""
    backoff_seconds = _MIN_BACKOFF_SECONDS
    while True:
        started_at = time.monotonic()
        try:
            await work()
        except Exception:  # noqa: BLE001 - other loops must continue
            _log.exception(
                "A background task failed (%s); restarting it in %g s.", getattr(work, "__qualname__", work), backoff_seconds
            )
        await asyncio.sleep(backoff_seconds)
        was_stable = time.monotonic() - started_at > 2 * _MAX_BACKOFF_SECONDS
        backoff_seconds = _MIN_BACKOFF_SECONDS if was_stable else min(2 * backoff_seconds, _MAX_BACKOFF_SECONDS)


@contextlib.contextmanager
def _reloaded_on_hangup(reloads: Reloads) -> Iterator[None]:
    """Reloads the configuration on SIGHUP. Only the main thread can handle signals; elsewhere there is the route."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    running: set[asyncio.Task[None]] = set()

    def begin() -> None:
        task = asyncio.create_task(_reload(reloads, "SIGHUP"), name="reload on SIGHUP")
        running.add(task)
        task.add_done_callback(running.discard)

    loop.add_signal_handler(signal.SIGHUP, begin)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


async def _reload(reloads: Reloads, cause: str) -> None:
    """`cause` is the name in the log and the audit."""
    try:
        current = await reloads.reload(Actor(cause, None, "system", None, None))
    except ConfigurationError as error:
        _log.error("Reload (%s) failed, the configuration is unchanged: %s", cause, error.message)
    else:
        _log.info("Reload (%s): configuration generation %d is in force", cause, current.generation)


async def _watch_files(configuration: LiveConfiguration, reloads: Reloads) -> None:
    """Reloads when `.env` or the YAML file has changed; polls them once a second."""
    seen = _stamps(configuration)
    while True:
        await asyncio.sleep(_WATCH_FILES_SECONDS)
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
