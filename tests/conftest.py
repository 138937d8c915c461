"""What every test may count on: no display, no real home, nothing left running."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

    from mlops_desktop.app import App

# Before Qt is imported. Name a platform yourself (QT_QPA_PLATFORM=xcb) to watch the windows.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

_HOME = Path(tempfile.mkdtemp(prefix="mlops-desktop-tests-"))
_FOLDERS = {
    "HOME": "home",
    "XDG_DATA_HOME": "home/.local/share",
    "XDG_CONFIG_HOME": "home/.config",
    "XDG_CACHE_HOME": "home/.cache",
    "XDG_STATE_HOME": "home/.local/state",
    "XDG_RUNTIME_DIR": "run",
}
for _variable, _folder in _FOLDERS.items():
    (_HOME / _folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ[_variable] = str(_HOME / _folder)

_PATIENCE_S = 3.0


def pytest_unconfigure() -> None:
    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.fixture
def workspace_dir(tmp_path: Path) -> Path:
    """Where a test's workspace goes. It does not exist yet: opening the store makes it."""
    return tmp_path / "workspace"


@pytest.fixture(autouse=True)
def no_leaks() -> Iterator[None]:
    """Fail a test that leaves a thread or a process behind, and say how to mend it."""
    threads, children = set(threading.enumerate()), set(_children())
    yield
    end = time.monotonic() + _PATIENCE_S
    while True:
        left_threads = [t for t in threading.enumerate() if not (t.daemon or t in threads)]
        left_children = [child for child in _children() if child not in children]
        if not (left_threads or left_children):
            return
        if time.monotonic() > end:
            break
        time.sleep(0.02)
    lines = [
        f"thread {thread.name!r} is still running: stop and join it, close the Jobs or the lane "
        "that owns it, or use its context manager"
        for thread in left_threads
    ]
    lines += [
        f"process {child.pid} ({_describe(child)}) was left: end it by its pid and wait() for it, "
        "or start it with run_child, which does both"
        for child in left_children
    ]
    _end(left_children)  # The next test is not to blame.
    pytest.fail("This test leaks.\n- " + "\n- ".join(lines), pytrace=False)


@pytest.fixture
def app(qtbot: QtBot, qapp: QApplication, workspace_dir: Path) -> Iterator[App]:
    """The whole app on a workspace, new or filled before; its window on the screen and usable."""
    from mlops_desktop.app import App
    from mlops_desktop.paths import Workspace

    workspace_dir.mkdir(exist_ok=True)
    made = App(Workspace(workspace_dir), qapp)
    with qtbot.waitSignal(made.usable, timeout=30_000):
        made.start()
    yield made
    made.end()
    made.window.close()


@pytest.fixture
def xvfb() -> Iterator[str]:
    """The name of a display of our own, such as ":101", for an app in a process of its own.

    Give it to the child as DISPLAY, with QT_QPA_PLATFORM=xcb.
    """
    program = shutil.which("Xvfb")
    if program is None:
        pytest.skip("Xvfb is not installed: apt-get install xvfb")
    reading, writing = os.pipe()
    server = subprocess.Popen(
        # With -displayfd it takes a free number, and tells it once clients can connect.
        [program, "-displayfd", str(writing), "-screen", "0", "1920x1200x24", "-nolisten", "tcp"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as pipe:
            number = pipe.readline().strip()
        assert number, "Xvfb ended before it was ready"
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(10)


def _children() -> list[psutil.Process]:
    found = psutil.Process().children(recursive=True)
    return [child for child in found if "multiprocessing.resource_tracker" not in _describe(child)]


def _describe(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())[:200] or process.status()
    except psutil.Error:
        return "gone"


def _end(processes: list[psutil.Process]) -> None:
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(processes, timeout=5)
