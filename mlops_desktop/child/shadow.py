"""The child that answers what a deployment has answered once more, with another version.

It reads the records behind the server, so that no request waits for it, and keeps its answers in
a folder of their own, with what it has read and how far both versions agree in `shadow.json`. One
that was killed between two of these notes knows its last answers from its own records.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import psutil

from mlops_desktop.blobs.objects import write_whole
from mlops_desktop.blobs.segments import (
    Record,
    last_records,
    length,
    read_header,
    read_records,
    segment_files,
    segment_name,
)
from mlops_desktop.child.runner import die_with_parent
from mlops_desktop.child.serving.model import LoadedModel
from mlops_desktop.child.serving.recorder import Journal
from mlops_desktop.child.serving.refused import Refused
from mlops_desktop.core.errors import UserError
from mlops_desktop.paths import Workspace

_POLL_S = 0.5
_RETRY_S = 5.0
_NICER = 10  # At the start, and once more when it answers: then it is as nice as can be.
_AT_ONCE = 256  # Records between two notes of how far it is, at most.
# While requests come, it rests so many times as long as it worked: so few of them meet it at work
# that the slowest in twenty are as fast as without it. It catches up when they pause.
_REST = 40


def main(job_file: Path) -> int:
    """job: workspace, deployment, model (of the shadow), as the server writes it."""
    _give_way()
    job = json.loads(job_file.read_text(encoding="utf-8"))
    die_with_parent()
    shadow = Shadow(Workspace(Path(job["workspace"])), job["deployment"], job["model"])
    _give_way()
    waiting = threading.Event()
    while True:
        begun = time.perf_counter()
        try:
            behind = shadow.catch_up() > 0
            spent = time.perf_counter() - begun
            rest = _REST * spent if shadow.is_asked() else 0
            waiting.wait(min(rest, _POLL_S) if behind else _POLL_S)
        except (Refused, UserError):
            waiting.wait(_RETRY_S)  # The disk is full: what is not on record is answered later.


def _give_way() -> None:
    """Let everybody else have the processor first, the server above all: ours can wait."""
    if sys.platform == "win32":
        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        os.nice(_NICER)


class Shadow:
    """Follows the segments of a deployment. Begins with what comes after it was first started."""

    def __init__(self, workspace: Workspace, deployment: int, model: dict[str, Any]) -> None:
        self._model = LoadedModel(workspace, deployment, model)
        self._read = workspace.segments(deployment)
        self._folder = workspace.shadow(deployment, model["model_version"])
        # What was answered after the last note, if anything was, is among these.
        answered = last_records(self._folder, _AT_ONCE)
        self._answered = {record.id: record for _, record in answered}
        self._journal = Journal(self._folder, self._model.header)
        self._state = self._folder / "shadow.json"
        self._classes = bool(self._model.classes)
        self._rows = self._same = 0
        self._apart = 0.0
        self._unnoted = 0
        self._recorded = 0
        try:
            known = json.loads(self._state.read_text(encoding="utf-8"))
            self._offsets: dict[str, int] = known["offsets"]
            self._rows, self._same = known["rows"], known["same"]
            self._apart = known["apart"]
        except FileNotFoundError:
            self._offsets = {segment_name(p): length(p) for p in segment_files(self._read)}
            self._note()

    def catch_up(self) -> int:
        """Answer some of what is new; how many records that were. Raises Refused, UserError where
        that cannot be kept now."""
        count = 0
        for name, record, columns, offset in self._new():
            if self._unnoted >= _AT_ONCE:
                break
            known = self._answered.get(record.id)
            if known is None:
                self._answer(record, columns)
            else:
                self._tally(known.y, record)
            self._offsets[name] = offset
            self._unnoted += 1
            count += 1
        else:
            self._answered.clear()  # An id that comes from now on is another request's.
        if self._unnoted:
            self._journal.sync()
            self._note()
            self._unnoted = 0
        return count

    def is_asked(self) -> bool:
        """Whether the server has put anything on record since this was asked before."""
        before = self._recorded
        self._recorded = sum(length(path) for path in segment_files(self._read))
        return self._recorded > before

    def _new(self) -> Iterator[tuple[str, Record, list[str], int]]:
        """Records that were not read yet: segment, record, its columns, the offset behind it."""
        for path in segment_files(self._read):
            name = segment_name(path)
            start = self._offsets.get(name, 0)
            if length(path) <= start:
                continue
            header = read_header(path)
            if header is not None:
                for record, offset in read_records(path, start):
                    yield name, record, list(header.columns), offset

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
        self._tally(said.y, record)

    def _tally(self, answers: list[float | str], record: Record) -> None:
        self._rows += len(answers)
        for mine, theirs in zip(answers, record.y, strict=True):
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
