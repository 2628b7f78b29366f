"""A server that has no path for a format which its provider is said to take is asked for a chat, and stays in rotation."""

from dataclasses import replace

import pytest

from ai_engine.errors import AttemptsFailed, Inexpressible, ModelNotFound
from ai_engine.names import Blame, Operation, Route
from ai_engine.providers.failures import Failure, FailureClass
from ai_engine.providers.openai.adapter import OpenAICompatible
from ai_engine.relay.translation import Asking
from ai_engine.relay.unsupported_formats import LackedFormats
from tests.builders import provider
from tests.fakes.clock import HandTurnedClock
from tests.fakes.upstream import Reply
from tests.relay.relay_bench import SOUND, refused
from tests.relay.test_translation import ASKED, Saying, carrying, request

pytestmark = pytest.mark.anyio

NATIVE = {"object": "text_completion", "model": "tiny", "choices": [{"text": "HI", "finish_reason": "stop"}]}


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_it_is_asked_for_a_chat_at_once_and_nobody_is_blamed(status: int) -> None:
    carried = carrying("alpha")
    carried.upstream.on("alpha", refused(status), SOUND)
    answer = await carried.relay.answer(request())
    assert answer.plain is not None
    assert answer.plain.answer == {"said": "hello there"}
    assert [one.provider for one in carried.upstream.asked] == ["alpha", "alpha"]
    assert carried.upstream.bodies[0] == ASKED
    assert [(one.why, one.status, one.blame) for one in carried.attempts] == [
        ("first choice", status, Blame.REQUEST),
        ("as a chat", 200, None),
    ]
    assert carried.rediscovered == []
    assert carried.breaker.outage_of(Route("alpha", "tiny")) is None
    carried.check_nothing_leaked()


async def test_what_was_learnt_holds_for_ten_minutes() -> None:
    carried = carrying("alpha")
    carried.upstream.on("alpha", refused(404), SOUND)
    await carried.relay.answer(request())
    await carried.relay.answer(request())
    assert len(carried.asked) == 3
    carried.clock.advance(601)
    carried.upstream.on("alpha", Reply(NATIVE))
    answer = await carried.relay.answer(request())
    assert answer.plain is not None
    assert answer.plain.answer == NATIVE


def test_a_server_that_answers_to_any_name_is_not_remembered_without_end() -> None:
    lacked = LackedFormats(HandTurnedClock())
    for number in range(2_000):
        lacked.note(Route("alpha", f"name-{number}"), Operation.RESPONSES)
    remembered = [number for number in range(2_000) if lacked.is_lacked(Route("alpha", f"name-{number}"), Operation.RESPONSES)]
    assert remembered == list(range(2_000 - 1_024, 2_000))


def test_reasoning_is_kept_from_the_route_alone_that_could_not_read_it() -> None:
    given = {"model": "m", "input": [{"type": "reasoning", "encrypted_content": "x"}, {"role": "user", "content": "Go on."}]}
    asking = Asking(Operation.RESPONSES, given, Saying({"model": "m", "say": "hi"}), LackedFormats(HandTurnedClock()))
    alpha, beta = (replace(provider(name), formats=frozenset({Operation.RESPONSES})) for name in ("alpha", "beta"))
    unreadable = Failure(FailureClass.BAD_REQUEST, Blame.REQUEST, "No.", 400, code="invalid_encrypted_content")
    way = asking.way_to(OpenAICompatible(), alpha, "m")
    assert asking.another_way(way, Route("alpha", "m"), unreadable) == "without reasoning"
    assert asking.way_to(OpenAICompatible(), alpha, "m").body["input"] == given["input"][1:]
    assert asking.way_to(OpenAICompatible(), beta, "m").body == given


async def test_a_route_that_has_not_even_a_chat_is_out_as_ever() -> None:
    carried = carrying("alpha")
    carried.upstream.on("alpha", refused(404))
    answer = await carried.relay.answer(request())
    assert [one.provider for one in carried.upstream.asked] == ["alpha", "alpha", "beta"]
    assert answer.route.provider == "beta"
    assert carried.rediscovered == ["alpha"]
    carried.upstream.on("beta", refused(404))
    with pytest.raises(ModelNotFound):
        await carried.relay.answer(request())


async def test_a_failure_of_the_chat_is_what_the_client_hears() -> None:
    carried = carrying("alpha", "beta")
    for name in ("alpha", "beta"):
        carried.upstream.on(name, refused(404), refused(500))
    with pytest.raises(AttemptsFailed, match="status 500"):
        await carried.relay.answer(request())
    paths = [body == ASKED for body in carried.upstream.bodies]
    assert paths == [True, False, True, False, False, False], "a second chance is a chat too"
    carried.check_nothing_leaked()


async def test_what_a_chat_cannot_say_goes_to_the_next_who_has_the_format() -> None:
    carried = carrying("alpha", "beta")
    carried.upstream.on("alpha", refused(404))
    carried.upstream.on("beta", Reply(NATIVE))
    answer = await carried.relay.answer(request(ASKED | {"loudly": True}))
    assert answer.route.provider == "beta"
    assert carried.breaker.outage_of(Route("alpha", "tiny")) is None
    carried.upstream.on("beta", refused(404))
    with pytest.raises(Inexpressible):
        await carried.relay.answer(request(ASKED | {"loudly": True}))


@pytest.mark.parametrize("said", [refused(404, "model_not_found"), refused(404, param="input")], ids=["model", "parameter"])
async def test_a_404_that_is_about_something_else_means_what_it_does_elsewhere(said: Reply) -> None:
    carried = carrying("alpha")
    carried.upstream.on("alpha", said, SOUND)
    answer = await carried.relay.answer(request())
    assert carried.asked == ["alpha/tiny 1", "beta/tiny 1"]
    assert answer.route.provider == "beta"


async def test_the_format_of_a_protocol_itself_has_no_other_way() -> None:
    carried = carrying()
    carried.upstream.on("alpha", refused(404))
    await carried.relay.answer(
        request()._replace(operation=Operation.CHAT, translation=None, body={"model": "tiny", "messages": []})
    )
    assert carried.asked == ["alpha/tiny 1", "beta/tiny 1"]
