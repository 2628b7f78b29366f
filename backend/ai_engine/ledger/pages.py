"""Pages of requests: what may be asked for, and cursors that nobody needs to understand."""

import base64
import binascii
import re
from typing import Final

from ai_engine.errors import InvalidRequest, NotFound
from ai_engine.events import RequestFinished
from ai_engine.ledger.store import Position, RequestFilter, RequestStore, StoredRequest

LARGEST_PAGE = 200
EVERY_REQUEST = RequestFilter()
_CURSOR: Final = re.compile(r"r1\.([0-9]{1,18})\.([0-9a-f]{32})", re.ASCII)


class RequestPages:
    """The ledger for readers."""

    def __init__(self, store: RequestStore) -> None:
        self._store = store

    async def page_of_requests(
        self, limit: int = 50, cursor: str | None = None, wanted: RequestFilter = EVERY_REQUEST
    ) -> tuple[list[StoredRequest], str | None]:
        """Up to `limit` requests, newest first, and the cursor of the next page, `None` at the end.

        A page looks at 5,000 rows at most, those of the best index that the filter has. Where few of them match, it is short or
        empty and its cursor goes on from there: go on until there is none.
        Raises `InvalidRequest` that names `limit`, `cursor`, `status` or `from`.
        """
        if not 1 <= limit <= LARGEST_PAGE:
            raise InvalidRequest(f"`limit` must be from 1 to {LARGEST_PAGE}.", param="limit")
        if wanted.status_class is not None and not 1 <= wanted.status_class <= 5:
            raise InvalidRequest("`status` must be the first digit of a status, from 1 to 5.", param="status")
        for name, at in (("from", wanted.begins_at), ("to", wanted.ends_at)):
            if at is not None and at.tzinfo is None:
                raise InvalidRequest(f"`{name}` needs a time zone, such as Z.", param=name)
        if wanted.begins_at is not None and wanted.ends_at is not None and wanted.begins_at >= wanted.ends_at:
            raise InvalidRequest("`from` must be before `to`.", param="from")
        items, after = await self._store.page(wanted, None if cursor is None else _position(cursor), limit)
        return items, None if after is None else _cursor(after)

    async def request(self, record_id: str) -> RequestFinished:
        """One request with its attempts. Raises `NotFound`."""
        record = await self._store.request(record_id) if re.fullmatch("[0-9a-f]{32}", record_id) else None
        if record is None:
            raise NotFound("The ledger has no request with this id.", param="id")
        return record


def _cursor(position: Position) -> str:
    return base64.urlsafe_b64encode(f"r1.{position.received_at_us}.{position.id}".encode()).decode().rstrip("=")


def _position(cursor: str) -> Position:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    match = _CURSOR.fullmatch(text)
    if match is None:
        raise InvalidRequest("This `cursor` is not one that a page of requests ended with.", param="cursor")
    return Position(int(match[1]), match[2])
