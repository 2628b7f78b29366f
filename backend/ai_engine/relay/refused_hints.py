"""Which hint a provider's refusal is about.

Most providers name the parameter in a field of the error: `param`, or a path in `loc`. Others only have its name in the sentence
(Groq: "property 'store' is unsupported"; Anthropic: "tools.0.custom.defer_loading: Extra inputs are not permitted"). Nothing is
decided by other words, and nothing but a documented hint with a value of the right type is left out.
"""

import re
from collections.abc import Iterator

from ai_engine.names import Operation
from ai_engine.providers.failures import Failure, FailureClass
from ai_engine.wire.hints import has_known_form, without
from ai_engine.wire.json_types import JsonMapping

_DOTTED_INDEX = re.compile(r"\.(\d+)(?=\.|$)")
_PATH = re.compile(r"([a-z_][\w.\[\]]*): ")
_UNION_MEMBER = ".custom."
"""Between a tool's index and its field, Anthropic names the kind of tool."""


def refused_hint(operation: Operation, body: JsonMapping, failure: Failure) -> str | None:
    """The path of the hint in `body` that this failure names; `None` where it names none."""
    if failure.status not in (400, 422) or failure.kind is not FailureClass.BAD_REQUEST:
        return None
    for name in (failure.param,) if failure.param else _named_in(failure.message, body):
        at = _DOTTED_INDEX.sub(r"[\1]", name.replace(_UNION_MEMBER, "."))
        is_documented = has_known_form(at, body[at]) if at in body else "." in at
        if is_documented and without(operation, body, at) is not None:
            return at
    return None


def _named_in(message: str, body: JsonMapping) -> Iterator[str]:
    """The path that the message begins with, and the fields that it quotes."""
    if path := _PATH.match(message):
        yield path[1]
    yield from (name for name in body if _is_quoted(name, message))


def _is_quoted(name: str, message: str) -> bool:
    return any(f"{mark}{name}{mark}" in message for mark in "'\"`")
