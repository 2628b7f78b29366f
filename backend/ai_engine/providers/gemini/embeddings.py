"""Embeddings in OpenAI's format over `embedContent`, and over `batchEmbedContents` where there are several texts.

Source: https://ai.google.dev/api/embeddings (read 2026-11-28).
"""

from ai_engine.providers import chat_parameters as chat
from ai_engine.providers.adapter import PlainAnswer
from ai_engine.providers.embedding_texts import input_texts, wants_base64
from ai_engine.providers.failures import Failure, malformed_response
from ai_engine.wire import gemini, openai
from ai_engine.wire.fields import optional, unsupported
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.openai_usage import token_counts

_PROVIDER = "Gemini"
_KNOWN = frozenset({"input", "dimensions", "encoding_format", "input_type"})
_TASKS = {
    "search_document": "RETRIEVAL_DOCUMENT",
    "search_query": "RETRIEVAL_QUERY",
    "classification": "CLASSIFICATION",
    "clustering": "CLUSTERING",
}
"""By `input_type`, a field of Cohere's that other providers of embeddings use too."""


def embed_contents(body: JsonMapping, model: str) -> tuple[str, Json]:
    """The method and the request's body. Vectors come as numbers, for any `encoding_format` (`embedding_texts.packed`)."""
    chat.check_fields(body, _KNOWN, _PROVIDER)
    wants_base64(body)  # checks the field
    common: Json = {"model": f"models/{model}"}
    dimensions = optional(body, "dimensions", int)
    if dimensions is not None:
        common["outputDimensionality"] = dimensions
    task = task_type(body, _PROVIDER)
    if task is not None:
        common["taskType"] = task
    requests: list[Json] = [{**common, "content": {"parts": [{"text": text}]}} for text in input_texts(body, _PROVIDER)]
    return ("embedContent", requests[0]) if len(requests) == 1 else ("batchEmbedContents", {"requests": requests})


def task_type(body: JsonMapping, provider: str) -> str | None:
    """Google's value of `input_type`; `None` where the field is missing."""
    purpose = optional(body, "input_type", str)
    if purpose is not None and purpose not in _TASKS:
        raise unsupported("input_type", f"is {purpose[:60]!r}, which {chat.not_by(provider)}")
    return None if purpose is None else _TASKS[purpose]


def read_embeddings(answer: JsonMapping, model: str) -> PlainAnswer | Failure:
    """The answer in OpenAI's format. Raises `orjson.JSONEncodeError` where it is nested too deeply.

    Without a count of the input, the answer has 0, since SDKs require a number, and the counts are unknown.
    """
    embeddings = answer.get("embeddings", [answer["embedding"]] if "embedding" in answer else None)
    vectors: list[list[float] | str] = []
    for each in embeddings if isinstance(embeddings, list) else ():
        values = each.get("values") if isinstance(each, dict) else None
        if not isinstance(values, list):
            return malformed_response("Gemini's answer has an embedding without its values.")
        vectors.append(values)
    if not vectors:
        return malformed_response("Gemini's answer has no embeddings.")
    usage = gemini.chat_usage(answer.get("usageMetadata"))
    counts = token_counts(usage)
    said = openai.embeddings(model=model, vectors=vectors, input_tokens=usage["prompt_tokens"] if usage else 0)
    return PlainAnswer(None, None, counts._replace(output=0) if counts else None, answer=said)
