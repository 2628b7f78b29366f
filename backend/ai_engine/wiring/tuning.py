"""Times and thresholds, for tests to shorten."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ai_engine.catalogue.discovery import DiscoveryIntervals
from ai_engine.health.breaker import BreakerPolicy
from ai_engine.ledger.spool import DEFAULT_LIMIT_BYTES
from ai_engine.management_api.live.feed import LiveLimits
from ai_engine.provider_keys.cooldown import CooldownPolicy
from ai_engine.upstream.httpx_engine import HttpxEngine
from ai_engine.upstream.port import Upstream


@dataclass(frozen=True, slots=True)
class Tuning:
    """Times and thresholds with the contract's defaults. A parameter, so that tests of hours take milliseconds."""

    cooldown: CooldownPolicy = field(default_factory=CooldownPolicy)
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)
    discovery: DiscoveryIntervals = field(default_factory=DiscoveryIntervals)
    http_engine: Callable[[], Upstream] = HttpxEngine
    """What stands behind `http://` and `https://`."""
    recheck_look_every_seconds: float = 1
    stream_silence_seconds: float = 15
    live: LiveLimits = field(default_factory=LiveLimits)
    spool_limit_bytes: int = DEFAULT_LIMIT_BYTES
