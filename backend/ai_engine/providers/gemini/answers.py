"""Gemini's answers as chat completions: the parts of a candidate, its end, and failures.

Source: https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse (read 2026-11-28).
"""

from ai_engine.names import Blame
from ai_engine.providers.failures import Failure, FailureClass, KeyScope, malformed_response
from ai_engine.wire import gemini, made_ids, openai
from ai_engine.wire.gemini import REASONING_FORMAT
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.tolerant import object_in, string_in
from ai_engine.wire.tool_arguments import whole_arguments


class CandidateReader:
    """Turns one candidate's parts into a chat message or its deltas, and counts their characters."""

    __slots__ = ("_answer_id", "_calls", "_details", "_index", "_texts", "_thought", "characters", "skipped_parts")

    def __init__(self, answer_id: str, index: int) -> None:
        """`answer_id` and `index`, the candidate's, make the ids of calls that Gemini sends without."""
        self._answer_id = answer_id
        self._index = index
        self._calls = 0
        self._details = 0
        self._thought: int | None = None
        self._texts: list[str] = []
        self.characters = 0
        """The length of the text so far: text, reasoning, names and arguments of calls."""
        self.skipped_parts = 0
        """Parts without a counterpart in a chat, such as code that Google ran."""

    @property
    def has_calls(self) -> bool:
        return self._calls > 0

    @property
    def text(self) -> str:
        """The text so far, without reasoning."""
        return "".join(self._texts)

    def delta(self, candidate: JsonMapping) -> Json:
        """The delta of these parts; empty where they add nothing."""
        content = candidate.get("content")
        parts = content.get("parts") if type(content) is dict else None
        delta: Json = {}
        for part in parts if type(parts) is list else ():
            if type(part) is dict:
                self._take(part, delta)
            else:
                self.skipped_parts += 1
        return delta

    def _take(self, part: Json, delta: Json) -> None:
        text = part.get("text")
        signature = part.get("thoughtSignature")
        call_id: str | None = None
        if type(text) is str:
            if not text:
                pass
            elif part.get("thought") is True:
                self._think(text, delta)
            else:
                self._texts.append(text)
                self.characters += len(text)
                delta["content"] = delta.get("content", "") + text
        elif type(call := part.get("functionCall")) is dict:
            call_id = self._call(call, signature, delta)
        elif type(blob := part.get("inlineData")) is dict and part.get("thought") is not True:
            url = f"data:{blob.get('mimeType')};base64,{blob.get('data')}"
            delta.setdefault("images", []).append({"type": "image_url", "image_url": {"url": url}})
        elif signature is None:
            self.skipped_parts += 1
        if type(signature) is str and signature:
            detail: Json = {"type": "reasoning.encrypted", "data": signature, "format": REASONING_FORMAT, "index": self._next()}
            if call_id is not None:
                detail["id"] = call_id
            delta.setdefault("reasoning_details", []).append(detail)

    def _next(self) -> int:
        self._thought = None
        self._details += 1
        return self._details - 1

    def _think(self, text: str, delta: Json) -> None:
        self.characters += len(text)
        delta["reasoning_content"] = delta.get("reasoning_content", "") + text
        details = delta.setdefault("reasoning_details", [])
        if self._thought is None:
            self._thought = self._details
            self._details += 1
        elif details and details[-1]["index"] == self._thought:
            details[-1]["text"] += text
            return
        details.append({"type": "reasoning.text", "text": text, "format": REASONING_FORMAT, "index": self._thought})

    def _call(self, call: Json, signature: object, delta: Json) -> str:
        name, arguments = string_in(call, "name"), whole_arguments(call.get("args"))
        call_id = string_in(call, "id") or made_ids.call_id(self._answer_id, self._index, self._calls)
        piece: Json = {"index": self._calls, **openai.tool_call(call_id, name, arguments)}
        if isinstance(signature, str) and signature:
            piece["extra_content"] = {"google": {"thought_signature": signature}}
        self._calls += 1
        self.characters += len(name) + len(arguments)
        delta.setdefault("tool_calls", []).append(piece)
        return call_id

    def finish_reason(self, reason: str) -> str:
        """The chat's `finish_reason`, for a candidate without a `failure_of_finish`."""
        known = gemini.FINISH_REASONS[reason]
        return "tool_calls" if known == "stop" and self._calls else known


def plain_choice(candidate: JsonMapping, answer_id: str, index: int) -> tuple[Json, int]:
    """A whole candidate as a choice, and the length of its text."""
    reader = CandidateReader(answer_id, index)
    message: Json = {"role": "assistant", "content": None, "refusal": None, **reader.delta(candidate)}
    for call in message.get("tool_calls", ()):
        del call["index"]
    if message["content"] is None and not reader.has_calls and "images" not in message:
        message["content"] = ""
    notes = gemini.annotations(candidate, reader.text)
    if notes:
        message["annotations"] = notes
    reason = gemini.finish_reason_in(candidate)
    assert reason is not None, "the caller knows that the candidate has ended"
    choice = {
        "index": index,
        "message": message,
        "logprobs": gemini.logprobs(candidate.get("logprobsResult")),
        "finish_reason": reader.finish_reason(reason),
        "native_finish_reason": reason,
    }
    return choice, reader.characters


def failure_of_prompt(answer: JsonMapping) -> Failure | None:
    """The failure of an answer without candidates whose prompt was blocked; `None` where no reason is given."""
    reason = string_in(object_in(answer, "promptFeedback"), "blockReason")
    if not reason:
        return None
    return Failure(
        FailureClass.CONTENT_FILTER,
        Blame.REQUEST,
        f"Gemini blocked the prompt: {reason[:100]}.",
        status=400,
        code="content_filter",
        type=reason[:100],
    )


def failure_of_finish(candidate: JsonMapping) -> Failure | None:
    """The failure that a candidate's `finishReason` stands for; `None` for a regular end or none yet.

    A malformed call or an unknown reason is the model's error: a retry may succeed.
    """
    reason = gemini.finish_reason_in(candidate)
    if reason is None or reason in gemini.FINISH_REASONS:
        return None
    kind = reason[:100]
    if reason == "MISSING_THOUGHT_SIGNATURE":
        message = "Gemini requires the thought signature of a tool call, which is missing."
        return Failure(FailureClass.BAD_REQUEST, Blame.REQUEST, message, status=400, type=kind)
    if reason == "PUP_LIMITED_DISABLED":
        message = "The provider has limited or disabled the account."
        return Failure(FailureClass.FORBIDDEN, Blame.KEY, message, type=kind, key_scope=KeyScope.ALL_MODELS)
    message = f"Gemini ended its answer early: {kind}."
    return Failure(FailureClass.MALFORMED_RESPONSE, Blame.ROUTE, message, type=kind, is_worth_repeating=True)


def no_candidates() -> Failure:
    return malformed_response("Gemini's answer has no candidates.")
