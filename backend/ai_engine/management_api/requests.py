"""`/api/requests`: the ledger, request by request."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field

from ai_engine.access.guards import GuardedRoute, requires
from ai_engine.events import Ending
from ai_engine.ledger.pages import LARGEST_PAGE, RequestPages
from ai_engine.ledger.store import RequestFilter
from ai_engine.management_api.ledger_queries import LedgerNames, LedgerQuery, reading_the_ledger
from ai_engine.management_api.views.requests import RequestDetail, RequestView, request_detail, request_view
from ai_engine.names import Role
from ai_engine.web.provide import provided

router = APIRouter(prefix="/api/requests", tags=["Requests"], dependencies=[requires(Role.VIEWER)], route_class=GuardedRoute)

Pages = Annotated[RequestPages, Depends(provided(RequestPages))]


class StatusClass(StrEnum):
    """The kind of a status."""

    SUCCESS = "2xx"
    CLIENT_ERROR = "4xx"
    SERVER_ERROR = "5xx"


class RequestQuery(LedgerQuery):
    """Which requests, and how many at once."""

    ending: Ending | None = Field(None, description="How it ended for its client.", examples=["error"])
    status: StatusClass | None = Field(None, description="The kind of status that the client was told.", examples=["5xx"])
    failure: str | None = Field(
        None,
        min_length=1,
        max_length=64,
        pattern="^[a-z_]+$",
        description="The class of failure that ended it, as `error_stats` of `/api/statistics` has it.",
        examples=["rate_limit"],
    )
    limit: int = Field(50, ge=1, le=LARGEST_PAGE, description="How many at most.", examples=[50])
    cursor: str | None = Field(
        None,
        max_length=200,
        description="The `next_cursor` of an earlier page, with the same filters.",
        examples=["cjEuMTc5NTQzNTIwMDAwMDAwMC4wMTlhYjBjM2YxYTI3ZDllM2I1YzhmNjA0MWQyZTdhOQ"],
    )

    def filter(self) -> RequestFilter:
        """As the ledger understands it."""
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


class RequestPage(BaseModel):
    """Some requests, the newest first."""

    items: list[RequestView]
    next_cursor: str | None = Field(
        description="For the requests before these; `null` at the end. A page may be short, or even empty, and not be the last."
    )


@router.get("", summary="List the requests")
async def list_requests(
    query: Annotated[RequestQuery, Query()], pages: Pages, names: Annotated[LedgerNames, Depends(provided(LedgerNames))]
) -> RequestPage:
    """Finished requests, the newest first, without their attempts. Go on with `next_cursor` until there is none.

    A page looks at a bounded number of requests: where few of them match, it is short and its cursor goes on from there. A name
    that is neither configured nor in the ledger is a 400.
    """
    async with reading_the_ledger():
        found, next_cursor = await pages.page_of_requests(query.limit, query.cursor, query.filter())
        if not found and next_cursor is None:
            await names.refuse_unknown(query)
    return RequestPage(items=[request_view(record, attempts) for record, attempts in found], next_cursor=next_cursor)


@router.get("/{id}", summary="Show one request")
async def show_request(
    record_id: Annotated[
        str,
        Path(
            alias="id",
            description="The `id` of a listed request, which is the ledger's own and not its `x-request-id`.",
            examples=["019ab0c3f1a27d9e3b5c8f6041d2e7a9"],
        ),
    ],
    pages: Pages,
) -> RequestDetail:
    """One request with its attempts: why each was made, on which route, with which key, when, for how long, and at which cost."""
    async with reading_the_ledger():
        return request_detail(await pages.request(record_id))
