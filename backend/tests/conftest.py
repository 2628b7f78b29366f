"""What every test relies on: asyncio under anyio, no hurry with made-up data, and a guard that keeps tests on this machine."""

import ipaddress
import socket
import sys
from typing import Any

import pytest
from hypothesis import settings

# How long an example takes says how busy the machine is, and nothing of the code.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """The event loop that the program runs on: uvloop, but for Windows."""
    return "asyncio", {"use_uvloop": sys.platform != "win32"}


class LeftTheMachine(Exception):
    """A test tried to reach another machine. It is no `OSError`, so that no product code takes it for bad luck."""


def _is_local(host: object) -> bool:
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _stay_on_this_machine(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.getaddrinfo":
        if not _is_local(arguments[0]):
            # As a machine without a network says it; the query itself would already leave this one.
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    elif event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        if isinstance(address, tuple) and not _is_local(address[0]):
            raise LeftTheMachine(f"A test tried to reach {address[0]}.")


# An audit hook hears every socket of this process, whoever opens it; programs that tests start are not heard.
sys.addaudithook(_stay_on_this_machine)
