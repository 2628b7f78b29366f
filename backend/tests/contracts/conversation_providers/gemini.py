"""Gemini's generateContent, at the provider's end (https://ai.google.dev/api/generate-content, read 2026-11-28)."""

from collections.abc import Sequence

from ai_engine.wire.json_types import Json
from tests.contracts.conversation_providers.port import SIGNATURE
from tests.contracts.conversation_script import ANSWER, PICTURE, WEATHER, Asked, Call, Result, Said, Turn
from tests.contracts.published_specifications import check
from tests.fakes.scripted_upstream import Answer, ReceivedRequest, ScriptedUpstream, Step, Stream


class Gemini:
    name = "gemini"
    protocol = "gemini"
    model = "tiny"
    tells_cached = True
    is_told_one_call = False
    gives_call_ids = True
    signs = True
    models = "/models"
    request_schema = ("gemini", "GenerateContentRequest")

    def answers(self, upstream: ScriptedUpstream, *steps: Said | Step, stream: bool) -> None:
        method = "streamGenerateContent" if stream else "generateContent"
        scripted = [self.step(step, stream=stream) if isinstance(step, Said) else step for step in steps]
        upstream.on(f"{self.models}/{self.model}:{method}", *scripted)

    def understands(self, request: ReceivedRequest) -> Asked:
        check(*self.request_schema, request.body)
        assert request.headers["x-goog-api-key"] == "sk-alpha-1"
        assert "sk-alpha-1" not in request.query
        body, config = request.body, request.body.get("generationConfig", {})
        raw: list[tuple[str, Turn]] = []
        for content in body["contents"]:
            role = "assistant" if content["role"] == "model" else "user"
            assert not raw or raw[-1][0] != role, "roles take turns"
            raw.append((role, self._turn(role, content["parts"], [call for _, turn in raw for call in turn.calls])))
        declared = [each for tool in body.get("tools", ()) for each in tool["functionDeclarations"]]
        assert all((each.get("parametersJsonSchema") or each["parameters"]) == WEATHER for each in declared)
        is_structured = "responseJsonSchema" in config or "responseSchema" in config
        if is_structured:
            assert config["responseMimeType"] == "application/json"
            assert (config.get("responseJsonSchema") or config["responseSchema"]) == ANSWER
        system = body.get("systemInstruction")
        return Asked(
            tuple(turn for _, turn in raw),
            "".join(part["text"] for part in system["parts"]) if system else None,
            tuple(each["name"] for each in declared),
            body.get("toolConfig", {}).get("functionCallingConfig", {}).get("mode") == "ANY",
            is_structured,
            tuple(config.get("stopSequences") or ()),
            config["maxOutputTokens"],
            config.get("temperature"),
            config.get("thinkingConfig", {}).get("includeThoughts", False),
        )

    def _turn(self, role: str, parts: Sequence[Json], calls: Sequence[Call]) -> Turn:
        texts: list[str] = []
        results: list[Result] = []
        made: list[Call] = []
        has_picture = False
        for part in parts:
            if "text" in part:
                texts.append(part["text"])
            elif "inlineData" in part:
                assert part["inlineData"] == {"mimeType": "image/png", "data": PICTURE}
                has_picture = True
            elif "functionCall" in part:
                call = part["functionCall"]
                made.append(Call(call.get("id", ""), call["name"], call["args"]))
            else:
                response = part["functionResponse"]
                call = next(each for each in calls if each.id == response["id"]) if self.gives_call_ids else calls[len(results)]
                assert response["name"] == call.name
                (value,) = response["response"].values()
                results.append(Result(call, value))
        return Turn(role, "".join(texts) or None, has_picture, tuple(made), tuple(results))

    def step(self, said: Said, *, stream: bool) -> Step:
        endings = {"stop": "STOP", "length": "MAX_TOKENS", "calls": "STOP", "filter": "SAFETY"}
        parts: list[Json] = [{"text": piece, "thought": True} for piece in said.reasoning]
        parts += [{"text": piece} for piece in said.pieces]
        ids: list[Json] = [{"id": call.id} if self.gives_call_ids else {} for call in said.calls]
        calls = zip(ids, said.calls, strict=True)
        parts += [{"functionCall": {**call_id, "name": call.name, "args": call.arguments}} for call_id, call in calls]
        if said.is_signed and said.calls:
            parts[-len(said.calls)]["thoughtSignature"] = SIGNATURE
        elif said.reasoning:
            parts[-1]["thoughtSignature"] = SIGNATURE
        thoughts = 3 if said.reasoning else 0
        usage = {
            "promptTokenCount": said.input_tokens,
            "cachedContentTokenCount": said.cached_tokens,
            "candidatesTokenCount": said.output_tokens - thoughts,
            "thoughtsTokenCount": thoughts,
            "totalTokenCount": said.input_tokens + said.output_tokens,
        }
        head = {"modelVersion": "tiny", "responseId": f"resp-{said.number}"}
        whole = {"content": {"role": "model", "parts": parts}, "index": 0, "finishReason": endings[said.ending]}
        if not stream:
            return Answer({**head, "candidates": [whole], "usageMetadata": usage})
        events: list[Json] = [
            {**head, "candidates": [{"content": {"role": "model", "parts": [part]}, "index": 0}]} for part in parts
        ]
        events[-1]["candidates"][0]["finishReason"] = endings[said.ending]
        events[-1]["usageMetadata"] = usage
        return Stream(events, done=False)

    def refuses(self) -> Step:
        return Answer({"error": {"code": 400, "message": "too hot", "status": "INVALID_ARGUMENT"}}, 400)

    def signatures_in(self, request: ReceivedRequest) -> Sequence[str]:
        parts = [part for content in request.body["contents"] for part in content["parts"]]
        return [part["thoughtSignature"] for part in parts if "thoughtSignature" in part]
