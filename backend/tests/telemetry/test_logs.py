import asyncio
import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ai_engine.errors import ConfigurationError
from ai_engine.events import AttemptFinished, Ending, RequestFinished
from ai_engine.names import Blame, Operation, Route
from ai_engine.settings import Settings
from ai_engine.telemetry.logs import FLUSH_AFTER_SECONDS, FLUSH_AT_LINES, Logs, configure
from ai_engine.wire.redaction import redact
from tests.ledger.builders import a_failed_attempt, a_request, an_attempt

pytestmark = pytest.mark.anyio

SECRET = "sk-proj-abcdefghijklmnop1234567890"


class FixedClock:
    def monotonic(self) -> float:
        return 0

    def now(self) -> datetime:
        return datetime(2025, 9, 3, 10, 30, 15, 250_000, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        raise AssertionError


class Written:
    """What `configure` with these settings writes."""

    def __init__(self, **settings: Any) -> None:
        self.stream = io.StringIO()
        self.logs: Logs = configure(Settings(**settings), redact, self.stream)

    def text(self) -> str:
        self.logs.close()
        return self.stream.getvalue()

    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text().splitlines()]


@pytest.fixture
def writing() -> Iterator[Callable[..., Written]]:
    opened: list[Written] = []

    def write(**settings: Any) -> Written:
        opened.append(Written(**settings))
        return opened[-1]

    yield write
    for each in opened:
        each.logs.close()


def fail(message: str) -> None:
    raise RuntimeError(message)


def attempt(*, succeeded: bool = True) -> AttemptFinished:
    make = an_attempt if succeeded else a_failed_attempt
    return make(route=Route("groq", "m"), duration_ms=1234.0)


def request(ending: Ending, status: int, route: Route | None, operation: Operation = Operation.CHAT) -> RequestFinished:
    return a_request(operation=operation, route=route, ending=ending, status=status)


def test_a_console_line_has_the_documented_shape(writing: Callable[..., Written]) -> None:
    written = writing()
    logging.getLogger("ai_engine").info("Started with %d providers.", 3)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d - ai_engine - INFO - Started with 3 providers\.\n", written.text())


def test_a_json_line_is_one_object(writing: Callable[..., Written]) -> None:
    written = writing(log_format="json")
    logging.getLogger("ai_engine").warning("two\nlines", extra={"fields": {"provider": "groq", "status": 429}})
    (line,) = written.objects()
    assert datetime.fromisoformat(line.pop("time")).tzinfo == UTC
    assert line == {
        "logger": "ai_engine",
        "level": "WARNING",
        "message": "two\nlines",
        "fields": {"provider": "groq", "status": 429},
    }


def test_nobody_can_forge_a_line(writing: Callable[..., Written]) -> None:
    written = writing()
    logging.getLogger("ai_engine").info("name: %s", "x\r\n2025-09-03 10:30:15 - ai_engine - INFO - forged\x1b[2J\u2028")
    assert len(written.text().splitlines()) == 1


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_no_secret_is_written_in_message_fields_exception_or_stack(writing: Callable[..., Written], log_format: str) -> None:
    written = writing(log_format=log_format)
    try:
        fail(f"with\n{SECRET}")
    except RuntimeError:
        logging.getLogger("ai_engine").exception("key\n%s", SECRET, extra={"fields": {"key": SECRET}}, stack_info=True)
    text = written.text()
    assert SECRET not in text
    assert "RuntimeError" in text


def test_lines_of_a_traceback_do_not_pass_for_records(writing: Callable[..., Written]) -> None:
    written = writing()
    try:
        fail("x\n2025-09-03 10:30:15 - ai_engine - INFO - forged")
    except RuntimeError:
        logging.getLogger("ai_engine").exception("failed")
    assert [line for line in written.text().splitlines() if line.startswith("2025-09-03")] == []


def test_a_message_that_does_not_fit_its_arguments_is_written_all_the_same(writing: Callable[..., Written]) -> None:
    written = writing()
    # Given to our handler alone: the test runner's own one complains.
    record = logging.LogRecord("ai_engine", logging.INFO, __file__, 1, "%d", ("x",), None)
    logging.getLogger().handlers[-1].handle(record)
    assert written.text().endswith("INFO - %d ('x',)\n")


def test_the_level_is_ours_and_libraries_speak_from_warning_on(writing: Callable[..., Written]) -> None:
    written = writing(log_level="DEBUG")
    logging.getLogger("ai_engine").debug("ours")
    logging.getLogger("httpx").info("theirs")
    logging.getLogger("httpx").warning("their warning")
    text = written.text()
    assert "ours" in text
    assert "theirs" not in text
    assert "their warning" in text


def test_the_server_never_writes_what_comes_over_a_websocket(writing: Callable[..., Written]) -> None:
    written = writing(log_level="DEBUG")
    logging.getLogger("uvicorn.error").debug("< authorization: %s", "a key that looks like none")
    logging.getLogger("uvicorn.error").info("Started.")
    assert written.text().endswith("uvicorn - INFO - Started.\n")
    assert "authorization" not in written.stream.getvalue()


def test_uvicorns_loggers_come_this_way_and_its_access_log_is_silent(writing: Callable[..., Written]) -> None:
    written = writing()
    logging.getLogger("uvicorn.error").info("Application startup complete.")
    logging.getLogger("uvicorn.access").info("GET /?token=x")
    text = written.text()
    assert text.endswith("uvicorn - INFO - Application startup complete.\n")
    assert "token" not in text


def test_the_log_file_gets_the_same_lines(writing: Callable[..., Written], tmp_path: Path) -> None:
    file = tmp_path / "logs" / "engine.log"
    written = writing(log_file=file)
    logging.getLogger("ai_engine").info("hello")
    access = written.logs.access_log(FixedClock())
    assert access is not None
    access.record("127.0.0.1", "GET", b"/", "1.1", 200, 1.0, "req-1")
    assert written.text() == file.read_text()


def test_a_rotated_log_file_is_opened_again(writing: Callable[..., Written], tmp_path: Path) -> None:
    file = tmp_path / "engine.log"
    written = writing(log_file=file)
    logging.getLogger("ai_engine").info("before")
    file.rename(tmp_path / "engine.log.1")
    access = written.logs.access_log(FixedClock())
    assert access is not None
    access.record("127.0.0.1", "GET", b"/", "1.1", 200, 1.0, "req-1")
    written.text()
    assert file.read_text() == '127.0.0.1 - "GET / HTTP/1.1" 200\n'


def test_a_log_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="AI_ENGINE_LOG_FILE"):
        configure(Settings(log_file=tmp_path), redact, io.StringIO())


def test_closing_leaves_no_handler_behind() -> None:
    before = list(logging.getLogger().handlers)
    Written().logs.close()
    assert logging.getLogger().handlers == before


def test_the_access_line_has_the_documented_shape(writing: Callable[..., Written]) -> None:
    written = writing()
    access = written.logs.access_log(FixedClock())
    assert access is not None
    access.record("127.0.0.1", "GET", b"/api/status", "1.1", 200, 1.0, "req-1")
    access.record(None, "GET", b'/a" 200\r\nb%0A\xff/' + SECRET.encode(), "1.1", 404, 1.0, "req-2")
    assert written.text().splitlines() == [
        '127.0.0.1 - "GET /api/status HTTP/1.1" 200',
        '- - "GET /a%22 200\\r\\nb%0A\\xff/[redacted] HTTP/1.1" 404',
    ]


def test_the_access_line_as_json_tells_more(writing: Callable[..., Written]) -> None:
    written = writing(log_format="json")
    access = written.logs.access_log(FixedClock())
    assert access is not None
    access.record("127.0.0.1", "GET", b"/api/status", "1.1", 200, 1.2345, "req-1")
    (line,) = written.objects()
    assert line["time"] == "2025-09-03T10:30:15.250Z"
    assert line["logger"] == "access"
    assert line["fields"] == {
        "client": "127.0.0.1",
        "method": "GET",
        "path": "/api/status",
        "http_version": "1.1",
        "status": 200,
        "duration_ms": 1.23,
        "request_id": "req-1",
    }


def test_the_access_log_can_be_switched_off(writing: Callable[..., Written]) -> None:
    assert writing(access_log=False).logs.access_log(FixedClock()) is None


async def test_access_lines_come_out_in_batches(writing: Callable[..., Written]) -> None:
    written = writing()
    access = written.logs.access_log(FixedClock())
    assert access is not None
    for _ in range(3):
        access.record("127.0.0.1", "GET", b"/", "1.1", 200, 1.0, "req-1")
    assert written.stream.getvalue() == ""
    # The loop rings its timers in order, so ours has rung once this later one has.
    later = asyncio.Event()
    asyncio.get_running_loop().call_later(FLUSH_AFTER_SECONDS + 0.01, later.set)
    await later.wait()
    assert written.stream.getvalue().count("\n") == 3


async def test_a_full_buffer_does_not_wait(writing: Callable[..., Written]) -> None:
    written = writing()
    access = written.logs.access_log(FixedClock())
    assert access is not None
    for _ in range(FLUSH_AT_LINES):
        access.record("127.0.0.1", "GET", b"/", "1.1", 200, 1.0, "req-1")
    assert written.stream.getvalue().count("\n") == FLUSH_AT_LINES


async def test_a_stream_that_cannot_be_written_ends_no_request(writing: Callable[..., Written]) -> None:
    written = writing()
    access = written.logs.access_log(FixedClock())
    assert access is not None
    access.record("127.0.0.1", "GET", b"/", "1.1", 200, 1.0, "req-1")
    broken = written.stream
    broken.close()
    access.record("127.0.0.1", "GET", b"/", "1.1", 200, 1.0, "req-1")
    with pytest.raises(ValueError, match="closed"):
        broken.getvalue()


def test_attempts_and_requests_are_logged_as_sentences(writing: Callable[..., Written]) -> None:
    written = writing()
    log = written.logs.event_log(FixedClock())
    groq = Route("groq", "m")
    log.attempt(attempt())
    log.attempt(attempt(succeeded=False))
    log.attempt(attempt(succeeded=False)._replace(failure="bad_request", blame=Blame.REQUEST, status=400))
    log.request(request(Ending.COMPLETED, 200, groq))
    log.request(request(Ending.COMPLETED, 200, groq, Operation.EMBEDDINGS))
    log.request(request(Ending.RESCUED, 200, groq))
    log.request(request(Ending.CLIENT_CANCELLED, 200, groq))
    log.request(request(Ending.UPSTREAM_CUT, 200, groq))
    log.request(request(Ending.ERROR, 503, None))
    log.request(request(Ending.ERROR, 400, None))
    assert [line.split(" - ", 1)[1] for line in written.text().splitlines()] == [
        "ai_engine - INFO - Provider groq successful (1.23s)",
        "ai_engine - ERROR - Provider groq failed: rate_limit, status 429 (req-1)",
        "ai_engine - INFO - Provider groq failed: bad_request, status 400 (req-1)",
        "server - INFO - Chat completion successful: groq",
        "server - INFO - Embeddings successful: groq",
        "server - INFO - Chat completion rescued: groq (req-1)",
        "server - INFO - Chat completion cancelled by the client: groq",
        "server - WARNING - Chat completion cut: groq (req-1)",
        "server - WARNING - Chat completion failed: 503 (req-1)",
        "server - INFO - Chat completion failed: 400 (req-1)",
    ]


def test_events_below_the_level_are_not_written(writing: Callable[..., Written]) -> None:
    written = writing(log_level="WARNING")
    log = written.logs.event_log(FixedClock())
    log.attempt(attempt())
    log.request(request(Ending.COMPLETED, 200, Route("groq", "m")))
    log.attempt(attempt(succeeded=False))
    assert written.text().count("\n") == 1


def test_events_as_json_name_the_request(writing: Callable[..., Written]) -> None:
    written = writing(log_format="json")
    written.logs.event_log(FixedClock()).attempt(attempt())
    assert written.objects()[0]["fields"] == {"request_id": "req-1"}
