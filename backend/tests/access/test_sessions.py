from collections.abc import Iterable, Sequence
from datetime import timedelta

import pytest

from ai_engine.access.sessions import LIFETIME, MAX_SESSIONS, Session, Sessions
from ai_engine.errors import Unavailable
from tests.fakes.clock import HandTurnedClock

pytestmark = pytest.mark.anyio

KEY_HASH = "ab" * 32


class FakeRepository:
    """Keeps sessions in a list, and can be away."""

    def __init__(self) -> None:
        self.kept: list[Session] = []
        self.is_away = False

    async def all(self) -> Sequence[Session]:
        return list(self.kept)

    async def add(self, session: Session) -> None:
        if self.is_away:
            raise Unavailable("away")
        self.kept.append(session)

    async def remove(self, token_hashes: Iterable[str]) -> None:
        gone = set(token_hashes)
        self.kept = [session for session in self.kept if session.token_hash not in gone]


async def test_a_session_is_found_by_its_token_until_it_expires() -> None:
    clock = HandTurnedClock()
    sessions = Sessions(FakeRepository(), clock)
    token, session = await sessions.open(KEY_HASH)
    assert sessions.find(token.encode()) == session
    assert sessions.find(b"another") is None
    clock.advance((LIFETIME - timedelta(seconds=1)).total_seconds())
    assert sessions.find(token.encode()) == session
    clock.advance(1)
    assert sessions.find(token.encode()) is None


async def test_the_token_and_the_key_are_kept_nowhere() -> None:
    repository = FakeRepository()
    token, _ = await Sessions(repository, HandTurnedClock()).open(KEY_HASH)
    assert token not in str([vars_of(session) for session in repository.kept])
    assert KEY_HASH not in repr(repository.kept)


def vars_of(session: Session) -> list[object]:
    return [session.token_hash, session.key_hash, session.created_at, session.expires_at]


async def test_sessions_survive_a_restart_and_a_closed_one_stays_closed() -> None:
    repository, clock = FakeRepository(), HandTurnedClock()
    first = Sessions(repository, clock)
    kept, _ = await first.open(KEY_HASH)
    closed, _ = await first.open(KEY_HASH)
    await first.close([b"never was", closed.encode()])
    await first.close([])
    again = Sessions(repository, clock)
    await again.load()
    assert again.find(kept.encode()) is not None
    assert again.find(closed.encode()) is None


async def test_there_are_never_too_many_and_the_oldest_go_first() -> None:
    repository = FakeRepository()
    sessions = Sessions(repository, HandTurnedClock())
    tokens = [(await sessions.open(KEY_HASH))[0] for _ in range(MAX_SESSIONS + 2)]
    assert len(repository.kept) == MAX_SESSIONS
    assert [sessions.find(token.encode()) is None for token in (*tokens[:3], tokens[-1])] == [True, True, False, False]


async def test_expired_sessions_are_removed_at_the_next_sign_in() -> None:
    repository, clock = FakeRepository(), HandTurnedClock()
    sessions = Sessions(repository, clock)
    await sessions.open(KEY_HASH)
    clock.advance(LIFETIME.total_seconds())
    await sessions.open(KEY_HASH)
    assert len(repository.kept) == 1


async def test_a_session_that_cannot_be_kept_is_none() -> None:
    repository = FakeRepository()
    repository.is_away = True
    with pytest.raises(Unavailable):
        await Sessions(repository, HandTurnedClock()).open(KEY_HASH)
