"""Bedrock's Converse format: stop reasons, usage and ids.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and the service model `bedrock-runtime`
of `botocore` 1.44.8 (read 2026-11-30).
"""

import hashlib
import re
from collections.abc import Mapping

from ai_engine.names import UNKNOWN_TOKENS, TokenCounts
from ai_engine.wire.openai_usage import count_in

REDACTED_FORMAT = "aws-bedrock-v1"
"""The `format` of encrypted `reasoning_details` that only Bedrock can read.

Claude's signed reasoning has Anthropic's own format: its signatures are valid on every platform
(https://platform.claude.com/docs/en/build-with-claude/extended-thinking, read 2026-11-30).
"""

FINISH_REASONS: Mapping[str, str] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
    "refusal": "content_filter",
}
"""`stopReason` → `finish_reason`; one that is neither here nor in `MALFORMED` is `stop`."""

MALFORMED = frozenset({"malformed_model_output", "malformed_tool_use"})
"""The model's output could not be read: there is no answer."""

_LONGEST_ID = 64
_NOT_IN_IDS = re.compile(r"[^a-zA-Z0-9_-]")


def valid_id(call_id: str) -> str:
    """A tool call's id as a valid `toolUseId`. Equal ids stay equal, others different."""
    valid = _NOT_IN_IDS.sub("_", call_id) or "_"
    if valid == call_id and len(valid) <= _LONGEST_ID:
        return valid
    return f"{valid[:40]}-{hashlib.sha256(call_id.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def token_counts(usage: object) -> TokenCounts | None:
    """`usage`, whose classes of input are disjoint; `None` where it has no valid count.

    Source: https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html (read 2026-11-30). Reasoning is counted with
    the output.
    """
    if not isinstance(usage, Mapping):
        return None
    names = ("inputTokens", "cacheReadInputTokens", "cacheWriteInputTokens", "outputTokens")
    counts = TokenCounts(*(count_in(usage.get(name)) for name in names))
    return None if counts == UNKNOWN_TOKENS else counts
