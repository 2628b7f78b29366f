"""`/api/requests`: the requests in the ledger."""

import re
from enum import StrEnum
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field

from ai_engine.access.guards import GuardedRoute, requires
from ai_engine.errors import InvalidRequest, NotFound
from ai_engine.events import Ending
from ai_engine.ledger.repository import SqlLedger
from ai_engine.ledger.store import Position, RequestFilter
from ai_engine.management_api.ledger_queries import LedgerNames, LedgerQuery, ledger_access
from ai_engine.management_api.views.requests import RequestDetail, RequestView, request_detail, request_view
from ai_engine.names import Role
from ai_engine.web.paging import PageQuery, cursor_after, invalid_cursor, position_of
from ai_engine.web.provide import provided

router = APIRouter(prefix="/api/requests", tags=["Requests"], dependencies=[requires(Role.VIEWER)], route_class=GuardedRoute)

Ledger = Annotated[SqlLedger, Depends(provided(SqlLedger))]

_LIST = "requests"
_POSITION: Final = re.compile(r"([0-9]{1,18})\.([0-9a-f]{32})", re.ASCII)
_ID: Final = re.compile(r"[0-9a-f]{32}")


class StatusClass(StrEnum):
    """The class of an HTTP status."""

    SUCCESS = "2xx"
    CLIENT_ERROR = "4xx"
    SERVER_ERROR = "5xx"


class RequestQuery(LedgerQuery, PageQuery):
    """Filters and pagination of requests."""

    ending: Ending | None = Field(None, description="How the request ended for the client.", examples=["error"])
    status: StatusClass | None = Field(None, description="The class of the status that the client received.", examples=["5xx"])
    failure: str | None = Field(
        None,
        min_length=1,
        max_length=64,
        pattern="^[a-z_]+$",
        description="A class of failure, as in `error_stats` of `/api/statistics`.",
        examples=["rate_limit"],
    )

    def filter(self) -> RequestFilter:
        """As the ledger's filter. Raises `InvalidRequest` for a range that ends before it starts."""
        if self.begins_at is not None and self.ends_at is not None and self.begins_at >= self.ends_at:
            raise InvalidRequest("`from` must be before `to`.", param="from")
        return RequestFilter(
            provider=self.provider,
            model=self.model,
            client=self.client,
            ending=self.ending,
            status_class=int(self.status[0]) if self.status else None,
            failure=self.failure,
            begins_at=self.begins_at,
            ends_at=self.ends_at,
        )

    def after(self) -> Position | None:
        """Where the page before ended; `None` for the first page. Raises `InvalidRequest`."""
        position = position_of(_LIST, self.cursor)
        if position is None:
            return None
        match = _POSITION.fullmatch(position)
        if match is None:
            raise invalid_cursor()
        return Position(int(match[1]), match[2])


class RequestPage(BaseModel):
    """A page of requests, newest first."""

    items: list[RequestView]
    next_cursor: str | None = Field(
        description="The cursor of the next page; `null` at the end. A page may be short or empty and not be the last."
    )


@router.get("", summary="List requests")
async def list_requests(
    query: Annotated[RequestQuery, Query()], ledger: Ledger, names: Annotated[LedgerNames, Depends(provided(LedgerNames))]
) -> RequestPage:
    """Finished requests, newest first, without attempts. The list ends where `next_cursor` is `null`.

    A page scans a bounded number of requests, so it may be short if few match. An unknown name is a 400.
    """
    async with ledger_access():
        found, end = await ledger.page(query.filter(), query.after(), query.limit)
        if not found and end is None:
            await names.refuse_unknown(query)
    return RequestPage(
        items=[request_view(record, attempts) for record, attempts in found],
        next_cursor=None if end is None else cursor_after(_LIST, f"{end.received_at_us}.{end.id}"),
    )


@router.get("/{id}", summary="Show one request")
async def show_request(
    record_id: Annotated[
        str,
        Path(
            alias="id",
            description="The `id` of a listed request, not its `x-request-id`.",
            examples=["019ab0c3f1a27d9e3b5c8f6041d2e7a9"],
        ),
    ],
    ledger: Ledger,
) -> RequestDetail:
    """One request with its attempts: reason, route, key, timing, result and cost of each."""
    async with ledger_access():
        record = await ledger.request(record_id) if _ID.fullmatch(record_id) else None
    if record is None:
        raise NotFound("The ledger has no request with this id.", param="id")
    return request_detail(record)
