"""What uvicorn lacks for a request's head: a limit, without which a client could fill the memory, and upgrades by path."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

WEBSOCKET_PATH = "/ws"
"""The only one. A handshake at another path is answered as a plain request; uvicorn would answer an empty 403."""
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
    """uvicorn's httptools protocol with a limit on the bytes outside of bodies: heads and trailers.

    It upgrades at `WEBSOCKET_PATH` alone. A server may ignore `Upgrade` (RFC 9110, section 7.8).
    """

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

    def _should_upgrade_to_ws(self) -> bool:
        return self.url.partition(b"?")[0] == WEBSOCKET_PATH.encode()

    def _unsupported_upgrade_warning(self) -> None:
        pass  # any client could fill the log with it
