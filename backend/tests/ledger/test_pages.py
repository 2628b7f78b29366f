import base64
from datetime import datetime, timedelta

import pytest

from ai_engine.errors import InvalidRequest, NotFound
from ai_engine.events import RequestFinished
from ai_engine.ledger.pages import RequestPages
from ai_engine.ledger.store import Page, Position, RequestFilter, StoredRequest
from tests.ledger.builders import NOON, a_request

pytestmark = pytest.mark.anyio

PLACE = Position(1_795_435_200_000_000, "0f" * 16)


class FakeStore:
    """Remembers what it was asked; there is always a next page."""

    def __init__(self) -> None:
        self.asked: list[tuple[RequestFilter, Position | None, int]] = []

    async def page(self, wanted: RequestFilter, after: Position | None, limit: int) -> Page:
        self.asked.append((wanted, after, limit))
        return [StoredRequest(a_request(), 1)], PLACE

    async def request(self, record_id: str) -> RequestFinished | None:
        return None


async def test_a_cursor_leads_back_to_the_place_where_its_page_ended() -> None:
    store = FakeStore()
    _, cursor = await RequestPages(store).page_of_requests(7)
    await RequestPages(store).page_of_requests(7, cursor)

    assert store.asked == [(RequestFilter(), None, 7), (RequestFilter(), PLACE, 7)]


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "!",
        "é",
        "AAAA",
        "A" * 100_000,
        base64.urlsafe_b64encode(b"r1.12.0f").decode(),
        base64.urlsafe_b64encode(b"r2.12." + b"0f" * 16).decode(),
        base64.urlsafe_b64encode(b"r1.9999999999999999999." + b"0f" * 16).decode(),
    ],
)
async def test_a_cursor_from_elsewhere_is_refused_by_name(cursor: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        await RequestPages(FakeStore()).page_of_requests(7, cursor)

    assert refusal.value.param == "cursor"


@pytest.mark.parametrize(
    ("limit", "wanted", "param"),
    [
        (0, RequestFilter(), "limit"),
        (201, RequestFilter(), "limit"),
        (10**30, RequestFilter(), "limit"),
        (1, RequestFilter(status_class=6), "status"),
        (1, RequestFilter(begins_at=NOON, ends_at=NOON), "from"),
        (1, RequestFilter(begins_at=NOON, ends_at=NOON - timedelta(days=1)), "from"),
        (1, RequestFilter(ends_at=datetime(2026, 1, 1)), "to"),  # noqa: DTZ001 - the missing zone is what is tried
    ],
)
async def test_what_cannot_be_asked_is_refused_by_name(limit: int, wanted: RequestFilter, param: str) -> None:
    store = FakeStore()

    with pytest.raises(InvalidRequest) as refusal:
        await RequestPages(store).page_of_requests(limit, None, wanted)

    assert refusal.value.param == param
    assert store.asked == []


@pytest.mark.parametrize("record_id", ["", "x", "0" * 32, "0" * 31 + "\n", "*"])
async def test_a_request_that_nobody_made_is_not_found(record_id: str) -> None:
    with pytest.raises(NotFound):
        await RequestPages(FakeStore()).request(record_id)
