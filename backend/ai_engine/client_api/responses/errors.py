"""How a client of the Responses API learns that its answer will not come, once the status is out."""

from collections.abc import Sequence

import orjson

from ai_engine.errors import AIEngineError, CallerError, RateLimited
from ai_engine.web.errors import error_body
from ai_engine.wire import responses as wire
from ai_engine.wire.json_types import Json
from ai_engine.wire.sse import Event


def error_events(error: AIEngineError, response_id: str, created_at: int) -> Sequence[Event]:
    """The end of a stream that broke: `error`, which every OpenAI SDK raises with our message, then `response.failed`.

    openai-python 2.54 and 3.54 raise where an event has an `error` object, openai-node 6 and 7 there and for the name `error`;
    all of them read no further. OpenAI's published event has the fields of the error beside its type instead, so they stand there
    too. Codex looks at `response.failed` alone
    (https://github.com/openai/codex/blob/main/codex-rs/codex-api/src/sse/responses.rs, read 2026-11-28). The number of the event
    is 0: who tells of the break knows nothing of the events before it.
    """
    detail: Json = orjson.loads(error_body(error))["error"]
    flat = {"code": detail["code"], "message": detail["message"], "param": detail["param"]}
    response = wire.failed_response(response_id, created_at, None, **failure_of(error))
    return wire.event("error", 0, {**flat, "error": detail}), wire.event("response.failed", 1, {"response": response})


def failure_of(error: AIEngineError) -> dict[str, str]:
    """`error` as the `error` of a failed response, whose codes OpenAI's SDKs have a list of."""
    message: str = orjson.loads(error_body(error))["error"]["message"]
    code = "rate_limit_exceeded" if isinstance(error, RateLimited) else "server_error"
    return {"code": "invalid_prompt" if isinstance(error, CallerError) else code, "message": message}
