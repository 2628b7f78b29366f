"""Types that all packages share: routes, tokens, operations, roles and blames."""

from enum import IntEnum, StrEnum
from typing import NamedTuple


class Route(NamedTuple):
    """One model at one provider; `model` is the provider's name for it."""

    provider: str
    model: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"


class TokenCounts(NamedTuple):
    """Tokens in disjoint classes: no token is counted twice. `None` is unknown."""

    input: int | None = None
    """Not read from or written to a cache."""
    cached_input: int | None = None
    cache_write: int | None = None
    output: int | None = None
    """Without reasoning tokens, if the provider reports them."""
    reasoning: int | None = None

    @property
    def all_input(self) -> int | None:
        """All input tokens, cached or not; `None` if unknown."""
        if self.cached_input is None and self.cache_write is None:
            return self.input
        return (self.input or 0) + (self.cached_input or 0) + (self.cache_write or 0)

    @property
    def all_output(self) -> int | None:
        """All output tokens including reasoning; `None` if unknown."""
        return self.output if self.reasoning is None else (self.output or 0) + self.reasoning


UNKNOWN_TOKENS = TokenCounts()


class Operation(StrEnum):
    """What a client requests, and in which format."""

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

    __hash__ = str.__hash__  # Enum's is a slow Python function, and requests look these up several times


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
"""Operations that are passed through unchanged to one provider: the one that the model names, or the best that supports them.
They are not translated and not retried at another provider."""


class Role(IntEnum):
    """The role that a route requires. `ADMIN` includes the others; `VIEWER` and `CLIENT` exclude each other."""

    PUBLIC = 0
    VIEWER = 1
    CLIENT = 2
    ADMIN = 3


class Blame(StrEnum):
    """What an attempt's failure is attributed to. It alone decides what is tried next and what is marked as failing."""

    REQUEST = "request"
    """The client's error: returned as the provider worded it, not retried, nothing is marked."""
    MODEL = "model"
    """The request does not fit this model (context length): only another model may help."""
    FIT = "fit"
    """The request does not fit this route, which may serve others: the next candidate is tried at once, nothing is marked."""
    KEY = "key"
    """The provider key, for one or all models: another key is tried at once."""
    ROUTE = "route"
    """This model at this provider: the next candidate is tried at once."""
    NETWORK = "network"
    """The connection (DNS, refused, TLS): it counts against the whole provider."""


ABOUT_THE_REQUEST = frozenset({Blame.REQUEST, Blame.MODEL, Blame.FIT})
"""Failures of the request, in the provider's words; no route, key or provider has failed."""
