"""A provider as data: one frozen row, with its keys once it is resolved."""

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from ai_engine.names import Operation
from ai_engine.providers.cloud_credentials import Cloud


class WireProtocol(StrEnum):
    """The protocol of a provider: a format, and a kind of address and authentication. Each has an adapter in `wiring`."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"
    COHERE = "cohere"
    BEDROCK = "bedrock"
    VERTEX = "vertex"

    __hash__ = str.__hash__  # Enum's own is a Python function, and every request looks these up several times


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds, for one attempt on this provider."""

    connect: float = 5
    hedge_after: float = 8
    first_token: float = 60
    """A stream's first event with content; silent longer, the attempt is abandoned."""
    plain_answer: float = 300
    """A plain answer's headers and body; `first_token` in the YAML file sets both."""
    idle: float = 15
    """A started stream without any byte, comments included."""
    progress: float = 120
    """A started stream without content, with or without comments."""
    total: float = 600
    """The whole request, all attempts together."""


@dataclass(frozen=True, slots=True)
class ProviderKey:
    """A secret that a provider accepts. Identified by its fingerprint; the secret is not in the `repr`."""

    secret: str = field(repr=False)
    fingerprint: str
    """The first 8 hex digits of the secret's SHA-256."""
    last_four: str | None
    """The secret's last 4 characters, if it has 20 or more."""

    @classmethod
    def of(cls, secret: str) -> "ProviderKey":
        digest = hashlib.sha256(secret.encode()).hexdigest()
        return cls(secret, digest[:8], secret[-4:] if len(secret) >= 20 else None)


class AddressVariable(NamedTuple):
    """An environment variable that a base URL needs."""

    placeholder: str
    """Its name in the base URL, in braces."""
    variable: str
    others: tuple[str, ...] = ()
    """Other programs' variables, read where `variable` is not set."""
    default: str | None = None
    """`None`: there is no address without a value."""


@dataclass(frozen=True, slots=True)
class AddressForm:
    """Another form of a provider's address, used when a variable is set."""

    variable: str
    """Its value replaces `{value}` in `base_url`."""
    base_url: str
    formats: frozenset[Operation] = frozenset()
    """As `ProviderDefinition.formats`, at such an address."""


@dataclass(frozen=True, slots=True)
class ProviderDefinition:
    """One provider. The built-in rows have no keys; `resolution.resolve` fills in keys, overrides and addresses."""

    name: str
    display_name: str
    base_url: str
    """The URL before `/chat/completions`. A built-in row may have `{variables}`.

    That of an OpenAI-compatible provider may have `{model}`, replaced by the model's name in each request, and a query.
    """
    key_variable: str | None
    """The first key's variable; further ones append `_2`, `_3` …. `None`: no key is sent."""
    docs_url: str | None = None
    protocol: WireProtocol = WireProtocol.OPENAI
    address_variables: tuple[AddressVariable, ...] = ()
    """What `base_url` needs."""
    other_address: AddressForm | None = None
    key_address: str | None = None
    """The address with a key and without any of the `address_variables`."""
    odd_addresses: tuple[tuple[str, str], ...] = ()
    """`(start of an address, its replacement)`, for values of the `address_variables` whose hosts have another form."""
    cloud: Cloud | None = None
    """Whose credentials it uses where it has no key."""
    region: str | None = None
    """AWS: the region that requests are signed for."""
    needs_key: bool = True
    is_local: bool = False
    """A server on the operator's own machines: off until its `…_BASE_URL` is set or the YAML file names it."""
    is_community: bool = False
    """An unofficial reseller: off until enabled."""
    is_sandbox: bool = False
    priority: int = 100
    """Lower is preferred."""
    default_model: str | None = None
    models: tuple[str, ...] = ()
    """Models known in advance: used until the first listing, and always where `lists_models` is false."""
    lists_models: bool = True
    models_are_complete: bool = False
    """The YAML file lists all models."""
    takes_stream_options: bool = True
    """False for a provider known to refuse `stream_options`; for others a 400 or 422 shows it."""
    formats: frozenset[Operation] = frozenset()
    """Formats of a conversation that it supports beside the protocol's own: `responses` …."""
    completion_models: frozenset[str] = frozenset()
    """Models that support `completions`, where not all do (`formats`)."""
    free: frozenset[Operation] = frozenset()
    """Operations without a charge."""
    output_limit_field: str = "max_tokens"
    """The name of the limit at OpenAI-compatible servers; OpenAI has only the newer name for reasoning models."""
    refuses: frozenset[str] = frozenset()
    """OpenAI-compatible: fields of the hub that it answers with 400."""
    takes_hints: bool = False
    """OpenAI-compatible: supports `cache_control` and `reasoning_details`, which others refuse."""
    takes_reasoning_content: bool = False
    """OpenAI-compatible: needs an assistant's `reasoning_content` back with the next turn."""
    wants_assistant_after_tools: bool = False
    """OpenAI-compatible: refuses a user's message right after a tool's."""
    takes_short_call_ids: bool = False
    """OpenAI-compatible: accepts only ids of tool calls of nine letters and digits."""
    key_header: str = "authorization"
    """`authorization` has `Bearer KEY`, any other header the plain key."""
    timeouts: Timeouts = Timeouts()
    keys: tuple[ProviderKey, ...] = ()
    is_configured: bool = False
    """It has what it needs: a key, or an address where no key is needed."""
