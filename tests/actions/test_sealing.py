"""Sealing: what is settled is packed, found and labelled as before, and nothing else is touched."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mlops_desktop.actions import (
    deployments,
    health,
    label_files,
    lookup,
    monitoring,
    retention,
    sealing,
    upkeep,
)
from mlops_desktop.actions.lane import Context
from mlops_desktop.blobs import idindex, segments
from mlops_desktop.core.errors import Cancelled, Damaged, UserError
from mlops_desktop.core.retention import Retention
from tests.actions.test_folding import _whole
from tests.monitored import NEXT, START, Watched, rows_of, watched

_DEAD = 2**22 + 1  # No process has such a number.
_DAY_S = 24 * 3600


@pytest.fixture(autouse=True)
def small_ones_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "LEAST", 0)


@pytest.fixture
def one(workspace_dir: Path) -> Iterator[Watched]:
    with watched(workspace_dir) as made:
        yield made


def _segment(one: Watched, number: int, days: float = 2, pid: int = _DEAD) -> list[str]:
    """A segment of 24 predictions in 6 requests that was last written so many days ago."""
    name, ids = f"{number:04d}-{pid}.jsonl", []
    for part in range(6):
        rows, _ = rows_of(START + timedelta(hours=NEXT + 24 * number + 4 * part), 4, number)
        ids += one.record(rows, [10 * row[1] for row in rows], file=name)
    _age(one.segments / name, days)
    return ids


def _age(path: Path, days: float) -> None:
    then = time.time() - days * _DAY_S
    os.utime(path, (then, then))


def _forms(one: Watched) -> list[str]:
    return sorted(path.name[:4] + path.suffix for path in one.segments.iterdir() if path.is_file())


def test_that_settled_segments_are_sealed_and_others_wait(one: Watched) -> None:
    _segment(one, 1)
    _segment(one, 2, pid=os.getpid())  # Its writer lives.
    _segment(one, 3, days=0.9)
    monitoring.fold(one.lane, "d")
    _segment(one, 4)  # Nobody has counted it.
    looked = sealing.look(one.lane, "d")
    assert [path.name[:4] for path in looked.ready] == ["0001"]
    assert (looked.files, looked.sealed, looked.waiting, looked.small) == (4, 0, 3, 0)
    done = sealing.seal(one.lane, "d")
    assert (done.files, done.predictions, done.failed) == (1, 24, ())
    assert _forms(one) == ["0001.parquet", "0002.jsonl", "0003.jsonl", "0004.jsonl"]
    looked = sealing.look(one.lane, "d")
    assert (looked.files, looked.sealed, looked.ready, looked.waiting) == (4, 1, (), 3)
    assert (looked.before, looked.after) == (done.before, done.after)
    audited = one.store.scalar("SELECT detail FROM audit WHERE action = 'predictions.sealed'")
    assert '"segments":1' in audited.replace(" ", "")
    assert not list(one.store.workspace.tmp.iterdir())


def test_that_small_segments_stay_as_they_are(
    one: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "LEAST", 64 * 1024)
    _segment(one, 1)
    monitoring.fold(one.lane, "d")
    assert sealing.look(one.lane, "d").small == 1
    assert sealing.seal(one.lane, "d").files == 0
    assert _forms(one) == ["0001.jsonl"]


def test_that_nothing_that_is_known_changes(
    one: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idindex, "SCANNED", 1000)
    with watched(tmp_path / "other") as other:
        ids, _ = [[_segment(each, number) for number in range(20)] for each in (one, other)]
        for each in (one, other):
            monitoring.fold(each.lane, "d")
        sealing.seal(one.lane, "d")
        flat = [i for some in ids for i in some]
        for each in (one, other):
            monitoring.add_labels_table(each.lane, "d", flat[::2], [1.0] * 240, "first")
            monitoring.add_labels_table(each.lane, "d", flat[::3], [2.0] * 160, "second")
            newest = label_files.list_files(each.store, "d")[0]
            label_files.undo(each.store, "d", newest.id)
            assert monitoring.fold(each.lane, "d") == 0
        assert _whole(one) == _whole(other)
        assert monitoring.show(one.store, "d") == monitoring.show(other.store, "d")
        for prediction_id in [*flat[::37], "nobody:0"]:
            assert _found(one, prediction_id) == _found(other, prediction_id)
        workspaces = [each.store.workspace for each in (one, other)]
        deployment = deployments.get_deployment(one.store, "d")
        mine, theirs = (deployments.recent_requests(w, deployment, 100) for w in workspaces)
        assert mine == theirs
        assert len(mine) == 100


def _found(one: Watched, prediction_id: str) -> object:
    try:
        return lookup.find(one.lane, "d", prediction_id)
    except UserError as error:
        return str(error)


def test_that_retention_removes_sealed_segments_by_age_and_size(one: Watched) -> None:
    ids = [_segment(one, number, days=9 - number) for number in range(4)]
    monitoring.fold(one.lane, "d")
    list(idindex.build(one.segments / f"0000-{_DEAD}.jsonl"))
    sealing.seal(one.lane, "d")
    one_size = (one.segments / f"0003-{_DEAD}.parquet").stat().st_size
    large = retention.removable(one.store, "d", Retention(max_bytes=2 * one_size + 200))
    assert [path.name[:4] for path in large.paths] == ["0000", "0001"]
    retention.set_retention(one.store, "d", days=8)
    monitoring.fold(one.lane, "d")
    assert _forms(one) == ["0002.parquet", "0003.parquet"]
    assert _found(one, ids[0][0]) != _found(one, ids[2][0])


def test_that_shadows_are_sealed_and_removed_by_the_same_limits(one: Watched) -> None:
    """What they answered is counted by nobody, and has no inputs."""
    shadow = one.store.workspace.shadow(one.header.deployment, 9)
    shadow.mkdir(parents=True)
    _segment(one, 1, days=9)
    _segment(one, 2, days=2)
    for number, path in enumerate(sorted(one.segments.glob("*.jsonl")), start=1):
        path.replace(shadow / path.name)
        assert path.name.startswith(f"000{number}")
    (shadow / "shadow.json").write_text("{}")
    assert sealing.seal(one.lane, "d").files == 2
    assert len(segments.last_records(shadow, 100)) == 12
    assert monitoring.fold(one.lane, "d") == 0
    retention.set_retention(one.store, "d", days=5)
    monitoring.fold(one.lane, "d")
    assert sorted(path.name for path in shadow.iterdir()) == [
        f"0002-{_DEAD}.parquet",
        "shadow.json",
    ]


def test_that_both_forms_of_a_segment_count_once_and_one_is_left(one: Watched) -> None:
    """So a kill between the two steps leaves it."""
    ids = _segment(one, 1)
    monitoring.fold(one.lane, "d")
    lines = one.segments / f"0001-{_DEAD}.jsonl"
    data = lines.read_bytes()
    sealing.seal(one.lane, "d")
    lines.write_bytes(data)
    _age(lines, 2)
    assert len(segments.segment_files(one.segments)) == 1
    assert len(segments.last_records(one.segments, 100)) == 6
    assert lookup.find(one.lane, "d", ids[5]).prediction_id == ids[5]
    assert sealing.seal(one.lane, "d").files == 1
    assert _forms(one) == ["0001.parquet"]


def test_that_what_is_removed_while_it_is_packed_does_not_come_back(
    one: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    _segment(one, 1)
    _segment(one, 2)
    monitoring.fold(one.lane, "d")
    real = sealing.run_child

    def removed(*given: object, **named: object) -> dict[str, object]:
        done = real(*given, **named)  # type: ignore[arg-type]
        (one.segments / f"0001-{_DEAD}.jsonl").unlink()
        return done

    monkeypatch.setattr(sealing, "run_child", removed)
    sealing.seal(one.lane, "d")
    assert _forms(one) == ["0002.parquet"]


def test_that_a_removal_between_the_two_steps_wins(
    one: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    _segment(one, 1)
    monitoring.fold(one.lane, "d")
    lines = one.segments / f"0001-{_DEAD}.jsonl"
    monkeypatch.setattr(sealing, "sync_folder", lambda folder: lines.unlink())
    sealing.seal(one.lane, "d")
    assert _forms(one) == []


def test_that_a_cancel_leaves_everything_as_it_was(one: Watched) -> None:
    _segment(one, 1)
    monitoring.fold(one.lane, "d")
    context = Context()
    context.cancelled.set()
    with pytest.raises(Cancelled):
        sealing.seal(one.lane, "d", context)
    assert _forms(one) == ["0001.jsonl"]


def test_that_upkeep_looks_after_all_and_one_that_fails_stops_none(
    one: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    _segment(one, 1)
    monkeypatch.setattr(deployments, "list_deployments", _with_a_broken_one(one))
    upkeep.upkeep(one.lane)
    assert _forms(one) == ["0001.parquet"]
    assert monitoring.show(one.store, "d").predictions == 24


def _with_a_broken_one(one: Watched) -> object:
    from dataclasses import replace

    deployment = deployments.get_deployment(one.store, "d")
    return lambda _store: [replace(deployment, name="gone"), deployment]


def test_that_readers_go_on_while_segments_are_sealed_and_removed(one: Watched) -> None:
    """Each reads all of what is there, over and over, and no record twice."""
    expected = {one.record([[None, 1.0, "Ulm"]], [1.0], file=_name(n))[0] for n in range(60)}
    for number in range(60):
        _age(one.segments / _name(number), 2)
    monitoring.fold(one.lane, "d")
    wanted = {prediction_id.rpartition(":")[0] for prediction_id in expected}
    over, errors, rounds = threading.Event(), [], [0]

    def read(removing: threading.Event) -> None:
        try:
            while not over.is_set():
                sure = not removing.is_set()
                found = [record.id for _, record in segments.last_records(one.segments, 1000)]
                forwards = [
                    record.id
                    for path in segments.segment_files(one.segments)
                    for record, _ in segments.read_records(path)
                ]
                sure = sure and not removing.is_set()
                for some in (found, forwards):
                    assert len(set(some)) == len(some), "a record came twice"
                    assert not sure or set(some) == wanted, "a record was missing"
                idindex.find(one.segments, "r000030")
                list(map(segments.length, segments.segment_files(one.segments)))
                rounds[0] += 1
        except BaseException as error:  # noqa: BLE001  It is told below.
            errors.append(error)

    removing = threading.Event()
    readers = [threading.Thread(target=read, args=(removing,)) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        sealing.seal(one.lane, "d")
        removing.set()
        retention.set_retention(one.store, "d", days=1)
        retention.apply(one.lane, "d")
        seen = rounds[0]
        while rounds[0] < seen + 3 and not errors:
            over.wait(0.01)
    finally:
        over.set()
        for reader in readers:
            reader.join()
    assert not errors, errors[0]
    assert _forms(one) == []


def _name(number: int) -> str:
    return f"{number:04d}-{_DEAD}.jsonl"


def test_that_fsck_finds_sealed_predictions_that_are_damaged(one: Watched) -> None:
    _segment(one, 1)
    monitoring.fold(one.lane, "d")
    sealing.seal(one.lane, "d")
    path = one.segments / f"0001-{_DEAD}.parquet"
    data = bytearray(path.read_bytes())
    assert health._unreadable(one.store, Context()) == []
    data[100:200] = bytes(100)
    path.write_bytes(data)
    [problem] = health._unreadable(one.store, Context())
    assert problem.where == "d"
    assert path.name in problem.what
    with pytest.raises(Damaged, match="are damaged"):
        segments.last_records(one.segments, 1)
    assert monitoring.fold(one.lane, "d") == 0  # What it does not need stops nothing.
