"""The adapter port: one protocol's way to ask for something and to read what comes back.

An adapter is pure: it turns requests into bytes and bytes into answers, and does no I/O. A new protocol is a new adapter in
`wiring`; nothing else in the house knows the difference.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple, Protocol

from ai_engine.names import Operation, TokenCounts
from ai_engine.providers.failures import Failure
from ai_engine.providers.registry.definition import ProviderDefinition, ProviderKey
from ai_engine.upstream.port import Headers, UpstreamRequest
from ai_engine.wire.json_types import JsonMapping
from ai_engine.wire.sse import Event


class PlainAnswer(NamedTuple):
    """A sound answer, not streamed."""

    body: bytes | None
    """The provider's own bytes, in the format of the operation; `None` where only `answer` says it."""
    model: str | None
    """The model the provider says it used."""
    usage: TokenCounts | None
    """As the provider reported it; `None` where it said nothing."""
    characters_since_usage: int = 0
    """As `StreamDecoder.characters_since_usage`."""
    answer: JsonMapping | None = None
    """Parsed, where it is a JSON object: what translations read."""
    content_type: bytes = b"application/json"


class EventKind(Enum):
    """What a stream event is to the relay."""

    OPENING = auto()
    """Role only or empty: held back until content follows."""
    CONTENT = auto()
    """Content, a tool call, reasoning, a refusal, audio: commits the answer."""
    FINISH = auto()
    """Every choice that began has now its `finish_reason`; content may be in the same event."""
    USAGE = auto()
    """Usage alone, with no choices: dropped for a client that did not ask."""
    DONE = auto()
    """The protocol's own end."""
    INVALID = auto()
    """Not to be understood: skipped and counted."""
    FAILURE = auto()
    """An error inside the stream."""

    __hash__ = object.__hash__  # Enum's own is a Python function, and every event of a stream is looked up


class StreamEvent(NamedTuple):
    """One event of an upstream stream, looked at once."""

    kind: EventKind
    data: bytes = b""
    """The provider's own JSON, to relay as it is; empty where only `chunk` says it, and where nothing is to be relayed."""
    failure: Failure | None = None
    chunk: JsonMapping | None = None
    """The event parsed: what translations read."""
    name: str = ""
    """What stands in the `event:` line, in formats that have one."""


class StreamDecoder(Protocol):
    """Reads one upstream stream. Holds what it has learnt so far; made anew for every attempt."""

    @property
    def model(self) -> str | None:
        """The model that the provider says it uses."""

    @property
    def usage(self) -> TokenCounts | None:
        """As the provider last reported it; `None` while it has said nothing."""

    @property
    def characters_since_usage(self) -> int:
        """How much of the answer came that `usage` does not tell of: text, reasoning, arguments of tools. For estimates."""

    @property
    def invalid_events(self) -> int:
        """How many were skipped."""

    @property
    def answer(self) -> JsonMapping | None:
        """The whole answer, where the format repeats it at its end; else `None`."""

    def feed(self, chunk: bytes) -> Sequence[StreamEvent]:
        """The events that this piece of the body completes, in order. Bytes may be split anywhere."""

    def end(self) -> Sequence[StreamEvent]:
        """The body is over: an event that only lacked its blank line is still given."""

    def ending(self) -> Sequence[Event]:
        """What ends a sound answer in its format and was not among the events: the relay stops once everything has come."""

    @property
    def is_finished(self) -> bool:
        """Every choice that began has its `finish_reason`: the answer is complete even if the stream is cut now."""


LARGEST_LISTING_BYTES = 16 * 1024 * 1024
"""What is read of one listing, wherever it is asked for; a longer one is none."""


@dataclass(frozen=True, slots=True)
class ListedModel:
    """One model from a provider's listing, with what it says of itself; `None` is unknown, not no."""

    name: str
    context_tokens: int | None = None
    takes_tools: bool | None = None
    takes_images: bool | None = None
    takes_json_schema: bool | None = None
    is_reasoning: bool | None = None
    input_usd_per_million: str | None = None
    output_usd_per_million: str | None = None
    """Decimal strings, where the listing itself has prices."""


class Adapter(Protocol):
    """One wire protocol. `Operation.CHAT`, OpenAI's format, is the hub: every adapter takes it and gives it back.

    Other formats of a conversation are translated to and from it (`relay.translation`), unless the provider `speaks` them itself.
    What the hub holds beside OpenAI's own fields: docs/decisions/0005-one-hub-format.md.
    """

    says_one_call_at_a_time: bool
    """A chat's `parallel_tool_calls: false` reaches the provider. Where the protocol has no words for it, the relay hands on the
    first call alone."""

    def speaks(self, operation: Operation, provider: ProviderDefinition, model: str) -> bool:
        """The provider takes requests of this format for this model as they are."""

    def chat_requests(
        self, chat: JsonMapping, provider: ProviderDefinition, model: str
    ) -> Iterator[tuple[Operation, JsonMapping]]:
        """A chat that was translated from another format, in the forms in which this provider takes it for `model`.

        The best comes first; one that the provider may lack is never the last, which is `Operation.CHAT`. `chat` is not changed.
        """

    def amended(self, operation: Operation, body: JsonMapping, failure: Failure) -> JsonMapping | None:
        """The body to ask again with, where this failure is about a part that the answer can do without; else `None`."""

    def encode(
        self,
        operation: Operation,
        body: JsonMapping,
        provider: ProviderDefinition,
        model: str,
        key: ProviderKey | None,
        *,
        ask_usage: bool,
        extra_headers: Headers = (),
    ) -> UpstreamRequest:
        """The request in the provider's own terms, asking for `model` by the provider's own name.

        `body` is the request in the format of an operation that the provider `speaks`, without our own fields; it is not changed.
        `ask_usage` adds the request for usage to a stream that does not have it. `extra_headers` (our `via`) are sent after the
        adapter's own. Raises `UnsupportedByProvider`, naming the field that the protocol has no words for.
        """

    def decode_answer(
        self, operation: Operation, headers: Headers, body: bytes, model: str, *, as_chat: bool = False
    ) -> PlainAnswer | Failure:
        """Reads a 2xx body. What is not a sound answer, an error dressed as a success included, is a `Failure`.

        `as_chat`: the answer is wanted as a chat, whatever the format of `operation`, which is one of `chat_requests`.
        """

    def decode_stream(self, operation: Operation, model: str, *, as_chat: bool = False) -> StreamDecoder:
        """A fresh decoder for one stream of the provider's answer to `operation`; `as_chat` as for `decode_answer`."""

    def classify(self, status: int, headers: Headers, body: bytes) -> Failure:
        """What an HTTP answer outside 2xx means."""

    def encode_listing(self, provider: ProviderDefinition, key: ProviderKey | None) -> UpstreamRequest:
        """The free call that lists models; also how an invalid key is checked."""

    def decode_listing(self, body: bytes) -> Sequence[ListedModel]:
        """Raises `ValueError` where the body is no listing."""
