"""Responses that are kept for a while, so that a next turn may name one instead of repeating the conversation.

The engine keeps them itself, whoever answered: the next turn goes out whole, and any provider and any key can serve it. Where
providers are asked natively, they may keep theirs as well; nobody asks for those.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson

from ai_engine.access.roles import Caller
from ai_engine.clock import Clock
from ai_engine.errors import InvalidRequest
from ai_engine.wire.json_types import Json, JsonMapping

_OVERHEAD_BYTES = 1024
"""What keeping one costs beside its text: keys, ids, the entry itself."""
_OVERHEAD_OF_ITEM_BYTES = 256
"""What finding one of its items by its id costs: a thousand short ones take more than their text does."""

Key = tuple[str, str]
"""Whose it is, and its id. To everybody else it does not exist."""


def owner_of(caller: Caller | None) -> str:
    """Whose responses a caller's are: its key's. Where no key is needed, everybody on this machine is the same caller."""
    if caller is None:
        return "engine"
    return f"key:{caller.key_id}" if caller.key_id is not None else f"role:{caller.role.name}:{caller.name}"


class KeptResponse:
    """One turn: what it added to the conversation, and its answer. What came before is in `previous`, which it shares."""

    __slots__ = ("_added", "answer", "expires_at", "followers", "is_counted", "is_listed", "item_ids", "previous", "size_bytes")

    def __init__(self, added: bytes, answer: bytes, previous: "KeptResponse | None", expires_at: float) -> None:
        self._added = added
        self.answer = answer
        """The response object, as JSON."""
        self.previous = previous
        self.expires_at = expires_at
        self.followers = 0
        """How many kept turns go on from here: they need it even when it is not listed any more."""
        self.is_listed = True
        self.is_counted = True
        """Whether its bytes are in the sum. They are while it is listed or followed."""
        self.item_ids: tuple[str, ...] = ()
        self.size_bytes = len(added) + len(answer) + _OVERHEAD_BYTES

    def state(self) -> Json:
        """The response object."""
        state: Json = orjson.loads(self.answer)
        return state

    def added(self) -> list[Json]:
        """The turn's own input items."""
        items: list[Json] = orjson.loads(self._added)
        return items

    def output(self) -> list[Json]:
        output: list[Json] = self.state()["output"]
        return output

    def input_items(self) -> list[Json]:
        """The whole conversation that went to the model."""
        turns: list[KeptResponse] = []
        turn: KeptResponse | None = self
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
        """As `input_items`, and the answer."""
        return self.input_items() + self.output()


class Turn(NamedTuple):
    """What a request adds to a conversation."""

    owner: str
    added: Sequence[Any]
    """Its own input items."""
    previous: KeptResponse | None


class KeptResponses:
    """The responses of one process, bounded by their age, their number and their bytes; the oldest go first.

    Every operation takes constant time, but for the texts that it reads or writes. Turns of one conversation share what is common
    to them, and its bytes count once.
    """

    def __init__(
        self, clock: Clock, *, lifetime_seconds: float = 3600, max_bytes: int = 64 * 1024 * 1024, max_count: int = 10_000
    ) -> None:
        self._clock = clock
        self._lifetime_seconds = lifetime_seconds
        self._max_bytes = max_bytes
        self._max_count = max_count
        # In the order in which they expire: all live equally long.
        self._listed: OrderedDict[Key, KeptResponse] = OrderedDict()
        self._of_item: dict[Key, KeptResponse] = {}
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._listed)

    def keep(self, turn: Turn, answer: JsonMapping) -> None:
        """Keeps the turn under its answer's `id`. What is larger than all the room, or no JSON, is not kept."""
        response_id = answer.get("id")
        if not isinstance(response_id, str) or not isinstance(answer.get("output"), list):
            return
        try:
            kept = KeptResponse(
                orjson.dumps(turn.added),
                orjson.dumps(answer),
                turn.previous,
                self._clock.monotonic() + self._lifetime_seconds,
            )
        except orjson.JSONEncodeError:
            return
        kept.item_ids = tuple(item_id for item in (*turn.added, *answer["output"]) if (item_id := _id_of(item)) is not None)
        kept.size_bytes += len(kept.item_ids) * _OVERHEAD_OF_ITEM_BYTES
        if kept.size_bytes > self._max_bytes:
            return
        key = turn.owner, response_id
        self._unlist(key)
        self._hold(kept.previous)
        for item_id in kept.item_ids:
            self._of_item[turn.owner, item_id] = kept
        self._listed[key] = kept
        self.size_bytes += kept.size_bytes
        self._make_room()

    def find(self, owner: str, response_id: str) -> KeptResponse | None:
        """The caller's response of this id, `None` where there is none (any more)."""
        kept = self._listed.get((owner, response_id))
        if kept is None or kept.expires_at <= self._clock.monotonic():
            return None
        return kept

    def previous(self, owner: str, response_id: str) -> KeptResponse:
        """The turn that a request goes on from. Raises `InvalidRequest` as OpenAI words it."""
        kept = self.find(owner, response_id)
        if kept is None:
            raise InvalidRequest(
                f"Previous response with id '{response_id[:100]}' not found.",
                param="previous_response_id",
                code="previous_response_not_found",
            )
        return kept

    def items(self, owner: str, item_ids: Iterable[str]) -> dict[str, Json]:
        """Those of these items that are in the caller's conversations, by their ids. Every turn is read once for all of them."""
        wanted: dict[KeptResponse, set[str]] = {}
        for item_id in item_ids:
            kept = self._of_item.get((owner, item_id))
            if kept is not None and kept.expires_at > self._clock.monotonic():
                wanted.setdefault(kept, set()).add(item_id)
        found: dict[str, Json] = {}
        for kept, ids in wanted.items():
            for item in (*kept.added(), *kept.output()):
                own_id = _id_of(item)
                if own_id is not None and own_id in ids:
                    found.setdefault(own_id, item)
        return found

    def forget(self, owner: str, response_id: str) -> bool:
        """Whether there was such a response. Later turns of its conversation keep what they need of it."""
        is_there = self.find(owner, response_id) is not None
        self._unlist((owner, response_id))
        return is_there

    def _make_room(self) -> None:
        now = self._clock.monotonic()
        while self._listed:
            key, oldest = next(iter(self._listed.items()))
            is_over = len(self._listed) > self._max_count or self.size_bytes > self._max_bytes
            if not is_over and oldest.expires_at > now:
                return
            self._unlist(key)

    def _unlist(self, key: Key) -> None:
        kept = self._listed.pop(key, None)
        if kept is None:
            return
        kept.is_listed = False
        for item_id in kept.item_ids:
            if self._of_item.get((key[0], item_id)) is kept:
                del self._of_item[key[0], item_id]
        self._let_go(kept)

    def _hold(self, previous: KeptResponse | None) -> None:
        """Counts in whom a new turn goes on from, where it was let go while the turn was under way."""
        turn = previous
        while turn is not None:
            turn.followers += 1
            if turn.is_counted:
                return
            turn.is_counted = True
            self.size_bytes += turn.size_bytes
            turn = turn.previous

    def _let_go(self, kept: KeptResponse) -> None:
        """Counts out what nobody needs any more: the turn, and those before it that only it held."""
        turn: KeptResponse | None = kept
        while turn is not None and not turn.is_listed and not turn.followers:
            self.size_bytes -= turn.size_bytes
            turn.is_counted = False
            turn = turn.previous
            if turn is not None:
                turn.followers -= 1


def _id_of(item: object) -> str | None:
    """The id of an item, not that of one it refers to."""
    if not isinstance(item, dict) or item.get("type") == "item_reference" or not ("type" in item or "role" in item):
        return None
    item_id = item.get("id")
    return item_id if isinstance(item_id, str) else None
