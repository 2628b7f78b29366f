from collections.abc import Sequence
from datetime import timedelta

import pytest

from ai_engine.ledger.provider_history import ProviderHistories
from ai_engine.ledger.rollups import AttemptGroup, RequestGroup, attempt_totals
from ai_engine.ledger.statistics import Bucket
from ai_engine.ledger.store import Piece
from ai_engine.names import Blame, Route
from tests.fakes.clock import HandTurnedClock
from tests.ledger.builders import NOON, a_failed_attempt, a_request, an_attempt, entries_of

pytestmark = pytest.mark.anyio

GROQ = Route("groq", "llama")


class RollupsInMemory:
    """The rollups of a few requests."""

    def __init__(self) -> None:
        entries = entries_of(
            [
                a_request(received_at=NOON - timedelta(minutes=90), attempts=(an_attempt(),)),
                a_request(received_at=NOON - timedelta(minutes=61), attempts=(an_attempt(),)),
                a_request(
                    received_at=NOON - timedelta(minutes=2),
                    attempts=(a_failed_attempt(route=GROQ), an_attempt(2, route=GROQ, key_fingerprint="ffffffff"), an_attempt(3)),
                ),
                a_request(
                    received_at=NOON,
                    attempts=(an_attempt(succeeded=False, failure="bad_request", blame=Blame.REQUEST, status=400),),
                ),
            ]
        )
        self._attempts = attempt_totals(entries)

    async def request_rollups(
        self, piece: Piece, client: str | None, provider: str | None, model: str | None
    ) -> Sequence[tuple[RequestGroup, Sequence[object]]]:
        raise AssertionError("attempts tell it alone")

    async def attempt_rollups(
        self, piece: Piece, provider: str | None, model: str | None
    ) -> Sequence[tuple[AttemptGroup, Sequence[object]]]:
        return [
            (group, totals.columns())
            for group, totals in self._attempts.items()
            if group.resolution_seconds == piece.resolution_seconds and piece.begins_at_s <= group.begins_at_s < piece.ends_at_s
        ]


@pytest.fixture
def histories() -> ProviderHistories:
    clock = HandTurnedClock()
    clock.advance(30)
    return ProviderHistories(RollupsInMemory(), clock)


async def test_each_provider_has_its_attempts_by_the_minute_and_the_current_one_is_among_them(
    histories: ProviderHistories,
) -> None:
    found = await histories.latest(Bucket.MINUTE, 60)

    assert (found.begins_at, found.ends_at) == (NOON - timedelta(minutes=59), NOON + timedelta(minutes=1))
    assert {name: [tuple(point) for point in points] for name, points in found.providers.items()} == {
        # Two keys of one provider are one provider, and what the client got wrong is nobody's failure.
        "groq": [(NOON - timedelta(minutes=2), 2, 1, 1)],
        "openai": [(NOON - timedelta(minutes=2), 1, 1, 0), (NOON, 1, 0, 0)],
    }


async def test_by_the_hour_it_reaches_further_back(histories: ProviderHistories) -> None:
    found = await histories.latest(Bucket.HOUR, 3)

    assert [(point.begins_at, point.attempts) for point in found.providers["openai"]] == [
        (NOON - timedelta(hours=2), 2),
        (NOON - timedelta(hours=1), 1),
        (NOON, 1),
    ]
