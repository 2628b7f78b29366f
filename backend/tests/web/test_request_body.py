from collections.abc import Sequence

import pytest

from ai_engine.errors import BodyTooLarge, UnsupportedMediaType
from ai_engine.web.disconnect import ClientDisconnected, Message
from ai_engine.web.request_body import exceeds_limit, read_body

pytestmark = pytest.mark.anyio


class Sender:
    """A client that sends these chunks, then leaves or not."""

    def __init__(self, chunks: Sequence[bytes], *, leaves: bool = False) -> None:
        self.messages: list[Message] = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
        if leaves:
            self.messages.append({"type": "http.disconnect"})
        elif self.messages:
            self.messages[-1]["more_body"] = False
        self.taken = 0

    async def receive(self) -> Message:
        self.taken += 1
        return self.messages[self.taken - 1]


async def test_a_body_in_one_piece_and_in_several_is_the_same() -> None:
    assert await read_body([], Sender([b"abcdef"]).receive, 10) == b"abcdef"
    assert await read_body([], Sender([b"ab", b"", b"cd", b"ef"]).receive, 10) == b"abcdef"


async def test_a_body_of_exactly_the_limit_is_taken() -> None:
    assert await read_body([(b"content-length", b"4")], Sender([b"abcd"]).receive, 4) == b"abcd"
    assert await read_body([], Sender([b"ab", b"cd"]).receive, 4) == b"abcd"


async def test_a_length_over_the_limit_is_refused_before_reading() -> None:
    sender = Sender([b"x" * 11])
    with pytest.raises(BodyTooLarge, match="AI_ENGINE_MAX_REQUEST_SIZE"):
        await read_body([(b"content-length", b"11")], sender.receive, 10)
    assert sender.taken == 0


@pytest.mark.parametrize(("length", "is_more"), [(b"0" * 5000 + b"4", False), (b"0" * 5000 + b"11", True), (b"9" * 5000, True)])
def test_a_length_of_thousands_of_digits_is_a_length(length: bytes, is_more: bool) -> None:
    assert exceeds_limit(length, 10) is is_more


async def test_a_body_without_a_length_is_refused_at_the_limit_and_the_rest_not_read() -> None:
    sender = Sender([b"x" * 6, b"x" * 6, b"x" * 6, b"x" * 6])
    with pytest.raises(BodyTooLarge):
        await read_body([], sender.receive, 10)
    assert sender.taken == 2
    with pytest.raises(BodyTooLarge):
        await read_body([], Sender([b"x" * 11]).receive, 10)


async def test_a_client_that_hangs_up_while_sending_is_gone() -> None:
    with pytest.raises(ClientDisconnected):
        await read_body([], Sender([b"{"], leaves=True).receive, 10)
    with pytest.raises(ClientDisconnected):
        await read_body([], Sender([], leaves=True).receive, 10)


@pytest.mark.parametrize(
    "content_type", [b"application/json", b"application/json; charset=utf-8", b"Application/JSON", b"application/vnd.api+json"]
)
async def test_every_kind_of_json_is_taken(content_type: bytes) -> None:
    assert await read_body([(b"content-type", content_type)], Sender([b"{}"]).receive, 10) == b"{}"


@pytest.mark.parametrize(
    "content_type", [b"text/plain", b"application/x-www-form-urlencoded", b"application/jsonl", b"", b"json"]
)
async def test_another_media_type_is_refused_before_reading(content_type: bytes) -> None:
    sender = Sender([b"{}"])
    with pytest.raises(UnsupportedMediaType):
        await read_body([(b"content-type", content_type)], sender.receive, 10)
    assert sender.taken == 0
