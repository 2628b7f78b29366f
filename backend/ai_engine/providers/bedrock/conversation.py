"""A chat's messages as Converse's `system` and `messages`.

The API refuses (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html and public reports, read
2026-11-30) blank texts, consecutive turns of one role, an assistant's message at the beginning or, with most models, at the end,
and tool calls in a request without tools. All instructions become `system`.
"""

from ai_engine.providers.anthropic.conversation import with_thinking
from ai_engine.providers.bedrock.content import PROVIDER, ContentReader
from ai_engine.providers.bedrock.model_traits import ModelTraits
from ai_engine.providers.chat_messages import Call, ToolCalls, messages
from ai_engine.providers.chat_parameters import not_by
from ai_engine.providers.turn_order import BEGINNING, CONTINUE, NO_OUTPUT, in_order
from ai_engine.wire import exact_json
from ai_engine.wire.bedrock import REDACTED_FORMAT, valid_id
from ai_engine.wire.fields import optional, unsupported
from ai_engine.wire.json_types import Json, JsonMapping

_PAUSE = "."
"""The assistant's turn between a tool's result and content that the model does not support in the same turn."""


def conversation(body: JsonMapping, traits: ModelTraits, *, has_tools: bool) -> tuple[list[Json], list[Json]]:
    """`system` and `messages`. Without tools in the request, earlier calls and results become text.

    Raises `InvalidRequest` and `UnsupportedByProvider`.
    """
    reader = _Conversation(traits, has_tools=has_tools)
    for where, role, message in in_order(messages(body, PROVIDER)):
        if role == "user":
            reader.user(where, message)
        elif role == "assistant":
            reader.assistant(where, message)
        elif role == "tool":
            reader.result(where, message)
        else:
            reader.instruct(where, message)
    reader.close(body.get("cache_control"))
    return reader.system, reader.turns


class _Conversation:
    """The turns so far."""

    def __init__(self, traits: ModelTraits, *, has_tools: bool) -> None:
        self.system: list[Json] = []
        self.turns: list[Json] = []
        self._traits = traits
        self._has_tools = has_tools
        self._content = ContentReader(traits)
        self._calls = ToolCalls(PROVIDER, valid_id)
        self._is_users_turn = False
        """Whether the last message that counts is the user's, even a blank one."""
        self._after_results: list[Json] = []
        """Blocks that follow the last result."""
        self._kinds: set[str] = set()
        """The kinds of blocks in the last turn."""

    def instruct(self, where: str, message: Json) -> None:
        self.system += self._content.text_blocks(message, where)

    def user(self, where: str, message: Json) -> None:
        self._end_results()
        self._add("user", self._content.blocks(message, where))
        self._is_users_turn = True

    def assistant(self, where: str, message: Json) -> None:
        self._end_results()
        if message.get("images"):
            raise unsupported(f"{where}.images", not_by(PROVIDER))
        content = self._content.text_blocks(message, where)
        if not content and (refusal := optional(message, "refusal", str, where) or "").strip():
            content = [{"text": refusal}]
        content += (self._call(call) for call in self._calls.of(message, where))
        self._is_users_turn = self._is_users_turn and not content
        self._add("assistant", self._with_reasoning(content, message.get("reasoning_details")))

    def _call(self, call: Call) -> Json:
        if not self._has_tools:
            return {"text": f"[Called the tool {call.name} with {call.arguments_text}]"}
        return {"toolUse": {"toolUseId": call.id, "name": call.name, "input": call.arguments}}

    def _with_reasoning(self, content: list[Json], details: object) -> list[Json]:
        """Only Claude takes its reasoning back, and only if it is signed or encrypted."""
        if self._traits.claude is None:
            return content
        return [_reasoning(block) for block in with_thinking(content, details, encrypted_format=REDACTED_FORMAT)]

    def result(self, where: str, message: Json) -> None:
        call = self._calls.answered(message, where)
        blocks = self._content.blocks(message, where)
        text = "\n".join(block["text"] for block in blocks if "text" in block)
        has_failed = message.get("is_error") is True
        if self._has_tools:
            self._add("user", [self._result(call.id, text, blocks, has_failed=has_failed)])
            return
        word = "failed" if has_failed else "answered"
        others = [block for block in blocks if "text" not in block]
        self._add("user", [{"text": f"[The tool {call.name} {word}: {text or NO_OUTPUT}]"}, *others])

    def _result(self, call_id: str, text: str, blocks: list[Json], *, has_failed: bool) -> Json:
        """Blocks that the model does not support in a result follow the last result."""
        traits = self._traits
        inside: list[Json] = []
        for block in blocks:
            is_inside = "text" in block or not traits.in_results.isdisjoint(block)
            (inside if is_inside else self._after_results).append(block)
        if traits.wants_json_results or (has_failed and not traits.says_failure):
            output: Json = {"error" if has_failed else "output": text}
            first: Json = {"json": output} if traits.wants_json_results else {"text": exact_json.dumps(output).decode()}
            inside = [first, *(block for block in inside if "text" not in block)]
        result: Json = {"toolUseId": call_id, "content": inside or [{"text": NO_OUTPUT}]}
        if has_failed and traits.says_failure:
            result["status"] = "error"
        return {"toolResult": result}

    def close(self, hint: object) -> None:
        """Ends the conversation. Raises where it cannot end like this. `hint` is the request's own `cache_control`."""
        self._end_results()
        if self._is_users_turn and self.turns and self.turns[-1]["role"] == "assistant":
            self._add("user", [{"text": CONTINUE}])
        if not self.turns:
            # Instructions alone are what the user says.
            self._add("user", self.system)
            self.system = []
        if not self.turns:
            raise unsupported("messages", f"must have a user's message for {PROVIDER}")
        if self.turns[0]["role"] == "assistant" and not self._traits.may_begin_with_assistant:
            self.turns.insert(0, {"role": "user", "content": [{"text": BEGINNING}]})
        if self.turns[-1]["role"] == "assistant" and not self._traits.takes_prefill:
            raise unsupported("messages", "must not end with an assistant's message: this model does not continue one")
        if self.turns[-1]["role"] == "assistant":
            self._begin_answer(self.turns[-1])
        self.turns[-1]["content"] += self._content.cache_points(hint)

    def _begin_answer(self, turn: Json) -> None:
        """Makes the assistant's last turn one that the answer continues: without reasoning, and without a blank at its end."""
        turn["content"] = [block for block in turn["content"] if "reasoningContent" not in block]
        for block in turn["content"][-1:]:
            if "text" in block:
                block["text"] = block["text"].rstrip()

    def _end_results(self) -> None:
        blocks, self._after_results = self._after_results, []
        self._add("user", blocks)

    def _add(self, role: str, content: list[Json]) -> None:
        for block in content:
            if not self.turns or self.turns[-1]["role"] != role:
                self._begin(role)
            elif not self._may_join(block):
                self.turns.append({"role": "assistant", "content": [{"text": _PAUSE}]})
                self._begin(role)
            self.turns[-1]["content"].append(block)
            self._kinds.update(block)

    def _begin(self, role: str) -> None:
        self.turns.append({"role": role, "content": []})
        self._kinds = set()

    def _may_join(self, block: Json) -> bool:
        """Whether the model supports it in the same turn. Results and cache points always go together."""
        kinds = self._kinds.union(block)
        return "toolResult" not in kinds or kinds <= {"toolResult", "cachePoint", *self._traits.beside_results}


def _reasoning(block: Json) -> Json:
    """Anthropic's thinking blocks as Converse's; others unchanged."""
    if block.get("type") == "thinking":
        return {"reasoningContent": {"reasoningText": {"text": block["thinking"], "signature": block["signature"]}}}
    if block.get("type") == "redacted_thinking":
        return {"reasoningContent": {"redactedContent": block["data"]}}
    return block
