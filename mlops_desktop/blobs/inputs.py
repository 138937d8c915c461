"""Reading a file of rows that a model is to answer, with the types that its signature names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet

from mlops_desktop.blobs.cells import convert
from mlops_desktop.core.datasets import MISSING, ColumnType
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.models import Field, Signature

_EXPECTED = {
    ColumnType.INTEGER: "a whole number",
    ColumnType.NUMBER: "a number",
    ColumnType.BOOLEAN: "true or false",
    ColumnType.DATETIME: "a time such as 2026-11-24 10:00:00",
}
_PARSE = arrow_csv.ParseOptions(newlines_in_values=True)


def read(path: Path, signature: Signature) -> pa.Table:
    """The whole file (.csv or .parquet). Columns that the model does not know stay as they are.

    Raises UserError for a file that is missing, no table, or lacks or spoils an input column.
    """
    if not path.is_file():
        raise UserError(f"There is no file {path}.", hint="Check the path.")
    try:
        table = _parquet(path) if path.suffix.lower() == ".parquet" else _csv(path, signature)
    except (pa.ArrowInvalid, pa.ArrowKeyError, pa.ArrowNotImplementedError) as error:
        raise UserError(
            f"{path.name} cannot be read as rows for the model.", why=str(error).split("\n")[0]
        ) from error
    missing = [field.name for field in signature.inputs if field.name not in table.column_names]
    if missing:
        raise UserError(
            f"{path.name} lacks {_listed(missing)}.",
            why="The model needs every column that it was trained with.",
            hint="Add the columns; they may be empty where values are missing.",
        )
    return table


def texts(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """A CSV file (its columns of those names) as it is written, every cell as text.

    As in an import, only an empty cell without quotes is missing.
    """
    names = _header(path)
    wanted = names if columns is None else [name for name in names if name in columns]
    options = arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(wanted, pa.string()),
        include_columns=wanted,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    return _read_csv(path, options)


def _csv(path: Path, signature: Signature) -> pa.Table:
    names = _header(path)
    given = [field for field in signature.inputs if field.name in names]
    own = texts(path, [field.name for field in given])
    columns = {field.name: _typed(path, field, own[field.name]) for field in given}
    if others := [name for name in names if name not in columns]:
        table = _read_csv(path, arrow_csv.ConvertOptions(include_columns=others))
        columns |= {name: table[name] for name in others}
    return pa.table({name: columns[name] for name in names})


def _header(path: Path) -> list[str]:
    with path.open("rb") as file, arrow_csv.open_csv(file, parse_options=_PARSE) as reader:
        names: list[str] = reader.schema.names
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UserError(f"Two columns of {path.name} are called {twice!r}.", hint="Rename one.")
    return names


def _read_csv(path: Path, options: Any) -> pa.Table:
    with path.open("rb") as file:
        return arrow_csv.read_csv(file, parse_options=_PARSE, convert_options=options)


def _typed(path: Path, field: Field, cells: Any) -> Any:
    """A column of texts as the input's type. Raises UserError for a cell that is none of it."""
    if field.type is ColumnType.TEXT:
        return cells
    cells = cells.combine_chunks()
    plain = cells
    if field.type is ColumnType.INTEGER:  # As pandas writes whole numbers beside missing ones.
        plain = pc.replace_substring_regex(cells, r"\.0*\s*$", "")
    values = convert(plain, field.type)
    marks = pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(cells)), value_set=pa.array(MISSING))
    lost = pc.and_(pc.and_not(pc.is_valid(cells), marks), pc.is_null(values))
    row = pc.index(lost, True).as_py()
    if row >= 0:
        raise UserError(
            f"{cells[row].as_py()!r} in row {row + 1} of {path.name} is not "
            f"{_EXPECTED[field.type]}, as {field.name} is to be.",
            hint="Correct it, or leave the cell empty where the value is not known.",
        )
    return values


def _parquet(path: Path) -> pa.Table:
    with path.open("rb") as file:
        return parquet.read_table(file)


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:5])
    return f"{shown} and {len(names) - 5} more columns" if len(names) > 5 else f"column {shown}"
