"""What the journeys' providers do."""

import itertools

from tests.fakes.scripted_upstream import Answer, ScriptedUpstream, Step, Stream, chunks, completion, error

CHAT = "/chat/completions"


def sound(text: str = "hello there", model: str = "tiny", *, stream: bool) -> Step:
    """A whole, healthy answer."""
    return Stream(chunks(text, model)) if stream else Answer(completion(text, model))


def refused(status: int, code: str | None = None, *, retry_after: str | None = None, kind: str = "error") -> Answer:
    """An error answer in OpenAI's shape."""
    headers = {"retry-after": retry_after} if retry_after else {}
    return Answer(error(f"refused with {status}", kind=kind, code=code), status, headers)


def asked(upstream: ScriptedUpstream) -> list[str | None]:
    """The models of the chat requests that arrived, in order."""
    return [request.model for request in upstream.requests if request.path.endswith(CHAT)]


def gaps(upstream: ScriptedUpstream) -> list[float]:
    """Seconds between one request and the next."""
    times = [request.at for request in upstream.requests]
    return [later - earlier for earlier, later in itertools.pairwise(times)]
