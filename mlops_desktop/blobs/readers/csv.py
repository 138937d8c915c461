"""Reading a CSV file as a stream of record batches with the types of our columns.

Types are guessed from the first megabyte and hold for the whole file: where a later cell
contradicts a guess, or the guess was unsure, the columns in doubt are looked at from top to bottom
before the file is read.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as arrow_csv

from mlops_desktop.blobs.cells import convert
from mlops_desktop.blobs.chunks import ARROW_TYPES
from mlops_desktop.blobs.readers import csvfile
from mlops_desktop.blobs.readers.csvbytes import ByteSource
from mlops_desktop.blobs.readers.csvfile import CsvFile
from mlops_desktop.blobs.readers.naming import check_wanted
from mlops_desktop.blobs.readers.reading import Contradiction, Progress, Seen
from mlops_desktop.blobs.readers.tally import Tally
from mlops_desktop.blobs.readers.verdict import Verdict, judge
from mlops_desktop.core.datasets import (
    Column,
    ColumnType,
    DataWarning,
    ImportOptions,
    WarningKind,
)
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.importing import Guess

_BLOCK = 2 << 20
_HUGE_BLOCK = 128 << 20  # For rows that do not fit in a block.
_BOOLEANS = (["true", "True", "TRUE"], ["false", "False", "FALSE"])
_TEXT = Verdict(ColumnType.TEXT, native=True, sure=True)


@dataclass(frozen=True, slots=True)
class CsvReading:
    """A file and how each of its columns is to be read. sample: only its head is, and of that
    only the columns that have a verdict."""

    file: CsvFile
    verdicts: Mapping[str, Verdict]
    block: int = _BLOCK
    looked_at_all: bool = False
    sample: bool = False

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(Column(name, verdict.kind) for name, verdict in self.verdicts.items())

    @property
    def width(self) -> int:
        return len(self.file.names)

    @property
    def sampled(self) -> bool:
        return self.sample and not self.file.whole

    @property
    def warnings(self) -> list[DataWarning]:
        found = [verdict.warning for verdict in self.verdicts.values()]
        if self.sample and self.file.open_row:
            found.insert(0, _open(self.file.open_row))
        return [*self.file.warnings, *(warning for warning in found if warning is not None)]

    @property
    def misfits(self) -> dict[str, str]:
        return {name: v.misfit for name, v in self.verdicts.items() if v.misfit}

    @property
    def guesses(self) -> tuple[Guess, ...]:
        dates = [v for v in self.verdicts.values() if v.day_first is not None]
        asked = self.file.options.day_first
        if not dates and asked is None:
            return self.file.guesses
        ways = {verdict.day_first for verdict in dates}
        value = asked if asked is not None else dates[0].day_first if len(ways) == 1 else None
        why = "You chose it."
        if asked is None:
            why = next((v.why for v in dates if v.why), "All dates fit that way.")
        return (*self.file.guesses, Guess("day_first", value, why, (True, False)))

    @property
    def options(self) -> ImportOptions:
        return replace(
            self.file.options,
            format="csv",
            encoding=self.file.encoding,
            delimiter=self.file.delimiter,
            header=self.file.header,
            decimal=self.file.notation.decimal,
            thousands=self.file.notation.thousands,
        )

    def batches(self, seen: Seen, progress: Progress) -> Iterator[pa.RecordBatch]:
        """The rows in order. Raises Contradiction, and UserError for rows that are broken."""
        if self.sample:
            yield from _typed(self, _batches(self, io.BytesIO(self.file.head), self.verdicts))
            return
        with self.file.open() as source:
            yield from _read(self, source, progress)
            seen.sha256, seen.bytes = source.sha256(), self.file.size


def open_csv(
    path: Path, options: ImportOptions, progress: Progress, most: int | None = None
) -> CsvReading:
    """Find out how to read a file; most: a sample of so many columns will do.

    Raises UserError for a file that holds no table.
    """
    head = csvfile.HEAD if most is None else csvfile.SHORT_HEAD
    return _prepare(csvfile.look(path, options, head=head), progress, most)


def _prepare(file: CsvFile, progress: Progress, most: int | None = None) -> CsvReading:
    if file.whole and file.open_row:
        raise csvfile.never_closed(file.path, file.open_row)
    check_wanted(file.path.name, file.names, file.options.types)
    names = file.names[:most]
    tallies = {name: Tally(file.notation) for name in names}
    as_text = CsvReading(file, dict.fromkeys(names, _TEXT))
    try:
        for batch in _batches(as_text, io.BytesIO(file.head), names):
            for name, column in zip(names, batch.columns, strict=True):
                tallies[name].add(column)
    except pa.ArrowInvalid as error:
        raise _broken(file, error) from error
    verdicts = {name: judge(name, tallies[name], file.options.types.get(name)) for name in names}
    unsure = [name for name in names if not verdicts[name].sure]
    reading = CsvReading(file, verdicts, sample=most is not None)
    return reading if file.whole or most is not None else _scan(reading, unsure, progress)


def _read(reading: CsvReading, source: ByteSource, progress: Progress) -> Iterator[pa.RecordBatch]:
    rows, last = 0, None
    try:
        for batch in _typed(reading, _batches(reading, source, reading.file.names)):
            rows += batch.num_rows
            progress(min(1.0, source.position / reading.file.size), f"Reading: {rows:,} rows")
            last = batch
            yield batch
    except pa.ArrowInvalid as error:
        raise _explained(reading, error, progress) from error
    except UnicodeError as error:
        raise csvfile.wrong_encoding(reading.file.path, reading.file.encoding, error) from error
    if source.padded and not reading.looked_at_all:
        again = _look_at_all(reading, progress)
        if again.verdicts != reading.verdicts:
            raise Contradiction(again)
    if source.quotes % 2 and last is not None:
        ending = last.slice(last.num_rows - 1).to_pylist()[0]
        if csvfile.is_open(source.quotes, ending.values()):
            raise csvfile.never_closed(reading.file.path, rows)


def _open(row: int) -> DataWarning:
    """What a preview says of a quote whose end it has not seen."""
    return DataWarning(
        WarningKind.TYPE,
        (),
        f'A quote (") in row {row:,} is open for many lines.',
        "Everything up to the next quote is one cell; if there is none, the import is refused.",
        "Close the quote, or double it if it belongs to the text.",
    )


def _typed(reading: CsvReading, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    schema = pa.schema([(c.name, ARROW_TYPES[c.type]) for c in reading.columns])
    notations = [
        replace(reading.file.notation, day_first=verdict.day_first)
        for verdict in reading.verdicts.values()
    ]
    for batch in batches:
        arrays = [
            column if column.type == field.type else convert(column, kind.type, notation)
            for column, field, kind, notation in zip(
                batch.columns, schema, reading.columns, notations, strict=True
            )
        ]
        if batch.num_rows:
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _scan(reading: CsvReading, names: list[str], progress: Progress) -> CsvReading:
    """Judge some columns by all of their cells."""
    if not names:
        return reading
    wanted = reading.file.options.types
    tallies = {name: Tally(reading.file.notation) for name in names}
    as_text = CsvReading(reading.file, dict.fromkeys(reading.file.names, _TEXT), reading.block)
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
            assert isinstance(again, CsvReading)
            if again.file is not reading.file:
                return _prepare(again.file, progress)
            return _scan(replace(reading, block=again.block), names, progress)
        except UnicodeError as error:
            raise csvfile.wrong_encoding(reading.file.path, reading.file.encoding, error) from error
    found = {name: judge(name, tallies[name], wanted.get(name)) for name in names}
    return replace(reading, verdicts={**reading.verdicts, **found})


def _look_at_all(reading: CsvReading, progress: Progress) -> CsvReading:
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


def _batches(reading: CsvReading, source: Any, names: Any) -> Iterator[pa.RecordBatch]:
    types = {
        name: ARROW_TYPES[verdict.kind] if verdict.native else pa.string()
        for name, verdict in reading.verdicts.items()
    }
    reader = arrow_csv.open_csv(
        source,
        read_options=arrow_csv.ReadOptions(
            column_names=list(reading.file.names),
            skip_rows_after_names=int(reading.file.header),
            block_size=reading.block,
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=reading.file.delimiter,
            newlines_in_values=True,
            # In a table of one column an empty line is a missing value.
            ignore_empty_lines=len(reading.file.names) > 1,
        ),
        convert_options=arrow_csv.ConvertOptions(
            decimal_point=reading.file.notation.decimal,
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


def _explained(reading: CsvReading, error: Exception, progress: Progress) -> Exception:
    """What to make of an error of Arrow's reader: a new start, or words for the user."""
    file, text = reading.file, str(error)
    if "invalid UTF8" in text and file.encoding == "utf-8":
        if file.options.encoding is not None:
            return csvfile.wrong_encoding(file.path, "utf-8", UnicodeError(text[:200]))
        return Contradiction(_prepare(file.as_latin(), progress))
    if "straddling" in text and reading.block < _HUGE_BLOCK:
        return Contradiction(replace(reading, block=_HUGE_BLOCK))
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
    ragged = csvfile.ragged(file) if "Expected" in str(error) else None
    return ragged or UserError(f"{file.path.name} cannot be read as a table.", why=str(error)[:300])
