"""How a translation says what is wrong: problems are found deep inside a request, and named by their whole path."""

from ai_engine.errors import InvalidRequest, UnsupportedByProvider
from ai_engine.wire.json_types import JsonMapping

_LONGEST_PATH = 200
"""Fields are the client's own words."""


class Refused(Exception):
    """Something is malformed. It is raised where it is found, and gets its path on its way out (`within`)."""

    _kind: type[InvalidRequest] = InvalidRequest

    def __init__(self, where: str, problem: str) -> None:
        """`problem` is the rest of a sentence that begins with the path."""
        super().__init__(problem)
        self.where = where
        self.problem = problem

    def within(self, place: str) -> "Refused":
        """The same, seen from outside: `place` is where the whole stands."""
        joined = place if not self.where else f"{place}{self.where}" if self.where[0] == "[" else f"{place}.{self.where}"
        return type(self)(joined, self.problem)

    def error(self) -> InvalidRequest:
        """What the client is told."""
        where = self.where[:_LONGEST_PATH]
        return self._kind(f"{where} {self.problem}.", param=where)


class Untold(Refused):
    """Something is sound, and the chat format has no words for it."""

    _kind = UnsupportedByProvider


def text_in(block: JsonMapping, field: str) -> str:
    """A field that must be a text. Raises `Refused`."""
    value = block.get(field)
    if not isinstance(value, str):
        raise Refused(field, "must be a text")
    return value


def only_known(block: JsonMapping, known: frozenset[str]) -> None:
    """Refuses fields that mean something to Anthropic alone. `null` is as good as none. Raises `Untold`."""
    if block.keys() <= known:
        return
    for field, value in block.items():
        if field not in known and value is not None:
            raise Untold(field, "means nothing to providers of other protocols")
