"""A whole chat completion as a `Message`.

Source: https://platform.claude.com/docs/en/api/messages and `anthropic` 2.14.0 for Python, `types/message.py` (read 2026-11-28).
"""

from collections.abc import Callable, Mapping, Sequence
from math import ceil
from typing import NamedTuple

from ai_engine.client_api.messages import reasoning
from ai_engine.client_api.messages.reasoning import Showing
from ai_engine.wire.anthropic import messages_usage, stop_reason
from ai_engine.wire.chat_shape import text_of
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.openai import arguments_in
from ai_engine.wire.openai_usage import CHARACTERS_PER_TOKEN, characters_in, token_counts

PICTURE = "[Here is a picture that Anthropic's format has no block for.]"
"""In place of a model's own picture, which no message can hold. As text it would fill every later turn with its bytes."""


class Asked(NamedTuple):
    """What an answer needs to know of its request."""

    message_id: str
    model: str
    shown: Showing
    names: Mapping[str, str]
    """Of tools, by what they were shortened to."""
    estimated_input: Callable[[], int]
    """In tokens, for a provider that does not count."""


def message(chat: JsonMapping, asked: Asked) -> Json:
    """The message. Thinking comes first, then text, then the calls of tools.

    Where the provider counted nothing, the usage is an estimate (`count_tokens`): clients steer by it, and 0 would tell them that
    there is room for ever.
    """
    choice: JsonMapping = chat["choices"][0]
    said: JsonMapping = choice.get("message") or {}
    calls = [tool_use(call, asked, place) for place, call in enumerate(said.get("tool_calls") or ()) if isinstance(call, Mapping)]
    refusal = said.get("refusal")
    counts = token_counts(chat.get("usage"))
    usage = messages_usage(counts)
    if counts is None:
        usage["input_tokens"], usage["output_tokens"] = asked.estimated_input(), tokens_of(characters_in(said))
    model = chat.get("model")
    return {
        "id": asked.message_id,
        "type": "message",
        "role": "assistant",
        "model": model if isinstance(model, str) and model else asked.model,
        "content": _content(said, calls, asked.shown),
        **end_of(choice, refusal if isinstance(refusal, str) else "", has_calls=bool(calls)),
        "usage": usage,
    }


def _content(said: JsonMapping, calls: Sequence[Json], shown: Showing) -> Sequence[Json]:
    """Thoughts that were not asked for stand beside the calls whose next turn may need them, and nowhere else."""
    texts, thoughts = _texts(said), reasoning.blocks(said, shown)
    if shown is not Showing.SHOWN and not thoughts:
        unseen = reasoning.unsigned_text(said)
        return [*texts, reasoning.hidden(unseen), *calls] if unseen and calls else [*texts, *calls]
    if shown is Showing.UNASKED:
        return [*texts, *thoughts, *calls] if calls else texts
    return [*thoughts, *texts, *calls]


def end_of(choice: JsonMapping, refusal: str, *, has_calls: bool) -> Json:
    """`stop_reason`, `stop_sequence` and, for a refusal in words, `stop_details`; `choice` is a chat's, or a chunk's last.

    Which stop sequence ended a text only some providers say; where they do not, it is an ordinary end.
    """
    finish, native, matched = choice.get("finish_reason"), choice.get("native_finish_reason"), choice.get("stop_sequence")
    matched = matched if isinstance(matched, str) else None
    if refusal:
        reason = "refusal"
    else:
        reason = stop_reason(finish, native if isinstance(native, str) else None, matched)
        # Some servers end with `stop` after calls, and some say `tool_calls` and have none.
        if reason == "end_turn" and has_calls:
            reason = "tool_use"
        elif reason == "tool_use" and not has_calls:
            reason = "end_turn"
    return {
        "stop_reason": reason,
        "stop_sequence": matched if reason == "stop_sequence" else None,
        "stop_details": {"type": "refusal", "category": None, "explanation": refusal} if refusal else None,
        "container": None,
    }


def tool_use(call: JsonMapping, asked: Asked, place: int) -> Json:
    """A call of a tool. Arguments that are no JSON object, cut off or made badly, are handed on as they came, under one name."""
    function = call.get("function")
    function = function if isinstance(function, Mapping) else {}
    arguments = function.get("arguments")
    text = arguments if isinstance(arguments, str) else ""
    name, call_id = function.get("name"), call.get("id")
    return {
        "type": "tool_use",
        "id": call_id if isinstance(call_id, str) and call_id else made_id(asked, place),
        "name": tool_name(name, asked),
        "input": arguments if isinstance(arguments, dict) else _input(text),
        "caller": {"type": "direct"},
    }


def made_id(asked: Asked, place: int) -> str:
    """For a call that came without one."""
    return f"toolu_{asked.message_id.removeprefix('msg_')}_{place}"


def tool_name(name: object, asked: Asked) -> str:
    """As the client called it. A call without a name is none of its tools, and it will say so."""
    return asked.names.get(name, name) if isinstance(name, str) and name else "unnamed_tool"


def _input(arguments: str) -> Json:
    value = arguments_in(arguments)
    return unreadable(arguments) if value is None else value


def unreadable(arguments: str) -> Json:
    """Arguments that are no JSON object, as an input all the same: the tool will refuse it, and the model sees what it wrote."""
    return {"unreadable_arguments": arguments}


def _texts(said: JsonMapping) -> Sequence[Json]:
    text = text_of(said.get("content"))
    refusal = said.get("refusal")
    blocks: list[Json] = []
    if text:
        citations = [citation(each, text) for each in said.get("annotations") or () if is_citation(each)]
        blocks.append({"type": "text", "text": text, "citations": citations or None})
    if isinstance(refusal, str) and refusal:
        blocks.append({"type": "text", "text": refusal, "citations": None})
    if said.get("images"):
        blocks.append({"type": "text", "text": PICTURE, "citations": None})
    return blocks


def is_citation(annotation: object) -> bool:
    """Whether this annotation is one of a page, which is the only kind that has words in both formats."""
    cited = annotation.get("url_citation") if isinstance(annotation, Mapping) else None
    return isinstance(cited, Mapping) and isinstance(cited.get("url"), str)


def citation(annotation: JsonMapping, text: str) -> Json:
    """A page that the answer has something from; `text` is the answer, for the words that it is about."""
    cited: JsonMapping = annotation["url_citation"]
    start, end, title = cited.get("start_index"), cited.get("end_index"), cited.get("title")
    words = text[start:end] if isinstance(start, int) and isinstance(end, int) and 0 <= start < end else ""
    return {
        "type": "web_search_result_location",
        "url": cited["url"],
        "title": title if isinstance(title, str) else None,
        "cited_text": words,
        "encrypted_index": reasoning.PREFIX,
    }


def tokens_of(characters: int) -> int:
    """About how many tokens a text has."""
    return ceil(characters / CHARACTERS_PER_TOKEN)
