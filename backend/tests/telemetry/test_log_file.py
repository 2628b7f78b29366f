import io
import logging
import shutil
from pathlib import Path

from ai_engine.clock import SystemClock
from ai_engine.settings import Settings
from ai_engine.telemetry.logs import configure
from ai_engine.wire.redaction import redact


def test_a_missing_folder_of_the_log_file_breaks_nothing_and_the_file_is_written_again_once_it_is_back(tmp_path: Path) -> None:
    folder, logger, stream = tmp_path / "logs", logging.getLogger("ai_engine"), io.StringIO()
    logs = configure(Settings(log_file=folder / "engine.log"), redact, stream)
    access = logs.access_log(SystemClock())
    assert access is not None

    def write(word: str) -> None:
        # Without a loop each line is written at once.
        access.record("127.0.0.1", "GET", f"/{word}".encode(), "1.1", 200, 1.0, "id")
        logger.error("said %s", word)

    try:
        write("before")
        shutil.rmtree(folder)
        write("gone")
        write("still-gone")
        folder.mkdir()
        write("back")
    finally:
        logs.close()
    assert "/gone" in stream.getvalue()
    written = (folder / "engine.log").read_text()
    assert "/back" in written
    assert "said back" in written
