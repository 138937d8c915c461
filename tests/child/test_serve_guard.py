"""Who and what the server refuses: strangers, foreign pages, odd bodies, slow and many clients."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import psutil
import pytest

from mlops_desktop.child.serving import transport
from tests.served import ROW, Server, served

PREDICT = b'{"instances": [[8, 0.5, "winter", false, null]]}'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(tmp_path_factory.mktemp("workspace")) as found:
        yield found


def raw(server: Server, *parts: bytes, once: bool = False) -> bytes:
    """Send bytes as they are; what comes back until the server closes (once: its first piece)."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        for part in parts:
            connection.sendall(part)
        answer = b""
        while data := connection.recv(65536):
            answer += data
            if once:
                break
    return answer


def head(
    server: Server, *lines: str, path: str = "/invocations", length: int | None = None
) -> bytes:
    fixed = [f"POST {path} HTTP/1.1", *lines, "Connection: close"]
    fixed.append(f"Content-Length: {len(PREDICT) if length is None else length}")
    return ("\r\n".join(fixed) + "\r\n\r\n").encode()


def known(server: Server) -> list[str]:
    return [
        f"Host: 127.0.0.1:{server.port}",
        f"Authorization: Bearer {server.token}",
        "Content-Type: application/json",
    ]


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize(
    "path",
    ["/invocations", "/health", "/version", "/metrics", "/openapi.json", "/v2", "/v2/models/bike",
     "/admin/stats", "/admin/swap", "/no/such"],
)  # fmt: skip
@pytest.mark.parametrize("token", ["", "Bearer", "Bearer x", "Basic eDp4", "bearer "])
def test_that_every_route_but_health_needs_the_token(server: Server, path: str, token: str) -> None:
    status, answer, headers = server.ask(path, headers={"Authorization": token})
    assert (status, headers["www-authenticate"]) == (401, "Bearer")
    assert server.token not in str(answer)


@pytest.mark.parametrize("path", ["/healthz", "/ping", "/v2/health/live", "/v2/health/ready"])
def test_that_health_needs_no_token_and_tells_nothing(server: Server, path: str) -> None:
    status, answer, _ = server.ask(path, headers={"Authorization": ""})
    assert (status, answer) == (200, {"status": "ok"})


def test_that_the_metrics_token_reads_the_metrics_and_nothing_else(server: Server) -> None:
    known = {"Authorization": f"Bearer {server.metrics_token}"}
    for path in ("/metrics", "/admin/stats"):
        assert server.ask(path, headers=known)[0] == 200
        assert server.ask(path, {}, headers=known)[0] == 403  # A POST.
    for path in ("/version", "/openapi.json", "/v2", "/v2/models/bike", "/no/such"):
        status, answer, _ = server.ask(path, headers=known)
        assert (status, "only reads /admin/stats and /metrics" in answer["error"]) == (403, True)
    for path in ("/invocations", "/v2/models/bike/infer", "/admin/swap"):
        assert server.ask(path, raw=PREDICT, headers=known)[0] == 403
    assert server.ask("/ping", headers=known)[0] == 200


@pytest.mark.parametrize(
    ("hosts", "status"),
    [
        (["127.0.0.1:{port}"], 200),
        (["localhost:{port}"], 200),
        (["evil.com"], 400),
        (["evil.com:{port}"], 400),
        (["127.0.0.1"], 400),
        (["0.0.0.0:{port}"], 400),
        (["127.0.0.1:{port}.evil.com"], 400),
        (["[::1]:{port}"], 400),
        ([], 400),
        (["127.0.0.1:{port}", "127.0.0.1:{port}"], 400),
        (["evil.com", "127.0.0.1:{port}"], 400),
        (["127.0.0.1:{port}", "evil.com"], 400),
    ],
)
def test_that_only_our_own_host_is_taken(server: Server, hosts: list[str], status: int) -> None:
    lines = [f"Host: {host.format(port=server.port)}" for host in hosts]
    answer = raw(server, head(server, *lines, *known(server)[1:]) + PREDICT)
    assert status_of(answer) == status


@pytest.mark.parametrize(
    "origin", ["http://evil.com", "null", "https://127.0.0.1:{port}", "http://127.0.0.1", "file://"]
)
def test_that_a_foreign_origin_is_refused_even_with_the_token(server: Server, origin: str) -> None:
    headers = {"Origin": origin.format(port=server.port)}
    status, _, answered = server.ask("/ping", headers=headers)
    assert status == 403
    assert not [name for name in answered if name.lower().startswith("access-control")]
    own = {"Origin": f"http://127.0.0.1:{server.port}"}
    assert server.ask("/ping", headers=own)[0] == 200


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("Application/JSON;charset=UTF-8", 200),
        ("application/json; charset=latin-1", 415),
        ("text/plain", 415),
        ("text/plain;application/json", 415),
        ("application/x-www-form-urlencoded", 415),
        ("text/csv; charset=utf-16", 415),
        ("", 415),
    ],
)
def test_that_only_json_and_csv_in_utf8_are_taken(server: Server, kind: str, status: int) -> None:
    assert server.ask("/invocations", raw=PREDICT, headers={"Content-Type": kind})[0] == status


@pytest.mark.parametrize("name", ["a b", "x" * 129, 'a"b', "a\\b", "é"])
def test_that_an_odd_request_id_is_refused(server: Server, name: str) -> None:
    headers = {"X-Request-Id": name}
    assert server.ask("/invocations", raw=PREDICT, headers=headers)[0] == 400


def test_that_a_body_over_8_mb_is_refused_before_and_while_it_comes(server: Server) -> None:
    big = 8 * 1024 * 1024 + 1
    assert status_of(raw(server, head(server, *known(server), length=big))) == 413
    lines = [*known(server), "Transfer-Encoding: chunked"]
    start = ("POST /invocations HTTP/1.1\r\n" + "\r\n".join(lines) + "\r\n\r\n").encode()
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    assert status_of(raw(server, start, *[chunk] * 12, b"0\r\n\r\n", once=True)) == 413


@pytest.mark.parametrize(
    "request_",
    [
        b"nonsense\r\n\r\n",
        b"GET /%ff%00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://evil.com/ HTTP/1.1\r\nHost: evil.com\r\n\r\n",
        b"POST /ping HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /ping HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_that_broken_http_gets_a_4xx(server: Server, request_: bytes) -> None:
    assert 400 <= status_of(raw(server, request_, once=True)) < 500
    assert server.predict(ROW)[0] == 200


def test_that_an_endless_head_is_refused(server: Server) -> None:
    start = f"GET /ping HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nX: ".encode()
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        try:
            connection.sendall(start + b"x" * 4_000_000)
            answer = connection.recv(65536)
        except OSError:
            answer = b""
    assert answer == b"" or status_of(answer) in (400, 431)


def test_that_pipelined_requests_are_answered_in_order(server: Server) -> None:
    lines = "\r\n".join(known(server))
    one = (
        f"POST /invocations HTTP/1.1\r\n{lines}\r\nX-Request-Id: pipe-%d\r\n"
        f"Connection: %s\r\nContent-Length: {len(PREDICT)}\r\n\r\n"
    )
    requests = [one % (number, "close" if number == 4 else "keep-alive") for number in range(5)]
    answer = raw(server, b"".join(request.encode() + PREDICT for request in requests))
    places = [answer.find(b"pipe-%d:0" % number) for number in range(5)]
    assert -1 not in places
    assert places == sorted(places)


def test_that_a_flood_over_one_connection_does_not_hold_up_others(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    count = 20_000
    with served(tmp_path_factory.mktemp("workspace")) as server:
        lines = "\r\n".join(known(server))
        one = f"POST /invocations HTTP/1.1\r\n{lines}\r\nContent-Length: {len(PREDICT)}\r\n\r\n"
        flood = (one.encode() + PREDICT) * count
        assert server.predict(ROW)[0] == 200
        memory = psutil.Process(server.process.pid).memory_info().rss
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
            sending = threading.Thread(target=connection.sendall, args=(flood,))
            sending.start()
            took = []
            for _ in range(200):  # Nobody reads the answers of the flood yet.
                asked = time.monotonic()
                assert server.predict(ROW)[0] == 200
                took.append(time.monotonic() - asked)
            assert sorted(took)[197] < 0.5
            assert psutil.Process(server.process.pid).memory_info().rss - memory < 150e6
            answered, data = 0, b"."
            while answered < count and data:
                data = connection.recv(1 << 20)
                answered += data.count(b'"predictions"')
            sending.join()
        assert answered == count


def test_that_slow_clients_get_408_and_do_not_slow_good_ones(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with served(tmp_path_factory.mktemp("workspace")) as server:
        memory = psutil.Process(server.process.pid).memory_info().rss
        slow = []
        began = time.monotonic()
        starts = (b"", b"POST /inv", head(server, *known(server), length=1_000_000) + b" " * 70_000)
        for number in range(150):
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=20)
            connection.sendall(starts[number % 3])
            slow.append(connection)
        took = []
        while time.monotonic() - began < transport.RECEIPT_S + 0.5:
            asked = time.monotonic()
            assert server.predict(ROW)[0] == 200
            took.append(time.monotonic() - asked)
            threading.Event().wait(0.05)
        assert sorted(took)[int(len(took) * 0.99)] < 0.5
        assert psutil.Process(server.process.pid).memory_info().rss - memory < 150e6
        answers = []
        for connection in slow:
            try:
                answers.append(connection.recv(65536))
            except OSError:
                answers.append(b"")
            connection.close()
        assert time.monotonic() - began < transport.RECEIPT_S + 6
        assert all(status_of(answer) == 408 for answer in answers if answer)
        assert sum(bool(answer) for answer in answers) > 100


def test_that_too_many_large_requests_at_once_get_503(server: Server) -> None:
    body = b'{"instances": [' + b'[8, 0.5, "winter", false, null],' * 200_000
    body = body[: 7 * 1024 * 1024]
    statuses = []

    def one() -> None:
        statuses.append(server.ask("/invocations", raw=body)[0])

    threads = [threading.Thread(target=one) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(statuses) == 16
    assert set(statuses) <= {400, 503}
    assert server.predict(ROW)[0] == 200
