"""uvicorn's HTTP protocol with what it lacks: deadlines, limits, and answers without a task.

A prediction is answered where its body ends, in the callback of the parser: no task, no event and
no ASGI messages, which cost a third of a small request. And a head that this connection has sent
before, byte for byte, is not parsed again. Both lean on private parts of uvicorn (FITS); without
them, and for every other request, uvicorn's own way is taken.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, Protocol, cast

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

RECEIPT_S = 10.0
HEAD_LIMIT = 64 * 1024
CONNECTIONS_LIMIT = 500
_PATIENCE_S = 0.25  # With a client that has said nothing yet, while others want to connect.
SMALL_BODY = 64 * 1024  # Larger ones are worked on in a thread, so that small ones do not wait.
_KNOWN_HEADS, _KNOWN_HEAD_LIMIT = 32, 1024
_IN_A_ROW = 16  # Requests of one packet that are answered before other connections have a turn.
_FIELDS = {
    "body", "disconnected", "flow", "keep_alive", "message_event", "more_body", "on_response",
    "response_complete", "response_started", "scope", "transport", "waiting_for_100_continue",
}  # fmt: skip
FITS = {*RequestResponseCycle.__init__.__code__.co_names} >= _FIELDS and all(
    hasattr(HttpToolsProtocol, name)
    for name in ("_start_asgi_task", "_unset_keepalive_if_required", "on_response_complete")
)
Headers = list[tuple[bytes, bytes]]
Answer = tuple[int, Headers, bytes]


class AtOnce(Protocol):
    """An ASGI application that can also answer without waiting."""

    def at_once(self, scope: Any, body: bytes) -> Answer | None:
        """Status, headers and body; None where the application itself must be called."""


class _Head(NamedTuple):
    scope: Any
    length: int


class Transport(HttpToolsProtocol):
    """One connection. waiting_since: when we began to wait for the client, 0 while we do not.

    idle_since: when an answer was given that uvicorn's own timer of idle connections missed.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._at_once = cast("AtOnce", self.app).at_once
        self.waiting_since = self.idle_since = 0.0
        self._in_head = self._began_here = False
        self._head_bytes = 0  # Of the packets after the one in which the head began.
        self._left = _IN_A_ROW
        self._held: RequestResponseCycle | None = None
        self._packet = b""
        self._known: dict[bytes, _Head] = {}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.waiting_since = time.monotonic()
        if len(self.connections) > CONNECTIONS_LIMIT:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing() or (self._known and self._answer_known(data)):
            return
        self.idle_since = 0.0
        self._packet = data if self._is_between() else b""
        self._began_here = False
        self._left = _IN_A_ROW
        super().data_received(data)
        self._packet = b""
        if self._in_head and not self._began_here:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_LIMIT:
                self.refuse(431, b"The request's head is larger than 64 KB.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.waiting_since = time.monotonic()
        self._in_head = self._began_here = True
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self.waiting_since = 0.0
        super().on_message_complete()
        cycle, self._held = self._held, None
        if cycle is None or self.transport.is_closing():
            return
        answer = None
        if self._left and not self.flow.write_paused:
            self._left -= 1
            answer = self._at_once(cycle.scope, bytes(cycle.body))
        if answer is None:
            super()._start_asgi_task(cycle, self.app)
            return
        if answer[0] == 200 and cycle.keep_alive:
            self._remember(cycle)
        _finish(cycle, *answer)

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
        elif self.idle_since and now - self.idle_since > self.timeout_keep_alive:
            self.transport.close()

    def _make_room(self) -> None:
        """End the connection that lets us wait longest: who only holds a connection open keeps
        nobody out. Where all are at work, this new one is refused."""
        waiting = [
            connection
            for connection in self.connections
            if isinstance(connection, Transport)
            and connection.waiting_since
            and not connection.transport.is_closing()
        ]
        longest = min(waiting, key=lambda connection: connection.waiting_since)
        if self.waiting_since - longest.waiting_since < _PATIENCE_S:
            self.refuse(503, b"Too many connections.")
        elif longest.flow.write_paused:
            longest.transport.abort()
        else:
            longest.refuse(408, b"Other connections were waiting for this one.")

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Called by uvicorn where a head is complete, or an earlier pipelined answer."""
        if FITS and cycle.more_body and not cycle.waiting_for_100_continue and _is_small(cycle):
            self._held = cycle  # Most bodies end in the packet that we are reading.
        else:
            super()._start_asgi_task(cycle, app)

    def _is_between(self) -> bool:
        """True where the next byte begins a request, and every earlier one is answered."""
        cycle: RequestResponseCycle | None = self.cycle
        answered = cycle is None or (cycle.response_complete and not cycle.more_body)
        return answered and not self._in_head

    def _remember(self, cycle: RequestResponseCycle) -> None:
        """Know this head again, if it and its body were all of one packet, and nobody's alone."""
        end = self._packet.find(b"\r\n\r\n") + 4
        if (
            len(self._packet) - end == len(cycle.body)
            and end <= _KNOWN_HEAD_LIMIT
            and not any(name == b"x-request-id" for name, _ in cycle.scope["headers"])
        ):
            if len(self._known) == _KNOWN_HEADS:
                self._known.clear()
            self._known[self._packet[:end]] = _Head(cycle.scope, len(cycle.body))

    def _answer_known(self, data: bytes) -> bool:
        """Answer a packet whose head was parsed before; False where the parser must see it."""
        if not self._is_between():
            return False
        end = data.find(b"\r\n\r\n") + 4
        head = self._known.get(data[:end])
        if head is None or len(data) - end != head.length or self.flow.write_paused:
            return False
        answer = self._at_once(head.scope, data[end:])
        if answer is None:
            return False
        self._unset_keepalive_if_required()
        self.idle_since = time.monotonic()
        self.transport.write(_whole(*answer, keep_alive=True))
        return True


def _is_small(cycle: RequestResponseCycle) -> bool:
    """True where the head names a length of its body that may be waited for."""
    small = False
    for name, value in cycle.scope["headers"]:
        if name == b"content-length":
            small = len(value) < 6 and int(value) <= SMALL_BODY
        elif name == b"transfer-encoding":
            return False
    return small


async def reply(
    send: Callable[[Any], Awaitable[None]], status: int, headers: Headers, body: bytes
) -> None:
    """Answer with one write. headers: lower-case names that nobody outside can choose.

    uvicorn's own way is two writes, so two system calls here and two awakenings at the client:
    15 of some 60 microseconds. Under another server, or a client that is slow to read, the usual
    two messages are sent.
    """
    cycle = getattr(send, "__self__", None)
    if (
        not FITS
        or type(cycle) is not RequestResponseCycle
        or cycle.disconnected
        or cycle.flow.write_paused
        or cycle.scope["method"] == "HEAD"
    ):
        headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return
    _finish(cycle, status, headers, body)


def _finish(cycle: RequestResponseCycle, status: int, headers: Headers, body: bytes) -> None:
    cycle.response_started = cycle.response_complete = True
    cycle.transport.write(_whole(status, headers, body, keep_alive=cycle.keep_alive))
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()


def _whole(status: int, headers: Headers, body: bytes, *, keep_alive: bool) -> bytes:
    parts = [STATUS_LINE[status]]
    for name, value in headers:
        parts += (name, b": ", value, b"\r\n")
    if not keep_alive:
        parts.append(b"connection: close\r\n")
    parts += (b"content-length: %d\r\n\r\n" % len(body), body)
    return b"".join(parts)
