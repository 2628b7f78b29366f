"""The two shapes of a log line, for the console and as JSON: one line per record whatever is in it, and no secret in any."""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import orjson

Redact = Callable[[str], str]

_REMEMBERED_TARGETS = 256


class AccessLine(NamedTuple):
    """One answered request."""

    client: str
    method: str
    path: str
    """Still percent-encoded, and without the query."""
    http_version: str
    status: int
    duration_ms: float
    request_id: str


class LineShape(Protocol):
    """How what is to be logged becomes text, without its line end. All that is logged passes here, so here secrets go out."""

    def record(self, at: float, logger: str, level: str, message: str, fields: Mapping[str, Any], trace: str | None) -> str:
        """`at` in seconds since 1970, `trace` an exception's text."""

    def access(self, line: AccessLine, now: Callable[[], datetime]) -> str:
        """The line of one request; `now` is asked only where the shape shows the time."""

    def block(self, at: float, logger: str, level: str, title: str, lines: Iterable[str], fields: Mapping[str, Any]) -> str:
        """One thing told at length: on the console the title with `lines` below it, in JSON the title with `fields`."""

    def event(self, at: float, logger: str, level: str, sentence: str, detail: str | None, request_id: str) -> str:
        """A sentence of provider names, classes and numbers, where no secret can be; and `detail`, in which there may be one."""


def one_line(text: str) -> str:
    """`text` with every control character, line ends among them, written as an escape: nobody can forge a line."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


class ConsoleLines:
    """`2025-09-03 10:30:15 - ai_engine - INFO - message`, in local time; a traceback follows on lines of its own."""

    def __init__(self, redact: Redact) -> None:
        self._redact = redact
        self._second = -1
        self._second_text = ""
        # Nearly every line is about one of a few paths, and looking for secrets is the dear part of it.
        self._target = lru_cache(_REMEMBERED_TARGETS)(self._make_target)

    def record(self, at: float, logger: str, level: str, message: str, fields: Mapping[str, Any], trace: str | None) -> str:
        # Redacted before it is escaped: an escape's letters would hide where a secret begins.
        shown = self._redact(message + "".join(f" {name}={value}" for name, value in fields.items()))
        line = f"{self._time(at)} - {logger} - {level} - {one_line(shown)}"
        if not trace:
            return line
        # Indented, so that no line of an exception's text passes for a record.
        return "\n".join([line, *("  " + one_line(part) for part in self._redact(trace).splitlines())])

    def block(self, at: float, logger: str, level: str, title: str, lines: Iterable[str], fields: Mapping[str, Any]) -> str:
        # Every line has its beginning, so that a search for a logger or a time finds all of them.
        return "\n".join(self.record(at, logger, level, line, {}, None) for line in (title, *(f"  {line}" for line in lines)))

    def _time(self, at: float) -> str:
        if int(at) != self._second:  # the same text serves a whole second
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
