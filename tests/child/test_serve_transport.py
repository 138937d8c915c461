"""Small requests are answered in the parser's callback, others in uvicorn's way, all alike."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from mlops_desktop.child.serve import SETTINGS
from mlops_desktop.child.serving import transport
from mlops_desktop.child.serving.transport import Answer, Transport, reply


class Echo:
    """Answers each body with its path and itself, and remembers by which way it was asked."""

    def __init__(self) -> None:
        self.ways: list[str] = []

    def at_once(self, scope: Any, body: bytes) -> Answer | None:
        if scope["path"] == "/later":
            return None
        self.ways.append("at once")
        return 200, [(b"x-a", b"1")], scope["path"].encode() + b" " + body

    async def __call__(
        self,
        scope: Any,
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message["body"]
            more = message["more_body"]
        self.ways.append("task")
        await reply(send, 200, [(b"x-a", b"1")], scope["path"].encode() + b" " + body)


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


def run(talk: Talk) -> list[str]:
    """Talk with a server of the echo over one connection; the ways that it took."""
    app = Echo()

    async def main() -> None:
        config = uvicorn.Config(app, **SETTINGS, http=Transport)
        config.load()
        state = ServerState()
        server = await asyncio.get_running_loop().create_server(
            lambda: Transport(config=config, server_state=state, app_state={}), "127.0.0.1", 0
        )
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            await asyncio.wait_for(talk(reader, writer), 10)
            writer.close()
            await writer.wait_closed()

    asyncio.run(main())
    return app.ways


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Transport]:
    """The server's sides of the connections that are made."""
    found: list[Transport] = []
    real = Transport.connection_made

    def spy(self: Transport, made: asyncio.Transport) -> None:
        found.append(self)
        real(self, made)

    monkeypatch.setattr(Transport, "connection_made", spy)
    return found


def request(body: bytes, path: str = "/p", *more: str, length: int | None = None) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: x", *more]
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\nx-a: 1\r\n")
    length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
    return await reader.readexactly(length)


def test_that_this_uvicorn_is_the_one_that_the_short_way_was_made_for() -> None:
    # Where this fails, requests are still answered, but slower: see what uvicorn has renamed.
    assert transport.FITS


async def _alike(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for body in (b"one", b"two", b"longer", b"six", b"", b"x" * 60_000, b"y" * 70_000, b"end"):
        writer.write(request(body))
        assert await answer(reader) == b"/p " + body


def test_that_bodies_of_every_size_are_answered_over_one_connection() -> None:
    assert run(_alike) == [*["at once"] * 6, "task", "at once"]


def test_that_another_uvicorn_is_served_in_its_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "FITS", False)
    assert run(_alike) == ["task"] * 8


def test_that_a_known_head_is_not_parsed_again_and_another_one_is(
    seen: list[Transport],
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for body in (b"one", b"two", b"six"):
            writer.write(request(body))
            assert await answer(reader) == b"/p " + body
        [known] = [c._known for c in seen]
        assert len(known) == 1
        writer.write(request(b"two", "/q"))
        assert await answer(reader) == b"/q two"
        writer.write(request(b"two", "/p", "X-Request-Id: 1"))
        assert await answer(reader) == b"/p two"
        assert len(known) == 2  # A head that is one request's own is not kept.
        for number in range(100):
            writer.write(request(b"a", f"/{number}"))
            assert await answer(reader) == b"/%d a" % number
        assert len(known) <= 32

    run(talk)


def test_that_a_request_may_come_in_pieces_at_any_place() -> None:
    whole = request(b'{"a": 1}')

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(whole)  # From here on the head is known.
        await answer(reader)
        for at in range(1, len(whole)):
            writer.write(whole[:at])
            for _ in range(4):  # Let the server read, so that it is a packet of its own.
                await asyncio.sleep(0)
            writer.write(whole[at:])
            assert await answer(reader) == b'/p {"a": 1}'
            writer.write(whole)
            assert await answer(reader) == b'/p {"a": 1}'

    assert set(run(talk)) == {"at once"}


def test_that_pipelined_requests_are_answered_in_order_whatever_their_way() -> None:
    paths = ["/p", "/later", "/p", "/p", "/later", "/p"]

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            requests = [request(b"%d" % n, path) for n, path in enumerate(paths)]
            writer.write(b"".join(requests) + request(b"cut", length=10))
            for number, path in enumerate(paths):
                assert await answer(reader) == path.encode() + b" %d" % number
            writer.write(b" and on" + request(b"next"))
            assert await answer(reader) == b"/p cut and on"
            assert await answer(reader) == b"/p next"

    run(talk)


def test_that_chunks_an_announcement_and_the_last_request_are_served() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
        assert await answer(reader) == b"/p abc"
        writer.write(request(b"", "/p", "Expect: 100-continue", length=2))
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"ok")
        assert await answer(reader) == b"/p ok"
        for _ in range(2):
            writer.write(request(b"1"))
            assert await answer(reader) == b"/p 1"
        writer.write(request(b"1", "/p", "Connection: close"))
        assert b"connection: close" in (head := await reader.readuntil(b"\r\n\r\n")), head
        assert await reader.read() == b"/p 1"

    assert run(talk) == ["task", "task", "at once", "at once", "at once"]


def test_that_an_idle_connection_is_closed_after_a_request_with_a_known_head(
    seen: list[Transport],
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(3):
            writer.write(request(b"1"))
            await answer(reader)
        [connection] = seen
        assert connection.timeout_keep_alive_task is None
        connection.sweep(connection.idle_since + 74)
        assert not connection.transport.is_closing()
        connection.sweep(connection.idle_since + 76)
        assert await reader.read() == b""

    run(talk)
