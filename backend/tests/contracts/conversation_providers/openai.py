"""OpenAI's chat completions, at the provider's end (https://platform.openai.com/docs/api-reference/chat, read 2026-11-28)."""

import json
from collections.abc import Mapping, Sequence

from ai_engine.wire.json_types import Json
from tests.contracts.conversation_providers.port import known_calls, text_of, turns_of
from tests.contracts.conversation_script import ANSWER, PICTURE, WEATHER, Asked, Call, Result, Said, Turn
from tests.contracts.published_specifications import check
from tests.fakes.scripted_upstream import Answer, ReceivedRequest, ScriptedUpstream, Step, Stream


class OpenAI:
    name = "openai"
    protocol = "openai"
    model = "tiny"
    tells_cached = True
    is_told_one_call = True
    gives_call_ids = True
    signs = False

    def answers(self, upstream: ScriptedUpstream, *steps: Said | Step, stream: bool) -> None:
        scripted = [self.step(step, stream=stream) if isinstance(step, Said) else step for step in steps]
        upstream.on("/chat/completions", *scripted)

    def understands(self, request: ReceivedRequest) -> Asked:
        check("openai", "CreateChatCompletionRequest", request.body)
        assert request.headers["authorization"] == "Bearer sk-alpha-1"
        body = request.body
        system: str | None = None
        raw: list[tuple[str, Turn]] = []
        for message in body["messages"]:
            if message["role"] in ("system", "developer"):
                system = text_of(message["content"])
            else:
                raw.append(self._turn(message, known_calls(raw)))
        form = body.get("response_format")
        if form is not None:
            assert form["type"] == "json_schema"
            assert form["json_schema"]["schema"] == ANSWER
        for tool in body.get("tools", ()):
            assert tool["type"] == "function"
            assert tool["function"]["parameters"] == WEATHER
        return Asked(
            turns_of(raw),
            system,
            tuple(tool["function"]["name"] for tool in body.get("tools", ())),
            body.get("tool_choice") == "required",
            form is not None,
            tuple(body.get("stop") or ()),
            body.get("max_completion_tokens") or body["max_tokens"],
            body.get("temperature"),
            body.get("reasoning_effort") == "low",
        )

    def _turn(self, message: Json, calls: Mapping[str, Call]) -> tuple[str, Turn]:
        if message["role"] == "tool":
            result = Result(calls[message["tool_call_id"]], text_of(message["content"]))
            return "user", Turn("user", results=(result,))
        content = message.get("content")
        parts = content if isinstance(content, list) else []
        pictures = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
        assert all(url == f"data:image/png;base64,{PICTURE}" for url in pictures)
        made = tuple(
            Call(call["id"], call["function"]["name"], json.loads(call["function"]["arguments"]))
            for call in message.get("tool_calls", ())
        )
        return message["role"], Turn(message["role"], text_of(content) or None, bool(pictures), made)

    def step(self, said: Said, *, stream: bool) -> Step:
        endings = {"stop": "stop", "length": "length", "calls": "tool_calls", "filter": "content_filter"}
        usage = {
            "prompt_tokens": said.input_tokens,
            "completion_tokens": said.output_tokens,
            "total_tokens": said.input_tokens + said.output_tokens,
            "prompt_tokens_details": {"cached_tokens": said.cached_tokens},
        }
        head: Json = {"id": f"chatcmpl-{said.number}", "created": 7, "model": "tiny"}
        calls: list[Json] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": json.dumps(call.arguments)}}
            for call in said.calls
        ]
        if not stream:
            message: Json = {"role": "assistant", "content": said.text or None, "refusal": None}
            if said.reasoning:
                message["reasoning_content"] = "".join(said.reasoning)
            if calls:
                message["tool_calls"] = calls
            choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": endings[said.ending]}
            return Answer({**head, "object": "chat.completion", "choices": [choice], "usage": usage})
        deltas: list[Json] = [{"role": "assistant", "content": ""}]
        deltas += [{"reasoning_content": piece} for piece in said.reasoning]
        deltas += [{"content": piece} for piece in said.pieces]
        for index, call in enumerate(calls):
            arguments = call["function"]["arguments"]
            first: Json = {**call, "index": index, "function": {"name": call["function"]["name"], "arguments": ""}}
            deltas.append({"tool_calls": [first]})
            deltas += [
                {"tool_calls": [{"index": index, "function": {"arguments": piece}}]} for piece in (arguments[:9], arguments[9:])
            ]
        head["object"] = "chat.completion.chunk"
        events = [{**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
        events.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": endings[said.ending]}]})
        return Stream([*events, {**head, "choices": [], "usage": usage}])

    def refuses(self) -> Step:
        error = {"message": "too hot", "type": "invalid_request_error", "param": "temperature", "code": "bad_value"}
        return Answer({"error": error}, 400)

    def signatures_in(self, request: ReceivedRequest) -> Sequence[str]:
        return ()
