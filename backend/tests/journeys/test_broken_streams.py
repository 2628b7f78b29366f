"""A stream that breaks before its first content starts again elsewhere; after it, the client hears that it broke."""

import pytest

from tests.fakes.gateway import Provider, Reply, gateway_in_front_of
from tests.fakes.scripted_upstream import (
    CutAfter,
    ScriptedUpstream,
    Silence,
    Stall,
    Step,
    Stream,
    chunk,
    chunks,
    error,
    usage,
)
from tests.journeys.steps import CHAT, asked, sound
from tests.patience import within

pytestmark = pytest.mark.anyio

WORDS = chunks("one two three four", with_usage=False)
ROLE_ONLY = [chunk({"role": "assistant", "content": ""})]
IMPATIENT = {"timeouts": {"first_token": 0.3, "idle": 0.3, "progress": 0.6, "total": 5}}

BEFORE_CONTENT: dict[str, Step] = {
    "headers, then cut": CutAfter(0, Stream([])),
    "role only, then cut": CutAfter(1, Stream(WORDS)),
    "role only, then reset": CutAfter(1, Stream(WORDS), reset=True),
    "role only, then a proper end": Stream(ROLE_ONLY),
    "role only, then an end without DONE": Stream(ROLE_ONLY, done=False),
    "an error event first": Stream([error("overloaded", kind="server_error")]),
    "role only, then an error event": Stream([*ROLE_ONLY, error("overloaded", kind="server_error")]),
    "DONE at once": Stream([]),
    "nothing at all": Stream([], done=False),
    "silence": Silence(),
    "headers, then silence": Stall(0, Stream([])),
    "role only, then silence": Stall(1, Stream(WORDS)),
    "no stream": Stream(["this is not an event stream"], done=False),
}


@pytest.mark.parametrize("step", BEFORE_CONTENT.values(), ids=BEFORE_CONTENT)
async def test_a_stream_that_breaks_before_its_first_content_starts_again_elsewhere(
    alpha: ScriptedUpstream, beta: ScriptedUpstream, step: Step
) -> None:
    alpha.on(CHAT, step)
    beta.on(CHAT, sound(stream=True))
    providers = Provider("alpha", alpha.base_url, fields=IMPATIENT), Provider("beta", beta.base_url)
    async with gateway_in_front_of(*providers) as gateway:
        reply = await gateway.chat(stream=True)
    assert (reply.status, reply.provider, reply.attempts) == (200, "beta", 2)
    assert (reply.text, reply.finish_reasons, reply.is_ended) == ("hello there", ["stop"], True)
    assert sum("role" in event["choices"][0]["delta"] for event in reply.events) == 1, "nothing of the first stream is left"
    assert len(asked(alpha)) == 1


AFTER_CONTENT: dict[str, Step] = {
    "cut": CutAfter(3, Stream(WORDS)),
    "an end without DONE or finish": Stream(WORDS[:3], done=False),
    "the same with usage on its content": Stream([{**word, "usage": usage()} for word in WORDS[:3]], done=False),
    "an error event": Stream([*WORDS[:3], error("the provider's words", kind="server_error")]),
    "stall": Stall(3, Stream(WORDS)),
    "comments only": Stream([*WORDS[:3], *[": still here\n\n"] * 60], pause_seconds=0.05),
}


def assert_is_broken_honestly(reply: Reply) -> None:
    assert (reply.status, reply.provider) == (200, "alpha")
    assert reply.text == "one two"
    assert (reply.finish_reasons, reply.is_ended) == ([], True)
    assert reply.error["message"]
    assert '"error"' in reply.lines[-2], "the error is the last event before the end"


@pytest.mark.parametrize("step", AFTER_CONTENT.values(), ids=AFTER_CONTENT)
async def test_a_stream_that_breaks_after_its_first_content_ends_with_an_error_and_never_as_a_success(
    alpha: ScriptedUpstream, step: Step
) -> None:
    alpha.on(CHAT, step)
    async with gateway_in_front_of(Provider("alpha", alpha.base_url, fields=IMPATIENT)) as gateway:
        async with within(3):
            reply = await gateway.chat(stream=True)
        assert_is_broken_honestly(reply)
        alpha.on(CHAT, sound(stream=True))
        assert (await gateway.chat(stream=True)).text == "hello there"


async def test_a_stalled_stream_is_ended_at_the_provider_too(alpha: ScriptedUpstream) -> None:
    alpha.on(CHAT, Stall(3, Stream(WORDS)))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url, fields=IMPATIENT)) as gateway:
        await gateway.chat(stream=True)
        await alpha.requests[0].closed(within_seconds=0.2)


async def test_a_stream_whose_every_choice_has_finished_is_complete_even_if_it_is_cut(alpha: ScriptedUpstream) -> None:
    alpha.on(CHAT, CutAfter(len(WORDS), Stream(WORDS)))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        reply = await gateway.chat(stream=True)
    assert (reply.text, reply.finish_reasons, reply.is_ended) == ("one two three four", ["stop"], True)
    assert reply.error is None


async def test_a_stream_with_one_of_two_choices_unfinished_is_broken(alpha: ScriptedUpstream) -> None:
    def choice(index: int, text: str, finish_reason: str | None = None) -> dict[str, object]:
        return {"index": index, "delta": {"content": text}, "finish_reason": finish_reason}

    events = [{"choices": [choice(0, "a"), choice(1, "b")]}, {"choices": [choice(0, "", "stop")]}]
    alpha.on(CHAT, Stream(events))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        reply = await gateway.chat(stream=True, n=2)
    assert reply.is_ended
    assert reply.error["message"]


async def test_when_nobody_can_begin_a_stream_the_client_gets_a_real_status(
    alpha: ScriptedUpstream, beta: ScriptedUpstream
) -> None:
    alpha.on(CHAT, CutAfter(1, Stream(WORDS)))
    beta.on(CHAT, Stream([error("overloaded", kind="server_error")]))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url), Provider("beta", beta.base_url)) as gateway:
        reply = await gateway.chat(stream=True)
    assert (reply.status, reply.is_stream) == (502, False)
    assert reply.error["message"]


async def test_a_client_fault_inside_a_stream_is_told_as_one(alpha: ScriptedUpstream, beta: ScriptedUpstream) -> None:
    alpha.on(CHAT, Stream([error("against the policy", code="content_policy_violation")]))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url), Provider("beta", beta.base_url)) as gateway:
        reply = await gateway.chat(stream=True)
    assert (reply.status, reply.error["message"], reply.error["code"]) == (400, "against the policy", "content_policy_violation")
    assert not beta.requests
