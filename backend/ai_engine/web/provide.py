"""Dependency injection for routes: services by type, from the set that `wiring` builds."""

from collections.abc import Callable
from typing import Any, TypeVar

from starlette.requests import HTTPConnection

Service = TypeVar("Service")


def provided(kind: type[Service]) -> Callable[[HTTPConnection], Service]:
    """A dependency that resolves to the service of this type: `Annotated[Planner, Depends(provided(Planner))]`."""

    def resolve(connection: HTTPConnection) -> Service:
        services: dict[type[Any], Any] = connection.app.state.services
        service: Service = services[kind]
        return service

    return resolve
