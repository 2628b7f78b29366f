"""What OpenAI-compatible providers send, in the form that translations may rely on.

A chat client gets a provider's answer as it came, odd as it may be. Whoever translates reads it, and must not fail over a number
where the format has a list. What has the wrong form is left out; a sound answer is returned as it is.
"""

from collections.abc import Mapping

from ai_engine.wire.json_types import Json, JsonMapping

_LISTS = ("tool_calls", "annotations", "reasoning_details", "images")
_TEXTS = ("finish_reason", "native_finish_reason", "stop_sequence")


def sound_answer(chat: JsonMapping) -> JsonMapping:
    """A whole completion, whose every choice has a message."""
    return _sound(chat, "message")


def sound_chunk(chunk: JsonMapping) -> JsonMapping:
    """An event of a stream, which always has `choices`, though they may be empty."""
    return _sound(chunk, "delta")


def text_of(content: object) -> str:
    """What a message or a delta says: a text, or, from some servers, an array of parts.

    Mistral's models that reason send parts, of what they think and of what they say
    (https://docs.mistral.ai/capabilities/reasoning/, read 2026-11-28).
    """
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "".join(part["text"] for part in content if isinstance(part, Mapping) and isinstance(part.get("text"), str))


def objects_in(value: object) -> list[Json]:
    """The objects in an array; none where it is no array. Providers send what they like."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _sound(chat: JsonMapping, part: str) -> JsonMapping:
    given = chat.get("choices")
    choices = given if type(given) is list else []
    if choices is given and all(_is_sound(choice, part) for choice in choices):
        return chat
    return {**chat, "choices": [_mended(choice, part, place) for place, choice in enumerate(choices) if type(choice) is dict]}


def _is_sound(choice: object, part: str) -> bool:
    if type(choice) is not dict or type(choice.get("index")) is not int:
        return False
    said = choice.get(part)
    if type(said) is not dict:
        return False
    if type(said.get("content")) is list:
        return False
    if len(said) > 1 or "content" not in said:
        for name in _LISTS:
            if name in said and not _is_list_of_objects(said[name]):
                return False
    return all(choice.get(name) is None or type(choice[name]) is str for name in _TEXTS)


def _is_list_of_objects(value: object) -> bool:
    return type(value) is list and all(type(item) is dict for item in value)


def _mended(choice: Json, part: str, place: int) -> Json:
    mended = dict(choice)
    if type(choice.get("index")) is not int:
        mended["index"] = 0 if part == "delta" else place
    said = choice.get(part)
    mended[part] = dict(said) if type(said) is dict else {}
    _tell_apart(mended[part])
    for name in _LISTS:
        items = mended[part].pop(name, None)
        if type(items) is list and (objects := [item for item in items if type(item) is dict]):
            mended[part][name] = objects
    for name in _TEXTS:
        value = choice.get(name)
        if value is not None and type(value) is not str:
            # Some end there is: the decoder took it for one as well.
            mended[name] = "stop" if name == "finish_reason" and value else None
    return mended


def _tell_apart(said: Json) -> None:
    """Makes a content of parts a text, and what is thought in it reasoning, as every other server has it."""
    content = said.get("content")
    if type(content) is not list:
        return
    said["content"] = text_of(content)
    thought = "".join(_thought_in(part) for part in objects_in(content))
    if thought:
        said.setdefault("reasoning_content", thought)


def _thought_in(part: JsonMapping) -> str:
    thought = part.get("thinking") if part.get("type") == "thinking" else None
    return thought if isinstance(thought, str) else text_of(thought)
