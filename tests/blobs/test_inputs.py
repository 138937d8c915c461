"""Rows to predict mean what the same rows mean in an import."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlops_desktop.blobs import inputs
from mlops_desktop.core.datasets import ColumnType, ImportOptions
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.models import Field, Signature
from mlops_desktop.core.runs import Task

SIGNATURE = Signature(
    inputs=(
        Field("roof", ColumnType.TEXT),
        Field("size", ColumnType.NUMBER),
        Field("rooms", ColumnType.INTEGER),
        Field("sold", ColumnType.BOOLEAN),
        Field("at", ColumnType.DATETIME),
    ),
    target="price",
    task=Task.REGRESSION,
)
HEADER = "roof,size,rooms,sold,at\n"


def read(tmp_path: Path, text: str) -> dict[str, list[object]]:
    file = tmp_path / "rows.csv"
    file.write_text(text, encoding="utf-8")
    found: dict[str, list[object]] = inputs.read(file, SIGNATURE).to_pydict()
    return found


@pytest.mark.parametrize("word", ["None", "NA", "null", "?", "-", "nan", " "])
def test_that_a_word_for_missing_is_a_category_in_text_and_missing_in_numbers(
    tmp_path: Path, word: str
) -> None:
    found = read(tmp_path, f"{HEADER}{word},{word},{word},{word},{word}\n")
    assert found["roof"] == [word]
    assert [found[name] for name in ("size", "rooms", "sold", "at")] == [[None]] * 4


def test_that_only_an_empty_cell_is_a_missing_text(tmp_path: Path) -> None:
    assert read(tmp_path, f'{HEADER},1,1,true,\n"",1,1,true,\n')["roof"] == [None, ""]


def test_that_cells_are_read_as_an_import_reads_them(tmp_path: Path) -> None:
    found = read(
        tmp_path, f"{HEADER}a, +1e2 ,3.0,TRUE,2020-01-01\nb,.5,+4,false,2020-01-01T10:00Z\n"
    )
    assert found["size"] == [100.0, 0.5]
    assert found["rooms"] == [3, 4]
    assert found["sold"] == [True, False]
    assert [str(at) for at in found["at"]] == ["2020-01-01 00:00:00", "2020-01-01 10:00:00"]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("a,big,1,true,", "'big' in row 2 of rows.csv is not a number, as size is to be"),
        ("a,1,1.5,true,", "'1.5' in row 2 of rows.csv is not a whole number, as rooms"),
        ("a,1,1,maybe,", "'maybe' in row 2 of rows.csv is not true or false, as sold"),
        ("a,1,1,true,soon", "'soon' in row 2 of rows.csv is not a time such as"),
        ("a,1,1,true,2020-02-30", "'2020-02-30' in row 2"),
    ],
)
def test_that_a_spoiled_cell_is_named(tmp_path: Path, row: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        read(tmp_path, f"{HEADER}a,1,1,true,\n{row}\n")


def test_that_line_breaks_in_texts_do_not_cut_a_large_file(tmp_path: Path) -> None:
    row = f'"{"a word " * 20}\nand\nmore",1,1,true,2020-01-01\n'
    found = read(tmp_path, HEADER + row * 10_000)
    assert len(set(found["roof"])) == 1
    assert len(found["roof"]) == 10_000


def test_that_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"Two columns of rows\.csv are called 'size'"):
        read(tmp_path, "roof,size,rooms,sold,at,size\na,1,1,true,,2\n")


ROWS = {
    "roof": ["tiles", None],
    "size": [1.5, None],
    "rooms": [3, 4],
    "sold": [True, False],
    "at": ["2020-01-31 10:00:00", "2020-02-01 00:00:00"],
}


def test_that_rows_of_other_formats_mean_the_same(tmp_path: Path) -> None:
    table = pa.table(ROWS)
    table = table.set_column(4, "at", table["at"].cast(pa.timestamp("us")))
    pq.write_table(table, tmp_path / "rows.parquet")
    lines = [json.dumps(row) for row in pa.table(ROWS).to_pylist()]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "rows.csv").write_text(
        "roof;size;rooms;sold;at\ntiles;1,5;3;true;31/01/2020 10:00\n;NA;4;false;01/02/2020\n",
        encoding="utf-16",
    )
    for name in ("rows.parquet", "rows.jsonl", "rows.csv"):
        assert inputs.read(tmp_path / name, SIGNATURE).to_pydict() == table.to_pydict(), name


def test_that_a_spoiled_value_of_another_format_is_named(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(json.dumps({**dict.fromkeys(ROWS), "size": "big"}), encoding="utf-8")
    with pytest.raises(UserError, match=r"Row 1, 'big' of rows\.jsonl is not a number, as size"):
        inputs.read(file, SIGNATURE)


def test_that_the_user_may_say_how_rows_are_written(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(f"{HEADER}a,1,1,true,03/04/2020\n", encoding="utf-8")
    month = inputs.read(file, SIGNATURE, ImportOptions(day_first=False))
    assert [str(at) for at in month["at"]] == ["2020-03-04 00:00:00"]
    assert [str(at) for at in inputs.read(file, SIGNATURE)["at"]] == ["2020-04-03 00:00:00"]
