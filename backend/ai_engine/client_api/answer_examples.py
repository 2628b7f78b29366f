"""Examples for the OpenAPI document: one for each schema of an answer."""

from types import MappingProxyType
from typing import Any

_MODEL = {"id": "gpt-4o", "object": "model", "created": 1795435200, "owned_by": "openai, openrouter"}
_OPENAI_USAGE = {"prompt_tokens": 9, "completion_tokens": 12, "total_tokens": 21}
_ANTHROPIC_MODEL = {
    "type": "model",
    "id": "gpt-4o",
    "display_name": "gpt-4o",
    "created_at": "2026-11-23T12:00:00Z",
    "lifecycle": "active",
}
_INPUT_ITEM = {
    "id": "msg_0123456789abcdefi00",
    "type": "message",
    "role": "user",
    "status": "completed",
    "content": [{"type": "input_text", "text": "Hello!"}],
}

ANSWER_EXAMPLES: MappingProxyType[str, Any] = MappingProxyType(
    {
        "ChatCompletion": {
            "id": "chatcmpl-7",
            "object": "chat.completion",
            "created": 1795435200,
            "model": "gpt-4o",
            "choices": [
                {"index": 0, "message": {"role": "assistant", "content": "Hello! How can I help?"}, "finish_reason": "stop"}
            ],
            "usage": _OPENAI_USAGE,
        },
        "TextCompletion": {
            "id": "cmpl-7",
            "object": "text_completion",
            "created": 1795435200,
            "model": "gpt-4o",
            "choices": [{"text": " there was a lighthouse.", "index": 0, "logprobs": None, "finish_reason": "stop"}],
            "usage": _OPENAI_USAGE,
        },
        "Images": {"created": 1795435200, "data": [{"b64_json": "iVBORw0KGgo="}]},
        "Transcript": {"text": "Hello! How can I help?"},
        "Moderation": {
            "id": "modr-7",
            "model": "omni-moderation-latest",
            "results": [{"flagged": False, "categories": {"violence": False}, "category_scores": {"violence": 0.0001}}],
        },
        "Ranking": {
            "id": "rank-7",
            "results": [{"index": 0, "relevance_score": 0.98}],
            "meta": {"billed_units": {"search_units": 1}},
        },
        "Embeddings": {
            "object": "list",
            "data": [{"object": "embedding", "index": 0, "embedding": [0.0023, -0.0093, 0.0158]}],
            "model": "text-embedding-3-small",
            "usage": {"prompt_tokens": 2, "total_tokens": 2},
        },
        "Message": {
            "id": "msg_7",
            "type": "message",
            "role": "assistant",
            "model": "claude-sonnet-4-5",
            "content": [{"type": "text", "text": "Hello! How can I help?"}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 9, "output_tokens": 12},
        },
        "TokenCount": {"input_tokens": 9},
        "ResponseObject": {
            "id": "resp_0123456789abcdef",
            "object": "response",
            "created_at": 1795435200,
            "status": "completed",
            "model": "gpt-4o",
            "output": [
                {
                    "id": "msg_0123456789abcdef",
                    "type": "message",
                    "role": "assistant",
                    "status": "completed",
                    "content": [{"type": "output_text", "text": "Hello! How can I help?", "annotations": []}],
                }
            ],
            "usage": {"input_tokens": 9, "output_tokens": 12, "total_tokens": 21},
        },
        "DeletedResponse": {"id": "resp_0123456789abcdef", "object": "response", "deleted": True},
        "InputItems": {
            "object": "list",
            "data": [_INPUT_ITEM],
            "first_id": _INPUT_ITEM["id"],
            "last_id": _INPUT_ITEM["id"],
            "has_more": False,
        },
        "Model": _MODEL,
        "ModelList": {"object": "list", "data": [_MODEL]},
        "AnthropicModel": _ANTHROPIC_MODEL,
        "AnthropicModelList": {"data": [_ANTHROPIC_MODEL], "has_more": True, "first_id": "gpt-4o", "last_id": "gpt-4o"},
    }
)
