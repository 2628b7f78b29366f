"""What may be asked of the ledger in a query string, and what is answered where nothing is known or nobody answers."""

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
"""How long the database may take for one answer."""
RETRY_SECONDS = 2

_TIME: Final = re.compile(
    r"(19[7-9]\d|2\d{3})-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)",
    re.ASCII,
)
_log = logging.getLogger("ai_engine")


def _moment(text: object) -> datetime:
    """Raises `ValueError` for anything but a time with its zone, and for one that no ledger can know."""
    if isinstance(text, str) and _TIME.fullmatch(text):
        try:
            return datetime.fromisoformat(text).astimezone(UTC)
        except ValueError:
            pass
    raise ValueError("it must be a time with its zone, 1970 to 2999, such as 2026-11-23T12:00:00Z (a + in it is written %2B)")


def _name(text: str) -> str:
    if "\0" in text or text == ALL:
        raise ValueError("nobody has this name")
    return text


Moment = Annotated[datetime, BeforeValidator(_moment)]
"""ISO 8601, with its zone."""
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT), AfterValidator(_name)]


class LedgerQuery(BaseModel):
    """Whose requests, and of when. A parameter that is not listed is refused."""

    model_config = ConfigDict(extra="forbid")

    begins_at: Moment | None = Field(
        None, alias="from", description="From then on, with the time's zone.", examples=["2026-11-22T12:00:00Z"]
    )
    ends_at: Moment | None = Field(
        None, alias="to", description="Before then, with the time's zone.", examples=["2026-11-23T12:00:00Z"]
    )
    provider: Name | None = Field(None, description="A provider's name.", examples=["openai"])
    model: Name | None = Field(None, description="A model, by its provider's own name for it.", examples=["gpt-4o"])
    client: Name | None = Field(None, description="A client key's id.", examples=["5f0c6d1e2a3b4c5d"])


class LedgerNames:
    """Tells a name that only has nothing to show from one that nobody knows."""

    def __init__(
        self, configuration: LiveConfiguration, catalogue: LiveCatalogue, access_keys: AccessKeyRepository, ledger: RequestStore
    ) -> None:
        self._configuration = configuration
        self._catalogue = catalogue
        self._access_keys = access_keys
        self._ledger = ledger

    async def refuse_unknown(self, query: LedgerQuery) -> None:
        """For a question that nothing answered. Raises `InvalidRequest` for a name that means nothing, by its parameter.

        Known is what is configured, listed or issued now, and what some request that is still kept went to or came from: one
        look into an index each.
        """
        if query.provider is not None and not await self._is_provider(query.provider):
            raise InvalidRequest(
                f"No provider {query.provider!r} is configured, and the ledger has no request of it; "
                "GET /api/providers lists those that are.",
                param="provider",
            )
        if query.model is not None and not await self._is_model(query.model):
            raise InvalidRequest(
                f"No provider lists a model {query.model!r}, and the ledger has no request of it; "
                "it goes by its provider's own name for it.",
                param="model",
            )
        if query.client is not None and not await self._is_client(query.client):
            raise InvalidRequest(
                f"No client key has the id {query.client!r}, and the ledger has no request of it.", param="client"
            )

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
async def reading_the_ledger() -> AsyncIterator[None]:
    """A database that fails or takes too long inside is a 503: `Unavailable`."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            yield
    except DATABASE_FAILURES as error:
        _log.warning("The ledger could not be read: %s", type(error).__name__)
        raise Unavailable(
            "The database does not answer, so the ledger cannot be read now.",
            retry_after_seconds=RETRY_SECONDS,
            code="database_down",
        ) from error
