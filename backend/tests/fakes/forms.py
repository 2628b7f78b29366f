"""Forms, written by hand: what is sent must be known to the byte."""

BOUNDARY = "----a boundary of our own"
FORM = f'multipart/form-data; boundary="{BOUNDARY}"'
SOUND = b"RIFF\x00\x01\xff--\r\n--" + BOUNDARY[:-1].encode() + b"\r\n\r\nmodel"
"""A file that is no text and has nearly the boundary in it."""


def field(name: str, value: str | bytes) -> bytes:
    content = value.encode() if isinstance(value, str) else value
    return f'Content-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + content


def file(name: str, content: bytes = SOUND, file_name: str = "sound.wav") -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"; filename="{file_name}"\r\nContent-Type: audio/wav\r\n\r\n'
    return head.encode() + content


def form(*parts: bytes) -> bytes:
    """The parts between their boundaries."""
    mark = f"--{BOUNDARY}".encode()
    return b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"
