"""Ports for programs that cannot be given an open socket."""

import secrets
import socket

_LOWEST, _HIGHEST = 20_000, 32_000
"""Below the range from which Linux serves whoever binds to port 0: no other test's server takes one before its program does."""


def free_port() -> int:
    """A port on loopback that nobody listens on."""
    while True:
        port = _LOWEST + secrets.randbelow(_HIGHEST - _LOWEST)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
