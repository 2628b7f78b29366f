"""A provider that answers every chat with the same bytes, at minimal cost, for the benchmarks.

    python canned_upstream.py PORT

A plain request gets a 500-byte response at once. A streamed one gets `EVENTS` events, each in its own write,
`GAP_SECONDS` apart.
"""

import asyncio
import sys

EVENTS = 100
GAP_SECONDS = 0.002

_TEXT = "All work and no play makes Jack a dull boy. " * 5
ANSWER_BODY = (
    b'{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"canned","choices":[{"index":0,"message":'
    b'{"role":"assistant","content":"' + _TEXT.encode() + b'"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":12,"completion_tokens":60,"total_tokens":72}}'
)
LISTING_BODY = b'{"object":"list","data":[{"id":"canned","object":"model"}]}'


def _event(delta: bytes, finish: bytes = b"null") -> bytes:
    return (
        b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"canned",'
        b'"choices":[{"index":0,"delta":' + delta + b',"finish_reason":' + finish + b"}]}\n\n"
    )


EVENT_PAYLOADS = [
    _event(b'{"role":"assistant","content":""}'),
    *[_event(b'{"content":" token"}')] * (EVENTS - 2),
    _event(b"{}", b'"stop"'),
]
DONE_PAYLOAD = b"data: [DONE]\n\n"


def _plain(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


def _chunked(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


_ANSWER, _LISTING = _plain(ANSWER_BODY), _plain(LISTING_BODY)
_STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_STREAM = [_chunked(payload) for payload in EVENT_PAYLOADS]
_STREAM_END = _chunked(DONE_PAYLOAD) + b"0\r\n\r\n"


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serves one connection until the other side closes it."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
            body = await reader.readexactly(length)
            if b'"stream":true' in body:
                writer.write(_STREAM_HEAD)
                for event in _STREAM:
                    writer.write(event)
                    await asyncio.sleep(GAP_SECONDS)
                writer.write(_STREAM_END)
            else:
                writer.write(_LISTING if head.startswith(b"GET") else _ANSWER)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main(port: int) -> None:
    server = await asyncio.start_server(answer, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
