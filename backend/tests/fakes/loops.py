"""The event loops that the program runs on, and one that makes the worst of what a loop may do."""

import asyncio
import sys
from collections.abc import Callable
from contextvars import Context
from typing import Any, TypeVarTuple

import pytest

Ts = TypeVarTuple("Ts")

EARLY_SECONDS = 0.02


class EarlyLoop(asyncio.SelectorEventLoop):
    """Its timers fire 20 ms early; uvloop's, which count whole milliseconds, do so by up to one."""

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return super().call_at(when - EARLY_SECONDS, callback, *args, context=context)


LOOPS: list[Any] = [
    pytest.param("asyncio", id="asyncio"),
    pytest.param(
        ("asyncio", {"use_uvloop": True}),
        id="uvloop",
        marks=pytest.mark.skipif(sys.platform == "win32", reason="uvloop does not run on Windows"),
    ),
    pytest.param(("asyncio", {"loop_factory": EarlyLoop}), id="early timers"),
]
"""For a fixture `anyio_backend` with parameters."""
