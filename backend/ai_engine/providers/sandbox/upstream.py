"""The sandbox: a provider in this process, for use without a key. Its answers are labelled and deterministic.

It implements the upstream port, so that its answers pass the adapter, the relay and the ledger like any other's.
"""

import base64
import hashlib
import re
import struct
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

import orjson

from ai_engine.clock import Clock
from ai_engine.errors import InvalidRequest
from ai_engine.providers.chat_parameters import stops
from ai_engine.providers.embedding_texts import wants_base64
from ai_engine.providers.sandbox.schema_examples import example
from ai_engine.upstream.port import AnswerTooLarge, Headers, UpstreamAnswer, UpstreamRequest
from ai_engine.wire import openai
from ai_engine.wire.fields import invalid, json_text, non_empty, objects_of, optional, optional_objects, parse_object
from ai_engine.wire.json_types import Json
from ai_engine.wire.sse import encode_event

_MOST_CHOICES = 16
_MOST_INPUTS = 2048
_MOST_DIMENSIONS = 4096
_DIMENSIONS = 1536
_LONGEST_ECHO = 500

_WORDS = re.compile(r"\s*\S+|\s+$")


class SandboxUpstream:
    """`upstream.port.Upstream` for `sandbox://local`: chat (streamed too), embeddings and the listing, for any model name.

    The same request gets the same answer, except for `created`.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def send(self, request: UpstreamRequest) -> UpstreamAnswer:
        path = request.url.removeprefix("sandbox://local")
        answer_to = self._routes().get((request.method, path))
        if answer_to is None:
            # A 400 and not a 404, so that the sandbox stays in rotation.
            return _refused(
                f"The sandbox supports chats, embeddings and the listing of models, not {request.method} {path}; "
                "put a provider key, such as OPENAI_API_KEY, into .env."
            )
        try:
            return answer_to(request.body)
        except InvalidRequest as error:
            return _refused(error.message, param=error.param)

    async def close(self) -> None:
        """There is no connection to close."""

    def _routes(self) -> dict[tuple[str, str], Callable[[bytes], "_Answer"]]:
        return {
            ("POST", "/chat/completions"): self._chat,
            ("POST", "/embeddings"): self._embeddings,
            ("GET", "/models"): self._models,
        }

    def _models(self, _body: bytes) -> "_Answer":
        return _json_answer(openai.model_list([openai.model("sandbox", created=self._created(), owned_by="ai-engine")]))

    def _chat(self, body: bytes) -> "_Answer":
        request = parse_object(body)
        model, reply = non_empty(request, "model", str), _Reply(request)
        completion_id = "chatcmpl-sandbox-" + hashlib.sha256(body).hexdigest()[:24]
        if not optional(request, "stream", bool):
            completion = openai.chat_completion(
                completion_id=completion_id,
                created=self._created(),
                model=model,
                choices=[reply.choice(index) for index in range(reply.choices)],
                usage=reply.usage,
            )
            return _json_answer(completion)
        options = request.get("stream_options")
        has_usage = isinstance(options, dict) and options.get("include_usage") is True
        created = self._created()
        chunks = [
            openai.chat_chunk(completion_id=completion_id, created=created, model=model, choices=choices, usage=usage)
            for choices, usage in reply.events(has_usage=has_usage)
        ]
        events = [encode_event(orjson.dumps(chunk)) for chunk in chunks] + [encode_event(openai.DONE)]
        return _Answer(200, b"text/event-stream; charset=utf-8", events)

    def _embeddings(self, body: bytes) -> "_Answer":
        request = parse_object(body)
        model, inputs = non_empty(request, "model", str), _inputs(request)
        dimensions = _integer(request, "dimensions", _DIMENSIONS, most=_MOST_DIMENSIONS)
        is_base64 = wants_base64(request)
        vectors: list[list[float] | str] = []
        for value in inputs:
            vector = _vector(value, dimensions)
            packed = struct.pack(f"<{dimensions}f", *vector)
            vectors.append(base64.b64encode(packed).decode() if is_base64 else vector)
        tokens = sum(len(value) if isinstance(value, list) else _tokens(value) for value in inputs)
        return _json_answer(openai.embeddings(model=model, vectors=vectors, input_tokens=tokens))

    def _created(self) -> int:
        return int(self._clock.now().timestamp())


class _Answer:
    """`upstream.port.UpstreamAnswer` from prepared pieces."""

    def __init__(self, status: int, content_type: bytes, pieces: Sequence[bytes]) -> None:
        self.status = status
        self.headers: Headers = ((b"content-type", content_type),)
        self._pieces = pieces
        self._is_closed = False

    async def chunks(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            if self._is_closed:
                return
            yield piece

    async def read(self, limit_bytes: int) -> bytes:
        body = b"".join([piece async for piece in self.chunks()])
        if len(body) > limit_bytes:
            raise AnswerTooLarge(f"The sandbox's answer is larger than {limit_bytes} bytes.")
        return body

    async def close(self) -> None:
        self._is_closed = True


def _json_answer(content: Json, status: int = 200) -> _Answer:
    return _Answer(status, b"application/json", [orjson.dumps(content)])


def _refused(message: str, *, status: int = 400, param: str | None = None) -> _Answer:
    return _json_answer(openai.error(f"[sandbox] {message}", kind="invalid_request_error", param=param), status)


class _Reply:
    """The sandbox's reply to one chat request, for a completion or a stream."""

    def __init__(self, request: Json) -> None:
        messages = list(objects_of(non_empty(request, "messages", list), "messages"))
        prompts = [(message.get("role"), _content_text(message, where)) for where, message in messages]
        prompt = next((text for role, text in reversed(prompts) if role == "user"), "")
        echo = prompt if len(prompt) <= _LONGEST_ECHO else prompt[:_LONGEST_ECHO] + "…"
        self.choices = _integer(request, "n", 1, most=_MOST_CHOICES)
        self.tool = _called_tool(request)
        text = (
            f"[sandbox] No provider key is configured, so AI Engine's built-in sandbox answers for {request['model']}. "
            f"Your message: {echo}"
        )
        self.text, self.finish_reason = _shortened(_formatted(request, text, echo), request)
        answer = self.tool["function"]["arguments"] if self.tool else self.text
        self.usage = openai.usage(sum(_tokens(text) for _, text in prompts), _tokens(answer) * self.choices)

    def choice(self, index: int) -> Json:
        if self.tool:
            return openai.choice(index, content=None, finish_reason="tool_calls", tool_calls=[self.tool])
        return openai.choice(index, content=self.text, finish_reason=self.finish_reason)

    def events(self, *, has_usage: bool) -> Iterator[tuple[list[Json], Json | None]]:
        """The choices and the usage of each chunk, in order."""
        for index in range(self.choices):
            yield [openai.chunk_choice(index, {"role": "assistant", "content": None if self.tool else ""})], None
            for delta in self._deltas():
                yield [openai.chunk_choice(index, delta)], None
            yield [openai.chunk_choice(index, {}, "tool_calls" if self.tool else self.finish_reason)], None
        if has_usage:
            yield [], self.usage

    def _deltas(self) -> Iterator[Json]:
        if not self.tool:
            yield from ({"content": word} for word in _WORDS.findall(self.text))
            return
        arguments = self.tool["function"]["arguments"]
        opening = {**self.tool, "index": 0, "function": {"name": self.tool["function"]["name"], "arguments": ""}}
        yield {"tool_calls": [opening]}
        yield {"tool_calls": [{"index": 0, "function": {"arguments": arguments}}]}


def _integer(request: Json, name: str, default: int, *, most: int) -> int:
    value = optional(request, name, int)
    if value is None:
        return default
    if not 1 <= value <= most:
        raise invalid(name, f"must be from 1 to {most}")
    return value


def _tokens(text: str) -> int:
    """The sandbox's own count: a word is a token."""
    return len(text.split())


def _content_text(message: Json, where: str) -> str:
    content = message.get("content")
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        raise invalid(f"{where}.content", "must be a string, an array of parts, or null")
    texts = []
    for _, part in objects_of(content, f"{where}.content"):
        text, kind = part.get("text"), part.get("type")
        texts.append(text if isinstance(text, str) else f"[{kind}]")
    return " ".join(texts)


def _formatted(request: Json, text: str, echo: str) -> str:
    """`text`, or JSON where the request wants it."""
    form = optional(request, "response_format", dict) or {}
    match form.get("type"):
        case "json_object":
            return orjson.dumps({"sandbox": text}).decode()
        case "json_schema":
            schema = form.get("json_schema")
            schema = schema.get("schema") if isinstance(schema, dict) else None
            return json_text(example(schema, f"[sandbox] {echo}"), "response_format.json_schema.schema")
        case _:
            return text


def _shortened(text: str, request: Json) -> tuple[str, str]:
    """The text up to `stop`, `max_tokens` and `max_completion_tokens`, and its `finish_reason`."""
    for stop in stops(request):
        if stop:
            text = text.partition(stop)[0]
    most = _integer(request, "max_completion_tokens", _integer(request, "max_tokens", 2**31, most=2**31), most=2**31)
    words = _WORDS.findall(text)
    return (text, "stop") if len(words) <= most else ("".join(words[:most]), "length")


def _called_tool(request: Json) -> Json | None:
    """A call of the tool that `tool_choice` demands, if it demands one."""
    choice = request.get("tool_choice")
    functions = [tool["function"] for _, tool in optional_objects(request, "tools") if isinstance(tool.get("function"), dict)]
    function = choice.get("function") if isinstance(choice, dict) else None
    if isinstance(function, dict):
        functions = [known for known in functions if known.get("name") == function.get("name")]
    elif choice != "required":
        return None
    name = functions[0].get("name") if functions else None
    if not isinstance(name, str):
        raise invalid("tool_choice", "must be the name of a function in tools")
    arguments = json_text(example(functions[0].get("parameters")), "tools")
    return openai.tool_call("call_sandbox_" + hashlib.sha256((name + arguments).encode()).hexdigest()[:16], name, arguments)


def _inputs(request: Json) -> list[str | list[int]]:
    """The texts or token lists to embed."""
    given = request.get("input")
    if isinstance(given, str) or (isinstance(given, list) and given and all(isinstance(each, int) for each in given)):
        given = [given]
    if not isinstance(given, list) or not 0 < len(given) <= _MOST_INPUTS or not all(_is_input(each) for each in given):
        raise invalid(
            "input", f"must be a string, an array of tokens, or an array of at most {_MOST_INPUTS} of either, none empty"
        )
    return given


def _is_input(value: object) -> bool:
    if isinstance(value, str):
        return value != ""
    return isinstance(value, list) and bool(value) and all(type(token) is int for token in value)


def _vector(value: str | list[int], dimensions: int) -> list[float]:
    """A vector of length 1 that depends on the input only."""
    noise = hashlib.shake_256(orjson.dumps(value)).digest(2 * dimensions)
    numbers = struct.unpack(f"<{dimensions}h", noise)
    length = sum(number * number for number in numbers) ** 0.5 or 1.0
    return [number / length for number in numbers]
