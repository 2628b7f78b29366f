"""Query parameters of the ledger's routes, and their errors for unknown names and an unavailable database."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from ai_engine.access.repository import AccessKeyRepository
from ai_engine.catalogue.live import LiveCatalogue
from ai_engine.configuration import LiveConfiguration
from ai_engine.database import DATABASE_FAILURES
from ai_engine.errors import InvalidRequest, Unavailable
from ai_engine.ledger.lines import LONGEST_TEXT
from ai_engine.ledger.rollups import ALL
from ai_engine.ledger.store import RequestFilter, RequestStore

PATIENCE_SECONDS = 15
"""The timeout of a query."""
RETRY_SECONDS = 2

_TIME: Final = re.compile(
    r"(19[7-9]\d|2\d{3})-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)",
    re.ASCII,
)
_log = logging.getLogger("ai_engine")


def _moment(text: object) -> datetime:
    """Raises `ValueError` for anything but a time with a zone, and for one out of range."""
    if isinstance(text, str) and _TIME.fullmatch(text):
        try:
            return datetime.fromisoformat(text).astimezone(UTC)
        except ValueError:
            pass
    raise ValueError("must be a time with a zone, 1970 to 2999, such as 2026-11-23T12:00:00Z (write + as %2B)")


def _name(text: str) -> str:
    if "\0" in text or text == ALL:
        raise ValueError("must not contain NUL or be *")
    return text


Moment = Annotated[datetime, BeforeValidator(_moment)]
"""ISO 8601 with a time zone."""
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT), AfterValidator(_name)]


class LedgerQuery(BaseModel):
    """Filters of the ledger. Unknown parameters are refused."""

    model_config = ConfigDict(extra="forbid")

    begins_at: Moment | None = Field(
        None, alias="from", description="Start of the range, inclusive, with a time zone.", examples=["2026-11-22T12:00:00Z"]
    )
    ends_at: Moment | None = Field(
        None, alias="to", description="End of the range, exclusive, with a time zone.", examples=["2026-11-23T12:00:00Z"]
    )
    provider: Name | None = Field(None, description="A provider's name.", examples=["openai"])
    model: Name | None = Field(None, description="A model, by the provider's name for it.", examples=["gpt-4o"])
    client: Name | None = Field(None, description="A client key's id.", examples=["5f0c6d1e2a3b4c5d"])


class LedgerNames:
    """Distinguishes a known name without data from an unknown name."""

    def __init__(
        self, configuration: LiveConfiguration, catalogue: LiveCatalogue, access_keys: AccessKeyRepository, ledger: RequestStore
    ) -> None:
        self._configuration = configuration
        self._catalogue = catalogue
        self._access_keys = access_keys
        self._ledger = ledger

    async def refuse_unknown(self, query: LedgerQuery) -> None:
        """Call it for a query without results. Raises `InvalidRequest` with the parameter for an unknown name.

        A name is known if it is configured, listed or issued, or if any kept request has it: one index look-up each.
        """
        if query.provider is not None and not await self._is_provider(query.provider):
            raise InvalidRequest(
                f"Unknown provider {query.provider!r}: neither configured nor in the ledger; GET /api/providers lists all.",
                param="provider",
            )
        if query.model is not None and not await self._is_model(query.model):
            raise InvalidRequest(
                f"Unknown model {query.model!r}: neither listed nor in the ledger; use the provider's name for the model.",
                param="model",
            )
        if query.client is not None and not await self._is_client(query.client):
            raise InvalidRequest(f"Unknown client key {query.client!r}: neither issued nor in the ledger.", param="client")

    async def _is_provider(self, name: str) -> bool:
        return name in self._configuration.current.providers or await self._has_any(RequestFilter(provider=name))

    async def _is_model(self, name: str) -> bool:
        is_listed = any(entry.route.model == name for entry in self._catalogue.current.entries)
        return is_listed or await self._has_any(RequestFilter(model=name))

    async def _is_client(self, key_id: str) -> bool:
        if await self._has_any(RequestFilter(client=key_id)):
            return True
        return any(key.id == key_id for key in await self._access_keys.all())

    async def _has_any(self, wanted: RequestFilter) -> bool:
        found, _ = await self._ledger.page(wanted, None, 1)
        return bool(found)


@asynccontextmanager
async def ledger_access() -> AsyncIterator[None]:
    """Converts a database failure or timeout inside to `Unavailable` (503)."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            yield
    except DATABASE_FAILURES as error:
        _log.warning("The ledger could not be read: %s", type(error).__name__)
        raise Unavailable(
            "The ledger cannot be read: the database does not respond.",
            retry_after_seconds=RETRY_SECONDS,
            code="database_unavailable",
        ) from error
