"""Which role may call which route, and who a caller turned out to be."""

from dataclasses import dataclass

from ai_engine.names import Role


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever stands behind a request that was admitted."""

    role: Role
    name: str
    """The key's name, for the log and the ledger."""
    key_id: str | None
    """The stored key's id; `None` for the configured keys and where no key is needed."""


def covers(held: Role, needed: Role) -> bool:
    """An admin may do everything; every other role exactly its own, so that a viewer never spends and a client never looks."""
    return held is Role.ADMIN or held is needed or needed is Role.PUBLIC
