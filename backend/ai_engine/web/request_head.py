"""A limit on a request's head, which uvicorn does not have: without it a client could fill the memory before any check."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

LARGEST_HEAD_BYTES = 64 * 1024
"""Request line and headers together. nginx's limit is half of it."""

_REFUSAL_BODY = (
    b'{"error":{"message":"The request line and headers are larger than 65536 bytes.",'
    b'"type":"invalid_request_error","param":null,"code":"headers_too_large"}}'
)
_REFUSAL = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/json\r\nconnection: close\r\n"
    b"x-should-retry: false\r\ncontent-length: %d\r\n\r\n%s" % (len(_REFUSAL_BODY), _REFUSAL_BODY)
)


class BoundedHeads(HttpToolsProtocol):
    """uvicorn's httptools protocol with a limit on the bytes outside of bodies: heads and trailers."""

    _outside_bodies_bytes = 0

    def data_received(self, data: bytes) -> None:
        """As uvicorn's. A head over the limit is refused; trailers over it close the connection during the request."""
        self._outside_bodies_bytes += len(data)
        super().data_received(data)
        if self._outside_bodies_bytes > LARGEST_HEAD_BYTES and not self.transport.is_closing():
            cycle: RequestResponseCycle | None = self.cycle
            if cycle is None or cycle.response_complete:
                self.transport.write(_REFUSAL)
            self.transport.close()

    def on_headers_complete(self) -> None:
        """As uvicorn's."""
        self._outside_bodies_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """As uvicorn's."""
        self._outside_bodies_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """As uvicorn's."""
        self._outside_bodies_bytes = 0
        super().on_message_complete()
