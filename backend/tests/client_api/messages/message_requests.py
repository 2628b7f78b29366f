"""Requests as they come in, and the translations that belong to them."""

from typing import Any

import orjson

from ai_engine.client_api.messages.requests import messages_request
from ai_engine.client_api.steering import Arrival
from ai_engine.names import Operation
from ai_engine.relay.request import ClientRequest
from ai_engine.relay.translation import Translation
from ai_engine.wire.hints import DroppedHints, dropping_hints
from ai_engine.wire.json_types import Json

TOOL = {"name": "weather", "description": "Tells it.", "input_schema": {"type": "object", "properties": {}}}
PIXEL = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}


def body(**fields: Any) -> Json:
    """A sound request with these fields besides, or instead; `...` takes one away."""
    whole = {"model": "tiny", "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}], **fields}
    return {field: value for field, value in whole.items() if value is not ...}


def parsed(**fields: Any) -> ClientRequest:
    return messages_request(orjson.dumps(body(**fields)), Arrival("req-1"))


def translation(**fields: Any) -> Translation:
    made = parsed(**fields).translation
    assert made is not None
    return made


def chat(**fields: Any) -> Json:
    """What a request becomes."""
    asked = translation(**fields)
    dropped = DroppedHints()
    whole = dropping_hints(Operation.MESSAGES, asked.body, dropped, lambda body: asked.chat_request(body, dropped))
    return dict(whole)


def chat_messages(*messages: Json, **fields: Any) -> Any:
    return chat(messages=list(messages), **fields)["messages"]


def user(*blocks: Any) -> Json:
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks: Any) -> Json:
    return {"role": "assistant", "content": list(blocks)}


def text(words: str, **more: Any) -> Json:
    return {"type": "text", "text": words, **more}


def tool_use(call_id: str = "t1", name: str = "weather", **given: Any) -> Json:
    return {"type": "tool_use", "id": call_id, "name": name, "input": given}


def tool_result(call_id: str = "t1", content: Any = "sunny", **more: Any) -> Json:
    return {"type": "tool_result", "tool_use_id": call_id, "content": content, **more}


def document(source: Json, **more: Any) -> Json:
    return {"type": "document", "source": source, **more}
