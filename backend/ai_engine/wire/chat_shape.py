"""Answers of OpenAI-compatible providers, in the form that translations rely on.

A chat client gets a provider's answer unchanged, even a malformed one. A translation must not fail over a number where the format
has an array: malformed values are left out here, usage gets its place, and a well-formed answer is returned unchanged.
"""

from collections.abc import Mapping
from types import NoneType

from ai_engine.wire.finish_reasons import reason_in
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.openai_usage import usage_in
from ai_engine.wire.tolerant import object_in, objects_in

_LISTS = ("tool_calls", "annotations", "reasoning_details", "images")
_TEXTS = ("native_finish_reason", "stop_sequence")


def sound_answer(chat: JsonMapping) -> JsonMapping:
    """A whole completion; every choice has a message."""
    return _sound(chat, "message")


def sound_chunk(chunk: JsonMapping) -> JsonMapping:
    """An event of a stream; it has `choices`, which may be empty."""
    return _sound(chunk, "delta")


def is_text_alone(chunk: JsonMapping) -> bool:
    """Whether an event is a well-formed piece of one choice's text, as nearly every event is."""
    choices = chunk.get("choices")
    if type(choices) is not list or len(choices) != 1 or type(choices[0]) is not dict:
        return False
    get = choices[0].get
    delta = get("delta")
    if type(delta) is not dict or len(delta) != 1 or type(delta.get("content")) is not str or type(get("index")) is not int:
        return False
    return get("finish_reason") is None and get("native_finish_reason") is None and get("stop_sequence") is None


def text_of(content: object) -> str:
    """The text of a message's or delta's content: a string, or, from some servers, an array of parts.

    Mistral's models that reason send parts, of thinking and of text (https://docs.mistral.ai/capabilities/reasoning/, read
    2026-11-28).
    """
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "".join(part["text"] for part in content if isinstance(part, Mapping) and isinstance(part.get("text"), str))


def _sound(chat: JsonMapping, part: str) -> JsonMapping:
    given = chat.get("choices")
    choices = given if type(given) is list else []
    if choices is given and "x_groq" not in chat:
        for choice in choices:
            if not _is_sound(choice, part):
                break
        else:
            return chat
    repaired = [_repaired(choice, part, place) for place, choice in enumerate(choices) if type(choice) is dict]
    sound = {**chat, "choices": repaired}
    if usage := usage_in(chat):
        sound["usage"] = usage
    return sound


def _is_sound(choice: object, part: str) -> bool:
    if type(choice) is not dict or type(choice.get("index")) is not int or "usage" in choice:
        return False
    message = choice.get(part)
    if type(message) is not dict:
        return False
    if type(message.get("content")) is list:
        return False
    if len(message) > 1 or "content" not in message:
        for name in _LISTS:
            if name in message and not _is_list_of_objects(message[name]):
                return False
    reason = choice.get("finish_reason")
    if reason is not None and reason_in(reason) is not reason:
        return False
    native, sequence = map(choice.get, _TEXTS)
    return type(native) in (str, NoneType) and type(sequence) in (str, NoneType)


def _is_list_of_objects(value: object) -> bool:
    return type(value) is list and all(type(item) is dict for item in value)


def _repaired(choice: Json, part: str, place: int) -> Json:
    repaired = dict(choice)
    if type(choice.get("index")) is not int:
        repaired["index"] = 0 if part == "delta" else place
    repaired[part] = dict(object_in(choice, part))
    _separate_thinking(repaired[part])
    for name in _LISTS:
        objects = objects_in(repaired[part], name)
        repaired[part].pop(name, None)
        if objects:
            repaired[part][name] = objects
    if "finish_reason" in choice:
        repaired["finish_reason"] = reason_in(choice["finish_reason"])
    for name in _TEXTS:
        if name in choice and type(choice[name]) is not str:
            repaired[name] = None
    return repaired


def _separate_thinking(message: Json) -> None:
    """Makes a content of parts a string, and its thinking `reasoning_content`, as other servers send them."""
    content = message.get("content")
    if type(content) is not list:
        return
    thoughts = [part.get("thinking") for part in objects_in(message, "content") if part.get("type") == "thinking"]
    message["content"], thinking = text_of(content), "".join(map(text_of, thoughts))
    if thinking:
        message.setdefault("reasoning_content", thinking)
