"""Answers without a stream, of every protocol: the body as an object, and the text without a token count."""

import orjson

from ai_engine.names import TokenCounts
from ai_engine.providers.error_bodies import has_error
from ai_engine.providers.failures import Failure, classify_error_value, malformed_response
from ai_engine.wire import exact_json
from ai_engine.wire.json_types import Json
from ai_engine.wire.openai_usage import characters_in

TOO_DEEP = malformed_response("The provider's answer is nested too deeply.")
"""An answer that can be read but not encoded again."""

NOT_JSON = malformed_response("The provider's answer is not JSON.")


def answer_object(body: bytes, *, is_relayed: bool = False) -> Json | Failure:
    """A 2xx body as an object, which may still be an error; a `Failure` where it is not an object.

    `is_relayed`: the body itself goes to the client, and integers beyond 64 bits may be floats here.
    """
    try:
        answer = orjson.loads(body) if is_relayed else exact_json.loads(body)
    except orjson.JSONDecodeError:
        return NOT_JSON
    if isinstance(answer, dict):
        return answer
    return classify_error_value(answer) if has_error(answer) else malformed_response("The provider's answer is not an object.")


def uncounted_characters(content: object, usage: TokenCounts | None) -> int:
    """The length of the text in `content`, 0 where `usage` counts it: `PlainAnswer.characters_since_usage`."""
    return 0 if usage is not None and usage.all_output else characters_in(content)
