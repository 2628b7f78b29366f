"""The providers of the agents' tests refuse what they should, and nothing else."""

import pytest

from ai_engine.wire.json_types import Json
from tests.clients.agents.rules import faults

CALL: Json = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
USED: Json = {"type": "tool_use", "id": "call_1", "name": "f", "input": {}}
GAVE: Json = {"type": "tool_result", "tool_use_id": "call_1", "content": "ok"}
CALLED: Json = {"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "c2ln"}
ANSWERED: Json = {"functionResponse": {"name": "f", "response": {"output": "ok"}}}
USER: Json = {"role": "user", "content": "Hi"}
ASKED: Json = {"role": "user", "parts": [{"text": "Hi"}]}


def openai(*messages: Json, **more: object) -> Json:
    return {"model": "m", "messages": list(messages), **more}


def anthropic(*messages: Json, **more: object) -> Json:
    return {"model": "m", "max_tokens": 9, "messages": list(messages), **more}


def gemini(*contents: Json, **more: object) -> Json:
    return {"contents": list(contents), **more}


def turn(role: str, *content: Json) -> Json:
    return {"role": role, "content": list(content)}


def model(*parts: Json) -> Json:
    return {"role": "model", "parts": list(parts)}


def user(*parts: Json) -> Json:
    return {"role": "user", "parts": list(parts)}


TAKEN = {
    "openai": openai(
        USER, {"role": "assistant", "tool_calls": [CALL]}, {"role": "tool", "tool_call_id": "call_1", "content": "ok"}
    ),
    "anthropic": anthropic(USER, turn("assistant", USED), turn("user", GAVE, {"type": "text", "text": "Go on."})),
    "gemini": gemini(ASKED, model(CALLED), user(ANSWERED)),
}
REFUSED = [
    ("openai", openai(USER, stop_words=[])),
    ("openai", openai({**USER, "cache_control": {"type": "ephemeral"}})),
    ("openai", openai(USER, {"role": "assistant", "tool_calls": [CALL]}, USER)),
    ("openai", openai(USER, {"role": "tool", "tool_call_id": "call_1", "content": "ok"})),
    ("openai", openai(USER, {"role": "assistant", "tool_calls": [CALL]})),
    ("openai", openai(USER, tool_choice="auto")),
    ("anthropic", anthropic(USER, seed=1)),
    ("anthropic", anthropic({"role": "assistant", "content": "Hi"}, USER)),
    ("anthropic", anthropic(USER, {"role": "assistant", "content": "Hi"})),
    ("anthropic", anthropic(turn("user", {"type": "text", "text": " "}))),
    ("anthropic", anthropic(USER, turn("assistant", USED), USER)),
    ("anthropic", anthropic(USER, turn("user", GAVE))),
    ("anthropic", anthropic(USER, turn("assistant", USED), turn("user", {"type": "text", "text": "Go on."}, GAVE))),
    ("anthropic", anthropic(USER, *[turn("assistant", USED), turn("user", GAVE)] * 2)),
    ("anthropic", anthropic(USER, tools=[{"name": "f", "input_schema": {"type": "object", "anyOf": []}}])),
    ("gemini", gemini(ASKED, seed=1)),
    ("gemini", gemini(model({"text": "Hi"}), ASKED)),
    ("gemini", gemini(user({"text": ""}))),
    ("gemini", gemini(ASKED, model(CALLED), ASKED)),
    ("gemini", gemini(ASKED, user(ANSWERED))),
    ("gemini", gemini(ASKED, model({"functionCall": {"name": "f", "args": {}}}), user(ANSWERED))),
]


@pytest.mark.parametrize("protocol", TAKEN)
def test_a_request_within_the_rules_is_taken(protocol: str) -> None:
    assert faults(protocol, TAKEN[protocol], {"anthropic-version": "2023-06-01"}) == []


@pytest.mark.parametrize(("protocol", "body"), REFUSED)
def test_a_request_against_a_rule_is_refused(protocol: str, body: Json) -> None:
    assert faults(protocol, body, {"anthropic-version": "2023-06-01"})
