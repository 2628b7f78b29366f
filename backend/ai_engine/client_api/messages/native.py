"""Cleans a request for providers of the Messages API from the gateway's own additions to earlier answers.

A conversation may begin with another vendor's model and continue with Claude. Anthropic refuses thinking that it did not sign,
and tool ids with other characters.
"""

from collections.abc import Mapping

from ai_engine.client_api.messages.reasoning import is_ours
from ai_engine.wire.anthropic import valid_id
from ai_engine.wire.json_types import Json, JsonMapping


def is_foreign(block: JsonMapping) -> bool:
    """Whether Anthropic would refuse a block because of the gateway's own additions."""
    kind = block["type"]
    if kind == "thinking":
        return is_ours(block.get("signature"))
    if kind == "redacted_thinking":
        return is_ours(block.get("data"))
    if kind == "text":
        citations = block.get("citations")
        return isinstance(citations, list) and any(_is_own_citation(each) for each in citations)
    if kind in ("tool_use", "tool_result"):
        call_id = block.get("id" if kind == "tool_use" else "tool_use_id")
        return isinstance(call_id, str) and valid_id(call_id) != call_id
    return False


def without_foreign(body: JsonMapping) -> Json:
    """A copy without them: the gateway's thinking and citations are left out, ids made valid."""
    messages = []
    for message in body["messages"]:
        content = message["content"]
        if isinstance(content, str):
            messages.append(message)
            continue
        cleaned = [block for block in map(_cleaned, content) if block is not None]
        if cleaned or not content:
            messages.append({**message, "content": cleaned})
    return {**body, "messages": messages}


def _cleaned(block: Json) -> Json | None:
    if not is_foreign(block):
        return block
    kind = block["type"]
    if kind == "text":
        return {**block, "citations": [each for each in block["citations"] if not _is_own_citation(each)] or None}
    if kind in ("tool_use", "tool_result"):
        field = "id" if kind == "tool_use" else "tool_use_id"
        return {**block, field: valid_id(block[field])}
    return None


def _is_own_citation(citation: object) -> bool:
    return isinstance(citation, Mapping) and is_ours(citation.get("encrypted_index"))
