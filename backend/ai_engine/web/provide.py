"""How routes get their services: by type, from the one set that the wiring built."""

from collections.abc import Callable
from typing import Any, TypeVar

from starlette.requests import HTTPConnection

Service = TypeVar("Service")


def provided(kind: type[Service]) -> Callable[[HTTPConnection], Service]:
    """A dependency that gives the service of this type: `Annotated[Planner, Depends(provided(Planner))]`."""

    def give(connection: HTTPConnection) -> Service:
        services: dict[type[Any], Any] = connection.app.state.services
        service: Service = services[kind]
        return service

    return give
