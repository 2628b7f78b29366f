"""Writes AWS's event streams, from their specification (https://smithy.io/2.0/aws/amazon-eventstream.html, read 2026-11-30)."""

import json
from binascii import crc32
from collections.abc import Mapping
from typing import Any


def frame(payload: bytes, headers: Mapping[str, str | int]) -> bytes:
    """One message; a number is written as a header of the type `integer`."""
    written = b"".join(_header(name.encode(), value) for name, value in headers.items())
    prelude = (16 + len(written) + len(payload)).to_bytes(4, "big") + len(written).to_bytes(4, "big")
    message = prelude + crc32(prelude).to_bytes(4, "big") + written + payload
    return message + crc32(message).to_bytes(4, "big")


def _header(name: bytes, value: str | int) -> bytes:
    if isinstance(value, int):
        return bytes([len(name)]) + name + b"\x04" + value.to_bytes(4, "big", signed=True)
    return bytes([len(name)]) + name + b"\x07" + len(value.encode()).to_bytes(2, "big") + value.encode()


def event(name: str, payload: Mapping[str, Any]) -> bytes:
    """A modelled event, with its payload as JSON."""
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return frame(json.dumps(payload).encode(), headers)


def exception(name: str, message: str) -> bytes:
    """A modelled exception, which ends the stream."""
    headers = {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}
    return frame(json.dumps({"message": message}).encode(), headers)
