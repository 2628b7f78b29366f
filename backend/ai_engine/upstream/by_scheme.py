"""An upstream that dispatches to several by the URL's scheme, such as the sandbox provider's."""

from collections.abc import Mapping

from ai_engine.upstream.port import ConnectFailed, Upstream, UpstreamAnswer, UpstreamRequest


class UpstreamByScheme:
    """Dispatches each request to the engine of its scheme: `{"https": …, "http": …, "sandbox": …}`."""

    def __init__(self, engines: Mapping[str, Upstream]) -> None:
        self._engines = dict(engines)

    async def send(self, request: UpstreamRequest) -> UpstreamAnswer:
        """As the engine's `send`. Raises `ConnectFailed` for an unknown scheme."""
        engine = self._engines.get(request.url.partition("://")[0])
        if engine is None:
            raise ConnectFailed("Unsupported URL scheme.")
        return await engine.send(request)

    async def close(self) -> None:
        """Closes every engine once."""
        for engine in set(self._engines.values()):
            await engine.close()
