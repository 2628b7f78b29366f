"""One upstream made of several, chosen by the URL's scheme: the sandbox provider is just another upstream."""

from collections.abc import Mapping

from ai_engine.upstream.port import ConnectFailed, Upstream, UpstreamAnswer, UpstreamRequest


class UpstreamByScheme:
    """Hands each request to the engine of its scheme, such as `{"https": …, "http": …, "sandbox": …}`."""

    def __init__(self, engines: Mapping[str, Upstream]) -> None:
        self._engines = dict(engines)

    async def send(self, request: UpstreamRequest) -> UpstreamAnswer:
        """As the engine's own `send`. Raises `ConnectFailed` where no engine serves the scheme."""
        engine = self._engines.get(request.url.partition("://")[0])
        if engine is None:
            raise ConnectFailed("No engine serves this kind of address.")
        return await engine.send(request)

    async def close(self) -> None:
        """Closes every engine, once each."""
        for engine in set(self._engines.values()):
            await engine.close()
