"""Logging: one format for every logger of the process, and a buffer for the lines of requests."""

import asyncio
import contextlib
import logging
import sys
from collections.abc import Iterable, Mapping, Sequence
from logging.handlers import WatchedFileHandler
from typing import Any, TextIO

from ai_engine.clock import Clock
from ai_engine.errors import ConfigurationError
from ai_engine.events import AttemptFinished, Ending, RequestFinished
from ai_engine.names import Blame, Operation
from ai_engine.settings import Settings
from ai_engine.telemetry.log_lines import AccessLine, ConsoleLines, JSONLines, LineFormat, Redact

Handler = logging.StreamHandler[Any]

ENGINE_LOGGER = "ai_engine"
SERVER_LOGGER = "server"

_OWN_LOGGERS = (ENGINE_LOGGER, SERVER_LOGGER)
_SERVERS_LOGGERS = ("uvicorn", "uvicorn.error")

_LEVELS = {logging.INFO: "INFO", logging.WARNING: "WARNING", logging.ERROR: "ERROR"}

FLUSH_AFTER_SECONDS = 0.2
FLUSH_AT_LINES = 4096

_OPERATION_NAMES = {
    Operation.CHAT: "Chat completion",
    Operation.COMPLETIONS: "Text completion",
    Operation.RESPONSES: "Response",
    Operation.MESSAGES: "Message",
    Operation.COUNT_TOKENS: "Token count",
    Operation.EMBEDDINGS: "Embeddings",
    Operation.RERANK: "Ranking",
    Operation.MODERATIONS: "Moderation",
    Operation.IMAGE_GENERATIONS: "Image generation",
    Operation.IMAGE_EDITS: "Image edit",
    Operation.IMAGE_VARIATIONS: "Image variation",
    Operation.SPEECH: "Speech",
    Operation.TRANSCRIPTIONS: "Transcription",
    Operation.TRANSLATIONS: "Translation",
}


class _Formatter(logging.Formatter):
    """Formats a record in one of the two formats."""

    def __init__(self, line_format: LineFormat) -> None:
        super().__init__()
        self._format = line_format

    def format(self, record: logging.LogRecord) -> str:
        traces = [self.formatException(record.exc_info)] if record.exc_info else []
        if record.stack_info:
            traces.append(record.stack_info)
        fields: Mapping[str, Any] = getattr(record, "fields", {})
        message = _message_of(record).rstrip()
        # uvicorn uses this logger for everything, not only for errors.
        name = "uvicorn" if record.name == "uvicorn.error" else record.name
        return self._format.record(record.created, name, record.levelname, message, fields, "\n".join(traces) or None)


def _message_of(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        # A library's arguments do not match its message; log both as they are.
        return f"{record.msg} {record.args}"


class BufferedLines:
    """Buffers lines for up to 0.2 s, since each request writes some. Flush it at the end, or the last ones are lost."""

    def __init__(self, handlers: Sequence[Handler]) -> None:
        self._handlers = handlers
        self._lines: list[str] = []
        self._timer: asyncio.TimerHandle | None = None

    def add(self, line: str) -> None:
        """Adds a line without a line end."""
        self._lines.append(line)
        if self._timer is None:
            try:
                self._timer = asyncio.get_running_loop().call_later(FLUSH_AFTER_SECONDS, self.flush)
            except RuntimeError:  # no event loop, so there is no timer
                self.flush()
        elif len(self._lines) >= FLUSH_AT_LINES:
            self.flush()

    def flush(self) -> None:
        """Writes the buffered lines now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._lines:
            return
        lines, self._lines = self._lines, []
        text = "\n".join(lines) + "\n"
        for handler in self._handlers:
            # A full disk or a closed terminal must not fail a request.
            with contextlib.suppress(OSError, ValueError):
                _write(handler, text)


class _LogFile(WatchedFileHandler):
    """A log file that may be removed with its folder: until it is back, lines are lost but requests are not affected."""

    stream: Any

    def reopenIfNeeded(self) -> None:  # noqa: N802 - the standard library's name
        if self.stream is None:  # opening it failed the last time
            self.stream = self._open()
            self._statstream()
        else:
            super().reopenIfNeeded()

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(OSError):
            super().emit(record)


def _write(handler: Handler, text: str) -> None:
    handler.acquire()
    try:
        if isinstance(handler, WatchedFileHandler):
            handler.reopenIfNeeded()
        handler.stream.write(text)
        handler.stream.flush()
    finally:
        handler.release()


class AccessLog:
    """One line per request: `127.0.0.1 - "GET /api/status HTTP/1.1" 200`, or its JSON form.

    The path is logged without its query, which may contain private data.
    """

    def __init__(self, lines: BufferedLines, line_format: LineFormat, clock: Clock) -> None:
        self._add = lines.add
        self._format = line_format
        self._now = clock.now

    def record(
        self,
        client: str | None,
        method: str,
        raw_path: bytes,
        http_version: str,
        status: int,
        duration_ms: float,
        request_id: str,
    ) -> None:
        """`raw_path` is percent-encoded as received; `client` is `None` if unknown."""
        path = raw_path.decode("ascii", "backslashreplace")
        line = AccessLine(client or "-", method, path, http_version, status, duration_ms, request_id)
        self._add(self._format.access(line, self._now))


class EventLog:
    """An observer of attempts and requests that logs each as a sentence: `Provider groq successful (1.23s)`."""

    def __init__(self, lines: BufferedLines, line_format: LineFormat, clock: Clock) -> None:
        self._add = lines.add
        self._format = line_format
        self._now = clock.now
        self._engine = logging.getLogger(ENGINE_LOGGER)
        self._server = logging.getLogger(SERVER_LOGGER)

    def attempt(self, event: AttemptFinished) -> None:
        """Logs it, as an `AttemptObserver`."""
        # Client errors and cancelled attempts are not failures of the provider.
        level = logging.INFO if event.succeeded or event.blame is Blame.REQUEST else logging.ERROR
        if self._engine.isEnabledFor(level):
            self._write(ENGINE_LOGGER, level, _attempt_sentence(event), event.detail, event.request_id)

    def request(self, event: RequestFinished) -> None:
        """Logs it, as a `RequestObserver`."""
        is_server_error = event.ending is Ending.UPSTREAM_CUT or (event.ending is Ending.ERROR and event.status >= 500)
        level = logging.WARNING if is_server_error else logging.INFO
        if self._server.isEnabledFor(level):
            self._write(SERVER_LOGGER, level, _request_sentence(event), event.error_detail, event.request_id)

    def _write(self, logger: str, level: int, sentence: str, detail: str | None, request_id: str) -> None:
        self._add(self._format.event(self._now().timestamp(), logger, _LEVELS[level], sentence, detail, request_id))


class BlockLog:
    """Logs records of several lines with the logger `ai_engine` at level DEBUG, in order with the other lines."""

    def __init__(self, lines: BufferedLines, line_format: LineFormat, clock: Clock) -> None:
        self._add = lines.add
        self._format = line_format
        self._now = clock.now

    def write(self, title: str, lines: Iterable[str], fields: Mapping[str, Any]) -> None:
        """`lines` and `fields` are the same content for the console and for JSON."""
        self._add(self._format.block(self._now().timestamp(), ENGINE_LOGGER, "DEBUG", title, lines, fields))


def _attempt_sentence(event: AttemptFinished) -> str:
    if event.succeeded:
        return f"Provider {event.route.provider} successful ({event.duration_ms / 1000:.2f}s)"
    status = f", status {event.status}" if event.status else ""
    return f"Provider {event.route.provider} failed: {event.failure}{status} ({event.request_id})"


def _request_sentence(event: RequestFinished) -> str:
    what = _OPERATION_NAMES[event.operation]
    provider = event.route.provider if event.route else "no provider"
    if event.ending is Ending.COMPLETED:
        return f"{what} successful: {provider}"
    if event.ending is Ending.RESCUED:
        return f"{what} rescued: {provider} ({event.request_id})"
    if event.ending is Ending.CLIENT_CANCELLED:
        return f"{what} cancelled by the client: {provider}"
    if event.ending is Ending.UPSTREAM_CUT:
        return f"{what} cut: {provider} ({event.request_id})"
    return f"{what} failed: {event.status} ({event.request_id})"


class Logs:
    """The configured logging. `close` it last: it flushes the buffer."""

    def __init__(self, handlers: Sequence[Handler], line_format: LineFormat, *, with_access_log: bool) -> None:
        self._handlers = handlers
        self._format = line_format
        self._lines = BufferedLines(handlers)
        self._with_access_log = with_access_log

    def access_log(self, clock: Clock) -> AccessLog | None:
        """`None` with `AI_ENGINE_ACCESS_LOG=false`."""
        return AccessLog(self._lines, self._format, clock) if self._with_access_log else None

    def event_log(self, clock: Clock) -> EventLog:
        return EventLog(self._lines, self._format, clock)

    def block_log(self, clock: Clock) -> BlockLog | None:
        """`None` unless `AI_ENGINE_LOG_LEVEL=DEBUG`, so that explanations are computed only then."""
        is_debug = logging.getLogger(ENGINE_LOGGER).isEnabledFor(logging.DEBUG)
        return BlockLog(self._lines, self._format, clock) if is_debug else None

    def close(self) -> None:
        """Flushes, and removes the handlers."""
        self._lines.flush()
        for handler in self._handlers:
            logging.getLogger().removeHandler(handler)
            handler.flush()
            if isinstance(handler, logging.FileHandler):
                handler.close()


def configure(settings: Settings, redact: Redact, stream: TextIO | None = None) -> Logs:
    """Sends every logger of the process, uvicorn's too, to `stream` (stderr) and to `AI_ENGINE_LOG_FILE` where set.

    Our own loggers use `AI_ENGINE_LOG_LEVEL`, uvicorn's at least INFO, other libraries' WARNING, since some log whole requests at
    lower levels. uvicorn is run with `log_config=None, access_log=False`.

    Raises `ConfigurationError` if the log file cannot be written.
    """
    line_format: LineFormat = JSONLines(redact) if settings.log_format == "json" else ConsoleLines(redact)
    handlers: list[Handler] = [logging.StreamHandler(stream or sys.stderr)]
    if settings.log_file is not None:
        try:
            settings.log_file.parent.mkdir(parents=True, exist_ok=True)
            # Watched, so that the log file can be rotated.
            handlers.append(_LogFile(settings.log_file, encoding="utf-8"))
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ConfigurationError(f"AI_ENGINE_LOG_FILE is invalid: {str(settings.log_file)!r}: {reason}.") from None
    # It warns of each malformed form, which is a client error and reported in the response.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    root = logging.getLogger()
    for handler in handlers:
        handler.setFormatter(_Formatter(line_format))
        root.addHandler(handler)
    root.setLevel(logging.WARNING)
    level = logging.getLevelNamesMapping()[settings.log_level]
    for name in (*_OWN_LOGGERS, *_SERVERS_LOGGERS):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        # At DEBUG uvicorn logs the headers of every WebSocket, including keys, and all messages.
        logger.setLevel(level if name in _OWN_LOGGERS else max(level, logging.INFO))
    _silence_access_of_uvicorn()
    return Logs(handlers, line_format, with_access_log=settings.access_log)


def _silence_access_of_uvicorn() -> None:
    # Its line would duplicate ours, including the query string.
    access = logging.getLogger("uvicorn.access")
    access.handlers.clear()
    access.propagate = False
