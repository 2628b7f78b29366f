"""The words every room shares, spelled once: what a route is, which roles, blames and endings exist."""

from enum import IntEnum, StrEnum
from typing import NamedTuple


class Route(NamedTuple):
    """One model at one provider; `model` is the provider's own name for it."""

    provider: str
    model: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"


class TokenCounts(NamedTuple):
    """Tokens in disjoint classes: no token is counted in two of them. `None` is unknown, `0` a number like any other."""

    input: int | None = None
    """Neither read from a cache nor written to one."""
    cached_input: int | None = None
    cache_write: int | None = None
    output: int | None = None
    """Without reasoning, where the provider tells the two apart."""
    reasoning: int | None = None

    @property
    def all_input(self) -> int | None:
        """All that went in, cached or not; `None` where nothing is known of it."""
        if self.cached_input is None and self.cache_write is None:
            return self.input
        return (self.input or 0) + (self.cached_input or 0) + (self.cache_write or 0)

    @property
    def all_output(self) -> int | None:
        """All that came out, reasoning too; `None` where nothing is known of it."""
        return self.output if self.reasoning is None else (self.output or 0) + self.reasoning


UNKNOWN_TOKENS = TokenCounts()


class Operation(StrEnum):
    """What a client asks for, and in which format; the adapter turns it into a provider's path."""

    CHAT = "chat"
    COMPLETIONS = "completions"
    RESPONSES = "responses"
    MESSAGES = "messages"
    COUNT_TOKENS = "count_tokens"
    EMBEDDINGS = "embeddings"
    RERANK = "rerank"
    MODERATIONS = "moderations"
    IMAGE_GENERATIONS = "image_generations"
    IMAGE_EDITS = "image_edits"
    IMAGE_VARIATIONS = "image_variations"
    SPEECH = "speech"
    TRANSCRIPTIONS = "transcriptions"
    TRANSLATIONS = "translations"

    __hash__ = str.__hash__  # Enum's own is a Python function, and every request looks these up several times


PASSED_THROUGH = frozenset(
    {
        Operation.RERANK,
        Operation.MODERATIONS,
        Operation.IMAGE_GENERATIONS,
        Operation.IMAGE_EDITS,
        Operation.IMAGE_VARIATIONS,
        Operation.SPEECH,
        Operation.TRANSCRIPTIONS,
        Operation.TRANSLATIONS,
    }
)
"""Asked as they are of the one provider that the model names, or that serves it best of those who have the operation: nothing is
translated, and once one is asked nobody else is tried."""


class Role(IntEnum):
    """Who may call a route. `ADMIN` includes both others; `VIEWER` and `CLIENT` exclude each other."""

    PUBLIC = 0
    VIEWER = 1
    CLIENT = 2
    ADMIN = 3


class Blame(StrEnum):
    """Who an attempt's failure is charged to. It alone decides what is tried next and what is marked."""

    REQUEST = "request"
    """The client's own fault: returned as the provider worded it, tried once, nobody is marked."""
    MODEL = "model"
    """The request does not fit this model (context length): no other route of it will help, another model may."""
    KEY = "key"
    """This provider key, for this model or for all: another key is tried at once."""
    ROUTE = "route"
    """This model at this provider: another candidate is tried at once."""
    NETWORK = "network"
    """The connection itself (DNS, refused, TLS): counts against the whole provider."""
