"""`docs/architecture.md` describes the way that requests really take."""

import re
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from types import FrameType

import pytest

import ai_engine
from tests.fakes.gateway import Provider, gateway_in_front_of
from tests.fakes.scripted_upstream import ScriptedUpstream
from tests.journeys.steps import CHAT, sound
from tests.repository.tree import read

pytestmark = pytest.mark.anyio

PACKAGE = Path(ai_engine.__file__).parent
MOST_HOPS = 25
MOST_RETURNS = 4
SHARED_HOPS = 16
"""Of the streamed request, described with the plain one."""


def hops(heading: str) -> list[str]:
    section = read("docs/architecture.md").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\d+\. `([^`]+)`", section, re.MULTILINE)


def plain_hops() -> list[str]:
    return hops("A plain request")


def streamed_hops() -> list[str]:
    return plain_hops()[:SHARED_HOPS] + hops("A streamed request")


def returns(way: Sequence[str]) -> Iterator[str]:
    """The files that it comes back to after it left them."""
    files = [hop.partition(":")[0] for hop in way]
    entered = [files[0]] + [later for earlier, later in pairwise(files) if later != earlier]
    for place, file in enumerate(entered):
        if file in entered[:place]:
            yield file


@pytest.mark.parametrize("way", [plain_hops(), streamed_hops()], ids=["plain", "streamed"])
def test_the_way_is_short_and_comes_back_to_few_files(way: list[str]) -> None:
    assert SHARED_HOPS < len(way) <= MOST_HOPS
    assert len(list(returns(way))) <= MOST_RETURNS


class Trace:
    """The functions of the package that were entered, in order. What is resumed after an `await` counts as entered again."""

    def __init__(self) -> None:
        self.entered: list[str] = []

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(PACKAGE):
            self.entered.append(f"{path.relative_to(PACKAGE).as_posix()}:{frame.f_code.co_qualname}")


@pytest.mark.parametrize("is_stream", [False, True], ids=["plain", "streamed"])
async def test_a_request_takes_the_way_that_is_described(alpha: ScriptedUpstream, *, is_stream: bool) -> None:
    alpha.on(CHAT, sound(stream=is_stream))
    trace = Trace()
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        sys.setprofile(trace)
        try:
            reply = await gateway.chat("tiny", stream=is_stream)
        finally:
            sys.setprofile(None)
    assert reply.text == "hello there"
    place = 0
    for hop in streamed_hops() if is_stream else plain_hops():
        assert hop in trace.entered[place:], f"{hop} is not entered after the hop before it"
        place = trace.entered.index(hop, place) + 1
