"""Embeddings in OpenAI's format as `predict` requests, which Vertex AI has for them.

Source: https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api (read 2026-11-30).
"""

from ai_engine.names import TokenCounts
from ai_engine.providers import chat_parameters
from ai_engine.providers.adapter import PlainAnswer
from ai_engine.providers.embedding_texts import input_texts, wants_base64
from ai_engine.providers.failures import Failure, malformed_response
from ai_engine.providers.gemini.embeddings import task_type
from ai_engine.wire import openai
from ai_engine.wire.fields import optional
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.openai_usage import count_in

_PROVIDER = "Vertex AI"
_KNOWN = frozenset({"input", "dimensions", "encoding_format", "input_type"})


def predict_request(body: JsonMapping) -> Json:
    """The request's body. Vectors are numbers, whatever `encoding_format` is: `embedding_texts.packed`.

    A text that is too long is an error, as with OpenAI; Vertex AI's default is to cut it off.
    """
    chat_parameters.check_fields(body, _KNOWN, _PROVIDER)
    wants_base64(body)  # checks the field
    task = task_type(body, _PROVIDER)
    common: Json = {} if task is None else {"task_type": task}
    parameters: Json = {"autoTruncate": False}
    dimensions = optional(body, "dimensions", int)
    if dimensions is not None:
        parameters["outputDimensionality"] = dimensions
    return {"instances": [{"content": text, **common} for text in input_texts(body, _PROVIDER)], "parameters": parameters}


def read_predictions(answer: JsonMapping, model: str) -> PlainAnswer | Failure:
    """The answer in OpenAI's format."""
    predictions = answer.get("predictions")
    vectors: list[list[float] | str] = []
    tokens: int | None = 0
    for prediction in predictions if isinstance(predictions, list) else ():
        embeddings = prediction.get("embeddings") if isinstance(prediction, dict) else None
        values = embeddings.get("values") if isinstance(embeddings, dict) else None
        if not isinstance(embeddings, dict) or not isinstance(values, list):
            return malformed_response("The provider's answer has a prediction without embeddings.values.")
        vectors.append(values)
        statistics = embeddings.get("statistics")
        count = count_in(statistics.get("token_count")) if isinstance(statistics, dict) else None
        tokens = None if tokens is None or count is None else tokens + count
    if not vectors:
        return malformed_response("The provider's answer has no predictions.")
    read = openai.embeddings(model=model, vectors=vectors, input_tokens=tokens or 0)
    return PlainAnswer(None, None, None if tokens is None else TokenCounts(input=tokens, output=0), answer=read)
