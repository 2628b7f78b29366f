"""A streamed chat as Anthropic's events.

Anthropic's SDKs take one block after the other: `message_start`, then for each block `content_block_start`, deltas and
`content_block_stop`, with indexes from 0 and without a gap, then `message_delta` with the end and the usage, then `message_stop`
(https://platform.claude.com/docs/en/build-with-claude/streaming; `accumulate_event` of `anthropic` 2.14.0, read 2026-11-28).
A chat's deltas may belong to several blocks at once. The live block is sent at once; `calls.Calls` queues the others.

Usage is sent at the end, because it may come with any chunk, after the last one, or never. Unknown usage is estimated.
"""

from collections.abc import Callable, Sequence

import orjson

from ai_engine.client_api.messages import reasoning
from ai_engine.client_api.messages.answers import (
    IMAGE_PLACEHOLDER,
    RequestContext,
    citation,
    end_of,
    is_citation,
    tool_name,
    usage_of,
)
from ai_engine.client_api.messages.calls import Call, Calls
from ai_engine.client_api.messages.reasoning import Showing, Thought
from ai_engine.wire import exact_json
from ai_engine.wire.anthropic import MESSAGE_STOP, messages_usage
from ai_engine.wire.chat_shape import text_of
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.sse import Event

_DELTA = b'{"type":"content_block_delta","index":%d,"delta":{"type":"%b","%b":%b}}'
_STOP = b'{"type":"content_block_stop","index":%d}'
_NOTHING_OPEN = object()


class MessagesStream:
    """`relay.translation.StreamTranslator` for one answer."""

    answer: JsonMapping | None = None

    def __init__(self, context: RequestContext) -> None:
        self._context = context
        self._events: list[Event] = []
        self._index = -1
        self._open: object = _NOTHING_OPEN
        """The open block: `text`, a thought's key, or a `Call`."""
        self._signature: str | None = None
        self._calls = Calls(self)
        self._held: list[Json] = []
        """Blocks of reasoning that are sent only with a tool call."""
        self._unseen: list[str] = []
        """Unsigned reasoning that is not shown; it is sent with the first call, if there is no other."""
        self._has_kept = False
        self._has_calls = False
        self._has_started = False
        self._finish: JsonMapping = {}
        self._refusals: list[str] = []
        self._usage: object = None
        self._characters = 0

    def translate(self, chunk: JsonMapping) -> Sequence[Event]:
        if not self._has_started:
            self._start(chunk)
        usage = chunk.get("usage")
        if usage is not None:
            self._usage = usage
        for choice in chunk.get("choices") or ():
            if type(choice) is not dict or choice.get("index"):
                continue
            delta = choice.get("delta")
            if delta and type(delta) is dict:
                self._read(delta)
            if choice.get("finish_reason"):
                self._finish = choice
                self._settle()
        events, self._events = self._events, []
        return events

    def ending(self) -> Sequence[Event]:
        if not self._has_started:
            self._start({})
        self._settle()
        end = end_of(self._finish, "".join(self._refusals), has_calls=self._has_calls)
        usage = usage_of(self._usage, self._context, lambda: self._characters)
        self._say("message_delta", {"type": "message_delta", "delta": end, "usage": usage})
        self._events.append(MESSAGE_STOP)
        return self._events

    def _start(self, chunk: JsonMapping) -> None:
        self._has_started = True
        model = chunk.get("model")
        usage = messages_usage(None)
        usage["input_tokens"] = self._context.estimated_input()
        message: Json = {
            "id": self._context.message_id,
            "type": "message",
            "role": "assistant",
            "model": model if isinstance(model, str) and model else self._context.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "stop_details": None,
            "container": None,
            "usage": usage,
        }
        self._say("message_start", {"type": "message_start", "message": message})

    def _read(self, delta: JsonMapping) -> None:
        content = delta.get("content")
        if content and type(content) is str and len(delta) == 1:  # nearly every delta
            self._text(content)
            return
        for thought in reasoning.thoughts(delta):
            self._thought(thought)
        text = text_of(content)
        if text:
            self._text(text)
        refusal = delta.get("refusal")
        if refusal and isinstance(refusal, str):
            self._refusals.append(refusal)
            self._text(refusal)
        if delta.get("images"):
            self._text(IMAGE_PLACEHOLDER)
        for annotation in delta.get("annotations") or ():
            if is_citation(annotation):
                self._cite(annotation)
        for call in delta.get("tool_calls") or ():
            self._calls.read(call)

    def _text(self, text: str) -> None:
        self._characters += len(text)
        self._after_calls(lambda: self._continue_text(text))

    def _continue_text(self, text: str) -> None:
        if self._open != "text":
            self._begin("text", {"type": "text", "text": "", "citations": None})
        self._delta(b"text_delta", b"text", orjson.dumps(text))

    def _cite(self, annotation: JsonMapping) -> None:
        def cite() -> None:
            if self._open != "text":
                self._begin("text", {"type": "text", "text": "", "citations": None})
            cited = orjson.dumps(citation(annotation, ""))
            self._delta(b"citations_delta", b"citation", cited)

        self._after_calls(cite)

    def _thought(self, thought: Thought) -> None:
        self._characters += len(thought.text)
        if thought.block is not None:
            self._keep(thought.block)
        elif self._context.shown is Showing.SHOWN:
            self._after_calls(lambda: self._continue_thinking(thought))
        elif thought.is_needed:
            self._keep(reasoning.thinking("", thought.signature))
        elif thought.signature is None:
            self._unseen.append(thought.text)

    def _continue_thinking(self, thought: Thought) -> None:
        key = ("thinking", thought.key)
        if self._open != key:
            if not thought.text and not thought.is_needed:
                return
            self._begin(key, {"type": "thinking", "thinking": "", "signature": ""})
            self._signature = reasoning.PREFIX
        if thought.text:
            self._delta(b"thinking_delta", b"thinking", orjson.dumps(thought.text))
        self._signature = thought.signature or self._signature

    def _keep(self, block: Json) -> None:
        self._has_kept = True
        if self._context.shown is Showing.NOT_REQUESTED:
            self._held.append(block)
        else:
            self._after_calls(lambda: self._whole(block))

    def _whole(self, block: Json) -> None:
        """A whole block."""
        if block["type"] == "redacted_thinking":
            self._begin(block["data"], block)
        else:
            self._begin(("thinking", block), {**block, "signature": ""})
            self._signature = block["signature"]
        self._close()

    def _after_calls(self, emit: Callable[[], None]) -> None:
        if self._calls.are_quiet:
            emit()
        else:
            self._calls.queue(emit)

    def begin_call(self, call: Call) -> None:
        """`calls.EventSink`: begins this call."""
        self._has_calls = True
        self._tell_held()
        block = {
            "type": "tool_use",
            "id": call.id,
            "name": tool_name(call.name, self._context),
            "input": {},
            "caller": {"type": "direct"},
        }
        self._begin(call, block)

    def continue_call(self, arguments: str) -> None:
        """`calls.EventSink`: continues the open call."""
        self._characters += len(arguments)
        self._delta(b"input_json_delta", b"partial_json", orjson.dumps(arguments))

    def end_call(self) -> None:
        """`calls.EventSink`: ends the open call."""
        self._close()

    def _tell_held(self) -> None:
        held, self._held = self._held, []
        unseen, self._unseen = "".join(self._unseen), []
        if unseen and not self._has_kept:
            self._has_kept = True
            held.append(reasoning.hidden(unseen))
        for block in held:
            self._whole(block)

    def _settle(self) -> None:
        """Sends what waits and closes the open block: the answer has ended."""
        self._calls.settle()
        self._close()
        if self._has_calls:
            self._tell_held()

    def _delta(self, kind: bytes, field: bytes, value: bytes) -> None:
        self._events.append(("content_block_delta", _DELTA % (self._index, kind, field, value)))

    def _begin(self, key: object, block: Json) -> None:
        self._close()
        self._index += 1
        self._open = key
        start = {"type": "content_block_start", "index": self._index, "content_block": block}
        self._say("content_block_start", start)

    def _close(self) -> None:
        if self._open is _NOTHING_OPEN:
            return
        if self._signature is not None:
            signature = orjson.dumps(self._signature)
            self._delta(b"signature_delta", b"signature", signature)
            self._signature = None
        self._events.append(("content_block_stop", _STOP % self._index))
        self._open = _NOTHING_OPEN

    def _say(self, name: str, event: Json) -> None:
        self._events.append((name, exact_json.dumps(event)))
