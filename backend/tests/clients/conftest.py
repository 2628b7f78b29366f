"""Each server and each SDK's report is made once for all tests of a process."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.clients import servers


@pytest.fixture(scope="session")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    with servers.upstream(tmp_path_factory.mktemp("upstream")) as server:
        yield server


@pytest.fixture(scope="session")
def gateway(upstream: servers.Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    with servers.gateway(tmp_path_factory.mktemp("gateway"), upstream) as server:
        yield server


@pytest.fixture(scope="session")
def sandbox_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    with servers.gateway(tmp_path_factory.mktemp("sandbox"), None) as server:
        yield server


@pytest.fixture(scope="session", params=servers.SDKS, ids=str)
def sdk(request: pytest.FixtureRequest) -> servers.ClientSdk:
    chosen: servers.ClientSdk = request.param
    return chosen


@pytest.fixture(scope="session")
def report(sdk: servers.ClientSdk, gateway: servers.Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What one SDK got from the gateway in front of aimock, feature by feature."""
    return sdk.report(gateway, tmp_path_factory.mktemp("sdk"))


@pytest.fixture(scope="session")
def sandbox_report(
    sdk: servers.ClientSdk, sandbox_gateway: servers.Server, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What one SDK got from a gateway that has no provider but the sandbox."""
    return sdk.report(sandbox_gateway, tmp_path_factory.mktemp("sdk"))
