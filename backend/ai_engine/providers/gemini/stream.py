"""Reads `streamGenerateContent?alt=sse`, where each event is a whole `GenerateContentResponse`, as chat completion chunks."""

from collections.abc import Sequence

from ai_engine.providers.adapter import EventKind, StreamEvent
from ai_engine.providers.error_bodies import has_error
from ai_engine.providers.failures import classify_error_value
from ai_engine.providers.gemini.answers import CandidateReader, failure_of_finish, failure_of_prompt
from ai_engine.providers.stream_events import TranslatingDecoder, failed
from ai_engine.wire import exact_json, gemini
from ai_engine.wire.finish_reasons import has_content
from ai_engine.wire.json_types import Json
from ai_engine.wire.made_ids import answer_id
from ai_engine.wire.openai_usage import token_counts


class GeminiStreamDecoder(TranslatingDecoder):
    """`adapter.StreamDecoder`. No event marks the end: an answer is complete when all its candidates are, and the body ends.

    Some servers send a reason, and usage, with every piece.

    Parts without a counterpart in a chat count as `invalid_events`.
    """

    __slots__ = ("_asked_model", "_created", "_finished", "_id", "_readers")

    def __init__(self, model: str, created: int) -> None:
        """`model` is the answer's model where Gemini sends none; `created` in seconds since the epoch."""
        super().__init__()
        self._asked_model = model
        self._created = created
        self._id: str | None = None
        self._readers: dict[int, CandidateReader] = {}
        self._finished: set[int] = set()

    @property
    def is_finished(self) -> bool:
        return bool(self._finished) and len(self._finished) == len(self._readers)

    def infer_finish(self) -> Sequence[StreamEvent]:
        unfinished = [index for index in self._readers if index not in self._finished]
        if self._finished or not any(reader.characters for reader in self._readers.values()):
            return ()
        self._finished.update(unfinished)
        reasons = {index: self._readers[index].finish_reason("STOP") for index in unfinished}
        self.inferred_finish = "tool_calls" if "tool_calls" in reasons.values() else "stop"
        choices: list[Json] = [{"index": at, "delta": {}, "finish_reason": reason} for at, reason in reasons.items()]
        return (StreamEvent(EventKind.FINISH, chunk=self._chunk(choices)),)

    def _events(self, data: bytes) -> list[StreamEvent]:
        event = exact_json.loads(data)
        if type(event) is not dict:
            return [failed(classify_error_value(event)) if has_error(event) else self._invalid()]
        if event.get("error"):
            return [failed(classify_error_value(event))]
        if self._id is None:
            self._begin(event, data)
        usage = gemini.chat_usage(event.get("usageMetadata"))
        candidates = event.get("candidates")
        if not candidates:
            return self._without_candidates(event, usage)
        return self._of_candidates(candidates, usage)

    def _begin(self, event: Json, data: bytes) -> None:
        given, version = event.get("responseId"), event.get("modelVersion")
        self._id = given if isinstance(given, str) and given else answer_id(data)
        self.model = version if isinstance(version, str) and version else None

    def _without_candidates(self, event: Json, usage: Json | None) -> list[StreamEvent]:
        failure = failure_of_prompt(event)
        if failure is not None and not self._readers:
            return [failed(failure)]
        if usage is None:
            return [] if "usageMetadata" in event or "promptFeedback" in event else [self._invalid()]
        self._note(token_counts(usage))
        return [self._usage_event(usage)] if self.is_finished else []

    def _of_candidates(self, candidates: object, usage: Json | None) -> list[StreamEvent]:
        if type(candidates) is not list:
            return [self._invalid()]
        choices = []
        has_content = has_finish = False
        for place, candidate in enumerate(candidates):
            if type(candidate) is not dict:
                return [self._invalid()]
            failure = failure_of_finish(candidate)
            if failure is not None:
                return [failed(failure)]
            choice, is_content = self._choice(candidate, place)
            choices.append(choice)
            has_content = has_content or is_content
            has_finish = has_finish or choice["finish_reason"] is not None
        kind = EventKind.CONTENT if has_content or has_finish else EventKind.OPENING
        if has_finish and self.is_finished:
            kind = EventKind.FINISH
        chunk = self._chunk(choices)
        events = [StreamEvent(kind, chunk=chunk)]
        if usage is not None:
            self._note(token_counts(usage))
            if self.is_finished:
                events.append(self._usage_event(usage))
        return events

    def _choice(self, candidate: Json, place: int) -> tuple[Json, bool]:
        index = candidate.get("index")
        if type(index) is not int:
            index = place
        reader = self._readers.get(index)
        delta: Json
        if reader is None:
            reader = self._readers[index] = CandidateReader(self._id or "", index)
            delta = {"role": "assistant"}
            before = skipped = 0
        else:
            delta = {}
            before, skipped = reader.characters, reader.skipped_parts
        said = reader.delta(candidate)
        delta.update(said)
        self.characters_since_usage += reader.characters - before
        self.invalid_events += reader.skipped_parts - skipped
        choice: Json = {"index": index, "delta": delta, "finish_reason": None}
        probabilities = gemini.logprobs(candidate["logprobsResult"]) if "logprobsResult" in candidate else None
        if probabilities is not None:
            choice["logprobs"] = probabilities
        reason = gemini.finish_reason_in(candidate)
        if reason is None:
            if has_content(choice):
                self._finished.discard(index)
        else:
            self._finished.add(index)
            notes = gemini.annotations(candidate, reader.text)
            if notes:
                delta["annotations"] = notes
            choice["finish_reason"] = reader.finish_reason(reason)
            choice["native_finish_reason"] = reason
        return choice, bool(said)

    def _chunk(self, choices: list[Json]) -> Json:
        return {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": self.model or self._asked_model,
            "choices": choices,
        }

    def _usage_event(self, usage: Json) -> StreamEvent:
        chunk = self._chunk([])
        chunk["usage"] = usage
        return StreamEvent(EventKind.USAGE, chunk=chunk)
