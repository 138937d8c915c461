"""Reading in a thread of its own, a little ahead of who stores what was read."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator

import pyarrow as pa

_MOST_BYTES = 16 << 20  # That wait to be taken, but for the last batch of them.


def ahead(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same batches in the same order, and the same error where there is one.

    Arrow parses a CSV file in the thread that asks for its rows, and lets go of Python's lock
    meanwhile: half of an import's work, done beside the other half.
    """
    ready: deque[pa.RecordBatch] = deque()
    change = threading.Condition()
    waiting = 0
    ended = stopped = False
    error: BaseException | None = None

    def read() -> None:
        nonlocal waiting, ended, error

        def there_is_room() -> bool:
            return stopped or waiting < _MOST_BYTES

        try:
            for batch in batches:
                with change:
                    change.wait_for(there_is_room)
                    if stopped:
                        break
                    ready.append(batch)
                    waiting += batch.nbytes
                    change.notify_all()
        except BaseException as raised:  # noqa: BLE001  Raised again where the batches are taken.
            error = raised
        with change:
            ended = True
            change.notify_all()

    thread = threading.Thread(target=read, name="reading", daemon=True)
    thread.start()
    try:
        while True:
            with change:
                change.wait_for(lambda: ready or ended)
                if not ready:
                    break
                batch = ready.popleft()
                waiting -= batch.nbytes
                change.notify_all()
            yield batch
    finally:
        with change:
            stopped = True
            change.notify_all()
        thread.join()
    if error is not None:
        raise error
