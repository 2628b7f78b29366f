import re
from pathlib import Path

import pytest

from ai_engine.app import AIEngine
from ai_engine.clock import SystemClock
from ai_engine.configuration import LiveConfiguration
from ai_engine.telemetry.log_lines import ConsoleLines
from ai_engine.telemetry.logs import Logs
from tests.repository.tree import ROOT, files

PAGES = [path for path in files() if path.suffix == ".md"]
# Served, but no part of the API that it describes.
DOCUMENTATION = {("GET", "/docs"), ("GET", "/redoc"), ("GET", "/openapi.json")}


@pytest.fixture(scope="module")
def served() -> set[tuple[str, str]]:
    """Method and path, with `{parameters}`, of everything that the gateway answers."""
    engine = AIEngine(LiveConfiguration(dict, SystemClock()), Logs((), ConsoleLines(str), with_access_log=False))
    paths = engine.openapi()["paths"]
    return {(method.upper(), path) for path, methods in paths.items() for method in methods} | DOCUMENTATION


def named(text: str) -> set[tuple[str, str]]:
    """What a page tells its reader to ask: in a `curl` line, or written as `POST /api/…`."""
    found = {(method, path) for method, path in re.findall(r"\b(GET|POST|PATCH|PUT|DELETE) (/[\w./{}-]*)", text)}
    for command in re.findall(r"curl (?:\\\n|[^`\n])*", text):
        method = re.search(r"-X (\w+)", command)
        for path in re.findall(r"http://localhost:8000(/[\w./{}-]*)", command):
            found.add((method[1] if method else "POST" if re.search(r"\s-d ", command) else "GET", path))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_page_tells_to_ask_is_answered(page: Path, served: set[tuple[str, str]]) -> None:
    for method, path in named(page.read_text("utf-8")):
        patterns = [re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(known)) for verb, known in served if verb == method]
        assert any(re.fullmatch(pattern, path) for pattern in patterns), f"{page.name}: {method} {path}"
