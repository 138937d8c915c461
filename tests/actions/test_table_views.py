"""Filtered and sorted views against the same asked in plain Python."""

from __future__ import annotations

import math
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops_desktop.actions import table_views
from mlops_desktop.actions.lane import Context
from mlops_desktop.blobs import manifests
from mlops_desktop.core.datasets import Column, ColumnType, DatasetVersion
from mlops_desktop.core.errors import Cancelled, NotFound
from mlops_desktop.core.filter_syntax import parse
from mlops_desktop.core.table_filters import FilterError, condition
from mlops_desktop.ml import expressions
from mlops_desktop.ml.arrow_vectors import rows_where
from mlops_desktop.ml.table_views import fitting
from mlops_desktop.paths import Workspace
from tests.stored import store_version

ROWS = 3_000  # Several chunks: the fixture makes them small.
FIRST = datetime.fromisoformat("2023-11-01")
WORDS = ["Rome", "rome", "Milan", "a|b", ">5", "", "empty", "naïve", "NAÏVE", 'a"b', "x--]; DROP"]


def make(seed: int, rows: int = ROWS) -> pa.Table:
    random = np.random.default_rng(seed)

    def holes(values: list[Any]) -> list[Any]:
        gone = random.random(len(values)) < 0.1
        return [None if missing else value for value, missing in zip(values, gone, strict=True)]

    floats = random.normal(size=rows).round(1)
    floats[random.random(rows) < 0.05] = math.nan
    floats[random.random(rows) < 0.05] = -0.0
    days = [FIRST + timedelta(hours=int(h)) for h in random.integers(0, 4000, rows)]
    return pa.table(
        {
            "count": pa.array(holes(random.integers(-9, 9, rows).tolist()), pa.int64()),
            "big": pa.array(random.integers(-(2**63), 2**63 - 1, rows), pa.int64()),
            "share": pa.array(holes(floats.tolist()), pa.float64()),
            "city": pa.array(holes(random.choice(WORDS, rows).tolist()), pa.string()),
            "open": pa.array(holes((random.random(rows) < 0.5).tolist()), pa.bool_()),
            "day": pa.array(holes(days), pa.timestamp("us")),
        }
    )


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, DatasetVersion, pa.Table]:
    workspace = Workspace(tmp_path_factory.mktemp("views"))
    table = make(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mlops_desktop.blobs.tables._MAX_CELLS", 6_000)
        return workspace, store_version(workspace, table, rows=400), table


def small(text: str) -> str:
    return "".join(sign.lower() if len(sign.lower()) == 1 else sign for sign in text)


def missing(value: Any) -> bool:
    return value is None or value != value


def day(text: str) -> datetime:
    return datetime.fromisoformat(text)


ORACLE: list[tuple[str, str, Any]] = [
    ("count", ">3", lambda v: v > 3),
    ("count", "<= -2.5", lambda v: v <= -2.5),
    ("count", "-1..2", lambda v: -1 <= v <= 2),
    ("count", "1|5|-9", lambda v: v in (1, 5, -9)),
    ("count", "!=1|5", lambda v: v not in (1, 5)),
    ("count", "0.5", lambda v: False),
    ("big", ">=9007199254740993", lambda v: v >= 9007199254740993),
    ("big", "<1e30", lambda v: True),
    ("share", "=0", lambda v: v == 0),
    ("share", "0.5..", lambda v: v >= 0.5),
    ("share", "<0", lambda v: v < 0),
    ("share", "!=0|0.1", lambda v: v not in (0, 0.1)),
    ("city", "ROM", lambda v: "rom" in small(v)),
    ("city", "naï", lambda v: "naï" in small(v)),
    ("city", "^n", lambda v: small(v).startswith("n")),
    ("city", "=rome", lambda v: v == "rome"),
    ("city", "Rome|Milan", lambda v: v in ("Rome", "Milan")),
    ("city", '!="a|b"', lambda v: v != "a|b"),
    ("city", '="empty"', lambda v: v == "empty"),
    ("city", 'a"b', lambda v: 'a"b' in v),
    ("city", "]; DROP", lambda v: "]; drop" in small(v)),
    ("city", '""', lambda v: v == ""),
    ("city", '>"a"', lambda v: v > "a"),
    ("open", "yes", lambda v: v),
    ("open", "!=true", lambda v: not v),
    ("day", "2024-01", lambda v: day("2024-01-01") <= v < day("2024-02-01")),
    ("day", ">2024-01-15", lambda v: v >= day("2024-01-16")),
    ("day", "2023-12..2024-01-03", lambda v: day("2023-12-01") <= v < day("2024-01-04")),
    ("day", "<2024-01-01 13", lambda v: v < day("2024-01-01T13:00")),
    ("day", "!=2024", lambda v: v.year != 2024),
    *((name, "!empty", lambda v: True) for name in ("count", "share", "city", "open", "day")),
]


@pytest.mark.parametrize(
    ("column", "text", "fits"), ORACLE, ids=[" ".join(case[:2]) for case in ORACLE]
)
def test_that_a_filter_keeps_what_plain_python_keeps(
    stored: Any, column: str, text: str, fits: Any
):
    workspace, version, table = stored
    values = table.column(column).to_pylist()
    wanted = [n for n, value in enumerate(values) if not missing(value) and fits(value)]
    seen = table_views.view(workspace, version, {column: text})
    assert seen.numbers is not None
    assert seen.numbers.tolist() == wanted
    assert seen.count == len(wanted)


@pytest.mark.parametrize("column", ["count", "share", "city", "open", "day"])
def test_that_empty_keeps_what_is_missing_nan_included(stored: Any, column: str):
    workspace, version, table = stored
    gone = [n for n, value in enumerate(table.column(column).to_pylist()) if missing(value)]
    assert gone
    assert table_views.view(workspace, version, {column: "empty"}).numbers.tolist() == gone
    both = table_views.view(workspace, version, {column: "empty|!empty"})
    assert both.count == version.rows


KEYS = st.lists(
    st.tuples(st.sampled_from(["count", "big", "share", "city", "open", "day"]), st.booleans()),
    min_size=1,
    max_size=3,
    unique_by=lambda key: key[0],
)


@given(sort=KEYS, filtered=st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_that_sorting_is_stable_and_puts_missing_values_last(
    stored: Any, sort: list[tuple[str, bool]], filtered: bool
):
    workspace, version, table = stored
    columns = table.to_pydict()
    wanted = list(range(len(table)))
    if filtered:
        wanted = [n for n in wanted if columns["open"][n]]
    for name, descending in reversed(sort):
        values = columns[name]

        def key(row: int, values: list[Any] = values) -> Any:
            value = values[row]
            return (small(value), value) if isinstance(value, str) else value

        there = [n for n in wanted if not missing(values[n])]
        # Python's reverse keeps equal rows in their order, too.
        there.sort(key=key, reverse=descending)
        wanted = there + [n for n in wanted if missing(values[n])]
    seen = table_views.view(workspace, version, {"open": "yes"} if filtered else {}, sort)
    assert seen.numbers.tolist() == wanted


TEXTS = st.text(st.characters(codec="utf-8", max_codepoint=0x24F, exclude_categories=["Cs"]))


@given(values=st.lists(st.none() | TEXTS, min_size=1), part=TEXTS, first=st.booleans())
@settings(max_examples=150, deadline=None)
def test_that_texts_are_found_whatever_their_case(values: list[str | None], part: str, first: bool):
    quoted = '"' + part.replace('"', '""') + '"'
    wanted = parse(Column("x", ColumnType.TEXT), f"^{quoted}" if first else quoted)
    assert wanted is not None
    found = fitting(wanted, pa.array(values, pa.string())).tolist()

    def fits(value: str) -> bool:
        if first:
            return small(value).startswith(small(part))
        return small(part) in small(value) if part else not value

    assert found == [value is not None and fits(value) for value in values]


@given(start=st.integers(0, ROWS), count=st.integers(0, 300), sort=KEYS)
@settings(max_examples=40, deadline=None)
def test_that_a_page_of_a_view_holds_its_rows(
    stored: Any, start: int, count: int, sort: list[tuple[str, bool]]
):
    workspace, version, table = stored
    seen = table_views.view(workspace, version, {"count": "!=3"}, sort)
    page = table_views.rows(workspace, version, seen, start, count, ["city", "big"])
    numbers = seen.numbers[start : start + count]
    assert page.equals(table.select(["city", "big"]).take(pa.array(numbers)).combine_chunks())


def test_that_a_view_of_all_rows_reads_them_as_stored(stored: Any):
    workspace, version, table = stored
    seen = table_views.view(workspace, version)
    assert (seen.numbers, seen.count, seen.number(7), seen.place(7)) == (None, ROWS, 7, 7)
    assert table_views.rows(workspace, version, seen, 3, 5).equals(table.slice(3, 5))


def test_that_a_row_is_found_in_a_view_by_its_number(stored: Any):
    workspace, version, _ = stored
    seen = table_views.view(workspace, version, {"open": "yes"}, [("big", True)])
    assert seen.place(seen.number(11)) == 11
    gone = next(n for n in range(ROWS) if n not in set(seen.numbers.tolist()))
    assert seen.place(gone) is None


def test_that_a_table_without_rows_has_views(tmp_path: Path):
    workspace = Workspace(tmp_path)
    version = store_version(workspace, make(0, rows=0), rows=400)
    seen = table_views.view(workspace, version, {"count": ">1"}, [("city", False)])
    assert seen.count == 0
    assert table_views.rows(workspace, version, seen, 0, 10).num_rows == 0


def test_that_only_some_columns_chunks_are_read(stored: Any, monkeypatch: pytest.MonkeyPatch):
    workspace, version, _ = stored
    read: list[str] = []
    real = table_views.packs.read_chunk

    def counted(workspace: Any, places: Any, name: str, kind: Any) -> Any:
        read.append(name)
        return real(workspace, places, name, kind)

    monkeypatch.setattr(table_views.packs, "read_chunk", counted)
    seen = table_views.view(workspace, version, {"count": ">3"})
    chunks = manifests.read(workspace, version.manifest).chunks
    assert len(read) == len(chunks) > 2
    read.clear()
    table_views.rows(workspace, version, seen, 0, 5, ["city"])
    assert read == [chunks[0].columns[3]]
    table_views.rows(workspace, version, seen, 0, 5, ["city"])
    assert len(read) == 1  # Kept.


def test_that_a_wrong_filter_names_its_column(stored: Any):
    workspace, version, _ = stored
    with pytest.raises(FilterError, match="abc is no number") as caught:
        table_views.view(workspace, version, {"city": "x", "count": ">abc"})
    assert caught.value.column == "count"
    with pytest.raises(NotFound, match="no column 'nope'"):
        table_views.view(workspace, version, {"nope": "1"})


def test_that_a_view_can_be_cancelled(stored: Any):
    workspace, version, _ = stored
    context = Context()
    context.cancelled = threading.Event()
    context.cancelled.set()
    with pytest.raises(Cancelled):
        table_views.view(workspace, version, {"count": "1"}, context=context)


def test_that_the_step_of_a_recipe_keeps_the_same_rows(stored: Any):
    workspace, version, table = stored
    kinds = {column.name: column.type for column in version.columns}
    pairs = [{column: text} for column, text, _ in ORACLE]
    pairs += [{"city": "empty|Rome", "day": ">2024|empty", "count": "1|2"}, {"share": "!=0..0.5"}]
    for filters in pairs:
        seen = table_views.view(workspace, version, filters)
        kept = rows_where(expressions.condition(condition(seen.filters), kinds), table)
        assert kept.tolist() == seen.numbers.tolist(), condition(seen.filters)
