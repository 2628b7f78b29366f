"""Cleans a request for providers of the Messages API from the gateway's own additions to earlier answers.

A conversation may begin with another vendor's model and continue with Claude. Anthropic refuses thinking that it did not sign,
tool ids with other characters, and `thinking` with a budget in a turn that does not begin with thinking.
"""

from collections.abc import Mapping

from ai_engine.client_api.messages.reasoning import is_ours
from ai_engine.wire.anthropic import continues_without_thinking, valid_id
from ai_engine.wire.fields import invalid
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.tolerant import object_in, objects_in, string_in


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


def native_body(body: Json, *, has_foreign: bool) -> Json:
    """The request as Anthropic takes it; unchanged where it has nothing of the gateway's. Raises `InvalidRequest`."""
    if has_foreign:
        body = _without_foreign(body)
    thinking, messages = body.get("thinking"), body["messages"]
    if not isinstance(thinking, dict) or thinking.get("type") != "enabled" or messages[-1]["role"] != "user":
        return body
    return _without_thinking(body) if continues_without_thinking(messages) else body


def _without_thinking(body: JsonMapping) -> Json:
    """Thinking is off until the turn ends, and with it the edits of `context_management` that need it."""
    changed: Json = {**body, "thinking": {"type": "disabled"}}
    if edits := objects_in(body.get("context_management"), "edits"):
        edits = [edit for edit in edits if not string_in(edit, "type").startswith("clear_thinking_")]
        changed["context_management"] = {**object_in(body, "context_management"), "edits": edits}
    return changed


def _without_foreign(body: JsonMapping) -> Json:
    """A copy without the gateway's thinking and citations, and with valid ids."""
    messages = []
    for message in body["messages"]:
        content = message["content"]
        if isinstance(content, str):
            messages.append(message)
            continue
        cleaned = [block for block in map(_cleaned, content) if block is not None]
        if len(cleaned) < len(content):
            # A blank text beside thinking has no place by itself.
            cleaned = [block for block in cleaned if block["type"] != "text" or string_in(block, "text").strip()]
        if cleaned or not content:
            messages.append({**message, "content": cleaned})
    if not messages:
        raise invalid("messages", "must have a turn with more than another model's thinking")
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
