from typing import Any

import pytest

from tests.client_api.refusals import refusal
from tests.fakes.gateway import Gateway

pytestmark = pytest.mark.anyio

VERSION = {"anthropic-version": "2023-06-01"}
NAMES = ["tiny", "vendor/large", "alpha/tiny", "alpha/vendor/large"]


async def page(gateway: Gateway, **parameters: Any) -> Any:
    answer = await gateway.http.get("/v1/models", params=parameters, headers=VERSION)
    assert answer.status_code == 200
    listed = answer.json()
    assert listed.keys() == {"data", "has_more", "first_id", "last_id"}
    names = [model["id"] for model in listed["data"]]
    assert (listed["first_id"], listed["last_id"]) == ((names[0], names[-1]) if names else (None, None))
    return names, listed["has_more"]


async def test_a_model_has_anthropics_shape(gateway: Gateway) -> None:
    listed = (await gateway.http.get("/v1/models", headers=VERSION)).json()
    (model,) = [model for model in listed["data"] if model["id"] == "vendor/large"]
    assert model.keys() == {"type", "id", "display_name", "created_at", "lifecycle"}
    assert (model["type"], model["display_name"]) == ("model", "vendor/large")
    assert model["created_at"].endswith("Z")
    assert (await gateway.http.get("/v1/models/vendor/large", headers=VERSION)).json() == model


async def test_the_list_comes_page_by_page_in_both_directions(gateway: Gateway) -> None:
    assert await page(gateway) == (NAMES, False)
    assert await page(gateway, limit=3) == (NAMES[:3], True)
    assert await page(gateway, limit=3, after_id=NAMES[2]) == (NAMES[3:], False)
    assert await page(gateway, limit=1, after_id=NAMES[0]) == (NAMES[1:2], True)
    assert await page(gateway, after_id=NAMES[3]) == ([], False)
    assert await page(gateway, limit=2, before_id=NAMES[3]) == (NAMES[1:3], True)
    assert await page(gateway, before_id=NAMES[1]) == (NAMES[:1], False)


async def test_without_the_header_it_is_openais_and_whole(gateway: Gateway) -> None:
    assert [model["id"] for model in (await gateway.get("/v1/models?limit=1"))["data"]] == NAMES


@pytest.mark.parametrize(
    ("parameters", "param"),
    [
        ({"after_id": "nobody"}, "after_id"),
        ({"before_id": "nobody"}, "before_id"),
        ({"after_id": "tiny", "before_id": "tiny"}, "before_id"),
    ],
)
async def test_a_page_beside_nothing_is_refused(gateway: Gateway, parameters: dict[str, str], param: str) -> None:
    answer = await gateway.http.get("/v1/models", params=parameters, headers=VERSION)
    assert answer.status_code == 400
    assert param in answer.text


@pytest.mark.parametrize("limit", ["0", "1001", "many"])
async def test_a_limit_has_its_bounds(gateway: Gateway, limit: str) -> None:
    refusal(await gateway.http.get("/v1/models", params={"limit": limit}), 400, param="limit")


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/tiny"])
async def test_an_invalid_version_is_refused(gateway: Gateway, path: str) -> None:
    answer = await gateway.http.get(path, headers={"anthropic-version": "latest"})
    assert answer.status_code == 400
    assert "anthropic-version" in answer.text
