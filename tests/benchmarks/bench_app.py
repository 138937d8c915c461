"""Opening the app: from starting the process to the window on the screen, and to usable."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 5
_PROBE = """
import json, sys, time
from pathlib import Path
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication
from mlops_desktop.app import App
from mlops_desktop.paths import Workspace

begun, times = float(sys.argv[2]), {}

class Eyes(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Expose and watched.isExposed():
            times.setdefault("shown", time.time() - begun)
        return False

workspace = Workspace(Path(sys.argv[1]))
workspace.root.mkdir(exist_ok=True)
qt = QApplication([])
app = App(workspace, qt)
eyes = Eyes()
app.window.winId()
app.window.windowHandle().installEventFilter(eyes)

def usable():
    times["usable"] = time.time() - begun
    app.window.close()

app.usable.connect(usable)
app.start()
qt.exec()
app.end()
print(json.dumps(times))
"""


def main() -> list[tuple[str, str, str]]:
    """Medians over several starts, files warm, on the display that is there (else offscreen)."""
    found: dict[str, list[float]] = {"shown": [], "usable": []}
    for _ in range(ROUNDS + 1):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [sys.executable, "-c", _PROBE, str(Path(folder) / "w"), repr(time.time())],
                env={"QT_QPA_PLATFORM": "offscreen"} | os.environ
                if "DISPLAY" not in os.environ
                else os.environ,
                capture_output=True,
                text=True,
                check=True,
            )
        for name, seconds in json.loads(done.stdout).items():
            found[name].append(seconds)
    shown, usable = (statistics.median(found[name][1:]) for name in ("shown", "usable"))
    return [
        ("process start to the window on the screen", f"{shown:.2f} s", "1.0 s"),
        ("process start to usable", f"{usable:.2f} s", "2.5 s"),
    ]
