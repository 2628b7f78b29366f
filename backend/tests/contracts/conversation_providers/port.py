"""A provider that has the script's conversations, and what all of them need for it.

They are written from the protocols' documentation and apart from the product, so that a misreading there is not repeated here.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from tests.contracts.conversation_script import Asked, Call, Said, Turn
from tests.fakes.scripted_upstream import ReceivedRequest, ScriptedUpstream, Step

SIGNATURE = "c2lnbmF0dXJl"
"""What a provider signs its reasoning with."""


class Provider(Protocol):
    """One wire protocol, at the provider's end."""

    name: str
    protocol: str
    """As the configuration file has it."""
    model: str
    """Its own name of the model that has the conversations."""
    tells_cached: bool
    """Its usage says how much of the input came from a cache."""
    is_told_one_call: bool
    """That one tool may be called at a time can be said to it."""
    gives_call_ids: bool
    """Calls of tools have ids; elsewhere they go by name and order."""
    signs: bool
    """It signs its reasoning, and wants it back."""

    def answers(self, upstream: ScriptedUpstream, *steps: Said | Step, stream: bool) -> None:
        """Scripts one answer for each request."""

    def step(self, said: Said, *, stream: bool) -> Step:
        """The answer that says this."""

    def understands(self, request: ReceivedRequest) -> Asked:
        """What it was asked, in words of no protocol. Asserts that the request is what the published specification says."""

    def refuses(self) -> Step:
        """It finds the request wrong: its way to say 400."""

    def signatures_in(self, request: ReceivedRequest) -> Sequence[str]:
        """Signatures of its reasoning that came back."""


def turns_of(raw: Sequence[tuple[str, Turn]]) -> tuple[Turn, ...]:
    """One turn a role: what protocols spread over several messages is put together again."""
    turns: list[Turn] = []
    for role, turn in raw:
        if turns and turns[-1].role == role and (turn.results or turns[-1].results):
            turns[-1] = Turn(role, turns[-1].text or turn.text, False, (), turns[-1].results + turn.results)
        else:
            turns.append(turn)
    return tuple(turns)


def known_calls(turns: Sequence[tuple[str, Turn]]) -> Mapping[str, Call]:
    """By their ids."""
    return {call.id: call for _, turn in turns for call in turn.calls}


def text_of(content: Any) -> str:
    """The words of a text or of its parts."""
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content or () if part["type"] == "text")
