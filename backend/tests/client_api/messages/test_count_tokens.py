from typing import Any

import pytest

from ai_engine.client_api.messages.count_tokens import estimate
from ai_engine.wire.json_types import Json
from tests.client_api.messages.message_requests import TOOL, assistant, body, text, tool_result, tool_use, user

IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A" * 100_000}}


def of(*blocks: Json, **fields: Any) -> int:
    return estimate(body(messages=[user(*blocks)], **fields))


def test_four_characters_are_a_token() -> None:
    assert of(text("x" * 400)) == 104
    assert estimate(body(messages=[{"role": "user", "content": "x" * 400}])) == 104


def test_instructions_and_tools_count() -> None:
    plain = of(text("hi"))
    assert of(text("hi"), system="x" * 400) == of(text("hi"), system=[text("x" * 400)]) == plain + 100
    assert of(text("hi"), tools=[TOOL]) > plain + 10


def test_calls_and_results_count() -> None:
    turns = [user(text("a")), assistant(tool_use(city="x" * 400)), user(tool_result("t1", "y" * 400))]
    assert estimate(body(messages=turns)) >= 200
    assert of(tool_result("t1", [text("y" * 400)])) >= 100


def test_an_image_takes_what_one_takes_at_most_however_large_its_bytes_are() -> None:
    assert of(IMAGE) == of({"type": "image", "source": {"type": "url", "url": "u"}}) == 1604
    assert of(tool_result("t1", [IMAGE])) == 1604


@pytest.mark.parametrize(
    ("source", "tokens"),
    [
        ({"type": "base64", "media_type": "application/pdf", "data": "A" * 250_000}, 7504),
        ({"type": "url", "url": "u"}, 2504),
        ({"type": "text", "media_type": "text/plain", "data": "x" * 400}, 104),
        ({"type": "content", "content": "x" * 400}, 104),
        ({"type": "content", "content": [text("x" * 400), IMAGE]}, 1704),
    ],
)
def test_documents(source: Json, tokens: int) -> None:
    assert of({"type": "document", "source": source}) == tokens


@pytest.mark.parametrize(
    "block", [{"type": "text"}, {"type": "image"}, {"type": "document"}, {"type": "document", "source": "x"}, {"type": "new"}]
)
def test_anything_can_be_estimated(block: Json) -> None:
    assert of(block) >= 1
