"""`POST /v1/completions`, OpenAI's older text completions: unchanged for providers that support them, as a chat for others.

Source: https://platform.openai.com/docs/api-reference/completions (read 2026-11-28).
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from fastapi import APIRouter

from ai_engine.access.guards import GuardedRoute, requires
from ai_engine.autodecide.candidates import Needs
from ai_engine.client_api.chat import stream_of
from ai_engine.client_api.chat_completions import STREAMED
from ai_engine.client_api.endpoint import served_in_front
from ai_engine.client_api.schemas import TextCompletion, TextCompletionRequest
from ai_engine.client_api.steering import Arrival, steered_request
from ai_engine.errors import UnsupportedByProvider
from ai_engine.names import Operation, Role
from ai_engine.relay.request import ClientRequest
from ai_engine.wire import exact_json, openai
from ai_engine.wire.chat_shape import text_of
from ai_engine.wire.fields import invalid, optional, parse_object, unsupported
from ai_engine.wire.finish_reasons import reason_of
from ai_engine.wire.hints import DroppedHints
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.sse import Event
from ai_engine.wire.tolerant import array_in, objects_in

PATH = "/v1/completions"

router = APIRouter(tags=["Client API"], dependencies=[requires(Role.CLIENT)], route_class=GuardedRoute)

_SAME_IN_CHAT = frozenset(
    {"temperature", "top_p", "n", "stop", "seed", "frequency_penalty", "presence_penalty", "logit_bias", "user"}
    | {"stream", "stream_options"}
)
_RENAMED = {"max_tokens": "max_completion_tokens"}
_TRANSLATED = frozenset({"model", "prompt", "suffix", "echo", "best_of", "logprobs"})

_END: Sequence[Event] = (("", openai.DONE),)


@router.post(PATH, summary="Create a completion", responses=STREAMED)
async def create_completion(body: TextCompletionRequest) -> TextCompletion:
    """OpenAI's text completions over every provider.

    A provider that supports them gets the request unchanged, others get a chat with the prompt as the user's message. A chat
    does not support several prompts, tokens, `suffix` and `best_of`.
    """
    served_in_front(PATH, body)


def completions_request(raw: bytes, arrival: Arrival) -> ClientRequest:
    """Reads the body. Raises `InvalidRequest`."""
    body = parse_object(raw)
    prompt = body.get("prompt")
    if not isinstance(prompt, str | list) or prompt == []:
        raise invalid("prompt", "must be a string, or a non-empty array of strings or tokens")
    is_stream, wants_usage = stream_of(body)
    optional(body, "echo", bool)
    for field in ("n", "best_of", "logprobs"):
        if (optional(body, field, int) or 0) < 0:
            raise invalid(field, "must be at least 0")
    request = steered_request(
        body,
        Operation.COMPLETIONS,
        arrival,
        is_stream=is_stream,
        wants_usage=wants_usage,
        needs=Needs(text_bytes=len(raw) if isinstance(prompt, str) else 0),
    )
    return request._replace(translation=CompletionsTranslation(request.body))


class CompletionsTranslation:
    """`relay.translation.Translation` of one request.

    Text completions stop after 16 tokens by default; a chat without `max_tokens` has no such limit. Reasoning is left out.
    """

    field_names: ClassVar[Mapping[str, str]] = {"max_completion_tokens": "max_tokens"}

    def __init__(self, body: JsonMapping) -> None:
        self.body = body

    def chat_request(self, body: JsonMapping, dropped: DroppedHints) -> Json:
        chat: Json = {"messages": [{"role": "user", "content": self._prompt()}]}
        for field, value in body.items():
            if value is None or field in _TRANSLATED:
                continue
            if field not in _SAME_IN_CHAT and field not in _RENAMED:
                raise _not_in_chat(field, "is unknown")
            chat[_RENAMED.get(field, field)] = value
        if body.get("suffix"):
            raise _not_in_chat("suffix", "is not supported")
        if body.get("best_of") not in (None, body.get("n") or 1):
            raise _not_in_chat("best_of", "must equal n or be left out")
        alternatives = body.get("logprobs")
        if alternatives is not None:
            if body.get("echo"):
                raise _not_in_chat("logprobs", "cannot be combined with echo")
            chat["logprobs"], chat["top_logprobs"] = True, alternatives
        return chat

    def _prompt(self) -> str:
        prompt = self.body["prompt"]
        if isinstance(prompt, list) and len(prompt) == 1:
            prompt = prompt[0]
        if isinstance(prompt, str):
            return prompt
        if isinstance(prompt, list) and all(isinstance(each, str) for each in prompt):
            raise _not_in_chat("prompt", "must be a single string")
        raise _not_in_chat("prompt", "must be a string, not tokens")

    @property
    def _echo(self) -> str:
        return self._prompt() if self.body.get("echo") else ""

    def answer(self, chat: JsonMapping) -> Json:
        echo = self._echo
        choices = []
        for index, choice in enumerate(chat["choices"]):
            message = choice.get("message")
            logprobs = _logprobs(choice.get("logprobs"), 0)
            choices.append(_choice(choice.get("index", index), echo + _text(message), logprobs, reason_of(choice)))
        return {**_head(chat), "choices": choices, "usage": chat.get("usage")}

    def stream(self) -> "CompletionsStream":
        return CompletionsStream(self._echo)


class CompletionsStream:
    """`relay.translation.StreamTranslator`: chunks of a chat as chunks of text."""

    answer: JsonMapping | None = None
    """The format does not repeat the answer."""

    def __init__(self, echo: str) -> None:
        self._echo = echo
        self._lengths: dict[int, int] = {}
        """The length of each choice's text, by index; absent until its first text, which the echo precedes."""

    def translate(self, chunk: JsonMapping) -> Sequence[Event]:
        choices = []
        for choice in chunk["choices"]:
            index, text, reason = choice.get("index", 0), _text(choice.get("delta")), choice.get("finish_reason")
            if not text and reason is None:
                continue
            length = self._lengths.get(index)
            if length is None:
                length, text = 0, self._echo + text
            self._lengths[index] = length + len(text)
            choices.append(_choice(index, text, _logprobs(choice.get("logprobs"), length), reason))
        usage = chunk.get("usage")
        if not choices and not usage:
            return ()
        event = {**_head(chunk), "choices": choices}
        if usage:
            event["usage"] = usage
        return (("", exact_json.dumps(event)),)

    def ending(self) -> Sequence[Event]:
        return _END


def _head(chat: JsonMapping) -> Json:
    head = {"id": chat.get("id"), "object": "text_completion", "created": chat.get("created"), "model": chat.get("model")}
    if chat.get("system_fingerprint"):
        head["system_fingerprint"] = chat["system_fingerprint"]
    return head


def _choice(index: int, text: str, logprobs: Json | None, finish_reason: Any) -> Json:
    return {"text": text, "index": index, "logprobs": logprobs, "finish_reason": finish_reason}


def _text(message: Any) -> str:
    """The text of a message or of a piece of one."""
    if not isinstance(message, dict):
        return ""
    return text_of(message.get("content") or message.get("refusal"))


def _logprobs(of_chat: Any, offset: int) -> Json | None:
    """A chat's `logprobs` in the older form; `offset` is the position of the first token in the text."""
    tokens = array_in(of_chat, "content")
    if not tokens or not all(isinstance(token, dict) and isinstance(token.get("token"), str) for token in tokens):
        return None
    offsets = []
    for token in tokens:
        offsets.append(offset)
        offset += len(token["token"])
    return {
        "tokens": [token["token"] for token in tokens],
        "token_logprobs": [token.get("logprob") for token in tokens],
        "top_logprobs": [
            {one["token"]: one.get("logprob") for one in objects_in(token, "top_logprobs") if isinstance(one.get("token"), str)}
            for token in tokens
        ],
        "text_offset": offsets,
    }


def _not_in_chat(field: str, problem: str) -> UnsupportedByProvider:
    return unsupported(field, f"{problem}: this model is served in chats only")
