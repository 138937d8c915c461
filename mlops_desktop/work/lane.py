"""The store lane: the one thread that owns the process's writing connection."""

from __future__ import annotations

import queue
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from mlops_desktop.core.errors import Cancelled

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store

T = TypeVar("T")
_Task = tuple[Callable[[Any], Any], "Future[Any] | Callable[[Any, BaseException | None], None]"]


class StoreLane:
    """Runs one call after another. The store is opened at the first, by the thread itself.

    told is called on the lane's thread with the kinds that a call has changed.
    """

    def __init__(
        self, open_store: Callable[[], Store], told: Callable[[frozenset[str]], None]
    ) -> None:
        self._open_store = open_store
        self._told = told
        self._store: Store | None = None
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._closed = False
        # Pool threads expire and a connection belongs to a thread, so this one stays.
        self._thread = threading.Thread(target=self._work, name="store-lane", daemon=True)
        self._thread.start()

    def __call__(self, work: Callable[[Store], T], /) -> T:
        """Wait until the lane has run work. From the lane itself, run it at once."""
        if threading.current_thread() is self._thread and self._store is not None:
            return work(self._store)
        if self._closed:
            raise Cancelled
        answer: Future[T] = Future()
        self._tasks.put((work, answer))
        return answer.result()

    def post(
        self, work: Callable[[Store], Any], then: Callable[[Any, BaseException | None], None]
    ) -> None:
        """Queue work without waiting; then(value, error) is called on the lane's thread."""
        if not self._closed:
            self._tasks.put((work, then))

    def close(self, timeout_s: float) -> bool:
        """Run what is queued, close the store and end the thread. False if it did not end."""
        self._closed = True
        self._tasks.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            self._run(*task)
            del task
        while not self._tasks.empty():
            late = self._tasks.get()
            if late is not None and isinstance(late[1], Future):
                late[1].set_exception(Cancelled())
        if self._store is not None:
            self._store.close()

    def _run(
        self,
        work: Callable[[Store], Any],
        answer: Future[Any] | Callable[[Any, BaseException | None], None],
    ) -> None:
        value, error = None, None
        try:
            if self._store is None:
                self._store = self._open_store()
            value = work(self._store)
        except BaseException as caught:  # noqa: BLE001 - brought to the caller
            traceback.clear_frames(caught.__traceback__)
            error = caught
        if self._store is not None and (kinds := self._store.take_changes()):
            self._told(kinds)
        if not isinstance(answer, Future):
            answer(value, error)
        elif error is None:
            answer.set_result(value)
        else:
            answer.set_exception(error)
