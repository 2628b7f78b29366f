"""A provider as data: one frozen row, complete with its keys once the registry has resolved it."""

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

from ai_engine.names import Operation


class WireProtocol(StrEnum):
    """The format a provider speaks; each has its adapter in `wiring`."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"
    COHERE = "cohere"

    __hash__ = str.__hash__  # Enum's own is a Python function, and every request looks these up several times


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds, for one attempt on this provider."""

    connect: float = 5
    hedge_after: float = 8
    first_token: float = 60
    """A stream's first event with content; silent longer, the attempt is abandoned."""
    plain_answer: float = 300
    """A plain answer's headers and body; `first_token` from the YAML file sets both."""
    idle: float = 15
    """A started stream without any byte, comments included."""
    progress: float = 120
    """A started stream without content, whatever comments come."""
    total: float = 600
    """The whole request, all attempts together."""


@dataclass(frozen=True, slots=True)
class ProviderKey:
    """A secret of ours that a provider accepts. Known everywhere by its fingerprint; the secret is in no `repr`."""

    secret: str = field(repr=False)
    fingerprint: str
    """The first 8 hex digits of the secret's SHA-256."""
    last_four: str | None
    """The secret's last 4 characters, only where it has 20 or more."""

    @classmethod
    def of(cls, secret: str) -> "ProviderKey":
        digest = hashlib.sha256(secret.encode()).hexdigest()
        return cls(secret, digest[:8], secret[-4:] if len(secret) >= 20 else None)


@dataclass(frozen=True, slots=True)
class AddressForm:
    """Another form of a provider's address, for whoever sets a variable."""

    variable: str
    """Its value stands for `{value}` in `base_url`."""
    base_url: str
    formats: frozenset[Operation] = frozenset()
    """As `ProviderDefinition.formats`, at such an address."""


@dataclass(frozen=True, slots=True)
class ProviderDefinition:
    """One provider. The built-in rows have no keys; `resolution.resolve` fills in keys, overrides and addresses."""

    name: str
    display_name: str
    base_url: str
    """Up to and without the trailing slash before `chat/completions`. A built-in row may hold `{variables}`.

    One of an OpenAI-compatible provider may hold `{model}`, for the model's name in each request's URL, and a query.
    """
    key_variable: str | None
    """The first key's variable; further ones append `_2`, `_3` …. `None`: no key is ever sent."""
    docs_url: str | None = None
    protocol: WireProtocol = WireProtocol.OPENAI
    address_variables: tuple[tuple[str, str], ...] = ()
    """`(placeholder, environment variable)` pairs that `base_url` needs."""
    other_address: AddressForm | None = None
    needs_key: bool = True
    is_local: bool = False
    """A server on the operator's own machines: off until its `…_BASE_URL` is set or the YAML file names it."""
    is_community: bool = False
    """An unofficial reseller: off until somebody enables it."""
    is_sandbox: bool = False
    priority: int = 100
    """Lower is preferred."""
    default_model: str | None = None
    models: tuple[str, ...] = ()
    """Models known without asking: served until the first listing, and for good where `lists_models` is false."""
    lists_models: bool = True
    models_are_complete: bool = False
    """The operator listed the models in the YAML file: there are no others."""
    takes_stream_options: bool = True
    """False for a provider known to refuse `stream_options`; others are learnt from their 400 or 422."""
    formats: frozenset[Operation] = frozenset()
    """Formats of a conversation that it takes as they are, beside the protocol's own: `responses` …."""
    completion_models: frozenset[str] = frozenset()
    """Models that take `completions` as they are, where not all do (`formats`)."""
    free: frozenset[Operation] = frozenset()
    """What it charges nothing for."""
    output_limit_field: str = "max_tokens"
    """What OpenAI-compatible servers call the limit; OpenAI itself knows only the newer name for models that reason."""
    refuses: frozenset[str] = frozenset()
    """OpenAI-compatible, and known to answer 400 to these fields of the hub."""
    takes_hints: bool = False
    """OpenAI-compatible, and knows `cache_control` and `reasoning_details`; others refuse fields that they do not know."""
    takes_reasoning_content: bool = False
    """OpenAI-compatible, and wants an assistant's `reasoning_content` back with the next turn."""
    wants_assistant_after_tools: bool = False
    """OpenAI-compatible, and refuses a user's message right after a tool's."""
    takes_short_call_ids: bool = False
    """OpenAI-compatible, and refuses ids of tool calls that have not nine letters and digits."""
    key_header: str = "authorization"
    """`authorization` carries `Bearer KEY`, any other header the key alone."""
    timeouts: Timeouts = Timeouts()
    keys: tuple[ProviderKey, ...] = ()
    is_configured: bool = False
    """The operator gave what it needs: a key, or an address where no key is needed."""
