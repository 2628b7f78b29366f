"""What the relay works with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ai_engine.autodecide.candidates import CandidateFinder
from ai_engine.autodecide.plan import Planner
from ai_engine.clock import Chance, Clock
from ai_engine.configuration import Configuration
from ai_engine.events import AttemptObserver, RandomBits, RequestObserver
from ai_engine.health.breaker import Breaker
from ai_engine.health.track_record import TrackRecord
from ai_engine.names import Operation, Route
from ai_engine.provider_keys.cooldown_queue import CooldownQueue
from ai_engine.provider_keys.pool import KeyPool
from ai_engine.providers.adapter import Adapter
from ai_engine.providers.registry.definition import WireProtocol
from ai_engine.relay.learnt import Learnt
from ai_engine.upstream.port import Headers, Upstream


@dataclass(frozen=True, slots=True)
class RelayServices:
    """Everything around the relay, built once by the wiring."""

    configuration: Callable[[], Configuration]
    finder: CandidateFinder
    planner: Planner
    keys: KeyPool
    cooldown_queue: CooldownQueue
    breaker: Breaker
    track_record: TrackRecord
    upstream: Upstream
    adapters: Mapping[WireProtocol, Adapter]
    own_headers: Headers
    """What every upstream request carries beside the adapter's own: our `via`."""
    rediscover: Callable[[str], None]
    """Asks for a fresh listing of a provider that did not know a model the catalogue says it has."""
    observe_attempt: AttemptObserver
    observe_request: RequestObserver
    clock: Clock
    chance: Chance
    random_bits: RandomBits
    """For the ids of records."""
    refuses_stream_options: set[str]
    """Providers that were learnt to refuse `stream_options`, until the next start."""
    unsupported_formats: Learnt[Route, Operation]
    """Formats that a route lacks though its provider is said to have them (`ProviderDefinition.formats`): a server behind
    `OPENAI_BASE_URL` may have `/chat/completions` and nothing else."""
    refused_hints: Learnt[tuple[Route, Operation], str]
    """Hints that a route refuses, by their paths in the body."""
