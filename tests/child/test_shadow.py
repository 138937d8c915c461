"""A shadow answers every record once, wherever it is killed, and reads sealed segments, too."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from mlops_desktop.actions.children import wait_for
from mlops_desktop.blobs import segments
from mlops_desktop.blobs.segments import SegmentHeader, SegmentWriter
from mlops_desktop.child import seal
from mlops_desktop.child import shadow as shadowing
from mlops_desktop.child.serving.refused import Refused
from mlops_desktop.child.shadow import Shadow
from mlops_desktop.core.child_command import command
from mlops_desktop.core.errors import DiskFull
from mlops_desktop.paths import Workspace
from tests.served import COLUMNS, ROW, small_model

_HEADER = SegmentHeader(1, "bike", 1, 1, tuple(COLUMNS), ("prediction",))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def model(workspace: Workspace) -> dict[str, Any]:
    return small_model(workspace, version=2)


@pytest.fixture
def writer(workspace: Workspace, model: dict[str, Any]) -> Iterator[SegmentWriter]:
    """A segment of the deployment's own. A shadow has been there and has read what came before."""
    made = SegmentWriter(workspace.segments(1), _HEADER)
    _write(made, 0, 3)
    Shadow(workspace, 1, model)
    yield made
    made.close()


def _write(writer: SegmentWriter, first: int, count: int) -> None:
    for number in range(first, first + count):
        record = {"id": f"r{number}", "t": 1, "us": 5, "x": [ROW], "y": [109.0], "p": None}
        writer.append(orjson.dumps(record) + b"\n")


def _answered(workspace: Workspace) -> list[str]:
    folder = workspace.shadow(1, 2)
    return [
        record.id
        for path in segments.segment_files(folder)
        for record, _ in segments.read_records(path)
    ]


def _told(workspace: Workspace) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((workspace.shadow(1, 2) / "shadow.json").read_bytes())
    return told


def _ids(first: int, after: int) -> list[str]:
    return [f"r{number}" for number in range(first, after)]


@pytest.mark.parametrize("before_the_kill", [1, 200, 256])
def test_that_what_was_answered_after_the_last_note_is_not_answered_again(
    workspace: Workspace,
    model: dict[str, Any],
    writer: SegmentWriter,
    monkeypatch: pytest.MonkeyPatch,
    before_the_kill: int,
) -> None:
    _write(writer, 3, before_the_kill)

    def killed(_shadow: Shadow) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(Shadow, "_note", killed)
        with pytest.raises(SystemExit):
            Shadow(workspace, 1, model).catch_up()
    assert len(_answered(workspace)) == before_the_kill
    _write(writer, 3 + before_the_kill, 300)
    again = Shadow(workspace, 1, model)
    while again.catch_up():
        pass
    assert _answered(workspace) == _ids(3, 303 + before_the_kill)
    told = _told(workspace)
    assert told["rows"] == 300 + before_the_kill
    assert told["apart"] == pytest.approx(100.0 * told["rows"])


def test_that_a_full_disk_is_waited_out_without_an_answer_twice(
    workspace: Workspace,
    model: dict[str, Any],
    writer: SegmentWriter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _write(writer, 3, 600)
    one = Shadow(workspace, 1, model)
    with monkeypatch.context() as patched:
        patched.setattr(shadowing, "write_whole", _full)
        for _ in range(4):  # At most 256 answers are ahead of the note.
            with pytest.raises(DiskFull):
                one.catch_up()
    assert len(_answered(workspace)) == 256
    real, left = one._journal.append, [100]

    def refuse(line: bytes) -> object:
        left[0] -= 1
        if left[0] == 0:
            raise Refused(503, "full")
        return real(line)

    monkeypatch.setattr(one._journal, "append", refuse)
    one.catch_up()
    with pytest.raises(Refused):
        one.catch_up()
    again = Shadow(workspace, 1, model)  # As after a kill.
    while again.catch_up():
        pass
    assert _answered(workspace) == _ids(3, 603)
    assert _told(workspace)["rows"] == 600


def _full(*_given: object) -> None:
    raise DiskFull("The disk is full.")


def test_that_an_id_that_comes_again_later_is_another_request(
    workspace: Workspace, model: dict[str, Any], writer: SegmentWriter
) -> None:
    _write(writer, 3, 2)
    one = Shadow(workspace, 1, model)
    one.catch_up()
    again = Shadow(workspace, 1, model)
    again.catch_up()
    _write(writer, 3, 1)
    again.catch_up()
    assert _answered(workspace) == ["r3", "r4", "r3"]


def test_that_it_reads_on_in_a_segment_that_was_sealed_and_does_without_one_that_is_gone(
    workspace: Workspace, model: dict[str, Any], writer: SegmentWriter
) -> None:
    _write(writer, 3, 10)
    one = Shadow(workspace, 1, model)
    one.catch_up()
    _write(writer, 13, 10)
    writer.sync()
    seal.seal(writer.path, writer.path.with_suffix(segments.SEALED))
    writer.path.unlink()
    other = SegmentWriter(workspace.segments(1), _HEADER)
    _write(other, 23, 5)
    one.catch_up()
    other.close()
    other.path.unlink()
    assert one.catch_up() == 0
    assert _answered(workspace) == _ids(3, 28)


def test_that_kills_of_the_process_double_no_answer(
    workspace: Workspace, model: dict[str, Any], writer: SegmentWriter, tmp_path: Path
) -> None:
    job = tmp_path / "job.json"
    job.write_text(json.dumps({"workspace": str(workspace.root), "deployment": 1, "model": model}))
    _write(writer, 3, 6000)
    for goal in (700, 1900, 6000):
        child = subprocess.Popen(command("shadow", job), stdin=subprocess.PIPE)
        try:
            assert wait_for(lambda goal=goal: _lines(workspace) >= goal, 60, 0.001)  # type: ignore[misc]
        finally:
            child.kill()
            child.wait()
            assert child.stdin is not None
            child.stdin.close()
    last = Shadow(workspace, 1, model)
    while last.catch_up():
        pass
    assert _answered(workspace) == _ids(3, 6003)
    assert _told(workspace)["rows"] == 6000


def _lines(workspace: Workspace) -> int:
    folder = workspace.shadow(1, 2)
    return sum(path.read_bytes().count(b'\n{"id"') for path in folder.glob("*.jsonl"))


def test_that_a_shadow_tells_whether_requests_still_come(
    workspace: Workspace, model: dict[str, Any], writer: SegmentWriter
) -> None:
    shadow = Shadow(workspace, 1, model)
    shadow.is_asked()
    assert not shadow.is_asked()
    _write(writer, 3, 1)
    assert shadow.is_asked()
    assert not shadow.is_asked()
