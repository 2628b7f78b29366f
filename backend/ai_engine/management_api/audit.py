"""`/api/audit`: who changed what, before and after, when, and from where."""

import re
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from ai_engine.access.audit import Action, Actor, AuditTrail, StoredEntry
from ai_engine.access.guards import GuardedRoute, actor_of, requires
from ai_engine.management_api.schemas import Name
from ai_engine.names import Role
from ai_engine.web.paging import PageQuery, cursor_after, foreign_cursor, place_of
from ai_engine.web.provide import provided

router = APIRouter(prefix="/api/audit", tags=["Audit"], dependencies=[requires(Role.VIEWER)], route_class=GuardedRoute)

By = Annotated[Actor, Depends(actor_of)]
"""For routes that change something: who does it, for the audit."""
Trail = Annotated[AuditTrail, Depends(provided(AuditTrail))]

_LIST = "audit"


class AuditQuery(PageQuery):
    """Which changes."""

    action: Action | None = Field(None, description="Only changes of this kind.", examples=[Action.TOGGLE])
    target: Name | None = Field(
        None, min_length=1, max_length=600, description="Only changes of this target.", examples=["openai"]
    )


class ActorView(BaseModel):
    """Who did it."""

    name: str = Field(
        description="The access key's name, `local` where none is needed; `SIGHUP` or `file change` where nobody called.",
        examples=["admin key"],
    )
    key_id: str | None = Field(description="The issued key's id; `null` for the configured keys.")
    role: str = Field(description="`system` where nobody called.", examples=["admin"])


class AuditEntryView(BaseModel):
    """One change that happened."""

    id: str = Field(examples=["42"])
    at: datetime
    actor: ActorView
    action: str = Field(examples=[Action.TOGGLE])
    target: str = Field(
        description="The provider's name, `provider/fingerprint` for a provider key, `*` for all, or `configuration`.",
        examples=["openai"],
    )
    before: dict[str, Any] = Field(
        description="What changed, as it was. A preference's `null` is what the configuration says.", examples=[{"enabled": None}]
    )
    after: dict[str, Any] = Field(description="The same, as it became.", examples=[{"enabled": False}])
    address: str | None = Field(description="The effective client's; `null` where nobody called.", examples=["127.0.0.1"])
    request_id: str | None = Field(description="The `x-request-id` of the request that did it.", examples=["req-5f2c1a-7"])


class AuditPage(BaseModel):
    """The newest first."""

    items: list[AuditEntryView]
    next_cursor: str | None


@router.get("", summary="Who changed what")
async def list_audit(trail: Trail, query: Annotated[AuditQuery, Query()]) -> AuditPage:
    """Every change that was made at run time, the newest first. The last 100,000 are kept."""
    place = place_of(_LIST, query.cursor)
    if place is not None and not re.fullmatch("[1-9][0-9]{0,17}", place):
        raise foreign_cursor()
    found = await trail.page(query.limit + 1, int(place) if place else None, query.action, query.target)
    shown = found[: query.limit]
    return AuditPage(
        items=[_view(stored) for stored in shown],
        next_cursor=cursor_after(_LIST, str(shown[-1].id)) if len(found) > query.limit else None,
    )


def _view(stored: StoredEntry) -> AuditEntryView:
    entry = stored.entry
    return AuditEntryView(
        id=str(stored.id),
        at=entry.at,
        actor=ActorView(name=entry.actor.name, key_id=entry.actor.key_id, role=entry.actor.role),
        action=entry.action,
        target=entry.target,
        before=dict(entry.before),
        after=dict(entry.after),
        address=entry.actor.address,
        request_id=entry.actor.request_id,
    )
