"""One request, as the relay takes it."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ai_engine.access.roles import Caller
from ai_engine.autodecide.candidates import NO_NEEDS, NO_PREFERENCES, Needs, ProviderPreferences, RouteQuery
from ai_engine.names import Operation
from ai_engine.relay.translation import Translation
from ai_engine.upstream.port import Headers


class ClientRequest(NamedTuple):
    """One request of a client, checked and with our own fields taken out of `body`."""

    id: str
    operation: Operation
    model: str
    body: dict[str, Any]
    """The client's request as it came, in the format of `operation`, but for our own fields. It is not changed."""
    is_stream: bool = False
    wants_usage: bool = False
    """The client itself asked for usage in its stream."""
    autodecide: bool = True
    further_models: tuple[str, ...] | None = None
    """The request's own `models`; `None` leaves the configured fallbacks in force."""
    preferences: ProviderPreferences = NO_PREFERENCES
    needs: Needs = NO_NEEDS
    requires_parameters: bool = False
    """A provider that lacks a parameter is not asked, even where the parameter is a hint (`wire.hints`)."""
    timeout_seconds: float | None = None
    """The client's own deadline, from its arrival."""
    caller: Caller | None = None
    """For the ledger; `None` where the engine itself asks."""
    translation: Translation | None = None
    """Where `operation` is a format of a conversation other than chat: how to ask providers that do not speak it."""
    local_fallback: Callable[[], Mapping[str, Any]] | None = None
    """What the engine answers in its own name where no provider can, such as an estimate; `None`: then it is an error."""
    native_headers: Headers = ()
    """Headers of the client's that belong to its format: sent to providers that speak it."""
    hops: tuple[bytes, ...] = ()
    """The gateways of our kind that sent it on before (`via`), so that a circle of several is noticed as well."""

    def route_query(self, model: str) -> RouteQuery:
        return RouteQuery(model, self.needs, self.preferences, self.autodecide)
