"""Generated requests in the ledger of a running gateway."""

from collections.abc import Sequence

from ai_engine.database import Database
from ai_engine.events import RequestFinished
from ai_engine.ledger.repository import SqlLedger
from tests.fakes.gateway import Gateway
from tests.ledger.builders import entries_of


def database_of(gateway: Gateway) -> Database:
    database: Database = gateway.engine.state.services[Database]
    return database


async def store(gateway: Gateway, records: Sequence[RequestFinished]) -> None:
    """As the drainer would have done."""
    await SqlLedger(database_of(gateway)).store(entries_of(records))
