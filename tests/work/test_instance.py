"""One window a workspace."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from mlops_desktop.work.instance import Instance


def test_that_a_second_start_asks_the_first_to_come_to_the_front(
    qtbot: QtBot, tmp_path: Path
) -> None:
    first, second = Instance(tmp_path), Instance(tmp_path)
    assert first.acquire()
    with qtbot.waitSignal(first.raise_asked, timeout=5000):
        assert not second.acquire()
    first.release()
    assert second.acquire()
    second.release()
