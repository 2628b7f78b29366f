"""Errors in streams and objects of the Responses API, after the status is sent."""

from collections.abc import Sequence

import orjson

from ai_engine.errors import AIEngineError, CallerError, RateLimited
from ai_engine.web.errors import error_body
from ai_engine.wire import responses as wire
from ai_engine.wire.json_types import Json
from ai_engine.wire.sse import Event


def error_events(error: AIEngineError, response_id: str, created_at: int) -> Sequence[Event]:
    """The end of a broken stream: `error`, which every OpenAI SDK raises with its message, then `response.failed`.

    openai-python 2.54 and 3.54 raise where an event has an `error` object, openai-node 6 and 7 there and for the name `error`;
    all of them read no further. OpenAI's published event has the fields of the error beside its type instead, so they are there
    too. Codex reads only `response.failed`
    (https://github.com/openai/codex/blob/main/codex-rs/codex-api/src/sse/responses.rs, read 2026-11-28). The event's number is
    0: the number of earlier events is unknown here.
    """
    detail: Json = orjson.loads(error_body(error))["error"]
    flat = {"code": detail["code"], "message": detail["message"], "param": detail["param"]}
    response = wire.failed_response(response_id, created_at, None, **failure_of(error))
    return wire.event("error", 0, {**flat, "error": detail}), wire.event("response.failed", 1, {"response": response})


def failure_of(error: AIEngineError) -> dict[str, str]:
    """`error` as the `error` of a failed response, with one of the codes in OpenAI's SDKs."""
    message: str = orjson.loads(error_body(error))["error"]["message"]
    code = "rate_limit_exceeded" if isinstance(error, RateLimited) else "server_error"
    return {"code": "invalid_prompt" if isinstance(error, CallerError) else code, "message": message}
