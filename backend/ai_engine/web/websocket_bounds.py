"""Limits on a WebSocket, which uvicorn does not have: for peers that do not read, or send without end."""

import logging
import socket
from asyncio import BaseTransport, Task
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

LARGEST_MESSAGE_BYTES = 4096
"""Of a message from a client; none is expected. uvicorn closes the connection at the first byte beyond (1009)."""
KERNEL_SEND_BUFFER_BYTES = 128 * 1024
"""Otherwise the kernel lets it grow to megabytes per connection, and a peer that does not read is detected late."""
LARGEST_BACKLOG_BYTES = 4 * 1024 * 1024
"""Of unsent data for one peer: a message or two, and pongs, which a peer could request without end."""
GOING_AWAY = 1001
CLOSE_TIMEOUT_SECONDS = 2
"""For a peer to read what was sent before the close. One that does not read would keep its connection for hours."""

UVICORN_OPTIONS: dict[str, Any] = {
    "ws": "ai_engine.web.websocket_bounds:BoundedWebSocket",
    "ws_max_size": LARGEST_MESSAGE_BYTES,
    "ws_ping_interval": 20.0,
    "ws_ping_timeout": 20.0,
    # Off: each connection would need its own compressor, and each message would be compressed once per client.
    "ws_per_message_deflate": False,
}
"""uvicorn's WebSocket options. A peer that does not answer a ping is disconnected within 40 s."""

_REFUSAL_BODY = (
    b'{"error":{"message":"The request line or a header of this handshake is longer than 8192 bytes, or there are too many.",'
    b'"type":"invalid_request_error","param":null,"code":"headers_too_large"}}'
)
_REFUSAL = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/json\r\nconnection: close\r\n"
    b"x-should-retry: false\r\ncontent-length: %d\r\n\r\n%s" % (len(_REFUSAL_BODY), _REFUSAL_BODY)
)

# uvicorn logs every handshake with its query string, and at DEBUG `websockets` logs whole heads, including keys.
_quiet_logger = logging.getLogger("uvicorn.websocket")
_quiet_logger.setLevel(logging.WARNING)


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """uvicorn's `websockets` protocol, whose connections close in time whatever the peer does."""

    def connection_made(self, transport: BaseTransport) -> None:
        """As uvicorn's."""
        super().connection_made(transport)
        self.logger = self.conn.logger = _quiet_logger
        self.conn.debug = False
        connected: socket.socket | None = transport.get_extra_info("socket")
        if connected is not None:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_SEND_BUFFER_BYTES)

    def data_received(self, data: bytes) -> None:
        """As uvicorn's, which would never respond to a head that is too long for `websockets`."""
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self.handshake_complete = self.close_sent = True
            self.transport.write(_REFUSAL)
            self.transport.close()

    async def send(self, message: Any) -> None:
        """As uvicorn's, which does not count a refusal as a completed handshake and would log it as an error."""
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            self.handshake_complete = True

    def handle_ping(self) -> None:
        """As uvicorn's, for peers that read the pongs."""
        super().handle_ping()
        if self.transport.get_write_buffer_size() > LARGEST_BACKLOG_BYTES:
            self.transport.abort()

    def keepalive_timeout(self) -> None:
        """Replaces uvicorn's close handshake, which waits for the unresponsive peer."""
        self.pong_timer = self.pending_ping_payload = None
        self.transport.abort()

    def on_task_complete(self, task: Task[None]) -> None:
        """As uvicorn's; the endpoint has returned, so nothing more will be sent."""
        super().on_task_complete(task)
        if not self.disconnected:
            self.loop.call_later(CLOSE_TIMEOUT_SECONDS, self._abort)

    def shutdown(self) -> None:
        """As uvicorn's, with close code 1001 (going away) instead of 1012."""
        if self.transport.is_closing():
            return  # both sides have closed, and uvicorn's would raise
        if self.handshake_complete and not self.close_sent:
            self.stop_keepalive()
            self.queue.put_nowait({"type": "websocket.disconnect", "code": GOING_AWAY})
            self.conn.send_close(GOING_AWAY)
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()
        else:
            super().shutdown()

    def _abort(self) -> None:
        if not self.disconnected:
            self.transport.abort()
