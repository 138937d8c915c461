"""The child that answers what a deployment has answered once more, with another version.

It reads the records behind the server, so that no request waits for it, and keeps its answers in
a folder of their own, with what it has read and how far both versions agree in `shadow.json`.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from mlops_desktop.blobs.objects import write_whole
from mlops_desktop.blobs.segments import Record, read_header, read_records, segment_files
from mlops_desktop.child.runner import die_with_parent
from mlops_desktop.child.serving.model import LoadedModel
from mlops_desktop.child.serving.recorder import Journal
from mlops_desktop.child.serving.refused import Refused
from mlops_desktop.paths import Workspace

_POLL_S = 0.5
_RETRY_S = 5.0
_AT_ONCE = 256  # Records between two notes of how far it is.
_NICENESS = 10


def main(job_file: Path) -> int:
    """job: workspace, deployment, model (of the shadow), as the server writes it."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    job = json.loads(job_file.read_text(encoding="utf-8"))
    die_with_parent()
    shadow = Shadow(Workspace(Path(job["workspace"])), job["deployment"], job["model"])
    waiting = threading.Event()
    while True:
        try:
            waiting.wait(0 if shadow.catch_up() else _POLL_S)
        except Refused:
            waiting.wait(_RETRY_S)  # The disk is full: what is not on record is answered later.


class Shadow:
    """Follows the segments of a deployment. Begins with what comes after it was first started."""

    def __init__(self, workspace: Workspace, deployment: int, model: dict[str, Any]) -> None:
        self._model = LoadedModel(workspace, deployment, model)
        self._read = workspace.segments(deployment)
        self._folder = workspace.shadow(deployment, model["model_version"])
        self._journal = Journal(self._folder, self._model.header)
        self._state = self._folder / "shadow.json"
        self._classes = bool(self._model.classes)
        self._rows = self._same = 0
        self._apart = 0.0
        try:
            known = json.loads(self._state.read_text(encoding="utf-8"))
            self._offsets: dict[str, int] = known["offsets"]
            self._rows, self._same = known["rows"], known["same"]
            self._apart = known["apart"]
        except FileNotFoundError:
            self._offsets = {path.name: path.stat().st_size for path in segment_files(self._read)}
            self._note()

    def catch_up(self) -> int:
        """Answer some of what is new; how many records that were."""
        count = 0
        for path, columns in self._open():
            start = self._offsets.get(path.name, 0)
            if path.stat().st_size <= start:
                continue
            for record, offset in read_records(path, start):
                self._answer(record, columns)
                self._offsets[path.name] = offset
                count += 1
                if count >= _AT_ONCE:
                    break
            if count >= _AT_ONCE:
                break
        if count:
            self._journal.sync()
            self._note()
        return count

    def _open(self) -> Iterator[tuple[Path, list[str]]]:
        for path in segment_files(self._read):
            header = read_header(path)
            if header is not None:
                yield path, list(header.columns)

    def _answer(self, record: Record, columns: list[str]) -> None:
        begun = time.perf_counter()
        try:
            rows = self._model.checker.arrange(columns, [list(row) for row in record.x])
            said = self._model.predict(rows)
        except Refused:
            return  # The other version took it; that this one does not shows in the rows.
        line = orjson.dumps(
            {
                "id": record.id,
                "t": record.t,
                "us": int((time.perf_counter() - begun) * 1e6),
                "x": [],
                "y": said.y,
                "p": said.p,
            },
            option=orjson.OPT_APPEND_NEWLINE,
        )
        self._journal.append(line)
        self._rows += len(said.y)
        for mine, theirs in zip(said.y, record.y, strict=True):
            if self._classes:
                self._same += mine == theirs
            else:
                self._apart += abs(float(mine) - float(theirs))

    def _note(self) -> None:
        found = {
            "rows": self._rows,
            "same": self._same,
            "apart": self._apart,
            "classes": self._classes,
            "offsets": self._offsets,
        }
        write_whole(self._state, json.dumps(found).encode())
