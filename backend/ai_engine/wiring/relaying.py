"""The relay, and the endpoints that hand requests to it."""

import random
import secrets
from collections.abc import Callable
from typing import TypeVar

from ai_engine.access.guards import Guard
from ai_engine.client_api.endpoint import RelayedEndpoint
from ai_engine.client_api.formats import relayed_formats
from ai_engine.client_api.responses.background import BackgroundResponses
from ai_engine.client_api.responses.requests import ResponsesRequests
from ai_engine.client_api.responses.response_store import ResponseStore
from ai_engine.clock import Clock, system_chance
from ai_engine.configuration import LiveConfiguration
from ai_engine.management_api.live.feed import LiveFeed
from ai_engine.provider_keys.cooldown_queue import CooldownQueue
from ai_engine.relay.learnt import Learnt
from ai_engine.relay.relay import Relay
from ai_engine.relay.services import RelayServices
from ai_engine.telemetry.performance import Performance
from ai_engine.wiring.recording import Recording
from ai_engine.wiring.routing import Routing
from ai_engine.wiring.tuning import Tuning

OWN_VIA = f"ai-engine-{secrets.token_hex(4)}".encode()
"""How this process signs its requests (`via`). One that comes back with it went round in a circle."""

EventT = TypeVar("EventT")


def build_relay(configuration: LiveConfiguration, clock: Clock, routing: Routing, recording: Recording, live: LiveFeed) -> Relay:
    """The spool comes first among the observers: what is not recorded has not happened."""
    performance, event_log = recording.performance, recording.event_log
    optional = [observer for observer in (recording.decision_log, recording.traces) if observer is not None]
    return Relay(
        RelayServices(
            configuration=lambda: configuration.current,
            finder=routing.finder,
            planner=routing.planner,
            keys=routing.keys,
            cooldown_queue=CooldownQueue(clock),
            breaker=routing.breaker,
            track_record=routing.track_record,
            upstream=routing.upstream,
            adapters=routing.adapters,
            own_headers=((b"via", b"1.1 " + OWN_VIA),),
            rediscover=routing.discovery.request_soon,
            observe_attempt=_all_of(performance.attempt, event_log.attempt),
            observe_request=_all_of(
                recording.spool.record, performance.request, recording.metrics, event_log.request, live, *optional
            ),
            clock=clock,
            chance=system_chance,
            random_bits=random.getrandbits,
            refuses_stream_options=set(),
            unsupported_formats=Learnt(clock),
            refused_hints=Learnt(clock),
        )
    )


def build_endpoints(
    configuration: LiveConfiguration,
    clock: Clock,
    tuning: Tuning,
    guard: Guard,
    relay: Relay,
    performance: Performance,
    response_store: ResponseStore,
    background: BackgroundResponses,
) -> dict[tuple[str, str], RelayedEndpoint]:
    """By method and path."""
    formats = relayed_formats(ResponsesRequests(response_store, clock), background)
    return {
        ("POST", path): RelayedEndpoint(
            client_format, relay, guard, configuration, performance, OWN_VIA, tuning.stream_silence_seconds
        )
        for path, client_format in formats.items()
    }


def _all_of(*observers: Callable[[EventT], None]) -> Callable[[EventT], None]:
    def emit(event: EventT) -> None:
        for observer in observers:
            observer(event)

    return emit
