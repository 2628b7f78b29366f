"""Cohere's answers without a stream: chats, embeddings, rankings; and the meaning of its own errors."""

from ai_engine.names import Blame, TokenCounts
from ai_engine.providers.adapter import PlainAnswer
from ai_engine.providers.failures import Failure, FailureClass, classify_error_object, malformed_response
from ai_engine.wire import cohere, openai
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.made_ids import answer_id
from ai_engine.wire.openai_usage import token_counts
from ai_engine.wire.tolerant import array_in, object_in, objects_in, string_in
from ai_engine.wire.tool_arguments import whole_arguments


def read_chat(answer: JsonMapping, body: bytes, model: str, created: int) -> PlainAnswer | Failure:
    """The answer as a chat completion."""
    given = answer.get("message")
    reason = answer.get("finish_reason")
    if not isinstance(given, dict) or not isinstance(reason, str):
        return malformed_response("Cohere's answer has no message or no finish_reason.")
    failure = failure_of_finish(reason, answer.get("error"))
    if failure is not None:
        return failure
    message, length = _message(given)
    choice: Json = {
        "index": 0,
        "message": message,
        "logprobs": cohere.logprobs(answer.get("logprobs")),
        "finish_reason": cohere.FINISH_REASONS[reason],
        "native_finish_reason": reason,
    }
    usage = cohere.chat_usage(answer.get("usage"))
    chat = openai.chat_completion(
        completion_id=string_in(answer, "id") or answer_id(body),
        created=created,
        model=model,
        choices=[choice],
        usage=usage,
    )
    if usage is None:
        del chat["usage"]
    counts = token_counts(usage)
    return PlainAnswer(None, None, counts, 0 if counts is not None and counts.all_output else length, chat)


def _message(given: JsonMapping) -> tuple[Json, int]:
    """The message, and the length of its text."""
    content = objects_in(given, "content")
    text = "".join(string_in(part, "text") for part in content)
    thoughts = "".join(string_in(part, "thinking") for part in content)
    if plan := string_in(given, "tool_plan"):
        thoughts = f"{thoughts}\n{plan}" if thoughts else plan
    calls = _calls(given)
    message: Json = {"role": "assistant", "content": text if text or not calls else None, "refusal": None}
    if thoughts:
        message["reasoning_content"] = thoughts
    if calls:
        message["tool_calls"] = calls
    if citations := array_in(given, "citations"):
        message["citations"] = citations
        pages = [page for citation in objects_in(given, "citations") for page in cohere.annotations(citation)]
        if pages:
            message["annotations"] = pages
    return message, len(text) + len(thoughts) + sum(
        len(call["function"]["name"] + call["function"]["arguments"]) for call in calls
    )


def _calls(message: JsonMapping) -> list[Json]:
    found = []
    for call in objects_in(message, "tool_calls"):
        function = call.get("function")
        if isinstance(function, dict):
            arguments = whole_arguments(function.get("arguments"))
            found.append(openai.tool_call(string_in(call, "id"), string_in(function, "name"), arguments))
    return found


def failure_of_finish(reason: str, error: object) -> Failure | None:
    """The failure that a finish reason stands for; `None` for a regular end."""
    if reason in cohere.FINISH_REASONS:
        return None
    message = error if isinstance(error, str) and error else f"Cohere ended its answer early: {reason[:100]}."
    return classify_error_object({"message": message, "type": reason[:100]})


def read_embeddings(answer: JsonMapping, model: str) -> PlainAnswer | Failure:
    """The answer in OpenAI's format."""
    kinds = object_in(answer, "embeddings")
    vectors = kinds.get("base64") or kinds.get("float")
    if not isinstance(vectors, list) or not vectors or not all(isinstance(vector, list | str) for vector in vectors):
        return malformed_response("Cohere's answer has no embeddings.")
    tokens = _billed_tokens(answer)
    said = openai.embeddings(model=model, vectors=vectors, input_tokens=tokens or 0)
    counts = None if tokens is None else TokenCounts(input=tokens, output=0)
    return PlainAnswer(None, None, counts, answer=said)


def read_ranking(answer: Json, body: bytes) -> PlainAnswer | Failure:
    """A ranking, unchanged. It is billed by searches; tokens count only where some are billed."""
    if not isinstance(answer.get("results"), list):
        return malformed_response("Cohere's answer has no results.")
    return PlainAnswer(body, None, TokenCounts(input=_billed_tokens(answer) or 0, output=0), answer=answer)


def _billed_tokens(answer: JsonMapping) -> int | None:
    return cohere.tokens_in(object_in(object_in(answer, "meta"), "billed_units"))[0]


def filtered(failure: Failure) -> Failure:
    """A 498: "a request or response contains a deny-listed token".

    Source: https://docs.cohere.com/reference/chat (read 2026-11-28).
    """
    return Failure(
        FailureClass.CONTENT_FILTER,
        Blame.REQUEST,
        failure.message,
        status=400,
        code="content_filter",
        type=failure.type,
        is_quoted=failure.is_quoted,
    )
