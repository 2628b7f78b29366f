"""A client that has the script's conversations, and what all of them need for it.

They are written from the APIs' documentation and apart from the product, so that a misreading there is not repeated here.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from ai_engine.wire.json_types import Json
from tests.contracts.conversation_script import Asked, Result, Said


class Client(Protocol):
    """One client API."""

    name: str
    path: str

    def asks(self, asked: Asked, *, stream: bool) -> Json:
        """The request."""

    def hears(self, body: bytes, *, stream: bool) -> Said:
        """The answer, as an SDK puts it together."""

    def checks(self, body: bytes, *, stream: bool) -> None:
        """Asserts that the answer is what the API's own specification says."""

    def goes_on(self, asked: Asked, body: bytes, results: Sequence[Result]) -> Json:
        """The next request: the first, its plain answer as it came, and what the tools gave."""

    def error_in(self, body: bytes) -> Json:
        """The error object of a refusal."""


def sse(body: bytes) -> Iterator[tuple[str | None, str]]:
    """`(event, data)` of every event."""
    *blocks, rest = body.decode().split("\n\n")
    assert not rest, "the stream ends inside an event"
    for block in blocks:
        lines = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
        if lines:
            yield lines.get("event"), lines["data"]
