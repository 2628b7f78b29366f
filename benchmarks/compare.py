"""Compares the gateway's own CPU time with that of another checkout, interleaved in one run.

    backend/.venv/bin/python benchmarks/compare.py OTHER_CHECKOUT [--rounds N]

Both gateways run as `own` of `own_cost.py`, each from its own checkout and virtual environment. Every round measures each kind of
request on both in succession, in alternating order. The ratio of a kind is the median of its rounds' ratios, so that other load
on the machine affects both.
"""

import argparse
import asyncio
import contextlib
import statistics
import sys
from collections import defaultdict
from pathlib import Path

import canned_upstream
from own_cost import HERE, KINDS, free_port, gateway_microseconds, running_gateway, started, until_it_listens


async def main(other: Path, rounds: int) -> None:
    upstream_port = free_port()
    times: dict[tuple[str, str], list[float]] = defaultdict(list)
    with started([sys.executable, str(HERE / "canned_upstream.py"), str(upstream_port)]):
        await until_it_listens(upstream_port)
        async with contextlib.AsyncExitStack() as stack:
            gateways = {}
            for name, checkout in (("this", HERE.parent), ("other", other)):
                command = [str(checkout / "benchmarks" / "instant_gateway.py")]
                python = str(checkout / "backend" / ".venv" / "bin" / "python")
                gateways[name] = await stack.enter_async_context(running_gateway(upstream_port, command, python))
            for number in range(rounds):
                for kind, sent in KINDS.items():
                    for name in ("this", "other") if number % 2 else ("other", "this"):
                        times[kind, name].append(await gateway_microseconds(*gateways[name], sent))
    print(f"{'':20}{'this':>10}{'other':>10}{'ratio':>8}   processor time in µs, medians of {rounds} rounds")
    for kind in KINDS:
        each = canned_upstream.EVENTS if "stream" in kind else 1
        this, other_times = times[kind, "this"], times[kind, "other"]
        ratio = statistics.median(one / two for one, two in zip(this, other_times, strict=True))
        medians = statistics.median(this) / each, statistics.median(other_times) / each
        print(f"{kind.replace('stream', 'event'):20}{medians[0]:10.1f}{medians[1]:10.1f}{ratio:8.3f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path)
    parser.add_argument("--rounds", type=int, default=10)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.other.resolve(), arguments.rounds))
