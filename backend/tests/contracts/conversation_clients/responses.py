"""OpenAI's responses, at the client's end (https://platform.openai.com/docs/api-reference/responses, read 2026-11-28)."""

import json
from collections.abc import Sequence

from ai_engine.wire.json_types import Json, JsonMapping
from tests.contracts.conversation_clients.port import sse
from tests.contracts.conversation_script import ANSWER, PICTURE, WEATHER, Asked, Call, Result, Said, Turn
from tests.contracts.published_specifications import check


class Responses:
    name = "responses"
    path = "/v1/responses"

    def asks(self, asked: Asked, *, stream: bool) -> Json:
        body: Json = {
            "model": "tiny",
            "input": [item for turn in asked.turns for item in self._items(turn)],
            "max_output_tokens": asked.max_tokens,
            "store": False,
        }
        if stream:
            body["stream"] = True
        if asked.system:
            body["instructions"] = asked.system
        if asked.tools:
            body["tools"] = [
                {"type": "function", "name": name, "description": f"The {name}", "parameters": WEATHER} for name in asked.tools
            ]
        if asked.forced_tool:
            body["tool_choice"] = "required"
        if asked.is_structured:
            body["text"] = {"format": {"type": "json_schema", "name": "answer", "schema": ANSWER, "strict": True}}
        if asked.temperature is not None:
            body["temperature"] = asked.temperature
        if asked.wants_reasoning:
            body["reasoning"] = {"effort": "low", "summary": "auto"}
        return body

    def _items(self, turn: Turn) -> list[Json]:
        if turn.results:
            return [{"type": "function_call_output", "call_id": result.call.id, "output": result.text} for result in turn.results]
        kind = "input_text" if turn.role == "user" else "output_text"
        content: list[Json] = [{"type": kind, "text": turn.text}]
        if turn.has_picture:
            content.append({"type": "input_image", "image_url": f"data:image/png;base64,{PICTURE}"})
        items: list[Json] = [{"type": "message", "role": turn.role, "content": content}]
        items += [
            {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": json.dumps(call.arguments)}
            for call in turn.calls
        ]
        return items

    def hears(self, body: bytes, *, stream: bool) -> Said:
        return self._said(self._heard_stream(body) if stream else json.loads(body))

    def _heard_stream(self, body: bytes) -> Json:
        text, arguments, answer = "", "", None
        names = []
        for number, (name, data) in enumerate(sse(body)):
            event = json.loads(data)
            assert event["type"] == name
            assert event["sequence_number"] == number
            assert answer is None
            names.append(name)
            if name == "response.output_text.delta":
                text += event["delta"]
            elif name == "response.function_call_arguments.delta":
                arguments += event["delta"]
            elif name in ("response.completed", "response.incomplete"):
                answer = event["response"]
        assert names[:2] == ["response.created", "response.in_progress"]
        assert answer is not None
        said = self._said(answer)
        assert said.text == text
        assert json.loads(f"[{arguments.replace('}{', '},{')}]") == [call.arguments for call in said.calls]
        whole: Json = answer
        return whole

    def _said(self, answer: Json) -> Said:
        assert answer["object"] == "response"
        text, reasoning, calls = "", "", []
        for item in answer["output"]:
            match item["type"]:
                case "message":
                    text += "".join(part["text"] for part in item["content"])
                case "reasoning":
                    parts = [*item.get("summary", ()), *(item.get("content") or ())]
                    reasoning += "".join(part["text"] for part in parts)
                case "function_call":
                    calls.append(Call(item["call_id"], item["name"], json.loads(item["arguments"])))
                case other:
                    raise AssertionError(other)
        usage = answer["usage"]
        assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
        return Said(
            (text,) if text else (),
            (reasoning,) if reasoning else (),
            tuple(calls),
            self._ending(answer, calls),
            usage["input_tokens"],
            usage["input_tokens_details"]["cached_tokens"],
            usage["output_tokens"],
        )

    def _ending(self, answer: JsonMapping, calls: Sequence[Call]) -> str:
        if answer["status"] == "completed":
            return "calls" if calls else "stop"
        assert answer["status"] == "incomplete"
        return {"max_output_tokens": "length", "content_filter": "filter"}[answer["incomplete_details"]["reason"]]

    def checks(self, body: bytes, *, stream: bool) -> None:
        if not stream:
            check("openai", "Response", json.loads(body))
        for _, data in sse(body) if stream else ():
            check("openai", "ResponseStreamEvent", json.loads(data))

    def goes_on(self, asked: Asked, body: bytes, results: Sequence[Result]) -> Json:
        first = self.asks(asked, stream=False)
        return first | {
            "input": [*first["input"], *json.loads(body)["output"], *self._items(Turn("user", results=tuple(results)))]
        }

    def error_in(self, body: bytes) -> Json:
        error: Json = json.loads(body)["error"]
        assert set(error) == {"message", "type", "param", "code"}
        return error
