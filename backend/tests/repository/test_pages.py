"""What must be true of the pages from the backend's side."""

import json

from ai_engine.app import AIEngine
from ai_engine.clock import SystemClock
from ai_engine.configuration import LiveConfiguration
from ai_engine.telemetry.log_lines import ConsoleLines
from ai_engine.telemetry.logs import Logs
from tests.repository.tree import read


def test_the_pages_client_is_made_from_the_routes_as_they_are() -> None:
    engine = AIEngine(LiveConfiguration(dict, SystemClock()), Logs((), ConsoleLines(str), with_access_log=False))

    assert json.loads(read("frontend/openapi.json")) == json.loads(json.dumps(engine.openapi())), "run `make client`"
