"""Roles and callers."""

from dataclasses import dataclass

from ai_engine.names import Role


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller of an authorized request."""

    role: Role
    name: str
    """The key's name, for the log and the ledger."""
    key_id: str | None
    """The issued key's id; `None` for keys from the configuration, and if no key is needed."""


def covers(held: Role, needed: Role) -> bool:
    """Whether `held` authorizes `needed`: admin includes all roles, every other role only itself."""
    return held is Role.ADMIN or held is needed or needed is Role.PUBLIC
