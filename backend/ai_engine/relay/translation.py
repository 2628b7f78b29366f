"""Formats of a conversation over the hub, OpenAI's chat format: what a client format brings.

A provider that speaks the client's own format gets the request as it is. For every other there are two translations, independent
of each other: the client's format to chat (`Translation`, made by the client API), and chat to the provider's protocol, which is
its adapter's. What comes back takes the same two steps the other way.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ai_engine.wire.hints import DroppedHints
from ai_engine.wire.sse import Event


class StreamTranslator(Protocol):
    """A streamed chat in the client's format. One for each answer, also where that goes on with another attempt."""

    @property
    def answer(self) -> Mapping[str, Any] | None:
        """The whole answer once the stream has ended, where the format repeats it; else `None`."""

    def translate(self, chunk: Mapping[str, Any]) -> Sequence[Event]:
        """The client's events for one chat chunk."""

    def ending(self) -> Sequence[Event]:
        """What is left to say after a sound end: what waited for usage, and the format's own end."""


class Translation(Protocol):
    """One client's request in a format of its own."""

    @property
    def body(self) -> Mapping[str, Any]:
        """The request as the client sent it."""

    @property
    def field_names(self) -> Mapping[str, str]:
        """The client's names of fields that a chat has under others, by the chat's."""

    def chat_request(self, body: Mapping[str, Any], dropped: DroppedHints) -> Mapping[str, Any]:
        """`body`, the request or what is left of it without some hints, as a chat; notes further hints that no chat has.

        Raises `UnsupportedByProvider`, or `InvalidRequest`, naming the client's field.
        """

    def answer(self, chat: Mapping[str, Any]) -> Mapping[str, Any]:
        """A whole chat completion in the client's format."""

    def stream(self) -> StreamTranslator:
        """A fresh translator of one streamed answer."""
