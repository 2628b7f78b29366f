"""Bedrock's Converse, at the provider's end, with Claude behind it.

Sources (read 2026-11-30): https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html.
"""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote, unquote

from ai_engine.wire.json_types import Json
from tests.contracts.aws_service_model import check_answer, check_request
from tests.contracts.conversation_providers.port import SIGNATURE, known_calls
from tests.contracts.conversation_script import ANSWER, PICTURE, WEATHER, Asked, Call, Result, Said, Turn
from tests.fakes.eventstream import event
from tests.fakes.scripted_upstream import Answer, ReceivedRequest, ScriptedUpstream, Step, Stream


class Bedrock:
    name = "bedrock"
    protocol = "bedrock"
    model = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
    tells_cached = True
    is_told_one_call = True
    gives_call_ids = True
    signs = True

    def answers(self, upstream: ScriptedUpstream, *steps: Said | Step, stream: bool) -> None:
        scripted = [self.step(step, stream=stream) if isinstance(step, Said) else step for step in steps]
        upstream.on(f"/model/{quote(self.model, safe='')}/{'converse-stream' if stream else 'converse'}", *scripted)

    def understands(self, request: ReceivedRequest) -> Asked:
        body = request.body
        check_request("Converse", {"modelId": unquote(request.path.split("/")[-2]), **body})
        assert request.headers["authorization"] == "Bearer sk-alpha-1"
        raw: list[tuple[str, Turn]] = []
        for message in body["messages"]:
            assert not raw or raw[-1][0] != message["role"], "roles take turns"
            raw.append((message["role"], self._turn(message, known_calls(raw))))
        assert raw[0][0] == "user"
        form = body.get("outputConfig", {}).get("textFormat")
        if form is not None:
            assert form["type"] == "json_schema"
            assert json.loads(form["structure"]["jsonSchema"]["schema"]) == ANSWER
        tools = body.get("toolConfig", {}).get("tools", [])
        assert all(tool["toolSpec"]["inputSchema"]["json"] == WEATHER for tool in tools)
        config = body.get("inferenceConfig", {})
        return Asked(
            tuple(turn for _, turn in raw),
            "".join(block["text"] for block in body["system"]) if "system" in body else None,
            tuple(tool["toolSpec"]["name"] for tool in tools),
            "any" in body.get("toolConfig", {}).get("toolChoice", {}),
            form is not None,
            tuple(config.get("stopSequences") or ()),
            config["maxTokens"],
            config.get("temperature"),
            body.get("additionalModelRequestFields", {}).get("thinking", {}).get("type") == "enabled",
        )

    def _turn(self, message: Json, calls: Mapping[str, Call]) -> Turn:
        texts, results, made, has_picture = [], [], [], False
        for block in message["content"]:
            ((kind, value),) = block.items()
            match kind:
                case "text":
                    texts.append(value)
                case "image":
                    assert value["format"] == "png"
                    assert base64.b64decode(value["source"]["bytes"]) == base64.b64decode(PICTURE)
                    has_picture = True
                case "toolUse":
                    made.append(Call(value["toolUseId"], value["name"], value["input"]))
                case "toolResult":
                    results.append(Result(calls[value["toolUseId"]], "".join(part["text"] for part in value["content"])))
                case other:
                    assert other == "reasoningContent"
        return Turn(message["role"], "".join(texts) or None, has_picture, tuple(made), tuple(results))

    def step(self, said: Said, *, stream: bool) -> Step:
        endings = {"stop": "end_turn", "length": "max_tokens", "calls": "tool_use", "filter": "content_filtered"}
        usage = {
            "inputTokens": said.input_tokens - said.cached_tokens,
            "cacheReadInputTokens": said.cached_tokens,
            "cacheWriteInputTokens": 0,
            "outputTokens": said.output_tokens,
            "totalTokens": said.input_tokens + said.output_tokens,
        }
        if stream:
            events = [*self._events(said), ("messageStop", {"stopReason": endings[said.ending]})]
            events.append(("metadata", {"usage": usage, "metrics": {"latencyMs": 7}}))
            for name, payload in events:
                check_answer("ConverseStream", {name: payload})
            headers = {"content-type": "application/vnd.amazon.eventstream"}
            return Stream([event(name, payload) for name, payload in events], done=False, headers=headers)
        content: list[Json] = []
        if said.reasoning:
            content.append({"reasoningContent": {"reasoningText": {"text": "".join(said.reasoning), "signature": SIGNATURE}}})
        if said.pieces:
            content.append({"text": said.text})
        content += [{"toolUse": {"toolUseId": call.id, "name": call.name, "input": dict(call.arguments)}} for call in said.calls]
        message = {"role": "assistant", "content": content}
        answer = {"output": {"message": message}, "stopReason": endings[said.ending], "usage": usage, "metrics": {"latencyMs": 7}}
        check_answer("Converse", answer)
        return Answer(answer)

    def _events(self, said: Said) -> Iterator[tuple[str, Json]]:
        yield "messageStart", {"role": "assistant"}
        index = 0
        if said.reasoning:
            for piece in said.reasoning:
                yield "contentBlockDelta", {"contentBlockIndex": index, "delta": {"reasoningContent": {"text": piece}}}
            yield "contentBlockDelta", {"contentBlockIndex": index, "delta": {"reasoningContent": {"signature": SIGNATURE}}}
            yield "contentBlockStop", {"contentBlockIndex": index}
            index += 1
        if said.pieces:
            for piece in said.pieces:
                yield "contentBlockDelta", {"contentBlockIndex": index, "delta": {"text": piece}}
            yield "contentBlockStop", {"contentBlockIndex": index}
            index += 1
        for call in said.calls:
            start = {"toolUse": {"toolUseId": call.id, "name": call.name}}
            yield "contentBlockStart", {"contentBlockIndex": index, "start": start}
            arguments = json.dumps(call.arguments)
            for piece in (arguments[:9], arguments[9:]):
                yield "contentBlockDelta", {"contentBlockIndex": index, "delta": {"toolUse": {"input": piece}}}
            yield "contentBlockStop", {"contentBlockIndex": index}
            index += 1

    def refuses(self) -> Step:
        return Answer({"message": "too hot"}, 400, {"x-amzn-errortype": "ValidationException:http://internal.amazon.com/coral/"})

    def signatures_in(self, request: ReceivedRequest) -> Sequence[str]:
        blocks = [block for message in request.body["messages"] for block in message["content"]]
        reasoning = [block["reasoningContent"] for block in blocks if "reasoningContent" in block]
        return [each["reasoningText"]["signature"] for each in reasoning]
