"""A server that has no path for a format which its provider is said to take is asked for a chat, and stays in rotation."""

from dataclasses import replace

import pytest

from ai_engine.errors import AttemptsFailed, ModelNotFound, UnsupportedByProvider
from ai_engine.names import Blame, Operation, Route
from ai_engine.providers.failures import Failure, FailureClass
from ai_engine.providers.openai.adapter import OpenAICompatible
from ai_engine.relay.exchange import RequestVariants
from ai_engine.relay.learnt import Learnt
from tests.builders import provider
from tests.fakes.clock import HandTurnedClock
from tests.fakes.upstream import Reply
from tests.relay.relay_bench import CLIENT, SOUND, refused
from tests.relay.test_translation import ASKED, relay_bench, request

pytestmark = pytest.mark.anyio

NATIVE = {"object": "text_completion", "model": "tiny", "choices": [{"text": "HI", "finish_reason": "stop"}]}


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_it_is_asked_for_a_chat_at_once_and_nobody_is_blamed(status: int) -> None:
    bench = relay_bench("alpha")
    bench.upstream.on("alpha", refused(status), SOUND)
    answer = await bench.relay.answer(request(), CLIENT)
    assert answer.plain is not None
    assert answer.plain.answer == {"said": "hello there"}
    assert [one.provider for one in bench.upstream.asked] == ["alpha", "alpha"]
    assert bench.upstream.bodies[0] == ASKED
    assert [(one.reason, one.status, one.blame) for one in bench.attempts] == [
        ("first_candidate", status, Blame.REQUEST),
        ("as_chat", 200, None),
    ]
    assert bench.rediscovered == []
    assert bench.breaker.outage_of(Route("alpha", "tiny")) is None
    bench.check_nothing_leaked()


async def test_what_was_learnt_holds_for_ten_minutes() -> None:
    bench = relay_bench("alpha")
    bench.upstream.on("alpha", refused(404), SOUND)
    await bench.relay.answer(request(), CLIENT)
    await bench.relay.answer(request(), CLIENT)
    assert len(bench.asked) == 3
    bench.clock.advance(601)
    bench.upstream.on("alpha", Reply(NATIVE))
    answer = await bench.relay.answer(request(), CLIENT)
    assert answer.plain is not None
    assert answer.plain.answer == NATIVE


def test_what_was_learnt_is_bounded() -> None:
    formats: Learnt[Route, Operation] = Learnt(HandTurnedClock())
    for number in range(2_000):
        formats.note(Route("alpha", f"name-{number}"), Operation.RESPONSES)
    remembered = [number for number in range(2_000) if formats.of(Route("alpha", f"name-{number}"))]
    assert remembered == list(range(2_000 - 1_024, 2_000))
    facts: Learnt[str, int] = Learnt(HandTurnedClock())
    for number in range(100):
        facts.note("a", number)
    assert facts.of("a") == list(range(32))


def test_reasoning_is_kept_from_the_route_alone_that_could_not_read_it() -> None:
    given = {"model": "m", "input": [{"type": "reasoning", "encrypted_content": "x"}, {"role": "user", "content": "Go on."}]}
    asked = request()._replace(operation=Operation.RESPONSES, body=given)
    variants = RequestVariants(asked, Learnt(HandTurnedClock()), Learnt(HandTurnedClock()), set(), ())
    alpha, beta = (replace(provider(name), formats=frozenset({Operation.RESPONSES})) for name in ("alpha", "beta"))
    unreadable = Failure(FailureClass.BAD_REQUEST, Blame.REQUEST, "No.", 400, code="invalid_encrypted_content")
    exchange = variants.exchange_for(OpenAICompatible(), alpha, Route("alpha", "m"))
    assert variants.retry_variant(exchange, unreadable) == "without_reasoning"
    assert variants.exchange_for(OpenAICompatible(), alpha, Route("alpha", "m")).body["input"] == given["input"][1:]
    assert variants.exchange_for(OpenAICompatible(), beta, Route("beta", "m")).body == given


async def test_a_route_that_has_not_even_a_chat_is_out_as_ever() -> None:
    bench = relay_bench("alpha")
    bench.upstream.on("alpha", refused(404))
    answer = await bench.relay.answer(request(), CLIENT)
    assert [one.provider for one in bench.upstream.asked] == ["alpha", "alpha", "beta"]
    assert answer.route.provider == "beta"
    assert bench.rediscovered == ["alpha"]
    bench.upstream.on("beta", refused(404))
    with pytest.raises(ModelNotFound):
        await bench.relay.answer(request(), CLIENT)


async def test_a_failure_of_the_chat_is_what_the_client_hears() -> None:
    bench = relay_bench("alpha", "beta")
    for name in ("alpha", "beta"):
        bench.upstream.on(name, refused(404), refused(500))
    with pytest.raises(AttemptsFailed, match="status 500"):
        await bench.relay.answer(request(), CLIENT)
    paths = [body == ASKED for body in bench.upstream.bodies]
    assert paths == [True, False, True, False, False, False], "a second chance is a chat too"
    bench.check_nothing_leaked()


async def test_what_a_chat_cannot_say_goes_to_the_next_who_has_the_format() -> None:
    bench = relay_bench("alpha", "beta")
    bench.upstream.on("alpha", refused(404))
    bench.upstream.on("beta", Reply(NATIVE))
    answer = await bench.relay.answer(request(ASKED | {"suffix": True}), CLIENT)
    assert answer.route.provider == "beta"
    assert bench.breaker.outage_of(Route("alpha", "tiny")) is None
    bench.upstream.on("beta", refused(404))
    with pytest.raises(UnsupportedByProvider):
        await bench.relay.answer(request(ASKED | {"suffix": True}), CLIENT)


@pytest.mark.parametrize("said", [refused(404, "model_not_found"), refused(404, param="input")], ids=["model", "parameter"])
async def test_a_404_that_is_about_something_else_means_what_it_does_elsewhere(said: Reply) -> None:
    bench = relay_bench("alpha")
    bench.upstream.on("alpha", said, SOUND)
    answer = await bench.relay.answer(request(), CLIENT)
    assert bench.asked == ["alpha/tiny 1", "beta/tiny 1"]
    assert answer.route.provider == "beta"


async def test_the_format_of_a_protocol_itself_has_no_other_way() -> None:
    bench = relay_bench()
    bench.upstream.on("alpha", refused(404))
    asked = request()._replace(operation=Operation.CHAT, translation=None, body={"model": "tiny", "messages": []})
    await bench.relay.answer(asked, CLIENT)
    assert bench.asked == ["alpha/tiny 1", "beta/tiny 1"]
