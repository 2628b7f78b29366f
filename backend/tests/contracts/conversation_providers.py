"""Four providers that have the script's conversations, each in its own protocol: what they understand, and how they answer.

Written from the protocols' documentation and apart from the product, so that a misreading there is not repeated here:
https://platform.openai.com/docs/api-reference/chat, https://docs.anthropic.com/en/api/messages,
https://ai.google.dev/api/generate-content, https://docs.cohere.com/v2/reference/chat (read 2026-11-28).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from tests.contracts.conversation_script import ANSWER, PICTURE, WEATHER, Asked, Call, Result, Said, Turn
from tests.contracts.published_specifications import check
from tests.fakes.scripted_upstream import Answer, ReceivedRequest, ScriptedUpstream, Step, Stream

Json = dict[str, Any]
SIGNATURE = "c2lnbmF0dXJl"
"""What a provider signs its reasoning with."""


class Provider(Protocol):
    """One wire protocol, at the provider's end."""

    name: str
    tells_cached: bool
    """Its usage says how much of the input came from a cache."""

    def answers(self, upstream: ScriptedUpstream, *steps: Said | Step, stream: bool) -> None:
        """Scripts one answer for each request."""

    def understands(self, request: ReceivedRequest) -> Asked:
        """What it was asked, in words of no protocol. Asserts that the request is what the published specification says."""

    def refuses(self) -> Step:
        """It finds the request wrong: its way to say 400."""

    def signatures_in(self, request: ReceivedRequest) -> Sequence[str]:
        """Signatures of its reasoning that came back."""


def _turns(raw: Sequence[tuple[str, Turn]]) -> tuple[Turn, ...]:
    """One turn a role: what protocols spread over several messages is put together again."""
    turns: list[Turn] = []
    for role, turn in raw:
        if turns and turns[-1].role == role and (turn.results or turns[-1].results):
            turns[-1] = Turn(role, turns[-1].text or turn.text, False, (), turns[-1].results + turn.results)
        else:
            turns.append(turn)
    return tuple(turns)


def _known_calls(turns: Sequence[tuple[str, Turn]]) -> Mapping[str, Call]:
    return {call.id: call for _, turn in turns for call in turn.calls}


class OpenAI:
    name = "openai"
    tells_cached = True

    def answers(self, upstream: ScriptedUpstream, *steps: Said | Step, stream: bool) -> None:
        scripted = [self._step(step, stream=stream) if isinstance(step, Said) else step for step in steps]
        upstream.on("/chat/completions", *scripted)

    def understands(self, request: ReceivedRequest) -> Asked:
        check("openai", "CreateChatCompletionRequest", request.body)
        assert request.headers["authorization"] == "Bearer sk-alpha-1"
        body = request.body
        system: str | None = None
        raw: list[tuple[str, Turn]] = []
        for message in body["messages"]:
            if message["role"] in ("system", "developer"):
                system = _text(message["content"])
            else:
                raw.append(self._turn(message, _known_calls(raw)))
        form = body.get("response_format")
        if form is not None:
            assert form["type"] == "json_schema"
            assert form["json_schema"]["schema"] == ANSWER
        for tool in body.get("tools", ()):
            assert tool["type"] == "function"
            assert tool["function"]["parameters"] == WEATHER
        return Asked(
            _turns(raw),
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
            result = Result(calls[message["tool_call_id"]], _text(message["content"]))
            return "user", Turn("user", results=(result,))
        content = message.get("content")
        parts = content if isinstance(content, list) else []
        pictures = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
        assert all(url == f"data:image/png;base64,{PICTURE}" for url in pictures)
        made = tuple(
            Call(call["id"], call["function"]["name"], json.loads(call["function"]["arguments"]))
            for call in message.get("tool_calls", ())
        )
        return message["role"], Turn(message["role"], _text(content) or None, bool(pictures), made)

    def _step(self, said: Said, *, stream: bool) -> Step:
        endings = {"stop": "stop", "length": "length", "calls": "tool_calls", "filter": "content_filter"}
        usage = {
            "prompt_tokens": said.input_tokens,
            "completion_tokens": said.output_tokens,
            "total_tokens": said.input_tokens + said.output_tokens,
            "prompt_tokens_details": {"cached_tokens": said.cached_tokens},
        }
        head: Json = {"id": "chatcmpl-7", "created": 7, "model": "tiny"}
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


class Anthropic:
    name = "anthropic"
    tells_cached = True

    def answers(self, upstream: ScriptedUpstream, *steps: Said | Step, stream: bool) -> None:
        upstream.on("/messages", *(self._step(step, stream=stream) if isinstance(step, Said) else step for step in steps))

    def understands(self, request: ReceivedRequest) -> Asked:
        check("anthropic", "CreateMessageParams", request.body)
        assert request.headers["x-api-key"] == "sk-alpha-1"
        assert request.headers["anthropic-version"] == "2023-06-01"
        body = request.body
        raw: list[tuple[str, Turn]] = []
        for message in body["messages"]:
            assert not raw or raw[-1][0] != message["role"], "roles take turns"
            raw.append((message["role"], self._turn(message, _known_calls(raw))))
        form = (body.get("output_config") or {}).get("format") or body.get("output_format")
        if form is not None:
            assert form == {"type": "json_schema", "schema": ANSWER}
        assert all(tool["input_schema"] == WEATHER for tool in body.get("tools", ()))
        return Asked(
            tuple(turn for _, turn in raw),
            _text(body["system"]) if "system" in body else None,
            tuple(tool["name"] for tool in body.get("tools", ())),
            (body.get("tool_choice") or {}).get("type") == "any",
            form is not None,
            tuple(body.get("stop_sequences") or ()),
            body["max_tokens"],
            body.get("temperature"),
            (body.get("thinking") or {}).get("type") in ("enabled", "adaptive"),
        )

    def _turn(self, message: Json, calls: Mapping[str, Call]) -> Turn:
        content = message["content"]
        if isinstance(content, str):
            return Turn(message["role"], content)
        texts, results, made, has_picture = [], [], [], False
        for block in content:
            match block["type"]:
                case "text":
                    texts.append(block["text"])
                case "image":
                    assert block["source"] == {"type": "base64", "media_type": "image/png", "data": PICTURE}
                    has_picture = True
                case "tool_use":
                    made.append(Call(block["id"], block["name"], block["input"]))
                case "tool_result":
                    results.append(Result(calls[block["tool_use_id"]], _text(block["content"])))
                case other:
                    assert other in ("thinking", "redacted_thinking")
        return Turn(message["role"], "".join(texts) or None, has_picture, tuple(made), tuple(results))

    def _step(self, said: Said, *, stream: bool) -> Step:
        endings = {"stop": "end_turn", "length": "max_tokens", "calls": "tool_use", "filter": "refusal"}
        usage: Json = {
            "input_tokens": said.input_tokens - said.cached_tokens,
            "cache_read_input_tokens": said.cached_tokens,
            "cache_creation_input_tokens": 0,
            "output_tokens": said.output_tokens,
        }
        for name in ("cache_creation", "inference_geo", "output_tokens_details", "server_tool_use", "service_tier"):
            usage[name] = None
        nothing = dict.fromkeys(("container", "stop_details"))
        head: Json = {"id": "msg_7", "type": "message", "role": "assistant", "model": "tiny", **nothing}
        if stream:
            begin = {**head, "content": [], "stop_reason": None, "stop_sequence": None, "usage": {**usage, "output_tokens": 1}}
            end = {"stop_reason": endings[said.ending], "stop_sequence": None, **nothing}
            events: list[Json] = [{"type": "message_start", "message": begin}, {"type": "ping"}, *self._blocks(said)]
            events += [{"type": "message_delta", "delta": end, "usage": usage}]
            events += [{"type": "message_stop"}]
            return Stream([f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events], done=False)
        content: list[Json] = []
        if said.reasoning:
            content.append({"type": "thinking", "thinking": "".join(said.reasoning), "signature": SIGNATURE})
        if said.pieces:
            content.append({"type": "text", "text": said.text, "citations": None})
        content += [
            {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments, "caller": {"type": "direct"}}
            for call in said.calls
        ]
        ending = {"stop_reason": endings[said.ending], "stop_sequence": None}
        return Answer({**head, "content": content, **ending, "usage": usage})

    def _blocks(self, said: Said) -> Iterator[Json]:
        blocks: list[tuple[Json, list[Json]]] = []
        if said.reasoning:
            deltas: list[Json] = [{"type": "thinking_delta", "thinking": piece} for piece in said.reasoning]
            start: Json = {"type": "thinking", "thinking": "", "signature": ""}
            blocks.append((start, [*deltas, {"type": "signature_delta", "signature": SIGNATURE}]))
        if said.pieces:
            blocks.append(
                (
                    {"type": "text", "text": "", "citations": None},
                    [{"type": "text_delta", "text": piece} for piece in said.pieces],
                )
            )
        for call in said.calls:
            arguments = json.dumps(call.arguments)
            pieces = ("", arguments[:9], arguments[9:])
            start = {"type": "tool_use", "id": call.id, "name": call.name, "input": {}, "caller": {"type": "direct"}}
            blocks.append((start, [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]))
        for index, (start, deltas) in enumerate(blocks):
            yield {"type": "content_block_start", "index": index, "content_block": start}
            yield from ({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas)
            yield {"type": "content_block_stop", "index": index}

    def refuses(self) -> Step:
        error = {"type": "invalid_request_error", "message": "too hot"}
        return Answer({"type": "error", "error": error, "request_id": "req_7"}, 400)

    def signatures_in(self, request: ReceivedRequest) -> Sequence[str]:
        contents = [message["content"] for message in request.body["messages"] if isinstance(message["content"], list)]
        return [block["signature"] for content in contents for block in content if block["type"] == "thinking"]


class Gemini:
    name = "gemini"
    tells_cached = True

    def answers(self, upstream: ScriptedUpstream, *steps: Said | Step, stream: bool) -> None:
        method = "streamGenerateContent" if stream else "generateContent"
        scripted = [self._step(step, stream=stream) if isinstance(step, Said) else step for step in steps]
        upstream.on(f"/models/tiny:{method}", *scripted)

    def understands(self, request: ReceivedRequest) -> Asked:
        check("gemini", "GenerateContentRequest", request.body)
        assert request.headers["x-goog-api-key"] == "sk-alpha-1"
        assert "sk-alpha-1" not in request.query
        body, config = request.body, request.body.get("generationConfig", {})
        raw: list[tuple[str, Turn]] = []
        for content in body["contents"]:
            role = "assistant" if content["role"] == "model" else "user"
            assert not raw or raw[-1][0] != role, "roles take turns"
            raw.append((role, self._turn(role, content["parts"], list(_known_calls(raw).values()))))
        declared = [each for tool in body.get("tools", ()) for each in tool["functionDeclarations"]]
        assert all((each.get("parametersJsonSchema") or each["parameters"]) == WEATHER for each in declared)
        is_structured = "responseJsonSchema" in config or "responseSchema" in config
        if is_structured:
            assert config["responseMimeType"] == "application/json"
            assert (config.get("responseJsonSchema") or config["responseSchema"]) == ANSWER
        system = body.get("systemInstruction")
        return Asked(
            tuple(turn for _, turn in raw),
            "".join(part["text"] for part in system["parts"]) if system else None,
            tuple(each["name"] for each in declared),
            body.get("toolConfig", {}).get("functionCallingConfig", {}).get("mode") == "ANY",
            is_structured,
            tuple(config.get("stopSequences") or ()),
            config["maxOutputTokens"],
            config.get("temperature"),
            config.get("thinkingConfig", {}).get("includeThoughts", False),
        )

    def _turn(self, role: str, parts: Sequence[Json], calls: Sequence[Call]) -> Turn:
        texts, results, made, has_picture = [], [], [], False
        for part in parts:
            if "text" in part:
                texts.append(part["text"])
            elif "inlineData" in part:
                assert part["inlineData"] == {"mimeType": "image/png", "data": PICTURE}
                has_picture = True
            elif "functionCall" in part:
                call = part["functionCall"]
                made.append(Call(call["id"], call["name"], call["args"]))
            else:
                response = part["functionResponse"]
                call = next(each for each in calls if each.id == response["id"])
                assert response["name"] == call.name
                (value,) = response["response"].values()
                results.append(Result(call, value))
        return Turn(role, "".join(texts) or None, has_picture, tuple(made), tuple(results))

    def _step(self, said: Said, *, stream: bool) -> Step:
        endings = {"stop": "STOP", "length": "MAX_TOKENS", "calls": "STOP", "filter": "SAFETY"}
        parts: list[Json] = [{"text": piece, "thought": True} for piece in said.reasoning]
        parts += [{"text": piece} for piece in said.pieces]
        parts += [{"functionCall": {"id": call.id, "name": call.name, "args": call.arguments}} for call in said.calls]
        if said.reasoning:
            parts[-1]["thoughtSignature"] = SIGNATURE
        thoughts = 3 if said.reasoning else 0
        usage = {
            "promptTokenCount": said.input_tokens,
            "cachedContentTokenCount": said.cached_tokens,
            "candidatesTokenCount": said.output_tokens - thoughts,
            "thoughtsTokenCount": thoughts,
            "totalTokenCount": said.input_tokens + said.output_tokens,
        }
        head = {"modelVersion": "tiny", "responseId": "resp-7"}
        whole = {"content": {"role": "model", "parts": parts}, "index": 0, "finishReason": endings[said.ending]}
        if not stream:
            return Answer({**head, "candidates": [whole], "usageMetadata": usage})
        events: list[Json] = [
            {**head, "candidates": [{"content": {"role": "model", "parts": [part]}, "index": 0}]} for part in parts
        ]
        events[-1]["candidates"][0]["finishReason"] = endings[said.ending]
        events[-1]["usageMetadata"] = usage
        return Stream(events, done=False)

    def refuses(self) -> Step:
        return Answer({"error": {"code": 400, "message": "too hot", "status": "INVALID_ARGUMENT"}}, 400)

    def signatures_in(self, request: ReceivedRequest) -> Sequence[str]:
        parts = [part for content in request.body["contents"] for part in content["parts"]]
        return [part["thoughtSignature"] for part in parts if "thoughtSignature" in part]


class Cohere:
    name = "cohere"
    tells_cached = False

    def answers(self, upstream: ScriptedUpstream, *steps: Said | Step, stream: bool) -> None:
        upstream.on("/chat", *(self._step(step, stream=stream) if isinstance(step, Said) else step for step in steps))

    def understands(self, request: ReceivedRequest) -> Asked:
        check("cohere", "/v2/chat", request.body)
        assert request.headers["authorization"] == "Bearer sk-alpha-1"
        body = request.body
        system: str | None = None
        raw: list[tuple[str, Turn]] = []
        for message in body["messages"]:
            if message["role"] == "system":
                system = _text(message["content"])
            else:
                raw.append(self._turn(message, _known_calls(raw)))
        form = body.get("response_format")
        if form is not None:
            assert form["type"] == "json_object"
            assert (form.get("json_schema") or form.get("schema")) == ANSWER
        assert all(tool["function"]["parameters"] == WEATHER for tool in body.get("tools", ()))
        return Asked(
            _turns(raw),
            system,
            tuple(tool["function"]["name"] for tool in body.get("tools", ())),
            body.get("tool_choice") == "REQUIRED",
            form is not None,
            tuple(body.get("stop_sequences") or ()),
            body["max_tokens"],
            body.get("temperature"),
            (body.get("thinking") or {}).get("type") == "enabled",
        )

    def _turn(self, message: Json, calls: Mapping[str, Call]) -> tuple[str, Turn]:
        if message["role"] == "tool":
            content = message["content"]
            texts = [part.get("text") or part["document"]["data"] for part in content] if isinstance(content, list) else [content]
            return "user", Turn("user", results=(Result(calls[message["tool_call_id"]], "".join(texts)),))
        content = message.get("content")
        parts = content if isinstance(content, list) else []
        pictures = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
        assert all(url == f"data:image/png;base64,{PICTURE}" for url in pictures)
        text = _text(content) or message.get("tool_plan")
        made = tuple(
            Call(call["id"], call["function"]["name"], json.loads(call["function"]["arguments"]))
            for call in message.get("tool_calls", ())
        )
        return message["role"], Turn(message["role"], text or None, bool(pictures), made)

    def _step(self, said: Said, *, stream: bool) -> Step:
        endings = {"stop": "COMPLETE", "length": "MAX_TOKENS", "calls": "TOOL_CALL", "filter": "ERROR_TOXIC"}
        counted = {"input_tokens": said.input_tokens, "output_tokens": said.output_tokens}
        usage = {"billed_units": counted, "tokens": counted}
        calls = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": json.dumps(call.arguments)}}
            for call in said.calls
        ]
        if stream:
            return Stream([*self._events(said, calls), self._end(endings[said.ending], usage)], done=False)
        content: list[Json] = [{"type": "thinking", "thinking": "".join(said.reasoning)}] if said.reasoning else []
        if said.pieces:
            content.append({"type": "text", "text": said.text})
        message: Json = {"role": "assistant", "content": content}
        if calls:
            message["tool_calls"] = calls
        return Answer({"id": "7", "finish_reason": endings[said.ending], "message": message, "usage": usage})

    def _end(self, reason: str, usage: Json) -> Json:
        return {"type": "message-end", "delta": {"finish_reason": reason, "usage": usage}}

    def _events(self, said: Said, calls: Sequence[Json]) -> Iterator[Json]:
        yield {"type": "message-start", "id": "7", "delta": {"message": {"role": "assistant", "content": [], "tool_calls": []}}}
        blocks: list[tuple[str, Sequence[str]]] = []
        if said.reasoning:
            blocks.append(("thinking", said.reasoning))
        if said.pieces:
            blocks.append(("text", said.pieces))
        for index, (kind, pieces) in enumerate(blocks):
            start = {"type": kind, kind: ""}
            yield {"type": "content-start", "index": index, "delta": {"message": {"content": start}}}
            for piece in pieces:
                yield {"type": "content-delta", "index": index, "delta": {"message": {"content": {kind: piece}}}}
            yield {"type": "content-end", "index": index}
        for index, call in enumerate(calls):
            arguments = call["function"]["arguments"]
            begun = {**call, "function": {"name": call["function"]["name"], "arguments": ""}}
            yield {"type": "tool-call-start", "index": index, "delta": {"message": {"tool_calls": begun}}}
            for piece in (arguments[:9], arguments[9:]):
                grown = {"function": {"arguments": piece}}
                yield {"type": "tool-call-delta", "index": index, "delta": {"message": {"tool_calls": grown}}}
            yield {"type": "tool-call-end", "index": index}

    def refuses(self) -> Step:
        return Answer({"id": "7", "message": "too hot"}, 400)

    def signatures_in(self, request: ReceivedRequest) -> Sequence[str]:
        return ()


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content or () if part["type"] == "text")


PROVIDERS: tuple[Provider, ...] = (OpenAI(), Anthropic(), Gemini(), Cohere())
