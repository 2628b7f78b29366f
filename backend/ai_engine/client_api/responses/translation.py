"""One request of the Responses API as a chat, and the chat's answer as its response."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

from ai_engine.client_api.responses.answers import response_of
from ai_engine.client_api.responses.conversation import Conversation
from ai_engine.client_api.responses.response_store import Turn
from ai_engine.client_api.responses.stream import ResponsesStream
from ai_engine.client_api.responses.tools import RESPONSES_ONLY, Tools
from ai_engine.clock import Clock
from ai_engine.errors import InvalidRequest
from ai_engine.wire.fields import check_known, invalid, non_empty, optional, unsupported
from ai_engine.wire.hints import DroppedHints
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.openai_usage import characters_in

_HINTS = ("safety_identifier", "client_metadata", "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options")
"""About the end user and the cache."""
_NOTHING: tuple[object, ...] = (None, "", {})
_IGNORED = frozenset(
    {
        # Only repeated in the answer.
        "metadata",
        # The gateway implements these itself.
        "store",
        "background",
        "previous_response_id",
        # `auto` lets the provider cut a conversation that is too long.
        "truncation",
        # About hosted tools, and there are none.
        "max_tool_calls",
        # About padding, which is not added here.
        "stream_options",
    }
)
_TRANSLATED = frozenset(
    {"model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "text", "reasoning", "max_output_tokens"}
    | {"temperature", "top_p", "top_logprobs", "include", "service_tier", "stream", "user"}
)
_KNOWN = _IGNORED | _TRANSLATED | {*_HINTS}

_LOGPROBS = "message.output_text.logprobs"
_INCLUDABLE = frozenset(
    {
        "reasoning.encrypted_content",
        _LOGPROBS,
        # About items that a chat's answer does not have.
        "file_search_call.results",
        "web_search_call.results",
        "web_search_call.action.sources",
        "message.input_image.image_url",
        "computer_call_output.output.image_url",
        "code_interpreter_call.outputs",
    }
)
_USUAL_TIERS = frozenset({"auto", "default"})
_REASONING = frozenset({"effort", "summary", "generate_summary", "context"})


class ResponsesTranslation:
    """`relay.translation.Translation` of one request; also its turn for `response_store.ResponseStore`."""

    field_names: ClassVar[Mapping[str, str]] = {
        "max_completion_tokens": "max_output_tokens",
        "verbosity": "text.verbosity",
        "response_format": "text.format",
        "response_format.type": "text.format.type",
        "reasoning_effort": "reasoning.effort",
        "logprobs": "include",
    }

    def __init__(
        self,
        body: JsonMapping,
        *,
        response_id: str,
        clock: Clock,
        previous_response_id: str | None = None,
        turn: Turn | None = None,
    ) -> None:
        """`body` is the client's request with the whole conversation in `input`. `turn` is to be stored."""
        self.body = body
        self.response_id = response_id
        self._clock = clock
        self.created_at = self.now()
        self.previous_response_id = previous_response_id
        self.turn = turn

    def now(self) -> int:
        """Seconds since 1970."""
        return int(self._clock.now().timestamp())

    @cached_property
    def tools(self) -> Tools:
        """Those of the request, or of what is left of it in a chat. Raises as `chat_request`."""
        return _tools_of(self.body)

    def chat_request(self, body: JsonMapping, dropped: DroppedHints) -> JsonMapping:
        check_known(body, _KNOWN, "", RESPONSES_ONLY)
        for field in _HINTS:
            if body.get(field) not in _NOTHING:
                dropped.note(field)
        tools = self.tools = _tools_of(body)
        conversation = Conversation(optional(body, "instructions", str), tools)
        conversation.read(body)
        tools.check()
        if tools.dropped is not None:
            dropped.note(tools.dropped)
        chat: Json = {"model": body.get("model"), "messages": conversation.messages}
        _copy_numbers(body, chat)
        if user := optional(body, "user", str):
            chat["user"] = user
        choice = tools.choice(body.get("tool_choice"))
        if choice not in (None, "none") and not tools.offered:
            raise invalid("tool_choice", "demands a tool, and tools has none for it")
        if tools.offered:
            chat["tools"] = tools.offered
            if choice is not None:
                chat["tool_choice"] = choice
            if optional(body, "parallel_tool_calls", bool) is False:
                chat["parallel_tool_calls"] = False
        _set_text(body, chat)
        _set_reasoning(body, chat)
        _set_logprobs(body, chat)
        tier = optional(body, "service_tier", str)
        if tier is not None and tier not in _USUAL_TIERS:
            chat["service_tier"] = tier
        if body.get("stream"):
            chat["stream"] = True
        return chat

    def answer(self, chat: JsonMapping) -> JsonMapping:
        return response_of(chat, self)

    def stream(self) -> ResponsesStream:
        return ResponsesStream(self)

    @property
    def characters(self) -> int:
        return sum(characters_in(self.body.get(field)) for field in ("instructions", "input", "tools"))

    @cached_property
    def echo(self) -> Json:
        """The fields of the request that a response repeats."""
        body = self.body
        text, reasoning = body.get("text") or {}, body.get("reasoning") or {}
        return {
            "background": bool(body.get("background")),
            "instructions": body.get("instructions"),
            "max_output_tokens": body.get("max_output_tokens"),
            "max_tool_calls": body.get("max_tool_calls"),
            "metadata": body.get("metadata") or {},
            "parallel_tool_calls": body.get("parallel_tool_calls") is not False,
            "previous_response_id": self.previous_response_id,
            "reasoning": {"effort": reasoning.get("effort"), "summary": reasoning.get("summary")},
            "store": body.get("store") is not False,
            "temperature": body.get("temperature"),
            "text": {"format": text.get("format") or {"type": "text"}, "verbosity": text.get("verbosity") or "medium"},
            "tool_choice": body.get("tool_choice") or "auto",
            "tools": self._echoed_tools(),
            "top_logprobs": body.get("top_logprobs") or 0,
            "top_p": body.get("top_p"),
            "truncation": "disabled",
            # OpenAI's own description has no null for these.
            **{field: body[field] for field in ("prompt_cache_key", "safety_identifier", "user") if body.get(field) is not None},
        }

    def _echoed_tools(self) -> list[Any]:
        try:
            return self.tools.in_effect
        except InvalidRequest:  # a provider of the Responses API has answered
            return list(self.body.get("tools") or ())


def _tools_of(body: JsonMapping) -> Tools:
    tools = Tools()
    tools.read(body)
    return tools


def _copy_numbers(body: JsonMapping, chat: Json) -> None:
    limit = optional(body, "max_output_tokens", int)
    if limit is not None:
        chat["max_completion_tokens"] = limit
    for field in ("temperature", "top_p"):
        value = optional(body, field, float)
        if value is not None:
            chat[field] = value


def _set_text(body: JsonMapping, chat: Json) -> None:
    text = optional(body, "text", dict)
    if text is None:
        return
    check_known(text, ("format", "verbosity"), "text", RESPONSES_ONLY)
    verbosity = optional(text, "verbosity", str, "text")
    if verbosity is not None and verbosity != "medium":
        chat["verbosity"] = verbosity
    form = optional(text, "format", dict, "text")
    if form is None:
        return
    match form.get("type"):
        case "text":
            pass
        case "json_object":
            chat["response_format"] = {"type": "json_object"}
        case "json_schema":
            schema = {"name": non_empty(form, "name", str, "text.format")}
            schema |= {field: form[field] for field in ("description", "schema", "strict") if form.get(field) is not None}
            chat["response_format"] = {"type": "json_schema", "json_schema": schema}
        case _:
            raise invalid("text.format.type", "must be one of text, json_object, json_schema")


def _set_reasoning(body: JsonMapping, chat: Json) -> None:
    """The effort. Summaries are shown wherever the provider sends them."""
    reasoning = optional(body, "reasoning", dict)
    if reasoning is None:
        return
    known = _REASONING | {"mode"} if reasoning.get("mode") == "standard" else _REASONING
    check_known(reasoning, known, "reasoning", RESPONSES_ONLY)
    effort = optional(reasoning, "effort", str, "reasoning")
    if effort is not None:
        chat["reasoning_effort"] = effort


def _set_logprobs(body: JsonMapping, chat: Json) -> None:
    most = optional(body, "top_logprobs", int)
    include = optional(body, "include", list) or []
    for index, value in enumerate(include):
        if type(value) is not str:
            raise invalid(f"include[{index}]", "must be a string")
        if value not in _INCLUDABLE:
            raise unsupported(f"include[{index}]", f"is {value[:100]!r}, which {RESPONSES_ONLY}")
    if most or _LOGPROBS in include:
        chat["logprobs"] = True
        if most:
            chat["top_logprobs"] = most
