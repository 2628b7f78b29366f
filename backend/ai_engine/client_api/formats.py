"""The relayed paths and their formats: one row each."""

from ai_engine.client_api import chat_completions, completions, embeddings, passthrough
from ai_engine.client_api.chat import chat_request, embeddings_request
from ai_engine.client_api.endpoint import ClientFormat, ParseRequest
from ai_engine.client_api.messages import errors
from ai_engine.client_api.messages import routes as messages
from ai_engine.client_api.messages.requests import count_tokens_request, messages_request, takes_header
from ai_engine.client_api.responses import routes as responses
from ai_engine.client_api.responses.background import BackgroundResponses
from ai_engine.client_api.responses.requests import ResponsesRequests


def relayed_formats(parse: ResponsesRequests, background: BackgroundResponses) -> dict[str, ClientFormat]:
    """By path, for the dispatcher. The routes for OpenAPI at the same paths are not called."""
    return {
        chat_completions.PATH: ClientFormat(chat_request),
        completions.PATH: ClientFormat(completions.completions_request),
        embeddings.PATH: ClientFormat(embeddings_request),
        responses.PATH: ClientFormat(parse, error_events=parse.error_events, keep=parse.keep, defer=background.defer),
        **{path: passed.client_format for path, passed in passthrough.PASSED.items()},
        messages.MESSAGES_PATH: _anthropic_format(messages_request),
        messages.COUNT_TOKENS_PATH: _anthropic_format(count_tokens_request),
    }


def _anthropic_format(parse: ParseRequest) -> ClientFormat:
    return ClientFormat(
        parse,
        errors.error_answer,
        errors.error_events,
        errors.error_status,
        request_id_header=b"request-id",
        takes_header=takes_header,
    )
