"""What adapters make themselves, as a client reads it."""

import orjson

from ai_engine.providers.adapter import PlainAnswer
from ai_engine.wire.json_types import Json, JsonMapping


def made_answer(plain: PlainAnswer) -> Json:
    """A whole answer, of which nothing is left in the provider's own bytes."""
    assert plain.body is None
    return written(plain.answer)


def written(made: JsonMapping | None) -> Json:
    """An answer or a chunk that has been written, and read again."""
    assert made is not None
    read: Json = orjson.loads(orjson.dumps(made))
    assert read == made
    return read
