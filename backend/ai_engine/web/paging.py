"""Pages of a list: how large one may be, and cursors that nobody needs to understand."""

import base64
import binascii

from pydantic import BaseModel, ConfigDict, Field

from ai_engine.errors import InvalidRequest

DEFAULT_PAGE = 50
LARGEST_PAGE = 200
_LONGEST_CURSOR = 2_000


class PageQuery(BaseModel):
    """Which page of a list. A parameter that is not listed is refused."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(DEFAULT_PAGE, ge=1, le=LARGEST_PAGE, description="How many at most.", examples=[DEFAULT_PAGE])
    cursor: str | None = Field(
        None,
        min_length=1,
        max_length=_LONGEST_CURSOR,
        description="The `next_cursor` of the page before, with the same filters; without one, the first page.",
        examples=["YXVkaXQ6NDI"],
    )


def cursor_after(list_name: str, place: str) -> str:
    """The cursor of the page that begins after `place` in this list."""
    return base64.urlsafe_b64encode(f"{list_name}:{place}".encode()).decode().rstrip("=")


def place_of(list_name: str, cursor: str | None) -> str | None:
    """The place that a cursor of this list names; `None` for the first page. Raises `InvalidRequest` for any other list's."""
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        text = ""
    name, separator, place = text.partition(":")
    # Only what we would write ourselves: base64 has several spellings of the same text.
    if not separator or name != list_name or cursor_after(name, place) != cursor:
        raise foreign_cursor()
    return place


def foreign_cursor() -> InvalidRequest:
    """The refusal of a cursor that no page of this list ended with."""
    return InvalidRequest("This `cursor` is not one that a page of this list ended with.", param="cursor")
