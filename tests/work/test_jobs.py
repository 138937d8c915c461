"""The outcomes of background work, with a small fake store."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, QThread
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from mlops_desktop.core.errors import UserError
from mlops_desktop.work.job import JobState
from mlops_desktop.work.jobs import Jobs


class FakeStore:
    def __init__(self) -> None:
        self.thread = threading.get_ident()
        self.kinds: set[str] = set()

    def change(self, *kinds: str) -> int:
        assert threading.get_ident() == self.thread
        self.kinds.update(kinds)
        return len(self.kinds)

    def take_changes(self) -> frozenset[str]:
        kinds, self.kinds = frozenset(self.kinds), set()
        return kinds

    def close(self) -> None:
        assert threading.get_ident() == self.thread


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[Jobs]:
    jobs = Jobs(FakeStore)  # type: ignore[arg-type]
    yield jobs
    assert jobs.shutdown()


@pytest.fixture
def owner(qtbot: QtBot) -> QObject:
    return QObject()


def test_that_a_value_comes_back_on_the_gui_thread(jobs: Jobs, owner: QObject, qtbot: QtBot):
    got = []
    jobs.run(owner, lambda store: 42, lambda value: got.append((value, QThread.isMainThread())))
    qtbot.waitUntil(lambda: got == [(42, True)])


def test_that_a_change_is_told_once(jobs: Jobs, owner: QObject, qtbot: QtBot):
    with qtbot.waitSignal(jobs.changed) as told:
        jobs.run(owner, lambda store: store.change("runs", "models"))  # type: ignore[attr-defined]
    assert told.args == [frozenset({"runs", "models"})]


def test_that_a_user_error_goes_to_failed_or_else_to_the_signal(
    jobs: Jobs, owner: QObject, qtbot: QtBot
):
    def refuse(store: object) -> None:
        raise UserError("Name already taken.", hint="Pick another.")

    errors: list[UserError] = []
    jobs.run(owner, refuse, failed=errors.append)
    qtbot.waitUntil(lambda: len(errors) == 1)
    with qtbot.waitSignal(jobs.user_error) as told:
        jobs.run(owner, refuse)
    assert told.args[0].hint == "Pick another."


def test_that_a_bug_is_logged_and_told_with_its_traceback(
    jobs: Jobs, owner: QObject, qtbot: QtBot, caplog: pytest.LogCaptureFixture
):
    with qtbot.waitSignal(jobs.crashed) as told:
        jobs.run(owner, lambda store: 1 // 0)
    assert "ZeroDivisionError" in told.args[0]
    assert "ZeroDivisionError" in caplog.text


def test_that_an_answer_for_a_deleted_owner_is_dropped(jobs: Jobs, qtbot: QtBot):
    gate, owner, got = threading.Event(), QObject(), []
    jobs.run(owner, lambda store: gate.wait(5), got.append)
    delete(owner)
    gate.set()
    other = QObject()
    done: list[int] = []
    jobs.run(other, lambda store: 1, done.append)
    qtbot.waitUntil(lambda: done == [1])
    assert got == []


def test_that_a_store_that_cannot_be_opened_is_a_user_error(qtbot: QtBot, owner: QObject):
    def refuse() -> object:
        raise UserError("The workspace was made by a newer version.")

    jobs = Jobs(refuse)  # type: ignore[arg-type]
    with qtbot.waitSignal(jobs.user_error):
        jobs.run(owner, lambda store: 1)
    assert jobs.shutdown()


def test_that_a_job_reports_progress_and_uses_the_lane(jobs: Jobs, owner: QObject, qtbot: QtBot):
    def work(lane, context):
        context.progress(0.5, "half")
        return lane(lambda store: store.change("runs"))

    got: list[int] = []
    texts: list[str] = []
    job = jobs.start(owner, "Train", work, got.append, pool="training")
    job.changed.connect(lambda: texts.append(job.text))
    with qtbot.waitSignal(job.finished):
        pass
    assert (got, job.state, job.fraction) == ([1], JobState.DONE, 1.0)
    assert "half" in texts
    assert jobs.jobs() == [job]


def test_that_a_chatty_job_is_throttled(jobs: Jobs, owner: QObject, qtbot: QtBot):
    def work(lane, context):
        for step in range(20_000):
            context.progress(step / 20_000, str(step))

    job = jobs.start(owner, "Chat", work)
    changes: list[None] = []
    job.changed.connect(lambda: changes.append(None))
    with qtbot.waitSignal(job.finished):
        pass
    assert len(changes) < 50


def test_that_cancel_stops_a_running_job_silently(jobs: Jobs, owner: QObject, qtbot: QtBot):
    running = threading.Event()

    def work(lane, context):
        running.set()
        context.cancelled.wait(5)
        context.checkpoint()

    job = jobs.start(owner, "Train", work)
    qtbot.waitUntil(running.is_set)
    qtbot.waitUntil(lambda: job.state is JobState.RUNNING)
    with qtbot.assertNotEmitted(jobs.user_error), qtbot.waitSignal(job.finished):
        job.cancel()
    assert job.state is JobState.CANCELLED


def test_that_queued_training_waits_and_can_be_cancelled(jobs: Jobs, owner: QObject, qtbot: QtBot):
    jobs.set_training_workers(1)
    gate, ran = threading.Event(), []
    first = jobs.start(owner, "1", lambda lane, context: gate.wait(5), pool="training")
    second = jobs.start(owner, "2", lambda lane, context: ran.append(2), pool="training")
    third = jobs.start(owner, "3", lambda lane, context: ran.append(3), pool="training")
    second.cancel()
    assert second.state is JobState.CANCELLED
    with qtbot.waitSignal(third.finished):
        gate.set()
    assert (first.state, ran) == (JobState.DONE, [3])


def test_that_thousands_of_calls_keep_the_reference_count_of_none(
    jobs: Jobs, owner: QObject, qtbot: QtBot
):
    gc.collect()  # Garbage of earlier tests holds None, too.
    before, got = sys.getrefcount(None), []
    for _ in range(2_000):
        jobs.run(owner, lambda store: None, got.append)
    qtbot.waitUntil(lambda: len(got) == 2_000)
    assert sys.getrefcount(None) > before - 200
