"""Items of a history that a chat has no counterpart for: messages between agents, and the work of tools of other providers.

None of them makes a request fail: they inform. A call with its output becomes a call of a function, since its output is what the
model goes on with. Everything else is left out: what a provider's own tool found is in the messages that follow it.

The items of Codex: https://github.com/openai/codex/blob/main/codex-rs/protocol/src/models.rs (read 2026-11-30).
"""

from collections.abc import Mapping, Sized

from ai_engine.client_api.responses.content import Content
from ai_engine.wire.fields import invalid, json_text, objects_of
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.tolerant import object_in, string_in

_CALL, _OUTPUT = "_call", "_call_output"
_ABOUT_THE_ITEM = frozenset({"type", "id", "call_id", "status"})


def agent_message_text(item: JsonMapping, where: str) -> str:
    """The text of a message from one agent to another, after who wrote it; empty where no part can be read.

    Encrypted parts are left out. Raises `InvalidRequest` where the content is not one.
    """
    content = item.get("content")
    if type(content) is list:
        content = "\n".join(filter(None, (string_in(part, "text") for _, part in objects_of(content, f"{where}.content"))))
    elif type(content) is not str:
        raise invalid(f"{where}.content", "must be a string or an array")
    if not content:
        return ""
    names = [f"{word} {name}" for word, field in (("from", "author"), ("to", "recipient")) if (name := string_in(item, field))]
    return f"{' '.join(('Message', *names))}:\n{content}" if names else content


def is_output(kind: str) -> bool:
    """Whether an item of this unknown kind is the output of a call."""
    return kind.endswith(_OUTPUT)


def output_of(item: JsonMapping, where: str) -> tuple[str, Content] | None:
    """The id of the call, and the output: text or a screenshot, else its JSON. `None` where either is missing."""
    call_id, output = string_in(item, "call_id") or string_in(item, "id"), item.get("output")
    if not call_id or output is None:
        return None
    if isinstance(output, str):
        return call_id, output
    if image := string_in(object_in(item, "output"), "image_url"):
        return call_id, [{"type": "image_url", "image_url": {"url": image}}]
    return call_id, json_text(output, f"{where}.output")


def call_of(item: JsonMapping, kind: str, outputs: Mapping[str, Sized], where: str) -> tuple[Json, str] | None:
    """The item as a call of a function, and its arguments; `None` where it is no call or has none of the outputs left."""
    name = kind.removesuffix(_CALL)
    if name in (kind, ""):
        return None
    call_id = next((known for field in ("call_id", "id") if outputs.get(known := string_in(item, field))), None)
    if call_id is None:
        return None
    arguments = {field: value for field, value in item.items() if field not in _ABOUT_THE_ITEM}
    return {"call_id": call_id, "name": name}, json_text(arguments, where)
