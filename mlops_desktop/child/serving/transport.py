"""uvicorn's HTTP protocol with what it lacks: deadlines, and limits on heads and connections."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

RECEIPT_S = 10.0
HEAD_LIMIT = 64 * 1024
CONNECTIONS_LIMIT = 500


class Transport(HttpToolsProtocol):
    """One connection. waiting_since: when we began to wait for the client, 0 while we do not."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waiting_since = 0.0
        self._in_head = True
        self._head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.waiting_since = time.monotonic()
        if len(self.connections) > CONNECTIONS_LIMIT:
            self.refuse(503, b"Too many connections.")

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_LIMIT:
                self.refuse(431, b"The request's head is larger than 64 KB.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.waiting_since = time.monotonic()
        self._in_head, self._head_bytes = True, 0

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self.waiting_since = 0.0
        super().on_message_complete()

    def resume_writing(self) -> None:
        self.waiting_since = 0.0
        super().resume_writing()

    def refuse(self, status: int, message: bytes) -> None:
        """Answer without asking the application, and close."""
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request.
        if cycle is None or not self.cycle.response_started or self.cycle.response_complete:
            self.transport.write(
                b"%bcontent-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\n"
                b"connection: close\r\n\r\n%b" % (STATUS_LINE[status], len(message), message)
            )
        self.transport.close()

    def sweep(self, now: float) -> None:
        """Once a second: end a connection whose client lets us wait too long."""
        if self.waiting_since and now - self.waiting_since > RECEIPT_S:
            if self.flow.write_paused:
                self.transport.abort()
            else:
                self.refuse(408, b"The request did not arrive within 10 seconds.")
        elif self.flow.write_paused and not self.waiting_since:
            self.waiting_since = now  # The client does not read its answer: the same patience.


async def reply(
    send: Callable[[Any], Awaitable[None]],
    status: int,
    headers: list[tuple[bytes, bytes]],
    body: bytes,
) -> None:
    """Answer with one write. headers: lower-case names that nobody outside can choose.

    uvicorn's own way is two writes, so two system calls here and two awakenings at the client:
    15 of some 60 microseconds. Under another server, or a client that is slow to read, the usual
    two messages are sent.
    """
    cycle = getattr(send, "__self__", None)
    if (
        type(cycle) is not RequestResponseCycle
        or cycle.disconnected
        or cycle.flow.write_paused
        or cycle.scope["method"] == "HEAD"
    ):
        headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return
    parts = [STATUS_LINE[status]]
    for name, value in headers:
        parts += (name, b": ", value, b"\r\n")
    if not cycle.keep_alive:
        parts.append(b"connection: close\r\n")
    parts += (b"content-length: %d\r\n\r\n" % len(body), body)
    cycle.response_started = cycle.response_complete = True
    cycle.transport.write(b"".join(parts))
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
