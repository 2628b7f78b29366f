"""Pagination: page sizes and opaque cursors."""

import base64
import binascii

from pydantic import BaseModel, ConfigDict, Field

from ai_engine.errors import InvalidRequest

DEFAULT_PAGE = 50
LARGEST_PAGE = 200
_LONGEST_CURSOR = 2_000


class PageQuery(BaseModel):
    """Query parameters of a page. Unknown parameters are refused."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(DEFAULT_PAGE, ge=1, le=LARGEST_PAGE, description="The maximum number of items.", examples=[DEFAULT_PAGE])
    cursor: str | None = Field(
        None,
        min_length=1,
        max_length=_LONGEST_CURSOR,
        description="The `next_cursor` of the previous page, with the same filters. Omitted: the first page.",
        examples=["YXVkaXQ6NDI"],
    )


def cursor_after(list_name: str, position: str) -> str:
    """The cursor of the page that starts after `position` in this list."""
    return base64.urlsafe_b64encode(f"{list_name}:{position}".encode()).decode().rstrip("=")


def position_of(list_name: str, cursor: str | None) -> str | None:
    """The position in a cursor of this list; `None` for the first page. Raises `InvalidRequest` for an invalid cursor."""
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        text = ""
    name, separator, position = text.partition(":")
    # Only the canonical encoding: base64 can encode the same text in several ways.
    if not separator or name != list_name or cursor_after(name, position) != cursor:
        raise invalid_cursor()
    return position


def invalid_cursor() -> InvalidRequest:
    """The error for a cursor that is not from this list."""
    return InvalidRequest("`cursor` is invalid: must be the `next_cursor` of a page of this list.", param="cursor")
