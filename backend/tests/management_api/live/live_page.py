"""The state that a page builds from the messages of `/ws`, and whether anything was lost or repeated."""

import json
from typing import Any


class Page:
    """Takes every message in turn. A message that does not fit what came before fails here."""

    def __init__(self) -> None:
        self.status: Any = None
        self.providers: dict[str, Any] = {}
        self.requests: list[str] = []
        """The ids of all that were seen, each once, oldest first."""
        self.latest: list[Any] = []
        """The requests of the last message."""
        self.missed = 0
        self.cursor: str | None = None
        self.kinds: list[str] = []

    @property
    def known(self) -> int:
        """How many requests it knows of: those it saw, and those it knows that it missed."""
        return len(self.requests) + self.missed

    def take(self, text: str | bytes) -> Any:
        message = json.loads(text)
        kind, ids = message["type"], [request["id"] for request in message["requests"]]
        assert len(set(ids)) == len(ids)
        if kind == "snapshot":
            assert message.keys() == {"type", "cursor", "at", "status", "providers", "requests", "missed"}
            self.providers = {}
            self.missed += message["missed"] or 0
            ids = [id_ for id_ in ids if id_ not in self.requests]
        else:
            assert kind == "changes"
            assert message.keys() == {"type", "cursor", "at", "status", "providers", "requests"}
            assert self.cursor is not None, "changes say nothing to whoever has no picture"
            assert not set(ids) & set(self.requests), "told twice"
        self.kinds.append(kind)
        self.requests.extend(ids)
        self.latest = message["requests"]
        self.providers.update({view["name"]: view for view in message["providers"]})
        self.status = message["status"] or self.status
        self.cursor = message["cursor"]
        return message
