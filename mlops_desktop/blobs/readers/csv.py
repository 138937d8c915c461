"""Reading a CSV file as a stream of record batches with the types of our columns.

Types are guessed from the first megabyte and hold for the whole file: where a later cell
contradicts a guess, or the guess was unsure, the columns in doubt are looked at from top to bottom
before the file is read.
"""

from __future__ import annotations

import difflib
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as arrow_csv

from mlops_desktop.blobs.cells import convert
from mlops_desktop.blobs.chunks import ARROW_TYPES
from mlops_desktop.blobs.readers import csvfile
from mlops_desktop.blobs.readers.csvfile import ByteSource, CsvFile
from mlops_desktop.blobs.readers.tally import Tally, Verdict, judge
from mlops_desktop.core.datasets import Column, ColumnType, DataWarning
from mlops_desktop.core.errors import UserError

Progress = Callable[[float, str], None]
_BLOCK = 2 << 20
_HUGE_BLOCK = 128 << 20  # For rows that do not fit in a block.
_BOOLEANS = (["true", "True", "TRUE"], ["false", "False", "FALSE"])
_TEXT = Verdict(ColumnType.TEXT, native=True, sure=True)


class Contradiction(Exception):
    """A cell further down does not fit what was guessed: start again with `reading`."""

    def __init__(self, reading: Reading) -> None:
        super().__init__()
        self.reading = reading


@dataclass(frozen=True, slots=True)
class Reading:
    """A file and how each of its columns is to be read."""

    file: CsvFile
    verdicts: Mapping[str, Verdict]
    wanted: Mapping[str, ColumnType]
    block: int = _BLOCK
    looked_at_all: bool = False

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(Column(name, self.verdicts[name].kind) for name in self.file.names)

    @property
    def warnings(self) -> list[DataWarning]:
        found = [self.verdicts[name].warning for name in self.file.names]
        return [*self.file.warnings, *(warning for warning in found if warning is not None)]


def prepare(path: Path, wanted: Mapping[str, ColumnType], progress: Progress) -> Reading:
    """Find out how to read a file. Raises UserError for one that holds no table."""
    return _prepare(csvfile.look(path), wanted, progress)


def _prepare(file: CsvFile, wanted: Mapping[str, ColumnType], progress: Progress) -> Reading:
    for name in wanted:
        if name not in file.names:
            near = difflib.get_close_matches(name, file.names, n=3)
            hint = f"Did you mean {' or '.join(near)}?" if near else "Check the name."
            raise UserError(f"{file.path.name} has no column {name!r}.", hint=hint)
    tallies = {name: Tally() for name in file.names}
    as_text = Reading(file, dict.fromkeys(file.names, _TEXT), {})
    try:
        for batch in _batches(as_text, io.BytesIO(file.head), file.names):
            for name, column in zip(file.names, batch.columns, strict=True):
                tallies[name].add(column)
    except pa.ArrowInvalid as error:
        raise _broken(file, error) from error
    verdicts = {name: judge(name, tallies[name], wanted.get(name)) for name in file.names}
    unsure = [name for name in file.names if not verdicts[name].sure]
    reading = Reading(file, verdicts, wanted)
    return reading if file.whole else _scan(reading, unsure, progress)


def read(reading: Reading, source: ByteSource, progress: Progress) -> Iterator[pa.RecordBatch]:
    """The rows in order. Raises Contradiction, and UserError for rows that are broken."""
    schema = pa.schema([(c.name, ARROW_TYPES[c.type]) for c in reading.columns])
    rows, last = 0, None
    try:
        for batch in _batches(reading, source, reading.file.names):
            arrays = [
                column if column.type == field.type else convert(column, kind.type)
                for column, field, kind in zip(batch.columns, schema, reading.columns, strict=True)
            ]
            rows += batch.num_rows
            progress(min(1.0, source.position / reading.file.size), f"Reading: {rows:,} rows")
            if batch.num_rows:
                last = pa.RecordBatch.from_arrays(arrays, schema=schema)
                yield last
    except pa.ArrowInvalid as error:
        raise _explained(reading, error, progress) from error
    if source.padded and not reading.looked_at_all:
        again = _look_at_all(reading, progress)
        if again.verdicts != reading.verdicts:
            raise Contradiction(again)
    if source.quotes % 2 and last is not None:
        ending = last.slice(last.num_rows - 1).to_pylist()[0]
        if any("\n" in value for value in ending.values() if isinstance(value, str)):
            raise UserError(
                f'A quote (") in row {rows:,} of {reading.file.path.name} is never closed.',
                why="Everything after it became one cell.",
                hint="Close the quote, or double it if it belongs to the text.",
            )


def _scan(reading: Reading, names: list[str], progress: Progress) -> Reading:
    """Judge some columns by all of their cells."""
    if not names:
        return reading
    tallies = {name: Tally() for name in names}
    as_text = Reading(reading.file, dict.fromkeys(reading.file.names, _TEXT), {}, reading.block)
    with reading.file.open() as source:
        try:
            for batch in _batches(as_text, source, names):
                for name, column in zip(names, batch.columns, strict=True):
                    tallies[name].add(column)
                done = source.position / reading.file.size
                progress(min(1.0, done), "Looking at the types of all rows")
        except pa.ArrowInvalid as error:
            explained = _explained(as_text, error, progress)
            if not isinstance(explained, Contradiction):
                raise explained from error
            # Bytes that are not UTF-8, or a very long row: nothing is known of types yet.
            again = explained.reading
            if again.file is not reading.file:
                return _prepare(again.file, reading.wanted, progress)
            fresh = Reading(reading.file, reading.verdicts, reading.wanted, again.block)
            return _scan(fresh, names, progress)
    found = {name: judge(name, tallies[name], reading.wanted.get(name)) for name in names}
    return Reading(reading.file, {**reading.verdicts, **found}, reading.wanted, reading.block)


def _look_at_all(reading: Reading, progress: Progress) -> Reading:
    """Judge by all cells what the first rows seemed to settle."""
    if reading.looked_at_all or reading.file.whole:
        return reading
    doubtful = [
        name
        for name, verdict in reading.verdicts.items()
        if verdict.kind is not ColumnType.TEXT and verdict.native
    ]
    found = _scan(reading, doubtful, progress)
    return replace(found, looked_at_all=found.file is reading.file)


def _batches(reading: Reading, source: Any, names: Any) -> Iterator[pa.RecordBatch]:
    types = {
        name: ARROW_TYPES[verdict.kind] if verdict.native else pa.string()
        for name, verdict in reading.verdicts.items()
    }
    reader = arrow_csv.open_csv(
        source,
        read_options=arrow_csv.ReadOptions(
            column_names=list(reading.file.names),
            skip_rows_after_names=1,
            block_size=reading.block,
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=reading.file.delimiter,
            newlines_in_values=True,
            # In a table of one column an empty line is a missing value.
            ignore_empty_lines=len(reading.file.names) > 1,
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=types,
            include_columns=list(names),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=_BOOLEANS[0],
            false_values=_BOOLEANS[1],
        ),
    )
    yield from reader


def _explained(reading: Reading, error: Exception, progress: Progress) -> Exception:
    """What to make of an error of Arrow's reader: a new start, or words for the user."""
    file, text = reading.file, str(error)
    if "invalid UTF8" in text and file.encoding == "utf-8":
        return Contradiction(_prepare(file.as_latin(), reading.wanted, progress))
    if "straddling" in text and reading.block < _HUGE_BLOCK:
        return Contradiction(Reading(file, reading.verdicts, reading.wanted, _HUGE_BLOCK))
    wrong = re.search(r"In CSV column #(\d+): CSV conversion error to (?!string)", text)
    if wrong:
        found = _look_at_all(reading, progress)
        if found.file is not file:
            return Contradiction(found)
        # Arrow's reader refused a cell of this column, so from now on it is read as text first.
        name = file.names[int(wrong[1])]
        verdicts = {**found.verdicts, name: replace(found.verdicts[name], native=False)}
        return Contradiction(replace(found, verdicts=verdicts))
    return _broken(file, error)


def _broken(file: CsvFile, error: Exception) -> UserError:
    """Words for an error of Arrow's reader that no new start can mend."""
    ragged = csvfile.ragged_row(file) if "Expected" in str(error) else None
    if ragged is None:
        return UserError(f"{file.path.name} cannot be read as a table.", why=str(error)[:300])
    row, line, cells = ragged
    return UserError(
        f"Row {row:,} of {file.path.name} has {cells} cells where the header has "
        f"{len(file.names)}.",
        why=f"It ends in line {line:,} of the file.",
        hint="Correct that row, or quote the text in it that holds the delimiter.",
    )
