"""The two formats of the log, console and JSON: one line per record whatever it contains, with secrets redacted."""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import orjson

Redact = Callable[[str], str]

_CACHED_TARGETS = 256


class AccessLine(NamedTuple):
    """The access log's fields of one request."""

    client: str
    method: str
    path: str
    """Percent-encoded, without the query."""
    http_version: str
    status: int
    duration_ms: float
    request_id: str


class LineFormat(Protocol):
    """Formats log records as text without a line end. Everything logged passes here, so secrets are redacted here."""

    def record(self, at: float, logger: str, level: str, message: str, fields: Mapping[str, Any], trace: str | None) -> str:
        """`at` in seconds since 1970, `trace` an exception's text."""

    def access(self, line: AccessLine, now: Callable[[], datetime]) -> str:
        """The line of one request; `now` is called only if the format shows the time."""

    def block(self, at: float, logger: str, level: str, title: str, lines: Iterable[str], fields: Mapping[str, Any]) -> str:
        """A record of several lines: on the console the title with `lines` below it, in JSON the title with `fields`."""

    def event(self, at: float, logger: str, level: str, sentence: str, detail: str | None, request_id: str) -> str:
        """A sentence of provider names, classes and numbers, without secrets; and `detail`, which may contain one."""


def one_line(text: str) -> str:
    """`text` with control characters and line ends escaped, so that no input can forge a line."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


class ConsoleLines:
    """`2025-09-03 10:30:15 - ai_engine - INFO - message`, in local time; a traceback follows on further lines."""

    def __init__(self, redact: Redact) -> None:
        self._redact = redact
        self._second = -1
        self._second_text = ""
        # Most lines have one of a few paths, and searching them for secrets is expensive.
        self._target = lru_cache(_CACHED_TARGETS)(self._make_target)

    def record(self, at: float, logger: str, level: str, message: str, fields: Mapping[str, Any], trace: str | None) -> str:
        # Redacted before it is escaped: escape sequences could hide the start of a secret.
        shown = self._redact(message + "".join(f" {name}={value}" for name, value in fields.items()))
        line = f"{self._time(at)} - {logger} - {level} - {one_line(shown)}"
        if not trace:
            return line
        # Indented, so that no line of an exception looks like a record.
        return "\n".join([line, *("  " + one_line(part) for part in self._redact(trace).splitlines())])

    def block(self, at: float, logger: str, level: str, title: str, lines: Iterable[str], fields: Mapping[str, Any]) -> str:
        # Every line has the prefix, so that a search for a logger or a time finds all of them.
        return "\n".join(self.record(at, logger, level, line, {}, None) for line in (title, *(f"  {line}" for line in lines)))

    def _time(self, at: float) -> str:
        if int(at) != self._second:  # formatted once per second
            self._second = int(at)
            self._second_text = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
        return self._second_text

    def event(self, at: float, logger: str, level: str, sentence: str, detail: str | None, request_id: str) -> str:
        shown = sentence if detail is None else f"{sentence}: {one_line(self._redact(detail))}"
        return f"{self._time(at)} - {logger} - {level} - {shown}"

    def access(self, line: AccessLine, now: Callable[[], datetime]) -> str:
        return f'{line.client} - "{self._target(line.method, line.path)} HTTP/{line.http_version}" {line.status}'

    def _make_target(self, method: str, path: str) -> str:
        return one_line(f"{method} {self._redact(path)}").replace('"', "%22")


class JSONLines:
    """One object per line, times in UTC."""

    def __init__(self, redact: Redact) -> None:
        self._redact = redact

    def record(self, at: float, logger: str, level: str, message: str, fields: Mapping[str, Any], trace: str | None) -> str:
        line: dict[str, Any] = {"time": _utc(at), "logger": logger, "level": level, "message": self._redact(message)}
        if fields:
            line["fields"] = {name: self._plain(value) for name, value in fields.items()}
        if trace:
            line["exception"] = self._redact(trace)
        return orjson.dumps(line).decode()

    def event(self, at: float, logger: str, level: str, sentence: str, detail: str | None, request_id: str) -> str:
        fields = {"request_id": request_id} if detail is None else {"request_id": request_id, "detail": self._redact(detail)}
        line = {"time": _utc(at), "logger": logger, "level": level, "message": sentence, "fields": fields}
        return orjson.dumps(line).decode()

    def block(self, at: float, logger: str, level: str, title: str, lines: Iterable[str], fields: Mapping[str, Any]) -> str:
        return self.record(at, logger, level, title, fields, None)

    def _plain(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: self._plain(each) for name, each in value.items()}
        if isinstance(value, list | tuple):
            return [self._plain(each) for each in value]
        return value if isinstance(value, int | float | None) else self._redact(str(value))

    def access(self, line: AccessLine, now: Callable[[], datetime]) -> str:
        fields = line._asdict()
        fields["duration_ms"] = round(line.duration_ms, 2)
        return self.record(now().timestamp(), "access", "INFO", f"{line.method} {line.path} {line.status}", fields, None)


def _utc(at: float) -> str:
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(at))}.{int(at * 1000) % 1000:03d}Z"
