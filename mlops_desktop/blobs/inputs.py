"""Reading a file of rows that a model is to answer, with the types that its signature names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from mlops_desktop.blobs.cells import convert
from mlops_desktop.blobs.notation import Notation
from mlops_desktop.blobs.readers import csvfile, formats, guessing
from mlops_desktop.blobs.readers.csvfile import CsvFile
from mlops_desktop.blobs.readers.tally import Tally
from mlops_desktop.blobs.readers.verdict import judge
from mlops_desktop.core.datasets import MISSING, ColumnType, ImportOptions
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.models import Field, Signature

_EXPECTED = {
    ColumnType.INTEGER: "a whole number",
    ColumnType.NUMBER: "a number",
    ColumnType.BOOLEAN: "true or false",
    ColumnType.DATETIME: "a time such as 2026-11-24 10:00:00",
}
GUESSED = ImportOptions()


def read(path: Path, signature: Signature, options: ImportOptions = GUESSED) -> pa.Table:
    """The whole file, of any format that an import reads. Columns that the model does not know
    stay as they are.

    Raises UserError for a file that is missing, no table, or lacks or spoils an input column.
    """
    try:
        file = _text_file(path, options)
        table = _other(path, signature, options) if file is None else _csv(file, signature)
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


def as_written(path: Path, columns: Sequence[str], options: ImportOptions) -> pa.Table | None:
    """The columns of those names as a file of text has them letter by letter; None for a file of
    another format."""
    file = _text_file(path, options)
    return None if file is None else _texts(file, columns)


def texts(path: Path, options: ImportOptions = GUESSED) -> pa.Table:
    """A file of text with every cell as it is written: as in an import, only an empty cell
    without quotes is missing. Of another format its values. Raises UserError for no table."""
    file = _text_file(path, options)
    return formats.read_all(path, options)[0] if file is None else _texts(file, file.names)


def _text_file(path: Path, options: ImportOptions) -> CsvFile | None:
    """How to read a file of text, whose first row holds the names unless the user says so."""
    if formats.detect(path, options).value != "csv":
        return None
    if options.format in ("tsv", "txt"):
        options = replace(options, format="csv")
    header = True if options.header is None else options.header
    file = csvfile.look(path, replace(options, header=header))
    cells = next(guessing.rows(file.head.decode(), file.delimiter, whole=True))
    names = [cell.strip() for cell in cells]
    if header and len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UserError(f"Two columns of {path.name} are called {twice!r}.", hint="Rename one.")
    return file


def _texts(file: CsvFile, columns: Sequence[str]) -> pa.Table:
    wanted = [name for name in file.names if name in columns]
    if not wanted:
        return pa.table({})
    options = arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(wanted, pa.string()),
        include_columns=wanted,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    return _read_csv(file, options)


def _csv(file: CsvFile, signature: Signature) -> pa.Table:
    given = [field for field in signature.inputs if field.name in file.names]
    own = _texts(file, [field.name for field in given])
    columns = {field.name: _typed(file, field, own[field.name]) for field in given}
    if others := [name for name in file.names if name not in columns]:
        table = _read_csv(file, arrow_csv.ConvertOptions(include_columns=others))
        columns |= {name: table[name] for name in others}
    return pa.table({name: columns[name] for name in file.names})


def _read_csv(file: CsvFile, options: Any) -> pa.Table:
    reading = arrow_csv.ReadOptions(
        column_names=list(file.names), skip_rows_after_names=int(file.header)
    )
    parsing = arrow_csv.ParseOptions(delimiter=file.delimiter, newlines_in_values=True)
    with file.open() as opened:
        source: Any = opened  # A raw stream is enough for it, whatever its stubs say.
        try:
            return arrow_csv.read_csv(source, reading, parsing, options)
        except pa.ArrowInvalid as error:
            if "invalid UTF8" not in str(error) or file.encoding != "utf-8":
                raise
        except UnicodeError as error:
            raise csvfile.wrong_encoding(file.path, file.encoding, error) from error
    return _read_csv(file.as_latin(), options)


def _other(path: Path, signature: Signature, options: ImportOptions) -> pa.Table:
    """A file whose cells have types, or whose format says how they are written."""
    inputs = {field.name: field for field in signature.inputs}
    names = [column.name for column in formats.open_file(path, options, _quiet).columns]
    types = {name: inputs[name].type for name in names if name in inputs}
    table, reading = formats.read_all(path, replace(options, types=types))
    for name, misfit in reading.misfits.items():
        raise UserError(
            f"{misfit[:1].upper()}{misfit[1:]} of {path.name} is not "
            f"{_EXPECTED[inputs[name].type]}, as {name} is to be.",
            hint="Correct it, or leave the cell empty where the value is not known.",
        )
    return table


def _quiet(_fraction: float, _text: str) -> None:
    """Rows to predict are read in a moment."""


def _typed(file: CsvFile, field: Field, cells: Any) -> Any:
    """A column of texts as the input's type. Raises UserError for a cell that is none of it."""
    if field.type is ColumnType.TEXT:
        return cells
    cells = cells.combine_chunks()
    plain = cells
    if field.type is ColumnType.INTEGER:  # As pandas writes whole numbers beside missing ones.
        plain = pc.replace_substring_regex(cells, r"\.0*\s*$", "")
    values = convert(plain, field.type, _notation(file, field, cells))
    marks = pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(cells)), value_set=pa.array(MISSING))
    lost = pc.and_(pc.and_not(pc.is_valid(cells), marks), pc.is_null(values))
    row = pc.index(lost, True).as_py()
    if row >= 0:
        raise UserError(
            f"{cells[row].as_py()!r} in row {row + 1} of {file.path.name} is not "
            f"{_EXPECTED[field.type]}, as {field.name} is to be.",
            hint="Correct it, or leave the cell empty where the value is not known.",
        )
    return values


def _notation(file: CsvFile, field: Field, cells: Any) -> Notation:
    """How numbers and dates of a column are written, the order of day and month included."""
    if field.type is not ColumnType.DATETIME:
        return file.notation
    tally = Tally(file.notation)
    tally.add(cells)
    return replace(file.notation, day_first=judge(field.name, tally, field.type).day_first)


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:5])
    return f"{shown} and {len(names) - 5} more columns" if len(names) > 5 else f"column {shown}"
