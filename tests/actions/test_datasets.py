"""Datasets as a user has them: imported, listed, read, exported, and whole after any kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import pytest
import sklearn.datasets

from mlops_desktop.actions import datasets
from mlops_desktop.actions.lane import Context, DirectLane
from mlops_desktop.blobs import manifests, objects
from mlops_desktop.core.datasets import (
    ColumnType,
    ImportOptions,
    ImportSpec,
    Source,
    WarningKind,
)
from mlops_desktop.core.errors import Cancelled, NotFound, UserError
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store
from tests.stored import wide_mix


@pytest.fixture
def store(workspace_dir: Path) -> Iterator[Store]:
    store = Store.open(Workspace(workspace_dir))
    yield store
    store.close()


@pytest.fixture
def lane(store: Store) -> DirectLane:
    return DirectLane(store)


@pytest.fixture
def iris(tmp_path: Path) -> Path:
    path = tmp_path / "iris.csv"
    sklearn.datasets.load_iris(as_frame=True).frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def big_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("big") / "big.csv"
    arrow_csv.write_csv(wide_mix(300_000), path)
    return path


def test_that_an_import_is_a_version_with_its_origin(
    store: Store, lane: DirectLane, iris: Path
) -> None:
    version = datasets.import_file(lane, ImportSpec(str(iris), "iris", "first look"))
    assert (version.ref, version.rows, len(version.columns)) == ("iris@1", 150, 5)
    assert version.column("target") is not None
    source = replace(version.source, detail={})
    assert source == Source("file", str(iris), objects.sha256_of(iris), iris.stat().st_size)
    assert version.message == "first look"
    assert 0 < version.stored_bytes < 20_000
    assert version.stored_bytes == sum(
        path.stat().st_size for path in store.workspace.objects.glob("*/*")
    )
    assert datasets.get_version(store, "iris") == version == datasets.get_version(store, "iris@1")
    assert [d.latest for d in datasets.list_datasets(store)] == [version]
    entry = store.one("SELECT action, subject FROM audit")
    assert entry == {"action": "dataset.imported", "subject": "iris@1"}
    assert "datasets" in store.take_changes()


def test_that_the_same_file_again_is_a_version_that_costs_next_to_nothing(
    store: Store, lane: DirectLane, iris: Path
) -> None:
    first = datasets.import_file(lane, ImportSpec(str(iris), "iris"))
    second = datasets.import_file(lane, ImportSpec(str(iris), "iris"))
    assert (second.ref, second.parent) == ("iris@2", first.id)
    assert second.content_hash == first.content_hash
    assert second.manifest == first.manifest
    assert [v.version for v in datasets.list_versions(store, "iris")] == [2, 1]


def test_that_a_table_is_added_with_its_parent(store: Store, lane: DirectLane) -> None:
    table = pa.table(
        {
            "small": pa.array([1, 2, None], pa.int8()),
            "single": pa.array([0.5, None, 1.5], pa.float32()),
            "word": pa.array(["a", "b", "a"]).dictionary_encode(),
            "day": pa.array([0, 1, 2], pa.date32()),
            "zoned": pa.array([0, 1, 2], pa.timestamp("ms", "Europe/Berlin")),
        }
    )
    first = datasets.add_table(lane, "made", table, Source("retrain", detail={"labels": 3}))
    second = datasets.add_table(lane, "made", table, Source("retrain"), parent=first.id)
    assert [column.type.value for column in first.columns] == [
        "integer",
        "number",
        "text",
        "datetime",
        "datetime",
    ]
    back = datasets.load(store.workspace, first)
    assert back.column("small").to_pylist() == [1, 2, None]
    assert back.column("word").to_pylist() == ["a", "b", "a"]
    assert first.source.detail == {"labels": 3}
    assert second.parent == first.id


def test_that_a_nested_column_becomes_json_and_is_said(store: Store, lane: DirectLane) -> None:
    made = datasets.add_table(lane, "x", pa.table({"a": [[1], [2, None]]}), Source("retrain"))
    assert datasets.load(store.workspace, made).to_pydict() == {"a": ["[1]", "[2, null]"]}
    assert "kept as JSON text" in made.warnings[0].what


@pytest.mark.parametrize(
    ("ref", "hint"),
    [("irs", "Did you mean iris"), ("zzzz", "There are: iris"), ("iris@7", "newest is iris@1")],
)
def test_that_an_unknown_name_is_answered_with_near_ones(
    store: Store, lane: DirectLane, iris: Path, ref: str, hint: str
) -> None:
    datasets.import_file(lane, ImportSpec(str(iris), "iris"))
    with pytest.raises(NotFound, match=hint):
        datasets.get_version(store, ref)


def test_that_an_unknown_column_is_answered_with_near_ones(
    store: Store, lane: DirectLane, iris: Path
) -> None:
    version = datasets.import_file(lane, ImportSpec(str(iris), "iris"))
    with pytest.raises(NotFound, match="Did you mean target"):
        datasets.load(store.workspace, version, ["targt"])


@pytest.mark.parametrize("name", ["../evil", "", "a/b", "a\0b", "x" * 200])
def test_that_a_bad_name_stores_nothing(
    store: Store, lane: DirectLane, iris: Path, name: str
) -> None:
    with pytest.raises(UserError):
        datasets.import_file(lane, ImportSpec(str(iris), name))
    assert not datasets.list_datasets(store)
    assert not list(store.workspace.objects.glob("*/*"))


def test_that_a_missing_file_is_said(lane: DirectLane) -> None:
    with pytest.raises(UserError, match="no file"):
        datasets.import_file(lane, ImportSpec("/nowhere/x.csv", "x"))


def test_that_a_broken_file_leaves_nothing(store: Store, lane: DirectLane, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("a,b\n1,2\n3\n")
    with pytest.raises(UserError, match="Row 2"):
        datasets.import_file(lane, ImportSpec(str(path), "bad"))
    assert not datasets.list_datasets(store)
    assert not list(store.workspace.tmp.iterdir())
    assert not list(store.workspace.objects.glob("*/*"))


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_that_an_export_holds_every_row(
    store: Store, lane: DirectLane, iris: Path, tmp_path: Path, suffix: str
) -> None:
    version = datasets.import_file(lane, ImportSpec(str(iris), "iris"))
    path = tmp_path / f"out{suffix}"
    assert datasets.export(lane, "iris", path) == 150
    read = arrow_csv.read_csv(path) if suffix == ".csv" else pq.read_table(path)
    assert read.to_pydict() == datasets.load(store.workspace, version).to_pydict()
    if suffix == ".csv":
        again = datasets.import_file(lane, ImportSpec(str(path), "again"))
        assert again.content_hash == version.content_hash


def test_that_formulas_are_disarmed_for_a_spreadsheet_only(
    lane: DirectLane, tmp_path: Path
) -> None:
    table = pa.table({"=a": ["=1+1", "@x", "fine", "-3", None], "n": [-1, 2, 3, 4, 5]})
    datasets.add_table(lane, "f", table, Source("retrain"))
    datasets.export(lane, "f", tmp_path / "safe.csv", for_spreadsheet=True)
    safe = (tmp_path / "safe.csv").read_text().splitlines()
    assert safe == ['"\'=a","n"', '"\'=1+1",-1', '"\'@x",2', '"fine",3', '"\'-3",4', ",5"]
    datasets.export(lane, "f", tmp_path / "plain.csv")
    assert (tmp_path / "plain.csv").read_text().splitlines()[1] == '"=1+1",-1'


def test_that_another_kind_of_export_is_refused(
    lane: DirectLane, iris: Path, tmp_path: Path
) -> None:
    datasets.import_file(lane, ImportSpec(str(iris), "iris"))
    with pytest.raises(UserError, match="csv"):
        datasets.export(lane, "iris", tmp_path / "out.xls")
    assert not (tmp_path / "out.xls").exists()


class Stops(Context):
    """Cancels when it is told that a stage has begun."""

    def __init__(self, stage: str) -> None:
        super().__init__()
        self._stage = stage

    def progress(self, _fraction: float | None, text: str) -> None:
        if text.startswith(self._stage):
            self.cancelled.set()


@pytest.mark.parametrize("stage", ["Reading", "Looking"])
def test_that_a_cancelled_import_leaves_nothing(
    store: Store, lane: DirectLane, big_csv: Path, stage: str
) -> None:
    with pytest.raises(Cancelled):
        datasets.import_file(lane, ImportSpec(str(big_csv), "big"), Stops(stage))
    _is_whole(store)
    assert not list(store.workspace.tmp.iterdir())


def test_that_the_growing_fraction_is_told(lane: DirectLane, big_csv: Path) -> None:
    told: list[float] = []

    class Listens(Context):
        def progress(self, fraction: float | None, _text: str) -> None:
            told.append(fraction or 0.0)

    datasets.import_file(lane, ImportSpec(str(big_csv), "big"), Listens())
    assert len(told) > 2
    assert told == sorted(told)
    assert told[-1] <= 1.0


def test_that_a_killed_import_child_leaves_a_whole_workspace(
    store: Store, lane: DirectLane, big_csv: Path
) -> None:
    class Kills(Context):
        def progress(self, _fraction: float | None, text: str) -> None:
            if text.startswith("Reading"):
                for child in psutil.Process().children():
                    child.send_signal(signal.SIGKILL)

    with pytest.raises(UserError, match="ended from outside"):
        datasets.import_file(lane, ImportSpec(str(big_csv), "big"), Kills())
    _is_whole(store)
    version = datasets.import_file(lane, ImportSpec(str(big_csv), "big"))
    assert version.ref == "big@1"
    assert not manifests.faults(store.workspace, version.manifest)


def test_that_killing_the_importing_program_leaves_no_child_and_a_whole_workspace(
    store: Store, lane: DirectLane, big_csv: Path
) -> None:
    code = """if True:
        import sys
        from pathlib import Path
        from mlops_desktop.actions import datasets
        from mlops_desktop.actions.lane import Context, DirectLane
        from mlops_desktop.core.datasets import ImportSpec
        from mlops_desktop.paths import Workspace
        from mlops_desktop.store.store import Store
        class Tells(Context):
            def progress(self, fraction, text):
                print(text, flush=True)
        lane = DirectLane(Store.open(Workspace(Path(sys.argv[1]))))
        datasets.import_file(lane, ImportSpec(sys.argv[2], "big"), Tells())
    """
    program = subprocess.Popen(
        [sys.executable, "-c", code, str(store.workspace.root), str(big_csv)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert program.stdout is not None
    with program.stdout:
        assert program.stdout.readline()
        children = psutil.Process(program.pid).children()
        assert children
        program.kill()
        program.wait()
    assert psutil.wait_procs(children, timeout=5)[1] == []
    _is_whole(store)
    assert datasets.import_file(lane, ImportSpec(str(big_csv), "big")).ref == "big@1"


def test_that_two_imports_at_once_are_two_versions(
    store: Store, lane: DirectLane, iris: Path
) -> None:
    threads = [
        threading.Thread(target=datasets.import_file, args=(lane, ImportSpec(str(iris), "iris")))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [v.version for v in datasets.list_versions(store, "iris")] == [2, 1]


def test_that_types_of_the_user_are_kept(store: Store, lane: DirectLane, iris: Path) -> None:
    spec = ImportSpec(str(iris), "iris", options=ImportOptions(types={"target": ColumnType.TEXT}))
    version = datasets.import_file(lane, spec)
    assert datasets.read_rows(store.workspace, version, 149, 5, ["target"]).to_pylist() == [
        {"target": "2"}
    ]


def test_that_the_profile_is_kept_with_the_version(
    store: Store, lane: DirectLane, iris: Path
) -> None:
    version = datasets.import_file(lane, ImportSpec(str(iris), "iris"))
    profile = datasets.profile(store.workspace, version)
    column = profile.column("petal width (cm)")
    assert column is not None
    assert column.numbers is not None
    assert (column.missing, column.distinct, column.numbers.high) == (0, 22, 2.5)
    assert profile.duplicate_rows == 1
    assert [warning.kind for warning in version.warnings] == [WarningKind.DUPLICATES]


def _is_whole(store: Store) -> None:
    assert not datasets.list_datasets(store)
    assert not store.faults()
    assert not list(objects.names(store.workspace))


@pytest.mark.parametrize(
    "moments",
    [
        ["2011-01-01", "1969-12-31", ""],
        ["2011-01-01 00:00:00", "2011-01-01 08:30:00", ""],
        ["2011-01-01 08:30:00.250000", "2011-01-01 00:00:00.000000", ""],
    ],
)
def test_that_moments_are_exported_no_finer_than_they_are(
    lane: DirectLane, tmp_path: Path, moments: list[str]
) -> None:
    lines = ["when,n", *(f"{moment},{n}" for n, moment in enumerate(moments))]
    file = tmp_path / "in.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    datasets.import_file(lane, ImportSpec(str(file), "moments"))
    datasets.export(lane, "moments", tmp_path / "out.csv")
    written = (tmp_path / "out.csv").read_text(encoding="utf-8").replace('"', "")
    assert written.splitlines() == lines
