"""Listings in the database."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import select

from ai_engine.catalogue.snapshot import Listing
from ai_engine.database import Database
from ai_engine.database.rows import replace_row
from ai_engine.database.schema import catalogue_listings as table
from ai_engine.providers.adapter import ListedModel

_FIELDS = frozenset(field.name for field in fields(ListedModel))


class SqlListingRepository:
    """`ListingRepository` over the table `catalogue_listings`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> Mapping[str, Listing]:
        async with self._database.engine.connect() as connection:
            rows = await connection.execute(select(table))
            return {row.provider: Listing(tuple(map(_model, row.models)), row.fetched_at) for row in rows}

    async def save(self, provider: str, listing: Listing) -> None:
        row = {
            "provider": provider,
            "fetched_at": listing.fetched_at,
            "models": [_known_facts(model) for model in listing.models],
        }
        async with self._database.engine.begin() as connection:
            await replace_row(connection, table, row)


def _known_facts(model: ListedModel) -> dict[str, Any]:
    return {name: value for name, value in asdict(model).items() if value is not None}


def _model(facts: Mapping[str, Any]) -> ListedModel:
    # Another version may have stored facts that this one does not have.
    return ListedModel(**{name: value for name, value in facts.items() if name in _FIELDS})
