"""`POST /v1/responses` as the engine reads it."""

from typing import Any

import orjson
import pytest

from ai_engine.access.roles import Caller
from ai_engine.client_api.responses.reasoning import seal
from ai_engine.client_api.responses.requests import ResponsesRequests
from ai_engine.client_api.responses.response_store import ResponseStore
from ai_engine.client_api.steering import Arrival
from ai_engine.errors import AttemptsFailed, InvalidRequest
from ai_engine.names import Operation, Role
from ai_engine.relay.request import ClientRequest
from ai_engine.wire.json_types import Json
from ai_engine.wire.sse import encode_events
from tests.builders import chat_of
from tests.client_api.responses.response_builders import RESPONSE_ID, SIGNED, WEATHER, chat, read_events
from tests.fakes.clock import HandTurnedClock

ADA = Caller(Role.CLIENT, "ada", "key-1")
BOB = Caller(Role.CLIENT, "bob", "key-2")
HELLO: Json = {
    "type": "message",
    "role": "user",
    "status": "completed",
    "content": [{"type": "input_text", "text": "Hello!"}],
}


class Gateway:
    """The parser over its store; every response has an id of its own."""

    def __init__(self) -> None:
        self.clock = HandTurnedClock()
        self.kept = ResponseStore(self.clock)
        self._count = 0
        self.requests = ResponsesRequests(self.kept, self.clock, self._new_id)

    def _new_id(self) -> str:
        self._count += 1
        return f"resp_{self._count}"

    def parse(self, caller: Caller | None = ADA, **body: Any) -> ClientRequest:
        raw = orjson.dumps({"model": "tiny", "input": "Hello!", **body})
        return self.requests(raw, Arrival("r1", caller))

    def chat(self, request: ClientRequest) -> Json:
        assert request.translation is not None
        return dict(chat_of(request.translation))

    def answer(self, request: ClientRequest, message: Json) -> Json:
        """As the relay does with a provider that speaks chat alone."""
        assert request.translation is not None
        chat_of(request.translation)
        answer = dict(request.translation.answer(chat(message)))
        self.requests.keep(request, answer)
        return answer


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


def test_a_request_without_references_is_sent_unchanged(gateway: Gateway) -> None:
    body: Json = {"model": "tiny", "input": "Hello!", "tools": [{"type": "web_search"}], "unheard_of": 1, "stream": True}
    request = gateway.parse(**body)
    assert request.operation is Operation.RESPONSES
    assert request.body == body
    assert request.is_stream


def test_our_own_fields_are_taken_out_and_read(gateway: Gateway) -> None:
    request = gateway.parse(autodecide=False, models=["large"], provider={"only": ["alpha"]})
    assert request.body == {"model": "tiny", "input": "Hello!"}
    assert (request.autodecide, request.further_models, request.preferences.only) == (False, ("large",), ("alpha",))
    assert gateway.chat(request) == {"model": "tiny", "messages": [{"role": "user", "content": "Hello!"}]}


def test_what_a_request_demands_is_seen(gateway: Gateway) -> None:
    image = {"role": "user", "content": [{"type": "input_image", "image_url": "https://example.test/cat.png"}]}
    needs = gateway.parse(input=[image], tools=[WEATHER], text={"format": {"type": "json_schema", "name": "x"}}).needs
    assert (needs.tools, needs.images, needs.json_schema, needs.text_bytes) == (True, True, True, 0)
    assert gateway.parse().needs.text_bytes > 0


def test_a_response_goes_on_from_the_one_before_with_the_whole_conversation(gateway: Gateway) -> None:
    first = gateway.answer(gateway.parse(instructions="Be brief."), {"content": "Hi."})
    second = gateway.answer(gateway.parse(input="Who am I?", previous_response_id=first["id"]), {"content": "Ada."})
    third = gateway.parse(input=[{"role": "user", "content": "Sure?"}], previous_response_id=second["id"])
    assert [(message["role"], message["content"]) for message in gateway.chat(third)["messages"]] == [
        ("user", "Hello!"),
        ("assistant", "Hi."),
        ("user", "Who am I?"),
        ("assistant", "Ada."),
        ("user", "Sure?"),
    ]
    assert second["previous_response_id"] == first["id"]


def test_a_provider_of_the_api_gets_the_whole_conversation_without_foreign_ids(gateway: Gateway) -> None:
    first = gateway.answer(gateway.parse(), {"content": "Hi.", "reasoning_content": "Hm.", "reasoning_details": [SIGNED]})
    request = gateway.parse(input="Go on", previous_response_id=first["id"])
    said = {"type": "output_text", "text": "Hi.", "annotations": [], "logprobs": []}
    assert request.body == {
        "model": "tiny",
        "input": [
            HELLO,
            {"type": "message", "role": "assistant", "status": "completed", "content": [said]},
            {**HELLO, "content": [{"type": "input_text", "text": "Go on"}]},
        ],
    }


def test_a_call_of_the_turn_before_is_answered(gateway: Gateway) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    first = gateway.answer(gateway.parse(tools=[WEATHER]), {"tool_calls": [call]})
    output = {"type": "function_call_output", "call_id": "c1", "output": "warm"}
    chat_body = gateway.chat(gateway.parse(input=[output], previous_response_id=first["id"], tools=[WEATHER]))
    assert [message["role"] for message in chat_body["messages"]] == ["user", "assistant", "tool"]


def test_the_input_may_be_left_out_where_a_response_came_before(gateway: Gateway) -> None:
    first = gateway.answer(gateway.parse(), {"content": "Hi."})
    raw = orjson.dumps({"model": "tiny", "previous_response_id": first["id"]})
    request = gateway.requests(raw, Arrival("r1", ADA))
    assert len(request.body["input"]) == 2


def test_the_fields_of_the_response_before_do_not_carry_over(gateway: Gateway) -> None:
    first = gateway.answer(gateway.parse(instructions="Be brief.", temperature=0.1), {"content": "Hi."})
    chat_body = gateway.chat(gateway.parse(input="Go on", previous_response_id=first["id"]))
    assert "temperature" not in chat_body
    assert "system" not in {message["role"] for message in chat_body["messages"]}


@pytest.mark.parametrize("named", ["resp_nobody", "resp_1"])
def test_an_unknown_response_is_refused_with_openais_message(gateway: Gateway, named: str) -> None:
    gateway.answer(gateway.parse(BOB), {"content": "Hi."})
    with pytest.raises(InvalidRequest) as refusal:
        gateway.parse(previous_response_id=named)
    assert refusal.value.message == f"Previous response with id '{named}' not found."
    assert (refusal.value.param, refusal.value.code) == ("previous_response_id", "previous_response_not_found")


def test_what_shall_not_be_stored_is_not_kept(gateway: Gateway) -> None:
    answer = gateway.answer(gateway.parse(store=False), {"content": "Hi."})
    assert answer["store"] is False
    assert len(gateway.kept) == 0


def nested(levels: int) -> Json:
    inside: Json = {}
    for _ in range(levels):
        inside = {"a": inside}
    return inside


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"user": nested(3)}, "user"),
        ({"prompt_cache_key": 5}, "prompt_cache_key"),
        ({"max_tool_calls": nested(1)}, "max_tool_calls"),
        ({"top_p": "much"}, "top_p"),
        ({"reasoning": {"effort": nested(250)}}, "reasoning.effort"),
        ({"tools": [{"type": "function", "name": "f", "parameters": nested(250)}]}, "tools"),
        ({"text": {"format": nested(250)}}, "text"),
        ({"tool_choice": nested(250)}, "tool_choice"),
    ],
)
def test_what_an_answer_could_not_repeat_is_refused_before_anybody_is_blamed_for_it(
    gateway: Gateway, fields: Json, param: str
) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        gateway.parse(**fields)
    assert refusal.value.param == param


def test_a_schema_may_be_deep_and_is_repeated(gateway: Gateway) -> None:
    tool = {"type": "function", "name": "f", "parameters": nested(200)}
    request = gateway.parse(tools=[tool])
    assert orjson.dumps(gateway.answer(request, {"content": "Hi."}))


def test_a_reference_to_a_kept_item_is_the_item(gateway: Gateway) -> None:
    first = gateway.answer(gateway.parse(), {"content": "Hi."})
    reference = {"type": "item_reference", "id": first["output"][0]["id"]}
    request = gateway.parse(input=[reference, {"role": "user", "content": "Go on"}])
    assert [message["content"] for message in gateway.chat(request)["messages"]] == ["Hi.", "Go on"]
    assert "id" not in request.body["input"][0]
    again = gateway.answer(request, {"content": "On."})
    assert gateway.chat(gateway.parse(previous_response_id=again["id"]))["messages"][0]["content"] == "Hi."


def test_a_second_reference_to_an_item_is_refused(gateway: Gateway) -> None:
    first = gateway.answer(gateway.parse(), {"content": "Hi."})
    reference = {"type": "item_reference", "id": first["output"][0]["id"]}
    with pytest.raises(InvalidRequest, match=r"Duplicate item found with id .*\. Remove duplicate items") as refusal:
        gateway.parse(input=[reference, reference])
    assert refusal.value.param == "input[1].id"


def test_a_reference_to_an_item_that_is_not_stored_is_sent_to_the_provider(gateway: Gateway) -> None:
    gateway.answer(gateway.parse(BOB), {"content": "Hi."})
    reference = {"type": "item_reference", "id": "msg_101"}
    request = gateway.parse(input=[reference])
    assert request.body["input"] == [reference]
    with pytest.raises(InvalidRequest):
        gateway.chat(request)


def test_sealed_reasoning_is_not_sent_to_providers_of_the_api(gateway: Gateway) -> None:
    sealed: Json = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": seal([SIGNED])}
    theirs: Json = {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": "gAAAA"}
    request = gateway.parse(input=[sealed, theirs, {"role": "assistant", "content": "So."}])
    assert request.body["input"] == [theirs, {"role": "assistant", "content": "So."}]
    assert gateway.chat(request)["messages"][0]["reasoning_details"][0] == SIGNED


@pytest.mark.parametrize("is_referred_to", [False, True])
@pytest.mark.parametrize(
    ("reasoning", "kept"),
    [({}, []), ({"encrypted_content": "gAAAAA"}, ["reasoning", "web_search_call"])],
    ids=["unreadable", "encrypted"],
)
def test_a_search_goes_with_the_reasoning_that_led_to_it_or_not_at_all(
    gateway: Gateway, reasoning: Json, kept: list[str], is_referred_to: bool
) -> None:
    said = {"type": "message", "id": "msg_1", "role": "assistant", "content": [{"type": "output_text", "text": "It rains."}]}
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "weather"}}
    output = [{"type": "reasoning", "id": "rs_1", "summary": [], **reasoning}, search, said]
    gateway.requests.keep(gateway.parse(), {"id": "resp_theirs", "output": output})
    if is_referred_to:
        references = [{"type": "item_reference", "id": item["id"]} for item in output]
        body = gateway.parse(input=[*references, {"role": "user", "content": "Sure?"}]).body
        kinds = [*kept, "message", "user"]
    else:
        body = gateway.parse(input=[{"role": "user", "content": "Sure?"}], previous_response_id="resp_theirs").body
        kinds = ["message", *kept, "message", "user"]
    assert [item.get("type") or item["role"] for item in body["input"]] == kinds


def test_a_search_that_no_reasoning_led_to_is_no_secret(gateway: Gateway) -> None:
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    gateway.requests.keep(gateway.parse(), {"id": "resp_theirs", "output": [search]})
    assert gateway.parse(previous_response_id="resp_theirs").body["input"][1] == search


def test_running_in_the_background_is_the_engines_own_business(gateway: Gateway) -> None:
    assert "background" not in gateway.parse(background=True).body


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": None}, "input"),
        ({"input": 7}, "input"),
        ({"input": []}, "input"),
        ({"input": ["x"]}, "input[0]"),
        ({"input": [{"type": 7}]}, "input[0].type"),
        ({"model": None}, "model"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"store": "yes"}, "store"),
        ({"stream": 1}, "stream"),
        ({"background": 1}, "background"),
        ({"metadata": []}, "metadata"),
        ({"metadata": {"a": 1}}, "metadata.a"),
        ({"text": "json"}, "text"),
        ({"reasoning": "low"}, "reasoning"),
        ({"tools": {}}, "tools"),
        ({"tools": [{"name": "x"}]}, "tools[0].type"),
        ({"previous_response_id": 7}, "previous_response_id"),
        ({"provider": {"colour": 1}}, "provider.colour"),
    ],
)
def test_what_the_engine_relies_on_is_refused_by_its_place(gateway: Gateway, fields: Json, param: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        gateway.parse(**fields)
    assert refusal.value.param == param


def test_an_error_within_a_stream_is_told_to_sdks_and_to_readers_of_events(gateway: Gateway) -> None:
    events = read_events(encode_events(gateway.requests.error_events(AttemptsFailed("It broke off.", code="upstream_cut"))))
    assert [event["type"] for event in events] == ["error", "response.failed"]
    assert events[0]["error"] == {"message": "It broke off.", "type": "server_error", "param": None, "code": "upstream_cut"}
    assert (events[0]["message"], events[0]["code"]) == ("It broke off.", "upstream_cut")
    assert events[1]["response"]["error"] == {"code": "server_error", "message": "It broke off."}
    assert events[1]["response"]["status"] == "failed"


def test_new_ids_look_like_openais() -> None:
    requests = ResponsesRequests(ResponseStore(HandTurnedClock()), HandTurnedClock())
    raw = orjson.dumps({"model": "tiny", "input": "Hello!"})
    request = requests(raw, Arrival("r1", None))
    assert request.translation is not None
    response_id = request.translation.answer(chat({"content": "Hi"}))["id"]
    assert response_id.startswith("resp_")
    assert len(response_id) == len(RESPONSE_ID)
