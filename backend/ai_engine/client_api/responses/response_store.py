"""Stores responses for a while, so that the next turn may refer to one instead of repeating the conversation.

The next turn is sent whole, so that any provider and any key can serve it. Providers of the Responses API may store responses as
well; those are not used.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson

from ai_engine.access.roles import Caller
from ai_engine.clock import Clock
from ai_engine.errors import InvalidRequest
from ai_engine.wire import exact_json
from ai_engine.wire.json_types import Json, JsonMapping

_OVERHEAD_BYTES = 1024
"""The memory of one response beside its text: keys, ids, the entry."""
_OVERHEAD_OF_ITEM_BYTES = 256
"""The memory of the index entry of one item."""

Key = tuple[str, str]
"""Its owner and its id. Other callers cannot see it."""


def owner_of(caller: Caller | None) -> str:
    """The owner of a caller's responses: its key. Where no key is needed, all callers are one owner."""
    if caller is None:
        return "engine"
    return f"key:{caller.key_id}" if caller.key_id is not None else f"role:{caller.role.name}:{caller.name}"


class StoredResponse:
    """One turn: its input and its answer. Earlier turns are in `previous`, which several turns may share."""

    __slots__ = ("_added", "answer", "expires_at", "followers", "is_counted", "is_listed", "item_ids", "previous", "size_bytes")

    def __init__(self, added: bytes, answer: bytes, previous: "StoredResponse | None", expires_at: float) -> None:
        self._added = added
        self.answer = answer
        """The response object, as JSON."""
        self.previous = previous
        self.expires_at = expires_at
        self.followers = 0
        """The number of stored turns that continue this one, and need it even if it is not listed."""
        self.is_listed = True
        self.is_counted = True
        """Whether its bytes count: while it is listed or followed."""
        self.item_ids: tuple[str, ...] = ()
        self.size_bytes = len(added) + len(answer) + _OVERHEAD_BYTES

    def state(self) -> Json:
        """The response object."""
        state: Json = exact_json.loads(self.answer)
        return state

    def added(self) -> list[Json]:
        """The turn's own input items."""
        items: list[Json] = exact_json.loads(self._added)
        return items

    def output(self) -> list[Json]:
        output: list[Json] = self.state()["output"]
        return output

    def input_items(self) -> list[Json]:
        """The whole conversation, without the answer."""
        turns: list[StoredResponse] = []
        turn: StoredResponse | None = self
        while turn is not None:
            turns.append(turn)
            turn = turn.previous
        items: list[Json] = []
        for turn in reversed(turns):
            items += turn.added()
            if turn is not self:
                items += turn.output()
        return items

    def conversation(self) -> list[Json]:
        """As `input_items`, with the answer."""
        return self.input_items() + self.output()


class Turn(NamedTuple):
    """A request's part of a conversation."""

    owner: str
    added: Sequence[Any]
    """Its own input items."""
    previous: StoredResponse | None


class ResponseStore:
    """The responses of one process, bounded by age, number and bytes; the oldest are evicted first.

    Every operation takes constant time, except for the texts that it reads or writes. Turns of one conversation share their
    common part, and its bytes count once.
    """

    def __init__(
        self, clock: Clock, *, lifetime_seconds: float = 3600, max_bytes: int = 64 * 1024 * 1024, max_count: int = 10_000
    ) -> None:
        self._clock = clock
        self._lifetime_seconds = lifetime_seconds
        self._max_bytes = max_bytes
        self._max_count = max_count
        # In the order of expiry: all have the same lifetime.
        self._listed: OrderedDict[Key, StoredResponse] = OrderedDict()
        self._of_item: dict[Key, StoredResponse] = {}
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._listed)

    def keep(self, turn: Turn, answer: JsonMapping) -> None:
        """Stores the turn by its answer's `id`. A turn that is larger than the store, or not JSON, is not stored."""
        response_id = answer.get("id")
        if not isinstance(response_id, str) or not isinstance(answer.get("output"), list):
            return
        try:
            stored = StoredResponse(
                exact_json.dumps(turn.added),
                exact_json.dumps(answer),
                turn.previous,
                self._clock.monotonic() + self._lifetime_seconds,
            )
        except orjson.JSONEncodeError:
            return
        stored.item_ids = tuple(item_id for item in (*turn.added, *answer["output"]) if (item_id := _id_of(item)) is not None)
        stored.size_bytes += len(stored.item_ids) * _OVERHEAD_OF_ITEM_BYTES
        if stored.size_bytes > self._max_bytes:
            return
        key = turn.owner, response_id
        self._unlist(key)
        self._hold(stored.previous)
        for item_id in stored.item_ids:
            self._of_item[turn.owner, item_id] = stored
        self._listed[key] = stored
        self.size_bytes += stored.size_bytes
        self._evict()

    def find(self, owner: str, response_id: str) -> StoredResponse | None:
        """The caller's response of this id; `None` where there is none, or it expired."""
        stored = self._listed.get((owner, response_id))
        if stored is None or stored.expires_at <= self._clock.monotonic():
            return None
        return stored

    def previous(self, owner: str, response_id: str) -> StoredResponse:
        """The turn that a request continues. Raises `InvalidRequest` with OpenAI's message and code."""
        stored = self.find(owner, response_id)
        if stored is None:
            raise InvalidRequest(
                f"Previous response with id '{response_id[:100]}' not found.",
                param="previous_response_id",
                code="previous_response_not_found",
            )
        return stored

    def items(self, owner: str, item_ids: Iterable[str]) -> dict[str, Json]:
        """The items with these ids in the caller's conversations, by id. Every turn is read once."""
        wanted: dict[StoredResponse, set[str]] = {}
        for item_id in item_ids:
            stored = self._of_item.get((owner, item_id))
            if stored is not None and stored.expires_at > self._clock.monotonic():
                wanted.setdefault(stored, set()).add(item_id)
        found: dict[str, Json] = {}
        for stored, ids in wanted.items():
            for item in (*stored.added(), *stored.output()):
                own_id = _id_of(item)
                if own_id is not None and own_id in ids:
                    found.setdefault(own_id, item)
        return found

    def forget(self, owner: str, response_id: str) -> bool:
        """Removes a response; whether it existed. Later turns of its conversation keep the parts that they need."""
        is_there = self.find(owner, response_id) is not None
        self._unlist((owner, response_id))
        return is_there

    def _evict(self) -> None:
        now = self._clock.monotonic()
        while self._listed:
            key, oldest = next(iter(self._listed.items()))
            is_over = len(self._listed) > self._max_count or self.size_bytes > self._max_bytes
            if not is_over and oldest.expires_at > now:
                return
            self._unlist(key)

    def _unlist(self, key: Key) -> None:
        stored = self._listed.pop(key, None)
        if stored is None:
            return
        stored.is_listed = False
        for item_id in stored.item_ids:
            if self._of_item.get((key[0], item_id)) is stored:
                del self._of_item[key[0], item_id]
        self._release(stored)

    def _hold(self, previous: StoredResponse | None) -> None:
        """Counts the turn that a new one continues, if it was evicted while the request was running."""
        turn = previous
        while turn is not None:
            turn.followers += 1
            if turn.is_counted:
                return
            turn.is_counted = True
            self.size_bytes += turn.size_bytes
            turn = turn.previous

    def _release(self, stored: StoredResponse) -> None:
        """Stops counting an unneeded turn, and those before it that only it needed."""
        turn: StoredResponse | None = stored
        while turn is not None and not turn.is_listed and not turn.followers:
            self.size_bytes -= turn.size_bytes
            turn.is_counted = False
            turn = turn.previous
            if turn is not None:
                turn.followers -= 1


def _id_of(item: object) -> str | None:
    """The id of an item; `None` for a reference."""
    if not isinstance(item, dict) or item.get("type") == "item_reference" or not ("type" in item or "role" in item):
        return None
    item_id = item.get("id")
    return item_id if isinstance(item_id, str) else None
