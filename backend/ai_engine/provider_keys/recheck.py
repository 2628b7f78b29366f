"""Invalid keys (401) are checked again by the free listing call, and are usable when it accepts them."""

import asyncio
import logging
from collections.abc import Callable, Mapping

from ai_engine.clock import Clock, Watchdog
from ai_engine.names import Blame
from ai_engine.provider_keys.pool import KeyPool, PooledKey
from ai_engine.providers.adapter import LARGEST_LISTING_BYTES, Adapter
from ai_engine.providers.failures import Failure, FailureClass, KeyScope
from ai_engine.providers.registry.definition import ProviderDefinition, WireProtocol
from ai_engine.upstream.port import Upstream, UpstreamError

_log = logging.getLogger("ai_engine")
_DEADLINE_SECONDS = 10
_STILL_INVALID = Failure(
    FailureClass.INVALID_KEY, Blame.KEY, "The key was not accepted by the listing call.", key_scope=KeyScope.INVALID
)


class KeyRecheck:
    """Checks the invalid keys. `run` never returns; cancel it to stop."""

    def __init__(
        self,
        pool: KeyPool,
        upstream: Upstream,
        adapters: Mapping[WireProtocol, Adapter],
        providers: Callable[[], Mapping[str, ProviderDefinition]],
        clock: Clock,
        look_every_seconds: float = 1,
    ) -> None:
        self._pool = pool
        self._upstream = upstream
        self._adapters = adapters
        self._providers = providers
        self._clock = clock
        self._look_every_seconds = look_every_seconds

    async def run(self) -> None:
        while True:
            await self._clock.sleep(self._look_every_seconds)
            await self.recheck_due()

    async def recheck_due(self) -> None:
        """Checks every key that is due, all at once; one that is not accepted waits twice as long."""
        await asyncio.gather(*(self._recheck(pooled) for pooled in self._pool.due_for_recheck()))

    async def _recheck(self, pooled: PooledKey) -> None:
        definition = self._providers().get(pooled.provider)
        if definition is None or definition.protocol not in self._adapters:
            return
        if await self._is_accepted(definition, pooled):
            self._pool.accept(pooled)
            _log.info("Provider %s accepts key %s again", pooled.provider, pooled.fingerprint)
        else:
            self._pool.record_failure(pooled, "", _STILL_INVALID)

    async def _is_accepted(self, definition: ProviderDefinition, pooled: PooledKey) -> bool:
        """True also where the provider cannot list (404, 405): a request is then the only way to find out."""
        request = self._adapters[definition.protocol].encode_listing(definition, pooled.key)
        try:
            with Watchdog(_DEADLINE_SECONDS):
                answer = await self._upstream.send(request)
                try:
                    await answer.read(LARGEST_LISTING_BYTES)
                finally:
                    await answer.close()
        except (UpstreamError, TimeoutError):
            return False
        return 200 <= answer.status < 300 or answer.status in (404, 405)
