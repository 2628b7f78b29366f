"""What adapters make themselves, as a client reads it."""

from collections.abc import Mapping
from typing import Any

import orjson

from ai_engine.providers.adapter import PlainAnswer

Json = dict[str, Any]


def made_answer(plain: PlainAnswer) -> Json:
    """A whole answer, of which nothing is left in the provider's own bytes."""
    assert plain.body is None
    return written(plain.answer)


def written(made: Mapping[str, Any] | None) -> Json:
    """An answer or a chunk that has been written, and read again."""
    assert made is not None
    read: Json = orjson.loads(orjson.dumps(made))
    assert read == made
    return read
