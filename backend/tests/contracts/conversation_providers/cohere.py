"""Cohere's chat, at the provider's end (https://docs.cohere.com/v2/reference/chat, read 2026-11-28)."""

import json
from collections.abc import Iterator, Mapping, Sequence

from ai_engine.wire.json_types import Json
from tests.contracts.conversation_providers.port import known_calls, text_of, turns_of
from tests.contracts.conversation_script import ANSWER, PICTURE, WEATHER, Asked, Call, Result, Said, Turn
from tests.contracts.published_specifications import check
from tests.fakes.scripted_upstream import Answer, ReceivedRequest, ScriptedUpstream, Step, Stream


class Cohere:
    name = "cohere"
    protocol = "cohere"
    model = "tiny"
    tells_cached = False
    is_told_one_call = False
    gives_call_ids = True
    signs = False

    def answers(self, upstream: ScriptedUpstream, *steps: Said | Step, stream: bool) -> None:
        upstream.on("/chat", *(self.step(step, stream=stream) if isinstance(step, Said) else step for step in steps))

    def understands(self, request: ReceivedRequest) -> Asked:
        check("cohere", "/v2/chat", request.body)
        assert request.headers["authorization"] == "Bearer sk-alpha-1"
        body = request.body
        system: str | None = None
        raw: list[tuple[str, Turn]] = []
        for message in body["messages"]:
            if message["role"] == "system":
                system = text_of(message["content"])
            else:
                raw.append(self._turn(message, known_calls(raw)))
        form = body.get("response_format")
        if form is not None:
            assert form["type"] == "json_object"
            assert (form.get("json_schema") or form.get("schema")) == ANSWER
        assert all(tool["function"]["parameters"] == WEATHER for tool in body.get("tools", ()))
        return Asked(
            turns_of(raw),
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
        text = text_of(content) or message.get("tool_plan")
        made = tuple(
            Call(call["id"], call["function"]["name"], json.loads(call["function"]["arguments"]))
            for call in message.get("tool_calls", ())
        )
        return message["role"], Turn(message["role"], text or None, bool(pictures), made)

    def step(self, said: Said, *, stream: bool) -> Step:
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
