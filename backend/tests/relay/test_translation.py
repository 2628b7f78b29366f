"""A client's own format: whole to those who speak it, translated for those who do not, refused only where nobody is left."""

import base64
import struct
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import orjson
import pytest

from ai_engine.errors import InvalidRequest, ModelNotFound, NoRouteAvailable, UnsupportedByProvider
from ai_engine.events import CANCELLED, Ending
from ai_engine.names import Operation
from ai_engine.provider_keys.pool import KeyPool
from ai_engine.providers.failures import FailureClass, classify
from ai_engine.relay.relay import Answer
from ai_engine.relay.request import ClientRequest
from ai_engine.relay.spending import NOTHING_SPENT
from ai_engine.wire.hints import DroppedHints
from ai_engine.wire.sse import Event
from tests.builders import provider
from tests.fakes.scripted_upstream import chunks, completion, embeddings
from tests.fakes.upstream import Reply, Streamed
from tests.relay.relay_bench import CLIENT, SOUND, RelayBench, refused

pytestmark = pytest.mark.anyio

ASKED = {"model": "tiny", "say": "hi"}


class SaidStream:
    """`StreamTranslator`: each piece of text as it comes, and at the end all of it with its usage."""

    def __init__(self) -> None:
        self.answer: Mapping[str, Any] | None = None
        self._said = ""
        self._tokens: int | None = None

    def translate(self, chunk: Mapping[str, Any]) -> Sequence[Event]:
        text = "".join(choice["delta"].get("content") or "" for choice in chunk["choices"])
        self._said += text
        self._tokens = (chunk.get("usage") or {}).get("completion_tokens", self._tokens)
        return (("said", text.encode()),) if text else ()

    def ending(self) -> Sequence[Event]:
        self.answer = {"said": self._said, "tokens": self._tokens}
        return (("over", orjson.dumps(self.answer)),)


class Saying:
    """`Translation` of a made-up format: `{"say": "hi"}`."""

    field_names: ClassVar[Mapping[str, str]] = {}

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.body = body
        self.translated = 0

    def chat_request(self, body: Mapping[str, Any], dropped: DroppedHints) -> Mapping[str, Any]:
        self.translated += 1
        if "suffix" in self.body:
            raise UnsupportedByProvider("A chat has no suffix.", param="suffix")
        if not isinstance(self.body["say"], str):
            raise InvalidRequest("say must be a text.", param="say")
        said = {"model": self.body["model"], "messages": [{"role": "user", "content": self.body["say"]}]}
        return said | {"stream": True} if self.body.get("stream") else said

    def answer(self, chat: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"said": chat["choices"][0]["message"]["content"]}

    def stream(self) -> SaidStream:
        return SaidStream()


def relay_bench(*natives: str) -> RelayBench:
    """Two providers; those named speak the format themselves. It is called `completions`, for want of a made-up operation."""
    rows = [provider("alpha", keys=2, priority=1), provider("beta", priority=2)]
    both = [replace(row, formats=frozenset({Operation.COMPLETIONS})) if row.name in natives else row for row in rows]
    bench = RelayBench(*both, listings={"alpha": ["tiny"], "beta": ["tiny"]})
    bench.upstream.on("alpha", SOUND)
    bench.upstream.on("beta", SOUND)
    return bench


def request(body: Mapping[str, Any] = ASKED) -> ClientRequest:
    return ClientRequest(
        "request-1", Operation.COMPLETIONS, "tiny", dict(body), is_stream=bool(body.get("stream")), translation=Saying(body)
    )


async def answered(bench: RelayBench, body: Mapping[str, Any] = ASKED) -> Answer:
    answer = await bench.relay.answer(request(body), CLIENT)
    bench.check_nothing_leaked()
    return answer


async def test_who_does_not_speak_the_format_is_asked_for_a_chat_and_answers_in_the_format() -> None:
    bench = relay_bench()
    answer = await answered(bench)
    assert bench.upstream.bodies == [{"model": "tiny", "messages": [{"role": "user", "content": "hi"}]}]
    assert answer.plain is not None
    assert orjson.loads(answer.plain.body) == answer.plain.answer == {"said": "hello there"}
    assert bench.requests[0].operation is Operation.COMPLETIONS
    assert bench.requests[0].tokens == bench.attempts[0].tokens


async def test_the_translation_is_made_once_however_many_are_asked() -> None:
    bench = relay_bench()
    bench.upstream.on("alpha", refused(429, retry_after=60))
    asked = request()
    await bench.relay.answer(asked, CLIENT)
    assert bench.asked == ["alpha/tiny 1", "alpha/tiny 2", "beta/tiny 1"]
    assert isinstance(asked.translation, Saying)
    assert asked.translation.translated == 1


async def test_what_a_chat_cannot_say_ends_the_candidate_and_not_the_request() -> None:
    native = {"object": "text_completion", "model": "tiny", "choices": [{"text": "HI", "finish_reason": "stop"}]}
    bench = relay_bench("beta")
    bench.upstream.on("beta", Reply(native))
    answer = await answered(bench, ASKED | {"suffix": True})
    assert bench.asked == ["beta/tiny 1"]
    assert bench.upstream.bodies == [ASKED | {"suffix": True}]
    assert answer.route.provider == "beta"


async def test_a_refusal_names_the_field_where_nobody_is_left_and_nothing_was_sent() -> None:
    bench = relay_bench()
    with pytest.raises(UnsupportedByProvider) as refusal:
        await bench.relay.answer(request(ASKED | {"suffix": True}), CLIENT)
    assert (refusal.value.param, refusal.value.attempts) == ("suffix", 0)
    assert bench.asked == []
    assert bench.requests[0].status == 400
    bench.check_nothing_leaked()


async def test_a_native_provider_that_is_out_for_now_is_worth_waiting_for() -> None:
    bench = relay_bench("beta")
    _rest(bench.keys, "beta")
    with pytest.raises(NoRouteAvailable):
        await bench.relay.answer(request(ASKED | {"suffix": True}), CLIENT)


def _rest(keys: KeyPool, name: str) -> None:
    for _ in keys.keys_of(name):
        pooled = keys.acquire(name, "tiny")
        assert pooled is not None
        keys.record_failure(pooled, "tiny", classify(402, (), b"{}"))
        keys.release(pooled)


async def test_a_malformed_request_is_refused_whoever_could_be_asked_next() -> None:
    bench = relay_bench()
    with pytest.raises(InvalidRequest) as refusal:
        await bench.relay.answer(request(ASKED | {"say": 7}), CLIENT)
    assert not isinstance(refusal.value, UnsupportedByProvider)
    assert bench.asked == []
    bench.check_nothing_leaked()


async def test_a_stream_is_told_in_the_format_and_ends_in_its_own_way() -> None:
    bench = relay_bench()
    events = [b"data: " + orjson.dumps(each) + b"\n\n" for each in chunks("hello there")]
    usage = b"data: " + orjson.dumps({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}) + b"\n\n"
    bench.upstream.on("alpha", Streamed([*events, usage, b"data: [DONE]\n\n"]))
    written: list[bytes] = []

    async def write(data: bytes) -> None:
        written.append(data)

    answer = await bench.relay.answer(request(ASKED | {"stream": True}), CLIENT)
    assert answer.stream is not None
    assert await answer.stream.relay_to(write) is None
    ending = answer.stream.ending()
    await answer.stream.close()
    assert b"".join(written).startswith(b"event: said\ndata: ")
    assert b"chat.completion" not in b"".join(written)
    assert ending == b'event: over\ndata: {"said":"hello there","tokens":2}\n\n'
    assert answer.stream.answer == {"said": "hello there", "tokens": 2}
    bench.check_nothing_leaked()


async def test_a_pinned_route_without_words_for_the_request_says_so() -> None:
    bench = relay_bench()
    candidate = bench.finder.at_provider(bench.configuration.providers["alpha"], "tiny")
    with pytest.raises(UnsupportedByProvider):
        await bench.relay.answer(request(ASKED | {"suffix": True}), CLIENT, only=candidate)


async def test_a_format_that_is_no_conversation_is_refused_where_it_is_not_spoken() -> None:
    bench = relay_bench()
    with pytest.raises(UnsupportedByProvider) as refusal:
        await bench.relay.answer(ClientRequest("r", Operation.COMPLETIONS, "tiny", {"model": "tiny"}), CLIENT)
    assert refusal.value.param == "model"


async def test_what_the_engine_can_say_itself_is_no_error_and_costs_nothing() -> None:
    bench = relay_bench()
    asked = ClientRequest("r", Operation.COUNT_TOKENS, "tiny", {"model": "tiny"}, local_fallback=lambda: {"input_tokens": 3})
    answer = await bench.relay.answer(asked, CLIENT)
    assert answer.plain is not None
    assert answer.plain.body == b'{"input_tokens":3}'
    assert (str(answer.route), answer.attempts) == ("ai-engine/estimate", 0)
    (settled,) = bench.requests
    assert (settled.status, settled.ending, settled.route) == (200, Ending.COMPLETED, None)
    assert settled.cost_usd == NOTHING_SPENT.cost_usd
    bench.check_nothing_leaked()


async def test_an_estimate_stands_in_for_a_provider_that_fails_and_not_for_a_model_that_nobody_knows() -> None:
    bench = RelayBench(provider("alpha", formats=frozenset({Operation.COUNT_TOKENS})), listings={"alpha": ["tiny"]})
    bench.upstream.on("alpha", refused(500))
    asked = ClientRequest("r", Operation.COUNT_TOKENS, "tiny", {"model": "tiny"}, local_fallback=lambda: {"input_tokens": 3})
    answer = await bench.relay.answer(asked, CLIENT)
    assert (str(answer.route), answer.attempts) == ("ai-engine/estimate", 2)
    assert [attempt.succeeded for attempt in bench.requests[0].attempts] == [False, False]
    with pytest.raises(ModelNotFound):
        await bench.relay.answer(asked._replace(model="nobody-has-it"), CLIENT)


async def test_a_fault_of_the_estimate_is_settled_too() -> None:
    bench = relay_bench()

    def fails() -> Mapping[str, Any]:
        raise KeyError("a fault of ours")

    with pytest.raises(KeyError):
        await bench.relay.answer(
            ClientRequest("r", Operation.COUNT_TOKENS, "tiny", {"model": "tiny"}, local_fallback=fails), CLIENT
        )
    assert (bench.requests[0].ending, bench.requests[0].error_class) == (Ending.ERROR, "internal_error")


async def test_vectors_are_packed_for_a_client_that_wants_base64_of_a_provider_that_has_only_numbers() -> None:
    bench = relay_bench()
    bench.upstream.on("alpha", Reply(embeddings([0.5, -1.0])))
    body = {"model": "tiny", "input": "hi", "encoding_format": "base64"}
    answer = await bench.relay.answer(ClientRequest("r", Operation.EMBEDDINGS, "tiny", body), CLIENT)
    assert answer.plain is not None
    assert orjson.loads(answer.plain.body)["data"][0]["embedding"] == base64.b64encode(struct.pack("<2f", 0.5, -1.0)).decode()


async def test_vectors_that_cannot_be_packed_are_no_answer() -> None:
    bench = relay_bench()
    deep: Any = []
    for _ in range(300):
        deep = [deep]
    bench.upstream.on("alpha", Reply({**embeddings([0.5]), "deep": deep}))
    bench.upstream.on("beta", Reply(embeddings([0.5])))
    body = {"model": "tiny", "input": "hi", "encoding_format": "base64"}
    answer = await bench.relay.answer(ClientRequest("r", Operation.EMBEDDINGS, "tiny", body), CLIENT)
    assert answer.route.provider == "beta"
    assert bench.attempts[0].failure == FailureClass.MALFORMED_RESPONSE
    bench.check_nothing_leaked()


class EchoStream(SaidStream):
    """Writes whole chunks, which fails where one is nested too deeply."""

    def translate(self, chunk: Mapping[str, Any]) -> Sequence[Event]:
        return (("said", orjson.dumps(chunk)),)


class Echoing(Saying):
    def stream(self) -> EchoStream:
        return EchoStream()


async def test_a_stream_whose_first_content_cannot_be_written_begins_elsewhere() -> None:
    bench = relay_bench()
    deep = b'{"choices":[{"index":0,"delta":{"content":"x","extra":%b%b}}]}' % (b"[" * 300, b"]" * 300)
    bench.upstream.on("alpha", Streamed([b"data: " + deep + b"\n\n"]))
    bench.upstream.on("beta", Streamed([b"data: " + orjson.dumps(each) + b"\n\n" for each in chunks("hello there")]))
    body = ASKED | {"stream": True}
    answer = await bench.relay.answer(request(body)._replace(translation=Echoing(body)), CLIENT)
    assert answer.stream is not None
    written: list[bytes] = []

    async def write(events: bytes) -> None:
        written.append(events)

    assert await answer.stream.relay_to(write) is None
    await answer.stream.close()
    assert answer.route.provider == "beta"
    assert b"extra" not in b"".join(written)
    assert [attempt.failure for attempt in bench.attempts] == ["malformed_response", None]
    bench.check_nothing_leaked()


class Quoting(Saying):
    """Repeats the answer in its own, which fails where that is nested too deeply."""

    def answer(self, chat: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"said": orjson.dumps(chat).decode()}


async def test_an_answer_that_cannot_be_translated_is_no_answer() -> None:
    bench = relay_bench()
    deep: Any = []
    for _ in range(300):
        deep = [deep]
    bench.upstream.on("alpha", Reply({**completion("hi"), "deep": deep}))
    answer = await bench.relay.answer(request()._replace(translation=Quoting(ASKED)), CLIENT)
    assert answer.route.provider == "beta"
    assert bench.attempts[0].failure == FailureClass.MALFORMED_RESPONSE
    bench.check_nothing_leaked()


class Failing(SaidStream):
    def translate(self, chunk: Mapping[str, Any]) -> Sequence[Event]:
        if "there" in orjson.dumps(chunk).decode():
            raise KeyError("a fault of ours")
        return super().translate(chunk)


class FailsLater(Saying):
    def stream(self) -> Failing:
        return Failing()


async def test_a_fault_of_the_gateway_inside_a_stream_is_neither_the_clients_nor_a_success() -> None:
    bench = relay_bench()
    bench.upstream.on("alpha", Streamed([b"data: " + orjson.dumps(each) + b"\n\n" for each in chunks("hello there")]))
    body = ASKED | {"stream": True}
    answer = await bench.relay.answer(request(body)._replace(translation=FailsLater(body)), CLIENT)
    assert answer.stream is not None

    async def write(events: bytes) -> None:
        pass

    with pytest.raises(KeyError):
        await answer.stream.relay_to(write)
    await answer.stream.close()
    assert (bench.requests[0].ending, bench.requests[0].error_class) == (Ending.ERROR, "internal_error")
    assert [(attempt.succeeded, attempt.failure) for attempt in bench.attempts] == [(False, CANCELLED)]
    bench.check_nothing_leaked()
