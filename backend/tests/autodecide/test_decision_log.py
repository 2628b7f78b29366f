import asyncio
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from ai_engine.autodecide.candidates import RouteQuery
from ai_engine.autodecide.decision_log import DecisionLog, RecordingPlanner
from ai_engine.autodecide.plan import Planner
from ai_engine.events import CANCELLED, Ending, RequestFinished
from ai_engine.names import Blame, Route
from ai_engine.providers.failures import FailureClass
from ai_engine.settings import Settings
from ai_engine.telemetry.logs import Logs, configure
from ai_engine.wire.redaction import redact
from tests.autodecide.planner_bench import PlannerBench
from tests.builders import provider
from tests.ledger.builders import a_failed_attempt, a_request, an_attempt

SECRET = "sk-proj-abcdefghijklmnop1234567890"


class Explained:
    """Three providers that have the model `tiny`, one in cooldown, and what a log at this level says of a request for it."""

    def __init__(self, log_level: str = "DEBUG", log_format: str = "console") -> None:
        rows = [provider(name, models=("tiny",), priority=place) for place, name in enumerate(("alpha", "beta", "gamma"))]
        self.bench = PlannerBench(*rows)
        self.bench.cool("alpha", "tiny", FailureClass.RATE_LIMIT, retry_after=12)
        self.planner = RecordingPlanner(**_parts(self.bench.planner))
        self.stream = io.StringIO()
        self.logs: Logs = configure(
            Settings.model_validate({"log_level": log_level, "log_format": log_format}), redact, self.stream
        )
        block_log = self.logs.block_log(self.bench.clock)
        self.log = DecisionLog(block_log) if block_log else None

    def finish(self, **changes: Any) -> None:
        assert self.log is not None
        self.log(request(**changes))

    def lines(self) -> list[str]:
        """Without the beginning that all of them have."""
        self.logs.close()
        split = [line.split(" - ", 3) for line in self.stream.getvalue().splitlines()]
        assert all((logger, level) == ("ai_engine", "DEBUG") for _, logger, level, _ in split)
        return [message for *_, message in split]


def _parts(planner: Planner) -> dict[str, Any]:
    """What a planner was built of: a second one shall see the same."""
    return {
        name.removeprefix("_"): getattr(planner, name)
        for name in ("_finder", "_preferences", "_keys", "_track_record", "_weights")
    }


def request(**changes: Any) -> RequestFinished:
    fields: dict[str, Any] = {
        "requested_model": "tiny",
        "route": Route("gamma", "tiny"),
        "is_stream": True,
        "duration_ms": 800.0,
        "upstream_ms": 799.5,
        "attempts": (
            a_failed_attempt(1, route=Route("beta", "tiny"), started_ms=0.2, duration_ms=10.0),
            an_attempt(
                2,
                route=Route("gamma", "tiny"),
                key_fingerprint=None,
                reason="next_candidate",
                started_ms=260.0,
                duration_ms=539.0,
                first_token_ms=120.0,
            ),
        ),
    }
    return a_request(**fields | changes)


@pytest.fixture
def explained() -> Iterator[Explained]:
    opened = Explained()
    yield opened
    opened.logs.close()


def test_a_block_tells_of_plan_attempts_waits_and_end(explained: Explained) -> None:
    explained.planner.plan(RouteQuery("tiny"))
    explained.finish()

    assert explained.lines() == [
        "Request req-1: chat tiny, streamed: completed by gamma/tiny with status 200",
        "  plan for tiny, ordered by score",
        "    1. beta/tiny (exact): total 0.84, priority 0.99, health 1.00, latency 0.50, cost 0.50, load 1.00",
        "    2. gamma/tiny (exact): total 0.84, priority 0.98, health 1.00, latency 0.50, cost 0.50, load 1.00",
        "    excluded alpha/tiny: keys_in_cooldown (all keys in cooldown: rate_limit, back in 12 s)",
        "  attempt 1, first_candidate: beta/tiny with key 0a1b2c3d: rate_limit with status 429 after 10 ms",
        "  waited 250 ms",
        "  attempt 2, next_candidate: gamma/tiny with no key: success in 539 ms, first token after 120 ms",
        "  completed after 800.0 ms, 0.50 ms of it our own",
    ]


def test_as_json_the_block_is_one_object() -> None:
    explained = Explained(log_format="json")
    explained.planner.plan(RouteQuery("tiny"))
    explained.finish()
    explained.logs.close()

    (line,) = [json.loads(line) for line in explained.stream.getvalue().splitlines()]
    assert line["level"] == "DEBUG"
    fields = line["fields"]
    (plan,) = fields["plans"]
    assert [candidate["route"] for candidate in plan["candidates"]] == ["beta/tiny", "gamma/tiny"]
    assert plan["candidates"][0]["score"]["priority"] == 0.9901
    assert plan["excluded"] == [
        {
            "route": "alpha/tiny",
            "reason": "keys_in_cooldown",
            "detail": "all keys in cooldown: rate_limit",
            "back_in_seconds": 12,
        }
    ]
    assert [(attempt["number"], attempt["result"], attempt["blame"]) for attempt in fields["attempts"]] == [
        (1, "rate_limit", "key"),
        (2, "success", None),
    ]
    assert (fields["request_id"], fields["ending"], fields["status"]) == ("req-1", "completed", 200)


async def _in_tasks_of_their_own(explained: Explained, *models: str) -> None:
    async def carry(model: str) -> None:
        explained.planner.plan(RouteQuery(model))
        await asyncio.sleep(0)
        explained.finish(request_id=f"for-{model}", requested_model=model)

    await asyncio.gather(*map(carry, models))


@pytest.mark.anyio
async def test_requests_at_the_same_time_keep_their_plans_apart(explained: Explained) -> None:
    await _in_tasks_of_their_own(explained, "beta/tiny", "gamma/tiny")

    text = "\n".join(explained.lines())
    first, second = text.split("Request for-gamma/tiny")
    assert "plan for beta/tiny, ordered by score, pinned to beta" in first
    assert "plan for gamma/tiny" not in first
    assert "plan for gamma/tiny" in second
    assert "plan for beta/tiny" not in second


def test_the_plans_of_a_request_are_not_told_again_with_the_next(explained: Explained) -> None:
    explained.planner.plan(RouteQuery("tiny"))
    explained.finish(request_id="req-1")
    explained.finish(request_id="req-2", route=None, attempts=(), ending=Ending.ERROR, status=400, error_class="bad_request")

    assert explained.lines()[-2:] == [
        "Request req-2: chat tiny, streamed: error by no provider with status 400",
        "  error, bad_request after 800.0 ms, 0.50 ms of it our own",
    ]


def test_an_explanation_before_a_test_is_not_told_twice(explained: Explained) -> None:
    explained.planner.plan(RouteQuery("tiny"))
    explained.planner.plan(RouteQuery("tiny"))
    explained.finish()

    assert sum("plan for tiny" in line for line in explained.lines()) == 1


def test_an_attempt_that_was_given_up_is_told_as_such(explained: Explained) -> None:
    given_up = a_failed_attempt(failure=CANCELLED, blame=Blame.REQUEST, status=None, duration_ms=30)
    explained.finish(attempts=(given_up,), ending=Ending.CLIENT_CANCELLED, status=499)

    assert any(line.endswith("cancelled after 30 ms") for line in explained.lines())


def test_a_key_in_a_models_name_is_not_written(explained: Explained) -> None:
    explained.planner.plan(RouteQuery(SECRET))
    explained.finish(requested_model=SECRET)

    assert SECRET not in "\n".join(explained.lines())


def test_without_debug_nobody_listens() -> None:
    explained = Explained(log_level="INFO")
    explained.logs.close()

    assert explained.log is None
