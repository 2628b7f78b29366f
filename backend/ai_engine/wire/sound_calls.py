"""The tool calls of an answer, whole or in pieces, in the form that translations rely on: numbered from 0, each with its own id.

Servers send index 0 or none for every call, repeat id and name with every piece, send the name or the id after the first piece,
or two whole calls under one index. Some begin with `call_0` in every turn, and some send no ids.
"""

from collections.abc import Callable, Collection, Sequence

import orjson

from ai_engine.wire import exact_json
from ai_engine.wire.call_ids import distinct
from ai_engine.wire.chat_shape import is_text_alone, sound_answer, sound_chunk
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.tolerant import object_in, objects_in, string_in
from ai_engine.wire.tool_arguments import arguments_text

_MOST_READ_IN_VAIN = 1_000_000
"""Characters of the arguments of one call, read each time that they may be complete."""


class SoundCalls:
    """Reads one answer, whose other fields are made sound too (`chat_shape`).

    Raises `orjson.JSONEncodeError` for arguments that are nested too deeply.
    """

    __slots__ = ("_choices", "_head", "_ids")

    def __init__(self, ids: Callable[[], Collection[str]]) -> None:
        """`ids` are those of the conversation's calls; asked for once there is a call."""
        self._ids = ids
        self._choices: dict[object, _Choice] = {}
        self._head: JsonMapping = {}

    def answer(self, chat: JsonMapping, data: bytes) -> JsonMapping:
        """A whole chat; itself where it is well-formed and has no calls.

        `data` is the provider's answer; empty for one that an adapter made.
        """
        chat = sound_answer(chat)
        for choice in chat["choices"]:
            if choice["message"].get("tool_calls"):
                return self._with_whole_calls(sound_answer(exact_json.exact(chat, data)) if data else chat)
        return chat

    def _with_whole_calls(self, chat: JsonMapping) -> JsonMapping:
        choices = [{**choice, "message": self._of(choice, chat).whole(choice["message"])} for choice in chat["choices"]]
        return {**chat, "choices": choices}

    def chunk(self, chunk: JsonMapping, data: bytes) -> JsonMapping:
        """A chunk of a stream, as `answer`. A call waits for its name, and its id or arguments, at most until the finish."""
        if is_text_alone(chunk):
            return chunk
        if data:
            chunk = sound_chunk(chunk)
        for choice in chunk["choices"]:
            if "tool_calls" in choice["delta"] or (self._choices and choice.get("finish_reason")):
                return self._with_calls(sound_chunk(exact_json.exact(chunk, data)) if data else chunk)
        return chunk

    def _with_calls(self, chunk: JsonMapping) -> JsonMapping:
        choices = []
        self._head = chunk
        for choice in chunk["choices"]:
            calls = self._of(choice, chunk)
            delta = calls.delta(choice["delta"])
            choices.append({**choice, "delta": calls.with_waiting(delta) if choice.get("finish_reason") else delta})
        return {**chunk, "choices": choices}

    def waiting(self) -> JsonMapping | None:
        """A chunk with the calls that still wait at the end of a stream; `None` where none do."""
        choices = [
            {"index": index, "delta": calls.with_waiting({})} for index, calls in self._choices.items() if calls.has_waiting
        ]
        return {**self._head, "choices": choices} if choices else None

    def _of(self, choice: JsonMapping, chat: JsonMapping) -> "_Choice":
        index = choice.get("index")
        known = self._choices.get(index)
        if known is None:
            known = self._choices[index] = _Choice(set(self._ids()), string_in(chat, "id"))
        return known


class _Call:
    """One call so far."""

    __slots__ = ("_read_in_vain", "arguments", "fields", "id", "index", "is_named_again", "name")

    def __init__(self, name: str) -> None:
        self.id = ""
        """As the provider sends it."""
        self.name = name
        self.arguments: list[str] = []
        self.fields: Json = {}
        """As sent, until it begins."""
        self.index = -1
        """Its number once it has begun."""
        self.is_named_again = False
        """A later piece repeats the name."""
        self._read_in_vain = 0

    def is_complete(self) -> bool:
        """Whether its arguments are a JSON object. Not read any more after many times in vain, such as for text in braces."""
        if not self.arguments or not self.arguments[-1].rstrip().endswith("}") or self._read_in_vain > _MOST_READ_IN_VAIN:
            return False
        text = "".join(self.arguments)
        try:
            if isinstance(orjson.loads(text), dict):
                return True
        except orjson.JSONDecodeError:
            pass
        self._read_in_vain += len(text)
        return False

    def ends_at(self, call_id: str, name: str, arguments: str) -> bool:
        """Whether a piece that seems to continue it begins another call.

        Another name does; so do another id with the name, and arguments after complete ones with the name or another id. Another
        id in the middle of arguments does not: some servers make one for every piece
        (https://github.com/BerriAI/litellm/pull/28223, https://github.com/vllm-project/vllm/pull/23522, read 2026-11-30).
        """
        has_other_id = bool(call_id and self.id and call_id != self.id)
        begins_object = arguments.lstrip().startswith("{")
        if name and self.name:
            if name != self.name:
                return True
            if has_other_id and (begins_object or not arguments.strip()):
                return True
            self.is_named_again = True
        return (self.is_named_again or has_other_id) and begins_object and self.is_complete()


class _Choice:
    """The calls of one choice."""

    __slots__ = ("_answer_id", "_begun", "_by_id", "_by_index", "_last", "_taken", "_waiting")

    def __init__(self, taken: set[str], answer_id: str) -> None:
        """`taken` are the ids of the conversation."""
        self._answer_id = answer_id
        self._taken = taken
        self._by_index: dict[int, _Call] = {}
        self._by_id: dict[str, _Call] = {}
        self._last: _Call | None = None
        self._waiting: dict[_Call, None] = {}
        self._begun = 0

    @property
    def has_waiting(self) -> bool:
        return bool(self._waiting)

    def whole(self, message: JsonMapping) -> JsonMapping:
        """A message, whose calls are whole."""
        calls = objects_in(message, "tool_calls")
        made = [self._sound(call, string_in(call, "id"), object_in(call, "function")) for call in calls]
        return _with_calls(message, [{name: value for name, value in call.items() if name != "index"} for call in made], calls)

    def delta(self, delta: JsonMapping) -> JsonMapping:
        """A delta, whose calls may be pieces."""
        if "tool_calls" not in delta:
            return delta
        pieces = [(self._piece(piece), piece) for piece in objects_in(delta, "tool_calls")]
        known = [(sound, piece) for sound, piece in pieces if sound is not None]
        return _with_calls(delta, [sound for sound, _ in known], [piece for _, piece in known])

    def with_waiting(self, delta: JsonMapping) -> JsonMapping:
        """`delta` with the calls that wait."""
        if not self._waiting:
            return delta
        waiting, self._waiting = self._waiting, {}
        return {**delta, "tool_calls": [*delta.get("tool_calls", ()), *map(self._begin, waiting)]}

    def _piece(self, piece: Json) -> Json | None:
        """The piece with its call's number; `None` while the call waits."""
        function = object_in(piece, "function")
        call_id, name = string_in(piece, "id"), string_in(function, "name")
        arguments = arguments_text(function.get("arguments"))
        call = self._call_of(piece.get("index"), call_id, name, arguments)
        call.id = call.id or call_id
        if arguments:
            call.arguments.append(arguments)
        if call.index >= 0:
            return {"index": call.index, "function": {"arguments": arguments}}
        call.name = call.name or name
        call.fields.update(piece)
        if not call.name or not (call.id or call.arguments):
            return None
        del self._waiting[call]
        return self._begin(call)

    def _call_of(self, index: object, call_id: str, name: str, arguments: str) -> _Call:
        """The call of a piece: by its index, else by its id, else the last one."""
        call = self._by_index.get(index) if type(index) is int else None
        if call is None and call_id:
            call = self._by_id.get(call_id) if type(index) is not int or not name else None
        if call is None and type(index) is not int:
            call = self._last
        if call is None or call.ends_at(call_id, name, arguments):
            call = _Call(call.name if call is not None and call.is_named_again and not name else "")
            self._waiting[call] = None
        if type(index) is int:
            self._by_index[index] = call
        if call_id:
            self._by_id[call_id] = call
        self._last = call
        return call

    def _begin(self, call: _Call) -> Json:
        function = {**object_in(call.fields, "function"), "name": call.name, "arguments": "".join(call.arguments)}
        sound = self._sound(call.fields, call.id, function)
        call.index, call.fields = sound["index"], {}
        return sound

    def _sound(self, fields: JsonMapping, call_id: str, function: JsonMapping) -> Json:
        own_id = distinct(call_id, self._taken, self._answer_id)
        self._taken.add(own_id)
        index, self._begun = self._begun, self._begun + 1
        said = {**function, "name": string_in(function, "name"), "arguments": arguments_text(function.get("arguments"))}
        return {**fields, "index": index, "id": own_id, "type": "function", "function": said}


def _with_calls(said: JsonMapping, calls: Sequence[Json], given: Sequence[Json]) -> JsonMapping:
    """`said` with these calls in place of the given ones; reasoning that belongs to a call gets its id."""
    changed = {**said, "tool_calls": calls}
    ids = [(old["id"], new["id"]) for old, new in zip(given, calls, strict=True) if old.get("id") and "id" in new]
    if "reasoning_details" in said and any(old != new for old, new in ids):
        changed["reasoning_details"] = [_renamed(detail, ids) for detail in objects_in(said, "reasoning_details")]
    return changed


def _renamed(detail: Json, ids: list[tuple[object, str]]) -> Json:
    for place, (old, new) in enumerate(ids):
        if detail.get("id") == old:
            del ids[place]
            return {**detail, "id": new}
    return detail
