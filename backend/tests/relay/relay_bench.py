"""The relay over everything it really uses, with a scripted upstream at the port and a clock whose sleeps are over at once."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from typing import Any

from ai_engine.errors import AIEngineError
from ai_engine.events import AttemptFinished, RequestFinished
from ai_engine.names import Operation
from ai_engine.provider_keys.cooldown_queue import CooldownQueue
from ai_engine.providers.openai.adapter import OpenAICompatible
from ai_engine.providers.registry.definition import ProviderDefinition, WireProtocol
from ai_engine.relay.client import UncommittedClient
from ai_engine.relay.learnt import Learnt
from ai_engine.relay.relay import Answer, Relay
from ai_engine.relay.request import ClientRequest
from ai_engine.relay.services import RelayServices
from ai_engine.web.errors import error_status
from tests.autodecide.planner_bench import PlannerBench
from tests.fakes.clock import HandTurnedClock
from tests.fakes.scripted_upstream import completion, error
from tests.fakes.upstream import PortUpstream, Reply

SOUND = Reply(completion("hello there"))
CLIENT = UncommittedClient(error_status)
BODY: dict[str, Any] = {"model": "tiny", "messages": [{"role": "user", "content": "hi"}]}


def refused(status: int, code: str | None = None, *, retry_after: float | None = None, param: str | None = None) -> Reply:
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    return Reply(error(f"refused with {status}", code=code, param=param), status, headers)


class RelayBench(PlannerBench):
    def __init__(
        self,
        *providers: ProviderDefinition,
        file: Mapping[str, Any] | None = None,
        clock: HandTurnedClock | None = None,
        listings: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(*providers, file=file, clock=clock or HandTurnedClock(skips_sleep=True), listings=listings)
        self.upstream = PortUpstream()
        self.attempts: list[AttemptFinished] = []
        self.requests: list[RequestFinished] = []
        self.rediscovered: list[str] = []
        self.cooldown_queue = CooldownQueue(self.clock)
        self.services = RelayServices(
            configuration=lambda: self.configuration,
            finder=self.finder,
            planner=self.planner,
            keys=self.keys,
            cooldown_queue=self.cooldown_queue,
            breaker=self.breaker,
            track_record=self.track_record,
            upstream=self.upstream,
            adapters={WireProtocol.OPENAI: OpenAICompatible()},
            own_headers=(),
            rediscover=self.rediscovered.append,
            observe_attempt=self.attempts.append,
            observe_request=self.requests.append,
            clock=self.clock,
            chance=lambda: 0.5,
            random_bits=random.Random(1).getrandbits,
            refuses_stream_options=set(),
            unsupported_formats=Learnt(self.clock),
            refused_hints=Learnt(self.clock),
        )
        self.relay = Relay(self.services)

    def request(self, model: str = "tiny", **fields: Any) -> ClientRequest:
        body = {**BODY, "stream": True} if fields.get("is_stream") else BODY
        return ClientRequest("request-1", Operation.CHAT, model, body, **fields)

    async def ask(self, model: str = "tiny", **fields: Any) -> Answer | AIEngineError:
        """The plain answer, or the error that the client is told."""
        try:
            return await self.relay.answer(self.request(model, **fields), CLIENT)
        except AIEngineError as error:
            return error

    async def stream(self, model: str = "tiny", *, written: list[bytes] | None = None, **fields: Any) -> AIEngineError | None:
        """Carries a stream to its end as `client_api` does, and gives what broke it. `written` has the end as well."""

        async def write(events: bytes) -> None:
            await asyncio.sleep(0)
            if written is not None:
                written.append(events)

        try:
            answer = await self.relay.answer(self.request(model, is_stream=True, **fields), CLIENT)
        except AIEngineError as error:
            return error
        assert answer.stream is not None
        try:
            broken = await answer.stream.relay_to(write)
            if broken is None and written is not None:
                written.append(answer.stream.ending())
            return broken
        finally:
            await answer.stream.close()

    @property
    def asked(self) -> list[str]:
        """`provider/model key number` of every request that went out."""
        return [f"{one.provider}/{one.model} {(one.key or 'none').rpartition('-')[2]}" for one in self.upstream.asked]

    def check_nothing_leaked(self) -> None:
        """One event an attempt and one a request; no key in flight, no answer open, nobody in the cooldown queue."""
        assert len(self.requests) == 1
        assert tuple(self.attempts) == self.requests[0].attempts
        for name in self.configuration.providers:
            assert [pooled.in_flight for pooled in self.keys.keys_of(name)] == [0] * len(self.keys.keys_of(name))
        assert all(answer.is_closed for answer in self.upstream.answers)
