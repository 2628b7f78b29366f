"""Every client of the matrix does everything it can, with every upstream; docs/compatibility.md says just that."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.clients.compatibility import APIS, HEAD, PAGE, column, title
from tests.clients.matrix import CLIENTS, FEATURES, KNOWN_GAPS, Client, start, surprises

pytestmark = pytest.mark.client_sdk

NOT_TRIED = "–"


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[Any, ...]]]:
    with ExitStack() as stack:
        yield start(stack, tmp_path_factory.mktemp("matrix"))


@pytest.fixture(scope="module", params=CLIENTS, ids=str)
def client(request: pytest.FixtureRequest) -> Client:
    chosen: Client = request.param
    return chosen


@pytest.fixture(scope="module")
def report(client: Client, targets: list[tuple[Any, ...]], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return client.report(targets, tmp_path_factory.mktemp(str(client)))


def tables() -> dict[str, dict[str, list[str]]]:
    """By API and client, the cells of the page's tables, one for each feature."""
    found: dict[str, dict[str, list[str]]] = {}
    for api, heading in APIS.items():
        section = PAGE.read_text("utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("|")]
        by_name = {row[0]: row[1:] for row in rows[2:]}
        found[api] = {
            name: [by_name[said][place] if said in by_name else NOT_TRIED for said, _ in FEATURES.values()]
            for place, name in enumerate(rows[0][1:])
        }
    return found


def test_a_client_does_all_that_it_can_with_every_upstream(client: Client, report: dict[str, Any]) -> None:
    assert surprises(client, report) == {}


def test_the_page_says_what_a_client_did(client: Client, report: dict[str, Any]) -> None:
    said = tables()

    for api in report["results"]:
        assert said[api].get(title(report)) == column(client, report, api), f"{PAGE.name} is out of step: make compatibility"


def test_the_page_begins_with_what_it_means() -> None:
    assert PAGE.read_text("utf-8").startswith(HEAD)


def test_the_page_has_every_client_and_no_other() -> None:
    names = {name.rpartition(" ")[0] for by_client in tables().values() for name in by_client}

    assert names == {
        str(client).removesuffix("-2").removesuffix("-3").removesuffix("-6").removesuffix("-7") for client in CLIENTS
    }


def test_a_gap_is_one_of_a_client_that_there_is() -> None:
    assert {client for client, *_ in KNOWN_GAPS} <= {str(client) for client in CLIENTS}
