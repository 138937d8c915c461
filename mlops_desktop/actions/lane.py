"""How a long action reaches the store and its caller: the lane, progress and cancel."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from mlops_desktop.core.errors import Cancelled

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store

T = TypeVar("T")


class Lane(Protocol):
    """Runs short work with the process's only writing connection, and waits for its value."""

    def __call__(self, work: Callable[[Store], T], /) -> T: ...


class DirectLane:
    """The lane of a program without a window: one store, one thread at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()

    def __call__(self, work: Callable[[Store], T], /) -> T:
        with self._lock:
            return work(self._store)


class Context:
    """What a long action tells its caller, and how the caller stops it."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()

    def progress(self, fraction: float | None, text: str) -> None:
        """fraction in 0..1, or None where it is not known. Overridden by who shows it."""

    def checkpoint(self) -> None:
        """Raise Cancelled where the user has asked to stop."""
        if self.cancelled.is_set():
            raise Cancelled
