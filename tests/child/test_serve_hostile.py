"""Clients that mean harm: whatever they send, no 5xx, no growth, and others are answered."""

from __future__ import annotations

import gzip
import http.client
import resource
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import numpy as np
import psutil
import pytest

from mlops_desktop.child.serving import transport
from tests.served import ROW, Server, served


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(tmp_path_factory.mktemp("workspace")) as found:
        assert found.predict(ROW)[0] == 200
        yield found


def connected(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=20)


def answer(server: Server, data: bytes, *, half_closed: bool = False) -> bytes:
    """What comes back for these bytes, until the server closes or there is an answer."""
    found = b""
    with connected(server) as connection:
        try:
            connection.sendall(data)
            if half_closed:
                connection.shutdown(socket.SHUT_WR)
            while b"\r\n\r\n" not in found and (more := connection.recv(1 << 16)):
                found += more
        except ConnectionError:  # It was closed while we wrote.
            pass
    return found


def status(found: bytes) -> int:
    return int(found.split(b" ", 2)[1])


def post(server: Server, body: bytes, *more: bytes, path: bytes = b"/invocations") -> bytes:
    lines = [
        b"POST %b HTTP/1.1" % path,
        b"Host: 127.0.0.1:%d" % server.port,
        b"Authorization: Bearer " + server.token.encode(),
        b"Content-Type: application/json",
        b"Content-Length: %d" % len(body),
        *more,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def rss(server: Server) -> int:
    return int(psutil.Process(server.process.pid).memory_info().rss)


GARBAGE = {
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00" * 200,
    "a shell": b"cat /etc/passwd; id\n\n",
    "NUL": b"\x00" * 10_000,
    "SSH": b"SSH-2.0-OpenSSH_9.6\r\n",
    "a tunnel": b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n",
    "a WebSocket": b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    "a long method": b"A" * 70_000 + b" / HTTP/1.1\r\n\r\n",
    "a long path": b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "many lines": b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 12_000 + b"\r\n",
    "a NUL in a header": b"GET / HTTP/1.1\r\nHost: x\r\nA: \x00\r\n\r\n",
    "an odd header": b"GET / HTTP/1.1\r\nHost: x\r\n\xff\xfe: b\r\n\r\n",
    "a folded header": b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n  Host: y\r\n\r\n",
    "a length that overflows": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9" + b"9" * 40
    + b"\r\n\r\n",
    "a chunk that overflows": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"f" * 40 + b"\r\n",
    "an old protocol": b"GET /ping\r\n\r\n",
}  # fmt: skip


@pytest.mark.parametrize("what", GARBAGE)
def test_that_bytes_that_are_no_request_are_refused(server: Server, what: str) -> None:
    found = answer(server, GARBAGE[what], half_closed=True)
    assert not found or 400 <= status(found) < 500, found
    assert server.predict(ROW)[0] == 200


def test_that_random_bytes_are_refused(server: Server) -> None:
    chance = np.random.default_rng(7)
    good = post(server, b'{"instances": [[8, 0.5, "winter", false, null]]}')
    for number in range(300):
        if number % 2:
            data = chance.bytes(int(chance.integers(1, 3000)))
        else:  # A good request with some bytes changed.
            changed = bytearray(good)
            for place in chance.integers(0, len(good), 3):
                changed[place] = int(chance.integers(0, 256))
            data = bytes(changed)
        found = answer(server, data, half_closed=True)
        assert not found or status(found) < 500, (data, found)
    assert server.predict(ROW)[0] == 200


def test_that_a_tls_client_ends_with_an_error_of_its_own(server: Server) -> None:
    context = ssl.create_default_context()
    with connected(server) as plain, pytest.raises((ssl.SSLError, OSError)):
        context.wrap_socket(plain, server_hostname="127.0.0.1")
    assert server.predict(ROW)[0] == 200


@pytest.mark.parametrize(
    "body",
    [
        b'{"instances": ' + b"[" * 2_000_000,
        b'{"instances": ' * 400_000,
        b'{"instances": [[' + b"1" * 4_000_000 + b', 0.5, "winter", false, null]]}',
        b'{"instances": [[1e' + b"9" * 1_000_000 + b', 0.5, "winter", false, null]]}',
        b'{"instances": [[8, 0.5, "' + b"\\u0000" * 1_000_000 + b'", false, 3]]}',
        b"{" + b",".join(b'"%d": 0' % number for number in range(500_000)) + b"}",
        b'{"dataframe_split": {"columns": [' + b",".join([b'"hr"'] * 500_000) + b'], "data": []}}',
    ],
    ids=["deep lists", "deep objects", "a long number", "a large number", "a long text",
         "many keys", "many columns"],
)  # fmt: skip
def test_that_a_body_made_to_cost_is_refused_soon(server: Server, body: bytes) -> None:
    before, began = rss(server), time.monotonic()
    found = answer(server, post(server, body))
    assert status(found) == 400, found[:300]
    assert time.monotonic() - began < 5
    assert rss(server) - before < 150e6
    assert server.predict(ROW)[0] == 200


def test_that_a_gzip_bomb_is_not_unpacked(server: Server) -> None:
    bomb = gzip.compress(b'{"instances": [[' + b" " * 1_000_000_000, compresslevel=1)
    assert len(bomb) < 8 * 1024 * 1024
    before = rss(server)
    for coding in (b"gzip", b"deflate", b"br", b"gzip, gzip"):
        found = answer(server, post(server, bomb, b"Content-Encoding: " + coding))
        assert status(found) == 415, found
    assert status(answer(server, post(server, bomb))) == 400
    assert rss(server) - before < 50e6


def test_that_a_client_that_has_closed_its_half_gets_its_answer(server: Server) -> None:
    body = b'{"instances": [[8, 0.5, "winter", false, null]]}'
    found = answer(server, post(server, body, b"Connection: close"), half_closed=True)
    assert status(found) == 200


def test_that_clients_that_vanish_leave_nothing(server: Server) -> None:
    body = b'{"instances": [[8, 0.5, "winter", false, null]]}'
    request = post(server, body)
    process = psutil.Process(server.process.pid)
    open_before = process.num_fds()
    for number in range(300):
        with connected(server) as connection:
            connection.sendall(request[: number % len(request)] if number % 3 else request)
            linger = b"\x01\0\0\0\0\0\0\0"  # Closing resets the connection.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    assert server.predict(ROW)[0] == 200
    end = time.monotonic() + 15
    while process.num_fds() > open_before + 2:
        assert time.monotonic() < end
        server.predict(ROW)


def answered(server: Server) -> bool:
    """False where the connection was refused, which may end before the request is sent."""
    try:
        status_, _ = server.predict(ROW)
    except ConnectionError:
        return False
    assert status_ in (200, 503)
    return status_ == 200


def test_that_thousands_of_connections_keep_nobody_out(server: Server) -> None:
    count, before = 3_000, rss(server)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + 500
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip("not so many files may be open")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    kept = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    took = []
    with ExitStack() as held:
        held.callback(kept.close)
        held.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        for number in range(count):
            connection = held.enter_context(connected(server))
            if number % 2:
                with suppress(ConnectionError):  # It was refused, or ended already.
                    connection.sendall(b"POST /inv")
            if number % 20 == 0:  # Who was there before is answered on.
                began = time.monotonic()
                kept.request("GET", "/ping")
                assert kept.getresponse().read() is not None
                took.append(time.monotonic() - began)
        for _ in range(20):  # And so is who comes now, once the others have waited a moment.
            began = time.monotonic()
            while not answered(server):
                assert time.monotonic() - began < 5
            took.append(time.monotonic() - began)
        assert sorted(took)[int(len(took) * 0.99)] < 0.5
        connections = psutil.Process(server.process.pid).net_connections("tcp")
        open_ = sum(connection.status == "ESTABLISHED" for connection in connections)
        assert open_ <= transport.CONNECTIONS_LIMIT + 5
    assert rss(server) - before < 150e6
    assert server.predict(ROW)[0] == 200
