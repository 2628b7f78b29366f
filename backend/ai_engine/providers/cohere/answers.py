"""What Cohere answers, plain: a chat, embeddings, a ranking; and what its errors mean where they differ from everybody's."""

from ai_engine.names import Blame, TokenCounts
from ai_engine.providers.adapter import PlainAnswer
from ai_engine.providers.failures import Failure, FailureClass, classify_error_object, malformed_answer
from ai_engine.wire import cohere, openai
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.made_ids import answer_id
from ai_engine.wire.openai_usage import token_counts


def read_chat(answer: JsonMapping, body: bytes, model: str, created: int) -> PlainAnswer | Failure:
    """The answer as a chat completion."""
    given = answer.get("message")
    reason = answer.get("finish_reason")
    if not isinstance(given, dict) or not isinstance(reason, str):
        return malformed_answer("Cohere's answer has no message, or no end.")
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
    given_id = answer.get("id")
    usage = cohere.chat_usage(answer.get("usage"))
    chat = openai.chat_completion(
        completion_id=given_id if isinstance(given_id, str) and given_id else answer_id(body),
        created=created,
        model=model,
        choices=[choice],
        usage=usage,
    )
    if usage is None:
        del chat["usage"]
    return PlainAnswer(None, None, token_counts(usage), 0 if usage else length, chat)


def _message(given: JsonMapping) -> tuple[Json, int]:
    """The message, and how much text it is."""
    text, thoughts = _texts(given.get("content"))
    plan = given.get("tool_plan")
    if isinstance(plan, str) and plan:
        thoughts = f"{thoughts}\n{plan}" if thoughts else plan
    calls = _calls(given.get("tool_calls"))
    message: Json = {"role": "assistant", "content": text if text or not calls else None, "refusal": None}
    if thoughts:
        message["reasoning_content"] = thoughts
    if calls:
        message["tool_calls"] = calls
    citations = given.get("citations")
    if isinstance(citations, list) and citations:
        message["citations"] = citations
        pages = [page for citation in citations if isinstance(citation, dict) for page in cohere.annotations(citation)]
        if pages:
            message["annotations"] = pages
    return message, len(text) + len(thoughts) + sum(
        len(call["function"]["name"] + call["function"]["arguments"]) for call in calls
    )


def _texts(content: object) -> tuple[str, str]:
    """What is said, and what is thought."""
    said = thought = ""
    for part in content if isinstance(content, list) else ():
        if isinstance(part, dict):
            text, thinking = part.get("text"), part.get("thinking")
            said += text if isinstance(text, str) else ""
            thought += thinking if isinstance(thinking, str) else ""
    return said, thought


def _calls(calls: object) -> list[Json]:
    found = []
    for call in calls if isinstance(calls, list) else ():
        function = call.get("function") if isinstance(call, dict) else None
        call_id = call.get("id") if isinstance(call, dict) else None
        if isinstance(function, dict) and isinstance(call_id, str):
            name, arguments = function.get("name"), function.get("arguments")
            name = name if isinstance(name, str) else ""
            found.append(openai.tool_call(call_id, name, arguments if isinstance(arguments, str) and arguments else "{}"))
    return found


def failure_of_finish(reason: str, error: object) -> Failure | None:
    """Why an answer that is over is none; `None` where it is one."""
    if reason in cohere.FINISH_REASONS:
        return None
    message = error if isinstance(error, str) and error else f"Cohere broke its answer off: {reason[:100]}."
    return classify_error_object({"message": message, "type": reason[:100]})


def read_embeddings(answer: JsonMapping, model: str) -> PlainAnswer | Failure:
    """The answer in OpenAI's format."""
    kinds = answer.get("embeddings")
    kinds = kinds if isinstance(kinds, dict) else {}
    vectors = kinds.get("base64") or kinds.get("float")
    if not isinstance(vectors, list) or not vectors or not all(isinstance(vector, list | str) for vector in vectors):
        return malformed_answer("Cohere's answer has no embeddings.")
    tokens = _billed_tokens(answer)
    said = openai.embeddings(model=model, vectors=vectors, input_tokens=tokens or 0)
    counts = None if tokens is None else TokenCounts(input=tokens, output=0)
    return PlainAnswer(None, None, counts, answer=said)


def read_ranking(answer: Json, body: bytes) -> PlainAnswer | Failure:
    """A ranking as it is. It is billed by searches, which are no tokens: it takes none unless some are billed."""
    if not isinstance(answer.get("results"), list):
        return malformed_answer("Cohere's answer has no results.")
    return PlainAnswer(body, None, TokenCounts(input=_billed_tokens(answer) or 0, output=0), answer=answer)


def _billed_tokens(answer: JsonMapping) -> int | None:
    meta = answer.get("meta")
    return cohere.tokens_in(meta.get("billed_units"))[0] if isinstance(meta, dict) else None


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
