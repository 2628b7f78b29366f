"""The gateway's own CPU time per plain request and per stream event, compared with the bare upstream call.

    backend/.venv/bin/python benchmarks/own_cost.py [--rounds N]

Three programs, interleaved in one run, each measured by the kernel's accounting of its process:

    gateway     as users run it, over httpx to a canned provider on loopback
    bare call   the same HTTP engine making the same calls, without the gateway
    own         the gateway with an upstream that answers at once within the process

Translated: the client speaks Anthropic's Messages API and the provider OpenAI's, so request, answer and events are translated.

The budgets (`docs/performance.md`) are for `own`, which holds with any engine. Gateway − bare call is more than that: what
httpx costs grows when other code keeps it out of the processor's caches. The median of the rounds counts. Everything runs on
loopback and stops by itself. Linux only (`/proc`).

The client never sleeps, since waking it would be counted to the gateway: measured with a sleeping one, the same gateway seemed to
cost a quarter more.
"""

import argparse
import asyncio
import contextlib
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import canned_upstream

HERE = Path(__file__).parent
PLAIN_REQUESTS = 4000
STREAMS = 96
CONCURRENCY = 32
PLAIN_BUDGET_MICROSECONDS = 100
EVENT_BUDGET_MICROSECONDS = 25
TRANSLATED_BUDGET_MICROSECONDS = 200
TRANSLATED_EVENT_BUDGET_MICROSECONDS = 40


class Sent(NamedTuple):
    """A kind of request."""

    path: bytes
    body: bytes
    times: int


_CHAT, _MESSAGES = b"/v1/chat/completions", b"/v1/messages"
_SAID = b'"model":"canned","messages":[{"role":"user","content":"Hello"}]'
PLAIN = Sent(_CHAT, b"{" + _SAID + b"}", PLAIN_REQUESTS)
KINDS = {
    "plain": PLAIN,
    "stream": Sent(_CHAT, b"{" + _SAID + b',"stream":true}', STREAMS),
    "translated plain": Sent(_MESSAGES, b"{" + _SAID + b',"max_tokens":100}', PLAIN_REQUESTS),
    "translated stream": Sent(_MESSAGES, b"{" + _SAID + b',"max_tokens":100,"stream":true}', STREAMS),
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def started(command: list[str], environment: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A program that runs until the end of the block. Its output is shown if it fails."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        try:
            yield process
        finally:
            process.terminate()
            if process.wait(timeout=20) > 0:
                output.seek(0)
                sys.stderr.buffer.write(output.read())


async def until_it_listens(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.05)
    raise SystemExit(f"Nothing listens on port {port} after ten seconds.")


def processor_seconds(pid: int) -> float:
    """The CPU time of the process and its threads in nanoseconds, from the scheduler."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text("ascii").split()[0]) for thread in threads) / 1e9


async def client(port: int, sent: Sent, times: int) -> None:
    """A keep-alive connection that repeats the request and reads each response completely."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = (
        b"POST %b HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer unused\r\n"
        b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % (sent.path, len(sent.body)) + sent.body
    )
    for _ in range(times):
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"The gateway answered {head.decode()!r}")
        if b"content-length: " in head:
            await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))
        else:
            await reader.readuntil(b"0\r\n\r\n")
    writer.close()


async def load(port: int, sent: Sent, count: int) -> int:
    each = count // CONCURRENCY
    awake = asyncio.create_task(stay_awake())
    await asyncio.gather(*(client(port, sent, each) for _ in range(CONCURRENCY)))
    awake.cancel()
    return each * CONCURRENCY


async def stay_awake() -> None:
    """Keeps the client's event loop busy: in a virtual machine, waking a sleeping process costs the writer 10 µs and more."""
    while True:  # noqa: ASYNC110 - busy on purpose
        await asyncio.sleep(0)


async def gateway_microseconds(gateway: subprocess.Popen[bytes], port: int, sent: Sent) -> float:
    before = processor_seconds(gateway.pid)
    done = await load(port, sent, sent.times)
    return (processor_seconds(gateway.pid) - before) / done * 1e6


async def bare_microseconds(upstream_port: int, count: int, kind: str) -> float:
    url = f"http://127.0.0.1:{upstream_port}/v1/chat/completions"
    bare = await asyncio.create_subprocess_exec(
        sys.executable, str(HERE / "bare_calls.py"), url, str(count), str(CONCURRENCY), kind, stdout=subprocess.PIPE
    )
    output, _ = await bare.communicate()
    return float(output)


@contextlib.asynccontextmanager
async def running_gateway(
    upstream_port: int, command: list[str], python: str = sys.executable
) -> AsyncIterator[tuple[subprocess.Popen[bytes], int]]:
    """A gateway with all features on, including the access log, in front of the canned provider."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "ai-engine.yaml"
        config.write_text(
            f"providers: [{{name: canned, base_url: 'http://127.0.0.1:{upstream_port}/v1', auth: none, models: [canned]}}]\n"
        )
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "AI_ENGINE_PORT": str(port),
            "AI_ENGINE_CONFIG": str(config),
            "AI_ENGINE_DATABASE_URL": f"sqlite:///{folder}/ai-engine.db",
        }
        with started([python, *command], environment) as gateway:
            await until_it_listens(port)
            await load(port, PLAIN, 400)
            yield gateway, port


async def main(rounds: int) -> int:
    upstream_port = free_port()
    rows: dict[str, list[float]] = defaultdict(list)
    with started([sys.executable, str(HERE / "canned_upstream.py"), str(upstream_port)]):
        await until_it_listens(upstream_port)
        async with (
            running_gateway(upstream_port, ["-m", "ai_engine", "serve"]) as (gateway, port),
            running_gateway(upstream_port, [str(HERE / "instant_gateway.py")]) as (instant, instant_port),
        ):
            for _ in range(rounds):
                for kind, sent in KINDS.items():
                    rows[f"{kind} gateway"].append(await gateway_microseconds(gateway, port, sent))
                    bare_kind = kind.removeprefix("translated ")
                    rows[f"{kind} bare"].append(await bare_microseconds(upstream_port, sent.times, bare_kind))
                    rows[f"{kind} own"].append(await gateway_microseconds(instant, instant_port, sent))
    return report({name: statistics.median(values) for name, values in rows.items()})


def report(medians: dict[str, float]) -> int:
    """Prints the table; exit code 1 if a budget is missed."""
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine}; processor time in µs, median of the rounds")
    print(f"{'':20}{'gateway':>10}{'bare call':>12}{'own':>8}{'budget':>9}")
    is_within = True
    for name, kind, each, budget in (
        ("plain request", "plain", 1, PLAIN_BUDGET_MICROSECONDS),
        ("stream event", "stream", canned_upstream.EVENTS, EVENT_BUDGET_MICROSECONDS),
        ("translated request", "translated plain", 1, TRANSLATED_BUDGET_MICROSECONDS),
        ("translated event", "translated stream", canned_upstream.EVENTS, TRANSLATED_EVENT_BUDGET_MICROSECONDS),
    ):
        gateway, bare, own = (medians[f"{kind} {column}"] / each for column in ("gateway", "bare", "own"))
        print(f"{name:20}{gateway:10.1f}{bare:12.1f}{own:8.1f}{budget:9d}")
        is_within = is_within and own <= budget
    return 0 if is_within else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    began = time.monotonic()
    code = asyncio.run(main(parser.parse_args().rounds))
    print(f"({time.monotonic() - began:.0f} seconds)")
    sys.exit(code)
