"""What the fields of a request ask for, and requests without the fields that a provider lacks.

A *promise* is something that the answer must show: it is never left out, and a provider that lacks it is not asked. A *hint* asks
for nothing of the kind: it is left out where a provider lacks it, and reported (`x-ai-engine-dropped`).
"""

import re
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from ai_engine.errors import UnsupportedByProvider
from ai_engine.names import Operation
from ai_engine.wire.fields import KIND_NAMES, invalid, unsupported
from ai_engine.wire.json_types import Json, JsonMapping

MOST_PASSES = 32
"""How often one form of a request is made again without a hint; with more of them it is refused."""
_MOST_FIELDS = 10_000
"""How many fields of one object are left out at once; with more of them the request is refused."""

_MOST_STEPS = 6
"""The objects of the table are less deep."""

Made = TypeVar("Made")
_Steps = tuple[str | int, ...]


class Parameter(NamedTuple):
    """A documented parameter of a chat."""

    is_hint: bool
    kinds: tuple[type, ...]
    """The JSON types of its values, of which null is none."""
    defaults: tuple[object, ...] = ()
    """Values that ask for nothing."""


def _hint(*kinds: type, defaults: tuple[object, ...] = ()) -> Parameter:
    return Parameter(True, kinds, defaults)


def _promise(*kinds: type, defaults: tuple[object, ...] = ()) -> Parameter:
    return Parameter(False, kinds, defaults)


CHAT_PARAMETERS: Mapping[str, Parameter] = MappingProxyType(
    {
        # What the answer must show.
        "messages": _promise(list),
        "model": _promise(str),
        "stream": _promise(bool, defaults=(False,)),
        "tools": _promise(list, defaults=([],)),
        "tool_choice": _promise(str, dict),
        "parallel_tool_calls": _promise(bool, defaults=(True,)),
        "response_format": _promise(dict, defaults=({"type": "text"},)),
        "n": _promise(int, defaults=(1,)),
        "logprobs": _promise(bool, defaults=(False,)),
        "top_logprobs": _promise(int, defaults=(0,)),
        "logit_bias": _promise(dict, defaults=({},)),
        "stop": _promise(str, list, defaults=([],)),
        "max_tokens": _promise(int),
        "max_completion_tokens": _promise(int),
        "modalities": _promise(list, defaults=(["text"],)),
        "audio": _promise(dict),
        "functions": _promise(list, defaults=([],)),
        "function_call": _promise(str, dict, defaults=("auto", "none")),
        "web_search_options": _promise(dict),
        # What it need not show.
        "temperature": _hint(int, float),
        "top_p": _hint(int, float),
        "top_k": _hint(int),
        "presence_penalty": _hint(int, float, defaults=(0,)),
        "frequency_penalty": _hint(int, float, defaults=(0,)),
        "seed": _hint(int),
        "reasoning_effort": _hint(str),
        "verbosity": _hint(str, defaults=("medium",)),
        "prediction": _hint(dict),
        "service_tier": _hint(str, defaults=("auto", "default")),
        "store": _hint(bool, defaults=(False,)),
        "metadata": _hint(dict, defaults=({},)),
        "user": _hint(str),
        "safety_identifier": _hint(str),
        "prompt_cache_key": _hint(str),
        "prompt_cache_retention": _hint(str),
        "stream_options": _hint(dict),
        "cache_control": _hint(dict),
        "moderation": _hint(dict),
    }
)
"""https://platform.openai.com/docs/api-reference/chat/create (read 2026-11-30), and those that the gateway adds to it."""


def _names(names: str) -> frozenset[str]:
    return frozenset(names.split())


_CHAT_PROMISES = frozenset(name for name, parameter in CHAT_PARAMETERS.items() if not parameter.is_hint)

# By the path of an object, which fields of it are promises; all its others are hints. What lies deeper belongs to a promise.
_CHAT: Mapping[str, Collection[str]] = {
    "": _CHAT_PROMISES,
    "messages[]": ("role", "content", "tool_calls", "tool_call_id"),
    "messages[].content[]": ("text", "image_url", "input_audio", "file"),
    "messages[].tool_calls[]": ("id", "type", "function", "custom"),
    "messages[].tool_calls[].function": ("name", "arguments"),
    "tools[]": ("function", "custom"),
    "tools[].function": ("name", "parameters"),
    "response_format": ("type", "json_schema"),
    "response_format.json_schema": ("schema",),
    "web_search_options": (),
    "metadata": (),
}
_TOOL_OF_RESPONSES = ("name", "parameters", "format")
_PROMISES: Mapping[Operation, Mapping[str, Collection[str]]] = {
    Operation.CHAT: _CHAT,
    Operation.COMPLETIONS: {"": _names("model prompt suffix echo best_of logprobs n stop max_tokens logit_bias stream")},
    Operation.RESPONSES: {
        "": _names("model input instructions tools tool_choice text max_output_tokens top_logprobs stream previous_response_id")
        | _names("conversation prompt background"),
        "text": ("format",),
        "text.format": ("type", "name", "schema"),
        "reasoning": (),
        "tools[]": _TOOL_OF_RESPONSES,
        "tools[].tools[]": _TOOL_OF_RESPONSES,
        "input[].tools[]": _TOOL_OF_RESPONSES,
        "input[].tools[].tools[]": _TOOL_OF_RESPONSES,
        "tool_choice": ("type", "name", "mode", "tools"),
    },
    Operation.MESSAGES: {
        "": _names("model messages system max_tokens tools tool_choice stop_sequences stream output_format output_config")
        | _names("mcp_servers"),
        "messages[]": ("role", "content"),
        "messages[].content[]": _names("id name input text source content tool_use_id is_error thinking data"),
        "messages[].content[].content[]": ("text", "source"),
        "system[]": ("type", "text"),
        "tools[]": ("name", "input_schema"),
        "tool_choice": ("type", "name", "disable_parallel_tool_use"),
        "metadata": (),
        "output_config": ("format",),
        "context_management": (),
        "context_management.edits[]": (),
    },
    Operation.EMBEDDINGS: {"": ("model", "input", "dimensions", "encoding_format")},
}
_FORMAT = {Operation.COUNT_TOKENS: Operation.MESSAGES}
# Tools that the client runs. All other types than these are hosted: the provider runs them.
_CLIENT_TOOLS = ("function", "custom", "bash_", "text_editor_", "computer", "memory_", "shell", "local_shell", "apply_patch")

_INDEX = re.compile(r"\[\d+\]")
_ELEMENT = re.compile(r"(.*)\[(\d{1,9})\]", re.DOTALL)
_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


class DroppedHints:
    """The hints that one form of a request goes without: their paths, without the indexes of arrays."""

    __slots__ = ("_passes", "is_strict", "paths")

    def __init__(self, is_strict: bool = False) -> None:
        """`is_strict`: the request turns all its hints into promises."""
        self.is_strict = is_strict
        self.paths: dict[str, None] = {}
        self._passes = 0

    def note(self, path: str) -> None:
        """This hint is dropped. Raises `UnsupportedByProvider` where the request is strict."""
        if self.is_strict:
            raise unsupported(path, "is not supported by this provider")
        self.paths[_INDEX.sub("[]", path)] = None

    def fewer(self, operation: Operation, body: JsonMapping, error: UnsupportedByProvider) -> JsonMapping | None:
        """The body without the hints that this error is about; `None` where it is about a promise, or the request is strict.

        Raises `InvalidRequest` for a hint of the wrong type.
        """
        self._passes += 1
        if self.is_strict or self._passes > MOST_PASSES or len(error.params) > _MOST_FIELDS:
            return None
        for path in error.params:
            if operation is Operation.CHAT and path in body:
                _check_kind(path, body[path])
        hints = [path for path in error.params if _hint_at(operation, body, path) is not None]
        for path in hints:
            self.note(path)
        return without(operation, body, *hints)


def dropping_hints(operation: Operation, body: JsonMapping, dropped: DroppedHints, make: Callable[[JsonMapping], Made]) -> Made:
    """What `make` makes of the body without the hints for which it raises. Raises as `make` where that is about a promise."""
    while True:
        try:
            return make(body)
        except UnsupportedByProvider as error:
            fewer = dropped.fewer(operation, body, error)
            if fewer is None:
                raise
            body = fewer


def _check_kind(name: str, value: object) -> None:
    """A hint of the wrong type is the client's mistake, whichever provider gets it."""
    parameter = CHAT_PARAMETERS.get(name)
    if parameter is not None and type(value) not in parameter.kinds:
        kinds = [KIND_NAMES[kind] for kind in parameter.kinds]
        raise invalid(name, f"must be {kinds[-1]}" if kinds[-1] == "a number" else f"must be {' or '.join(kinds)}")


def has_known_form(name: str, value: object) -> bool:
    """Whether this is a documented hint of a chat, with a value of its type."""
    parameter = CHAT_PARAMETERS.get(name)
    return parameter is not None and parameter.is_hint and type(value) in parameter.kinds


def without(operation: Operation, body: JsonMapping, *paths: str) -> Json | None:
    """A copy of the body without the hints at these paths, in every object of the same role or type; `None` if there are none.

    A field that is not in the table is a hint. The field `type` says what an object is: without it, the object itself is left
    out. That is a hint only of parts of the model's own turns, whatever a client wrote into them, of hosted tools beside others,
    and of edits to the context.
    """
    groups: dict[_Steps, tuple[_Steps, list[Any], set[str | int]]] = {}
    for path in paths:
        steps = _hint_at(operation, body, path)
        alike = None if steps is None else _along(body, steps[:-1])
        if steps is not None and alike is not None:
            where = steps[:-1]
            groups.setdefault(_kinds(where, alike), (where, alike, set()))[2].add(steps[-1])
    fewer: Json | None = None
    for where, alike, names in groups.values():
        fewer = _removed(body if fewer is None else fewer, where, names, alike)
    return fewer


def _kinds(where: _Steps, alike: list[Any]) -> _Steps:
    """The steps with the roles and types of objects in place of their indexes: one for all objects that are alike."""
    kinds: list[str | int] = []
    for step, value in zip(where, alike[1:], strict=True):
        kind = value.get(_kind_field(value)) if isinstance(step, int) and isinstance(value, dict) else None
        kinds.append(kind if isinstance(kind, str) else step)
    return tuple(kinds)


def _hint_at(operation: Operation, body: JsonMapping, path: str) -> _Steps | None:
    """The steps to the hint at this path; `None` where the body has none there.

    The client chooses the names of fields, which may have dots and brackets: the objects of the table say where a name begins.
    """
    promises = _PROMISES.get(_FORMAT.get(operation, operation), {})
    cut = -1
    for _ in range(_MOST_STEPS):
        where, name = path[: max(cut, 0)], path[cut + 1 :]
        known = promises.get(_INDEX.sub("[]", where))
        if known is not None and (steps := _steps(body, where, name)) is not None and steps[-1] not in known:
            may_be_left_out = isinstance(steps[-1], str) or steps[-2] not in known
            alike = _along(body, steps[:-1])
            may_be_left_out &= steps[-1] != "type" or (alike is not None and _may_go(list(steps), alike))
            return steps if may_be_left_out else None
        cut = path.find(".", cut + 1)
        if cut < 0:
            break
    return None


def _steps(body: JsonMapping, where: str, name: str) -> _Steps | None:
    """The steps to this field, or to this element of a field, of the object at `where`; `None` where there is none."""
    steps: _Steps = tuple(int(index) if index else field for index, field in _STEP.findall(where))
    alike = _along(body, steps)
    holder = None if alike is None else alike[-1]
    if not isinstance(holder, dict):
        return None
    if name in holder:
        return (*steps, name)
    element = _ELEMENT.fullmatch(name)
    if element is None or not isinstance(values := holder.get(element[1]), list) or int(element[2]) >= len(values):
        return None
    return (*steps, element[1], int(element[2]))


def _along(body: JsonMapping, steps: _Steps) -> list[Any] | None:
    """The values on the way, from the body to the last; `None` where the body has no such way."""
    found: list[Any] = [body]
    for step in steps:
        holder = found[-1]
        if isinstance(step, int):
            if not isinstance(holder, list) or step >= len(holder):
                return None
        elif not isinstance(holder, dict) or step not in holder:
            return None
        found.append(holder[step])
    return found


def _may_go(steps: list[str | int], alike: list[Any]) -> bool:
    match steps:
        case ["messages", int(), "content", int(), "type"]:
            return bool(alike[2].get("role") == "assistant")
        case ["tools", int(), "type"]:
            kind = alike[-1].get("type")
            is_hosted = isinstance(kind, str) and not kind.startswith(_CLIENT_TOOLS)
            return is_hosted and any(not isinstance(tool, dict) or tool.get("type") != kind for tool in alike[1])
        case ["context_management", "edits", int(), "type"]:
            return True
        case _:
            return False


def _removed(value: Any, where: _Steps, names: set[str | int], alike: list[Any]) -> Any:
    if not where:
        if isinstance(value, list):
            return [each for place, each in enumerate(value) if place not in names]
        if not isinstance(value, dict):
            return value
        return {name: inner for name, inner in value.items() if name not in names}
    step, rest = where[0], where[1:]
    if isinstance(step, str):
        if not isinstance(value, dict) or step not in value:
            return value
        return {**value, step: _removed(value[step], rest, names, alike[1:])}
    if not isinstance(value, list):
        return value
    like = alike[1]
    if not rest and "type" in names:
        return [each for each in value if not _is_alike(each, like)]
    return [_removed(each, rest, names, alike[1:]) if _is_alike(each, like) else each for each in value]


def _is_alike(value: object, like: object) -> bool:
    """Of one role, or of one type."""
    if not isinstance(value, dict) or not isinstance(like, dict):
        return False
    name = _kind_field(like)
    return bool(value.get(name) == like.get(name))


def _kind_field(value: JsonMapping) -> str:
    return "role" if "role" in value else "type"
