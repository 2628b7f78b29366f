"""Anthropic's messages, at the provider's end (https://docs.anthropic.com/en/api/messages, read 2026-11-28)."""

import json
from collections.abc import Iterator, Mapping, Sequence

from ai_engine.wire.json_types import Json
from tests.contracts.conversation_providers.port import SIGNATURE, known_calls, text_of
from tests.contracts.conversation_script import ANSWER, PICTURE, WEATHER, Asked, Call, Result, Said, Turn
from tests.contracts.published_specifications import check
from tests.fakes.scripted_upstream import Answer, ReceivedRequest, ScriptedUpstream, Step, Stream


class Anthropic:
    name = "anthropic"
    protocol = "anthropic"
    model = "tiny"
    tells_cached = True
    is_told_one_call = True
    gives_call_ids = True
    signs = True

    def answers(self, upstream: ScriptedUpstream, *steps: Said | Step, stream: bool) -> None:
        upstream.on("/messages", *(self.step(step, stream=stream) if isinstance(step, Said) else step for step in steps))

    def understands(self, request: ReceivedRequest) -> Asked:
        assert request.headers["x-api-key"] == "sk-alpha-1"
        assert request.headers["anthropic-version"] == "2023-06-01"
        return self._asked(request.body)

    def _asked(self, body: Json) -> Asked:
        check("anthropic", "CreateMessageParams", body)
        raw: list[tuple[str, Turn]] = []
        for message in body["messages"]:
            assert not raw or raw[-1][0] != message["role"], "roles take turns"
            raw.append((message["role"], self._turn(message, known_calls(raw))))
        form = (body.get("output_config") or {}).get("format") or body.get("output_format")
        if form is not None:
            assert form == {"type": "json_schema", "schema": ANSWER}
        assert all(tool["input_schema"] == WEATHER for tool in body.get("tools", ()))
        return Asked(
            tuple(turn for _, turn in raw),
            text_of(body["system"]) if "system" in body else None,
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
                    results.append(Result(calls[block["tool_use_id"]], text_of(block["content"])))
                case other:
                    assert other in ("thinking", "redacted_thinking")
        return Turn(message["role"], "".join(texts) or None, has_picture, tuple(made), tuple(results))

    def step(self, said: Said, *, stream: bool) -> Step:
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
        head: Json = {"id": f"msg_{said.number}", "type": "message", "role": "assistant", "model": "tiny", **nothing}
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
