"""A whole answer in the client's format."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from ai_engine.names import Operation
from ai_engine.providers import plain_answers
from ai_engine.providers.adapter import PlainAnswer
from ai_engine.providers.embedding_texts import packed
from ai_engine.providers.failures import Failure
from ai_engine.relay.exchange import Exchange
from ai_engine.relay.one_call import with_first_call
from ai_engine.relay.translation import Translation
from ai_engine.wire import exact_json
from ai_engine.wire.sound_calls import SoundCalls

_EMBEDDINGS = Operation.EMBEDDINGS


class WholeAnswer(NamedTuple):
    """As it goes to the client."""

    body: bytes
    answer: Mapping[str, Any] | None
    """The body parsed, where it is a JSON object."""
    content_type: bytes = b"application/json"


def own_answer(answer: Mapping[str, Any]) -> WholeAnswer:
    """What the engine says in its own name."""
    return WholeAnswer(exact_json.dumps(answer), answer)


def in_client_format(exchange: Exchange, plain: PlainAnswer, translation: Translation | None) -> WholeAnswer | Failure:
    """Written once: a provider's own bytes where they are what the client wants, else from what was read of them."""
    body, answer = plain.body, plain.answer
    if answer is None:
        assert body is not None, "an answer that is no JSON object is its bytes"
        return WholeAnswer(body, None, plain.content_type)
    try:
        changed = _changed(exchange, answer, body or b"", translation)
        if body is not None and changed is answer:
            return WholeAnswer(body, answer, plain.content_type)
        return WholeAnswer(exact_json.dumps(changed), changed)
    except orjson.JSONEncodeError:  # a translation may encode parts as well
        return plain_answers.TOO_DEEP


def _changed(exchange: Exchange, answer: Mapping[str, Any], body: bytes, translation: Translation | None) -> Mapping[str, Any]:
    """`answer`, as read from `body` if a provider wrote it; itself where it is what the client wants."""
    if exchange.operation is _EMBEDDINGS and exchange.body.get("encoding_format") == "base64":
        return packed(answer)
    if not exchange.translates_calls:
        return answer
    answer = SoundCalls(exchange.call_ids).answer(answer, body)
    if exchange.keeps_first_call:
        answer = with_first_call(answer)
    if not exchange.is_translated:
        return answer
    assert translation is not None, "an exchange is translated where the client's format is not a chat"
    return translation.answer(answer)
