"""A client that gives up on nothing: asks one server row after row over kept connections, asks
again what was not answered when the server died, and writes down each answer.

    python -m tests.end2end.asking WORKSPACE NAME FROM TO AT_ONCE ANSWERS
"""

from __future__ import annotations

import json
import socket
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from mlops_desktop.paths import Workspace

_PATIENCE_S = 120.0


def main() -> None:
    """AT_ONCE: so many requests are sent before the first of their answers is read.

    On standard output: the answers by status, the requests sent, the connections that broke.
    """
    root, name, first, last, at_once, answers = sys.argv[1:]
    client = Client(Workspace(Path(root)), name)
    with Path(answers).open("wb") as file:
        found = client.ask(range(int(first), int(last)), int(at_once))
        file.writelines(b"%s-%d %s\n" % (name.encode(), number, value) for number, value in found)
    told = {"statuses": client.statuses, "sent": client.sent, "broken": client.broken}
    sys.stdout.write(json.dumps(told))


def hour(number: int) -> int:
    """What request that number says; the answer to hour h of the small model is 101 + h."""
    return number % 24


class Client:
    def __init__(self, workspace: Workspace, name: str) -> None:
        self._folder = workspace.deployment(1)
        self._name = name
        self.statuses: Counter[int] = Counter()
        self.sent = self.broken = 0

    def ask(self, numbers: range, at_once: int) -> Iterator[tuple[int, bytes]]:
        """Each number once, with the value that was answered."""
        open_, left = deque[int](), iter(numbers)
        more = True
        while more or open_:
            try:
                with self._connected() as connection:
                    for number in open_:
                        self._send(connection, number)
                    reader = connection.makefile("rb", buffering=1 << 16)
                    while True:
                        while more and len(open_) < at_once:
                            number = next(left, -1)
                            more = number >= 0
                            if more:
                                open_.append(number)
                                self._send(connection, number)
                        if not open_:
                            return
                        status, value = _answer(reader)
                        self.statuses[status] += 1
                        number = open_.popleft()
                        if status == 200:
                            yield number, value
                        else:
                            open_.append(number)
                            self._send(connection, number)
            except OSError:
                self.broken += 1

    def _connected(self) -> socket.socket:
        end = time.monotonic() + _PATIENCE_S
        while True:
            try:
                port = json.loads((self._folder / "server.json").read_bytes())["port"]
                token = (self._folder / "token").read_text()
                connection = socket.create_connection(("127.0.0.1", port), timeout=60)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._head = (
                    f"POST /invocations HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
                    f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
                )
                return connection
            except (OSError, ValueError):
                if time.monotonic() > end:
                    raise SystemExit("the server never came back") from None
                time.sleep(0.02)

    def _send(self, connection: socket.socket, number: int) -> None:
        body = f'{{"instances":[[{hour(number)},0.5,"winter",false,"2011-01-03T08:00:00"]]}}'
        connection.sendall(
            f"{self._head}X-Request-Id: {self._name}-{number}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        self.sent += 1


def _answer(reader: IO[bytes]) -> tuple[int, bytes]:
    line = reader.readline()
    length = 0
    while (header := reader.readline()) not in (b"\r\n", b""):
        if header[:15].lower() == b"content-length:":
            length = int(header[15:])
    body = reader.read(length)
    if not line or len(body) < length:
        raise ConnectionError("the server went away")
    value = body.partition(b'"predictions":[')[2].partition(b"]")[0]
    return int(line.split(b" ", 2)[1]), value


if __name__ == "__main__":
    main()
