"""The upstream call alone: the gateway's HTTP engine without the gateway.

    python bare_calls.py URL COUNT CONCURRENCY plain|stream

Prints the CPU time in µs per call, without the start of the program.
"""

import asyncio
import sys
import time

import uvloop

from ai_engine.upstream.httpx_engine import HttpxEngine
from ai_engine.upstream.port import UpstreamRequest

_BODIES = {
    "plain": b'{"model":"canned","messages":[{"role":"user","content":"Hello"}]}',
    "stream": b'{"model":"canned","messages":[{"role":"user","content":"Hello"}],"stream":true}',
}
_WARM_UP = 20


async def call(engine: HttpxEngine, request: UpstreamRequest) -> None:
    answer = await engine.send(request)
    async for _chunk in answer.chunks():
        pass
    await answer.close()


async def calls(engine: HttpxEngine, request: UpstreamRequest, times: int) -> None:
    """Each in its own task, as in a server."""
    for _ in range(times):
        await asyncio.create_task(call(engine, request))


async def main(url: str, count: int, concurrency: int, kind: str) -> None:
    engine = HttpxEngine()
    headers = ((b"content-type", b"application/json"), (b"authorization", b"Bearer key"), (b"accept-encoding", b"identity"))
    request = UpstreamRequest("POST", url, headers, _BODIES[kind], 5, 60)
    await calls(engine, request, _WARM_UP if kind == "plain" else 1)
    before = time.process_time()
    await asyncio.gather(*(calls(engine, request, count // concurrency) for _ in range(concurrency)))
    print((time.process_time() - before) / (count // concurrency * concurrency) * 1e6)
    await engine.close()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
