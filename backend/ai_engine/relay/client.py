"""The client's side of a request, as far as the relay has to know it."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from ai_engine.errors import AIEngineError


class Client(Protocol):
    """What the client receives, and has received: the ledger records that status."""

    @property
    def committed_status(self) -> int | None:
        """The HTTP status that is already out; `None` while it is held."""

    def status_for(self, error: AIEngineError) -> int:
        """The status of an answer that is this error, in the client's format."""


class UncommittedClient(NamedTuple):
    """One whose status goes out with its whole answer."""

    status_for: Callable[[AIEngineError], int]
    committed_status: int | None = None
