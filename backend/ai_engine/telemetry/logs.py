"""Logging: one shape for every logger of the process, and a buffer for the lines that every request writes."""

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
from ai_engine.telemetry.log_lines import AccessLine, ConsoleLines, JSONLines, LineShape, Redact

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
    """Writes a record in one of the two shapes."""

    def __init__(self, shape: LineShape) -> None:
        super().__init__()
        self._shape = shape

    def format(self, record: logging.LogRecord) -> str:
        traces = [self.formatException(record.exc_info)] if record.exc_info else []
        if record.stack_info:
            traces.append(record.stack_info)
        fields: Mapping[str, Any] = getattr(record, "fields", {})
        message = _message_of(record).rstrip()
        # uvicorn's logger of this name tells of everything, and seldom of an error.
        name = "uvicorn" if record.name == "uvicorn.error" else record.name
        return self._shape.record(record.created, name, record.levelname, message, fields, "\n".join(traces) or None)


def _message_of(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        # A library's arguments do not fit its message; the line is worth more than the complaint.
        return f"{record.msg} {record.args}"


class BufferedLines:
    """Lines that may come out up to 0.2 s late, since each request writes some. Close it, or the last ones are lost."""

    def __init__(self, handlers: Sequence[Handler]) -> None:
        self._handlers = handlers
        self._lines: list[str] = []
        self._timer: asyncio.TimerHandle | None = None

    def add(self, line: str) -> None:
        """Takes a line without its end."""
        self._lines.append(line)
        if self._timer is None:
            try:
                self._timer = asyncio.get_running_loop().call_later(FLUSH_AFTER_SECONDS, self.flush)
            except RuntimeError:  # no loop, so nobody would ring
                self.flush()
        elif len(self._lines) >= FLUSH_AT_LINES:
            self.flush()

    def flush(self) -> None:
        """Write what there is, now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._lines:
            return
        lines, self._lines = self._lines, []
        text = "\n".join(lines) + "\n"
        for handler in self._handlers:
            # A full disk or a closed terminal ends no request.
            with contextlib.suppress(OSError, ValueError):
                _write(handler, text)


class _LogFile(WatchedFileHandler):
    """A log file that may be taken away with its folder: until that is back its lines are lost, and no request with them."""

    stream: Any

    def reopenIfNeeded(self) -> None:  # noqa: N802 - the standard library's name
        if self.stream is None:  # the last time it could not be opened
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
    """One line per answered request: `127.0.0.1 - "GET /api/status HTTP/1.1" 200`, or its JSON form.

    The path is written without its query, which may hold what is nobody's business.
    """

    def __init__(self, lines: BufferedLines, shape: LineShape, clock: Clock) -> None:
        self._add = lines.add
        self._shape = shape
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
        """`raw_path` as it came over the line, still percent-encoded; `client` is `None` where it is not known."""
        path = raw_path.decode("ascii", "backslashreplace")
        line = AccessLine(client or "-", method, path, http_version, status, duration_ms, request_id)
        self._add(self._shape.access(line, self._now))


class EventLog:
    """An observer of both that writes each as a sentence: `Provider groq successful (1.23s)`."""

    def __init__(self, lines: BufferedLines, shape: LineShape, clock: Clock) -> None:
        self._add = lines.add
        self._shape = shape
        self._now = clock.now
        self._engine = logging.getLogger(ENGINE_LOGGER)
        self._server = logging.getLogger(SERVER_LOGGER)

    def attempt(self, event: AttemptFinished) -> None:
        """Writes it, as an `AttemptObserver`."""
        # An attempt that the client spoilt or gave up is no failure of the provider's.
        level = logging.INFO if event.succeeded or event.blame is Blame.REQUEST else logging.ERROR
        if self._engine.isEnabledFor(level):
            self._write(ENGINE_LOGGER, level, _attempt_sentence(event), event.detail, event.request_id)

    def request(self, event: RequestFinished) -> None:
        """Writes it, as a `RequestObserver`."""
        is_ours = event.ending is Ending.UPSTREAM_CUT or (event.ending is Ending.ERROR and event.status >= 500)
        level = logging.WARNING if is_ours else logging.INFO
        if self._server.isEnabledFor(level):
            self._write(SERVER_LOGGER, level, _request_sentence(event), event.error_detail, event.request_id)

    def _write(self, logger: str, level: int, sentence: str, detail: str | None, request_id: str) -> None:
        self._add(self._shape.event(self._now().timestamp(), logger, _LEVELS[level], sentence, detail, request_id))


class BlockLog:
    """Blocks of the logger `ai_engine` at level DEBUG, in their place among the other lines."""

    def __init__(self, lines: BufferedLines, shape: LineShape, clock: Clock) -> None:
        self._add = lines.add
        self._shape = shape
        self._now = clock.now

    def write(self, title: str, lines: Iterable[str], fields: Mapping[str, Any]) -> None:
        """`lines` and `fields` say the same, for people and for programs."""
        self._add(self._shape.block(self._now().timestamp(), ENGINE_LOGGER, "DEBUG", title, lines, fields))


def _attempt_sentence(event: AttemptFinished) -> str:
    if event.succeeded:
        return f"Provider {event.route.provider} successful ({event.duration_ms / 1000:.2f}s)"
    status = f", status {event.status}" if event.status else ""
    return f"Provider {event.route.provider} failed: {event.failure}{status} ({event.request_id})"


def _request_sentence(event: RequestFinished) -> str:
    what = _OPERATION_NAMES[event.operation]
    who = event.route.provider if event.route else "nobody"
    if event.ending is Ending.COMPLETED:
        return f"{what} successful: {who}"
    if event.ending is Ending.RESCUED:
        return f"{what} rescued: {who} ({event.request_id})"
    if event.ending is Ending.CLIENT_CANCELLED:
        return f"{what} cancelled by the client: {who}"
    if event.ending is Ending.UPSTREAM_CUT:
        return f"{what} cut: {who} ({event.request_id})"
    return f"{what} failed: {event.status} ({event.request_id})"


class Logs:
    """What `configure` set up. `close` it last: it writes what is still in the buffer."""

    def __init__(self, handlers: Sequence[Handler], shape: LineShape, *, with_access_log: bool) -> None:
        self._handlers = handlers
        self._shape = shape
        self._lines = BufferedLines(handlers)
        self._with_access_log = with_access_log

    def access_log(self, clock: Clock) -> AccessLog | None:
        """`None` with `AI_ENGINE_ACCESS_LOG=false`."""
        return AccessLog(self._lines, self._shape, clock) if self._with_access_log else None

    def event_log(self, clock: Clock) -> EventLog:
        return EventLog(self._lines, self._shape, clock)

    def block_log(self, clock: Clock) -> BlockLog | None:
        """`None` unless `AI_ENGINE_LOG_LEVEL=DEBUG`: what nobody reads need not be thought of either."""
        return BlockLog(self._lines, self._shape, clock) if logging.getLogger(ENGINE_LOGGER).isEnabledFor(logging.DEBUG) else None

    def close(self) -> None:
        """Flushes, and takes the handlers off again."""
        self._lines.flush()
        for handler in self._handlers:
            logging.getLogger().removeHandler(handler)
            handler.flush()
            if isinstance(handler, logging.FileHandler):
                handler.close()


def configure(settings: Settings, redact: Redact, stream: TextIO | None = None) -> Logs:
    """Sends every logger of the process, uvicorn's too, to `stream` (stderr) and to `AI_ENGINE_LOG_FILE` where set.

    Our own loggers speak from `AI_ENGINE_LOG_LEVEL` on, uvicorn's never below INFO, those of libraries from WARNING: some of them
    write whole requests at lower levels. uvicorn is run with `log_config=None, access_log=False`.

    Raises `ConfigurationError` where the log file cannot be written.
    """
    shape: LineShape = JSONLines(redact) if settings.log_format == "json" else ConsoleLines(redact)
    handlers: list[Handler] = [logging.StreamHandler(stream or sys.stderr)]
    if settings.log_file is not None:
        try:
            settings.log_file.parent.mkdir(parents=True, exist_ok=True)
            # Watched, so that a log file can be rotated away under us.
            handlers.append(_LogFile(settings.log_file, encoding="utf-8"))
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ConfigurationError(f"AI_ENGINE_LOG_FILE is not usable: {str(settings.log_file)!r}: {reason}.") from None
    # It warns of each broken form, which is the client's own matter and said in the answer.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    root = logging.getLogger()
    for handler in handlers:
        handler.setFormatter(_Formatter(shape))
        root.addHandler(handler)
    root.setLevel(logging.WARNING)
    level = logging.getLevelNamesMapping()[settings.log_level]
    for name in (*_OWN_LOGGERS, *_SERVERS_LOGGERS):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        # At DEBUG the server writes the headers of every WebSocket, keys among them, and whatever is sent over it.
        logger.setLevel(level if name in _OWN_LOGGERS else max(level, logging.INFO))
    _silence_access_of_uvicorn()
    return Logs(handlers, shape, with_access_log=settings.access_log)


def _silence_access_of_uvicorn() -> None:
    # Its line would stand beside ours, with the query string in it.
    access = logging.getLogger("uvicorn.access")
    access.handlers.clear()
    access.propagate = False
