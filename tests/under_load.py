"""A server under load, and what the window paints meanwhile: for tests, benchmarks, pictures."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import QEvent, QEventLoop, QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from mlops_desktop.actions import deployments
from mlops_desktop.core.deployments import Deployment
from mlops_desktop.core.models import Signature
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.plot import Plot

# A process of its own: a client in a thread would take Python's lock from the window.
_CLIENT = """
import http.client, sys, time
port, token, body, seconds = sys.argv[1:]
server = http.client.HTTPConnection("127.0.0.1", int(port))
headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
begun, sent = time.monotonic(), 0
while time.monotonic() - begun < float(seconds):
    server.request("POST", "/invocations", body, headers)
    answer = server.getresponse()
    answer.read()
    assert answer.status == 200, answer.status
    sent += 1
    time.sleep(max(0, begun + sent / 1000 - time.monotonic()))
"""
# pyqtgraph looks at no more than 100 movements a second.
_MOVE_MS = 10
_REACH = 120


def client(
    workspace: Workspace, deployment: Deployment, signature: Signature, seconds: float
) -> subprocess.Popen[bytes]:
    """Asks for the signature's example 1,000 times a second; ends with 0 if all was answered."""
    body = json.dumps({"instances": [{item.name: item.example for item in signature.inputs}]})
    words = [str(deployment.port), deployments.token(workspace, deployment), body, str(seconds)]
    return subprocess.Popen([sys.executable, "-c", _CLIENT, *words])


class Frames(QObject):
    """The times at which a plot was painted, in seconds of time.perf_counter()."""

    def __init__(self, plot: Plot) -> None:
        super().__init__()
        self._seen = plot.view.viewport()
        self.at: list[float] = []
        self._seen.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._seen and event.type() is QEvent.Type.Paint:
            self.at.append(time.perf_counter())
        return False

    def end(self) -> list[float]:
        """The times between two frames, in ms."""
        self._seen.removeEventFilter(self)
        return [1000 * (b - a) for a, b in zip(self.at, self.at[1:], strict=False)]


def drag(plot: Plot, seconds: float) -> list[float]:
    """Drag a plot to and fro as a hand would, and give the times between its frames, in ms."""
    frames, begun = Frames(plot), time.perf_counter()
    with _held(plot) as move:
        loop, moved = QEventLoop(), 0

        def on_move() -> None:
            nonlocal moved
            moved += 1
            across = moved % (2 * _REACH)
            move(QPoint(min(across, 2 * _REACH - across), 0))
            if time.perf_counter() - begun >= seconds:
                loop.quit()

        timer = QTimer(loop, interval=_MOVE_MS, timerType=Qt.TimerType.PreciseTimer)
        timer.timeout.connect(on_move)
        timer.start()
        loop.exec()
        timer.stop()
    return frames.end()


@contextmanager
def _held(plot: Plot) -> Iterator[Callable[[QPoint], None]]:
    """The left button is down in the middle of the plot; what is given moves it from there."""
    target = plot.view.viewport()
    start = target.rect().center()

    def send(kind: QEvent.Type, by: QPoint, button: Qt.MouseButton) -> None:
        at = QPointF(start + by)
        held = Qt.MouseButton.NoButton
        if kind is not QEvent.Type.MouseButtonRelease:
            held = Qt.MouseButton.LeftButton
        place = QPointF(target.mapToGlobal(start + by))
        none = Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(target, QMouseEvent(kind, at, place, button, held, none))

    send(QEvent.Type.MouseButtonPress, QPoint(), Qt.MouseButton.LeftButton)
    last = QPoint()

    def move(by: QPoint) -> None:
        nonlocal last
        last = by
        send(QEvent.Type.MouseMove, by, Qt.MouseButton.NoButton)

    try:
        yield move
    finally:
        send(QEvent.Type.MouseButtonRelease, last, Qt.MouseButton.LeftButton)
