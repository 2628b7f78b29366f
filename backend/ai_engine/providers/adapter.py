"""The adapter port: encodes requests in a protocol and decodes its answers.

An adapter is pure: it turns requests into bytes and bytes into answers, and does no I/O. A new protocol is a new adapter in
`wiring`; nothing else depends on it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import ClassVar, NamedTuple, Protocol

from ai_engine.names import Operation, TokenCounts
from ai_engine.providers.failures import Failure
from ai_engine.providers.registry.definition import ProviderDefinition, ProviderKey
from ai_engine.upstream.port import Headers, UpstreamRequest
from ai_engine.wire.hints import DroppedHints
from ai_engine.wire.json_types import JsonMapping
from ai_engine.wire.sse import Event


class PlainAnswer(NamedTuple):
    """A valid answer without a stream."""

    body: bytes | None
    """The provider's own bytes, in the format of the operation; `None` where there is only `answer`."""
    model: str | None
    """The model that the provider reports."""
    usage: TokenCounts | None
    """As the provider reports it; `None` where it reports none."""
    characters_since_usage: int = 0
    """As `StreamDecoder.characters_since_usage`."""
    answer: JsonMapping | None = None
    """The parsed body, if it is a JSON object, for translations."""
    content_type: bytes = b"application/json"


class EventKind(Enum):
    """What a stream event means for the relay."""

    OPENING = auto()
    """Role only or empty: held back until content follows."""
    CONTENT = auto()
    """Content, a tool call, reasoning, a refusal, audio: commits the answer."""
    FINISH = auto()
    """Every choice so far has its `finish_reason`; content may be in the same event, and, from some providers, in later ones."""
    USAGE = auto()
    """Usage without choices: dropped unless the client requested it. The provider's own (with `data`) comes after all content."""
    DONE = auto()
    """The protocol's own end."""
    INVALID = auto()
    """Malformed: skipped and counted."""
    FAILURE = auto()
    """An error inside the stream."""

    __hash__ = object.__hash__  # Enum's own is a Python function, and every event of a stream is looked up


class StreamEvent(NamedTuple):
    """One classified event of an upstream stream."""

    kind: EventKind
    data: bytes = b""
    """The provider's own JSON, relayed unchanged; empty where there is only `chunk`, or nothing to relay."""
    failure: Failure | None = None
    chunk: JsonMapping | None = None
    """The parsed event, for translations."""
    name: str = ""
    """The name in the `event:` line, in formats with one."""


class StreamDecoder(Protocol):
    """Reads one upstream stream. Every attempt has its own."""

    @property
    def model(self) -> str | None:
        """The model that the provider reports."""

    @property
    def usage(self) -> TokenCounts | None:
        """As the provider last reported it; `None` before that."""

    @property
    def characters_since_usage(self) -> int:
        """The length of text, reasoning and tool arguments after the last `usage`, for estimates."""

    @property
    def invalid_events(self) -> int:
        """The number of skipped events."""

    @property
    def saw_end(self) -> bool:
        """The protocol's own end was an event with more to it than `DONE`."""

    @property
    def answer(self) -> JsonMapping | None:
        """The whole answer, where the format repeats it at its end; else `None`."""

    def feed(self, chunk: bytes) -> Sequence[StreamEvent]:
        """The events that this piece of the body completes, in order. It may be split anywhere."""

    def end(self) -> Sequence[StreamEvent]:
        """The last event of an ended body, if only its blank line is missing."""

    def ending(self) -> Sequence[Event]:
        """The end of a valid answer in its format, which is not among the events: the relay stops at the last content."""

    @property
    def is_finished(self) -> bool:
        """Every choice so far has its `finish_reason`: the answer is complete even if the stream is cut."""

    def infer_finish(self) -> Sequence[StreamEvent]:
        """A finish for the choices without one, once the provider has ended its answer: `tool_calls` after calls, else `stop`.

        Empty where there is no answer, or a call stops halfway.
        """

    @property
    def inferred_finish(self) -> str | None:
        """The reason that `infer_finish` found, if it did."""


LARGEST_LISTING_BYTES = 16 * 1024 * 1024
"""The longest listing that is read."""


@dataclass(frozen=True, slots=True)
class ListedModel:
    """One model from a provider's listing, with its stated facts; `None` is unknown, not no."""

    name: str
    context_tokens: int | None = None
    takes_tools: bool | None = None
    takes_images: bool | None = None
    takes_json_schema: bool | None = None
    is_reasoning: bool | None = None
    input_usd_per_million: str | None = None
    output_usd_per_million: str | None = None
    """Decimal strings, if the listing has prices."""


class Adapter(Protocol):
    """One wire protocol. `Operation.CHAT`, OpenAI's format, is the hub: every adapter translates to and from it.

    Other formats of a conversation are translated to and from it (`relay.translation`), unless the provider supports them
    (`speaks`). The hub's fields beside OpenAI's: docs/decisions/0005-one-hub-format.md.
    """

    translates_chats: ClassVar[bool]
    """Whether the provider's own protocol is another one, so that a chat and its answer are translated."""

    def says_one_call_at_a_time(self, model: str) -> bool:
        """Whether `parallel_tool_calls: false` reaches the model. Otherwise the relay passes on only the first call."""

    def speaks(self, operation: Operation, provider: ProviderDefinition, model: str) -> bool:
        """Whether the provider supports requests in this format for this model."""

    def chat_requests(
        self, chat: JsonMapping, provider: ProviderDefinition, model: str, dropped: DroppedHints
    ) -> Iterator[tuple[Operation, JsonMapping]]:
        """The requests for a chat that was translated from another format, in order of preference; `chat` is not changed.

        Hints of the chat that are not in them are noted in `dropped`. Raises as `encode`.

        The provider may not support one of them. The last one is always `Operation.CHAT`.
        """

    def amended(self, operation: Operation, body: JsonMapping, failure: Failure) -> JsonMapping | None:
        """The body for a retry without the optional part that this failure is about; `None` for any other failure."""

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
        """The upstream request. `model` is the provider's own name.

        `body` is in the format of an operation that the provider supports (`speaks`), without the gateway's own fields; it is not
        changed. `ask_usage` requests usage in a stream. `extra_headers` (the gateway's `via`) follow the adapter's own. Raises
        `UnsupportedByProvider` with the path of the unsupported field.
        """

    def decode_answer(
        self, operation: Operation, headers: Headers, body: bytes, model: str, *, as_chat: bool = False
    ) -> PlainAnswer | Failure:
        """Reads a 2xx body. Anything but a valid answer, such as an error in a 2xx, is a `Failure`.

        `as_chat`: the answer to one of `chat_requests` is to be a chat, for every `operation`.
        """

    def decode_stream(self, operation: Operation, model: str, *, as_chat: bool = False) -> StreamDecoder:
        """A decoder for one stream; `as_chat` as for `decode_answer`."""

    def classify(self, status: int, headers: Headers, body: bytes) -> Failure:
        """Classifies an HTTP answer outside 2xx."""

    def encode_listing(self, provider: ProviderDefinition, key: ProviderKey | None) -> UpstreamRequest:
        """The free call that lists models; also how an invalid key is checked."""

    def encode_next_listing(self, provider: ProviderDefinition, key: ProviderKey | None, page: bytes) -> UpstreamRequest | None:
        """The call for the page after `page`, which is valid; `None` after the last."""

    def decode_listing(self, body: bytes) -> Sequence[ListedModel]:
        """The models of one page. Raises `ValueError` where the body is not a listing."""
