"""What training children report on their way: to the store in batches, and as one progress."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.core.events import Event, Measured, Progress
from mlops_desktop.core.runs import Run
from mlops_desktop.store import runs as rows

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store

_POST_EVERY_S = 0.2  # What a child reports reaches the store at most five times a second.


class SharedProgress:
    """One progress out of several runs' for the caller of train()."""

    def __init__(self, context: Context, count: int) -> None:
        self._context = context
        self._parts: dict[int, float] = {}
        self._count = count

    def of(self, run: Run) -> Context:
        shared = self

        class Part(Context):
            def progress(self, fraction: float | None, text: str) -> None:
                shared._parts[run.id] = fraction or 0.0
                whole = sum(shared._parts.copy().values()) / shared._count
                shared._context.progress(whole, f"{run.algorithm.title}: {text}")

        part = Part()
        part.cancelled = self._context.cancelled
        return part


class Poster:
    """Keeps what a child reports, and posts it to the store in batches."""

    def __init__(self, lane: Lane, run_id: int) -> None:
        self._lane = lane
        self._run = run_id
        self._last = 0.0
        self._fraction = 0.0
        self._stage = ""
        self._measured: list[tuple[str, int, float]] = []

    def take(self, event: Event) -> None:
        match event:
            case Progress(fraction=fraction, text=text):
                self._fraction, self._stage = fraction or self._fraction, text
            case Measured(name=name, step=step, value=value):
                self._measured.append((name, step, value))
            case _:
                self.post()
                return
        if time.monotonic() - self._last >= _POST_EVERY_S:
            self.post()

    def post(self) -> None:
        sent, self._measured = self._measured, []
        fraction, stage = self._fraction, self._stage

        def work(store: Store) -> None:
            with store.write("runs"):
                rows.progress(store, self._run, fraction, stage, sent)

        self._lane(work)
        self._last = time.monotonic()
