"""Clients that ask servers under measurement: one at a time over a socket, and eight by wrk."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time

import numpy as np

INVOCATIONS = "/invocations"


def _head(port: int, token: str, length: int, path: str, media: str = "application/json") -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: {media}\r\n"
        f"Content-Length: {length}\r\n\r\n"
    ).encode()


def latencies(
    port: int,
    token: str,
    body: bytes,
    count: int,
    path: str = INVOCATIONS,
    warm_up: int = 200,
    media: str = "application/json",
) -> list[float]:
    """Seconds of each of `count` requests over one kept connection, after a warm-up."""
    request, found = _head(port, token, len(body), path, media) + body, []
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number in range(count + warm_up):
            began = time.perf_counter()
            connection.sendall(request)
            answer = b""
            while not _is_whole(answer):
                data = connection.recv(1 << 20)
                if not data:
                    raise ConnectionError("the server closed the connection")
                answer += data
            if number >= warm_up:
                found.append(time.perf_counter() - began)
            if not answer.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(answer[:500])
    return found


def _is_whole(answer: bytes) -> bool:
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return False
    length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    return len(answer) >= end + 4 + length


def load(
    port: int, token: str, body: bytes, seconds: float, path: str = INVOCATIONS
) -> tuple[float, float]:
    """Requests a second over eight connections, and the p99 in ms: by wrk where it is there."""
    if shutil.which("wrk") is None:
        return _load_by_threads(port, token, body, seconds, path)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(
            f'wrk.method = "POST"\nwrk.body = [==[{body.decode()}]==]\n'
            f'wrk.headers["Authorization"] = "Bearer {token}"\n'
            'wrk.headers["Content-Type"] = "application/json"\n'
        )
        script.flush()
        text = subprocess.run(
            ["wrk", "-t1", "-c8", f"-d{seconds:.0f}s", "--latency", "-s", script.name,
             f"http://127.0.0.1:{port}{path}"],
            check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
    if "Non-2xx" in text:
        raise RuntimeError(text)
    value, unit = re.findall(r"99%\s+([\d.]+)(us|ms|s)", text)[0]
    scale = {"us": 1e-3, "ms": 1.0, "s": 1e3}[unit]
    return float(re.findall(r"Requests/sec:\s+([\d.]+)", text)[0]), float(value) * scale


def _load_by_threads(
    port: int, token: str, body: bytes, seconds: float, path: str
) -> tuple[float, float]:
    found: list[float] = []
    end = time.monotonic() + seconds

    def one() -> None:
        while time.monotonic() < end:
            found.extend(latencies(port, token, body, 200, path))

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(found) / seconds, float(np.percentile(found, 99)) * 1e3
