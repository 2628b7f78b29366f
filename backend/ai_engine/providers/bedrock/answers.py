"""Converse's answers as chat completions."""

from typing import Any

from ai_engine.names import Blame
from ai_engine.providers.adapter import PlainAnswer
from ai_engine.providers.failures import Failure, FailureClass, malformed_response
from ai_engine.providers.plain_answers import uncounted_characters
from ai_engine.wire import openai
from ai_engine.wire.anthropic import REASONING_FORMAT
from ai_engine.wire.bedrock import FINISH_REASONS, MALFORMED, REDACTED_FORMAT, token_counts
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.openai_usage import chat_usage
from ai_engine.wire.tolerant import string_in
from ai_engine.wire.tool_arguments import whole_arguments


def read_chat(answer: JsonMapping, answer_id: str, model: str, created: int) -> PlainAnswer | Failure:
    """The answer as a chat completion. Raises `orjson.JSONEncodeError` where it is nested too deeply.

    Bedrock reports no model unless a prompt router chose it: else `model` is in the answer.
    """
    output, reason = answer.get("output"), answer.get("stopReason")
    given = output.get("message") if isinstance(output, dict) else None
    blocks = given.get("content") if isinstance(given, dict) else None
    if not isinstance(blocks, list) or not isinstance(reason, str):
        return malformed_response("The provider's answer has no output.message.content or no stopReason.")
    failure = failure_of_stop(reason)
    if failure is not None:
        return failure
    usage = token_counts(answer.get("usage"))
    named = routed_model(answer.get("trace"))
    choice: Json = {"index": 0, "message": _message(blocks), "logprobs": None, **ending(answer)}
    chat = openai.chat_completion(
        completion_id=answer_id, created=created, model=named or model, choices=[choice], usage=chat_usage(usage)
    )
    if usage is None:
        del chat["usage"]
    tier = service_tier(answer)
    if tier is not None:
        chat["service_tier"] = tier
    return PlainAnswer(None, named, usage, uncounted_characters(blocks, usage), chat)


def _message(blocks: list[Any]) -> Json:
    texts: list[str] = []
    thoughts: list[str] = []
    details: list[Json] = []
    calls: list[Json] = []
    annotations: list[Json] = []
    images: list[Json] = []
    length = 0
    for index, block in enumerate(blocks):
        if not isinstance(block, dict):
            continue
        text, notes = _text_in(block, length)
        if text:
            texts.append(text)
            annotations += notes
            length += len(text)
        elif isinstance(call := block.get("toolUse"), dict) and not is_hosted(call):
            calls.append(
                openai.tool_call(string_in(call, "toolUseId"), string_in(call, "name"), whole_arguments(call.get("input")))
            )
        elif isinstance(reasoning := block.get("reasoningContent"), dict):
            inner = reasoning.get("reasoningText")
            thought, detail = reasoning_detail(index, {**reasoning, **(inner if isinstance(inner, dict) else {})})
            thoughts.append(thought)
            details += [] if detail is None else [detail]
        elif isinstance(image := block.get("image"), dict) and (part := _image(image)) is not None:
            images.append(part)
    message: Json = {"role": "assistant", "content": "".join(texts) if texts or not (calls or images) else None, "refusal": None}
    if any(thoughts):
        message["reasoning_content"] = "".join(thoughts)
    found = {"reasoning_details": details, "tool_calls": calls, "annotations": annotations, "images": images}
    return {**message, **{name: values for name, values in found.items() if values}}


def _text_in(block: JsonMapping, start: int) -> tuple[str, list[Json]]:
    """A block's text, which begins at `start`, and annotations for the web pages that it cites."""
    if isinstance(block.get("text"), str):
        return block["text"], []
    cited = block.get("citationsContent")
    if not isinstance(cited, dict):
        return "", []
    content, citations = cited.get("content"), cited.get("citations")
    pieces = [piece.get("text") for piece in content if isinstance(piece, dict)] if isinstance(content, list) else []
    text = "".join(piece for piece in pieces if isinstance(piece, str))
    notes = [url_citation(citation, start, start + len(text)) for citation in citations] if isinstance(citations, list) else []
    return text, [note for note in notes if note is not None]


def url_citation(citation: object, start: int, end: int) -> Json | None:
    """The annotation for a citation of a web page; `None` for any other."""
    location = citation.get("location") if isinstance(citation, dict) else None
    web = location.get("web") if isinstance(location, dict) else None
    url = web.get("url") if isinstance(web, dict) else None
    if not isinstance(citation, dict) or not isinstance(url, str) or not url.startswith(("https://", "http://")):
        return None
    title = citation.get("title")
    return openai.url_citation(url, title if isinstance(title, str) else "", start, end)


def _image(image: JsonMapping) -> Json | None:
    source, form = image.get("source"), image.get("format")
    data = source.get("bytes") if isinstance(source, dict) else None
    if not isinstance(data, str) or not isinstance(form, str):
        return None
    return {"type": "image_url", "image_url": {"url": f"data:image/{form};base64,{data}"}}


def is_hosted(call: JsonMapping) -> bool:
    """A call of a tool that Bedrock runs itself."""
    return call.get("type") == "server_tool_use"


def reasoning_detail(index: int, given: JsonMapping) -> tuple[str, Json | None]:
    """The text, and the `reasoning_details` entry, of reasoning or a piece of it; `index` is its block's.

    Only Claude signs reasoning. Unsigned reasoning is not sent back.
    """
    text, signature, redacted = given.get("text"), given.get("signature"), given.get("redactedContent")
    if isinstance(redacted, str) and redacted:
        return "", {"type": "reasoning.encrypted", "data": redacted, "format": REDACTED_FORMAT, "index": index}
    text = text if isinstance(text, str) else ""
    signature = signature if isinstance(signature, str) else ""
    if not text and not signature:
        return "", None
    detail: Json = {"type": "reasoning.text", "text": text}
    if signature:
        detail["signature"] = signature
    return text, {**detail, "format": REASONING_FORMAT, "index": index}


def ending(answer: JsonMapping) -> Json:
    """The fields of a choice that say why it ended, from the answer or its `messageStop`."""
    reason = str(answer.get("stopReason"))
    fields_of_end: Json = {"finish_reason": FINISH_REASONS.get(reason, "stop"), "native_finish_reason": reason}
    fields = answer.get("additionalModelResponseFields")
    sequence = fields.get("stop_sequence") if isinstance(fields, dict) else None
    if isinstance(sequence, str) and sequence:
        fields_of_end["stop_sequence"] = sequence
    return fields_of_end


def failure_of_stop(reason: str) -> Failure | None:
    """The failure of an answer that the model could not complete; a retry may succeed. `None` for any other reason."""
    if reason not in MALFORMED:
        return None
    message = f"The model's output could not be read: {reason}."
    return Failure(FailureClass.MALFORMED_RESPONSE, Blame.ROUTE, message, type=reason, is_worth_repeating=True)


def routed_model(trace: object) -> str | None:
    """The model that a prompt router chose, if any."""
    router = trace.get("promptRouter") if isinstance(trace, dict) else None
    invoked = router.get("invokedModelId") if isinstance(router, dict) else None
    return invoked.rpartition("/")[2] or None if isinstance(invoked, str) else None


def service_tier(answer: JsonMapping) -> str | None:
    tier = answer.get("serviceTier")
    name = tier.get("type") if isinstance(tier, dict) else None
    return name if isinstance(name, str) else None
