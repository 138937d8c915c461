"""A CSV file before its values are read: encoding, delimiter, column names, and its bytes."""

from __future__ import annotations

import codecs
import csv
import io
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from mlops_desktop.blobs.notation import Notation
from mlops_desktop.blobs.readers import guessing, preamble
from mlops_desktop.blobs.readers.csvbytes import ByteSource, decoding_errors
from mlops_desktop.blobs.readers.naming import made_different
from mlops_desktop.core.datasets import DataWarning, ImportOptions, WarningKind
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.importing import Guess

HEAD = 1 << 20  # Bytes that are looked at to guess.
SHORT_HEAD = 1 << 18  # For a preview.
_ROWS = 1000  # That are looked at to guess.
_TITLES = 20  # Rows; where one of them is wider than a header of one cell, that is a title.
_LONG_CELL = 100  # Lines; a quote that is open for more is a slip.
_OTHER_KINDS = {
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "an Excel workbook or a zip archive",
    b"SQLite format 3": "an SQLite database",
    b"\x1f\x8b": "a gzip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF document",
    **{b"\x80%c" % protocol: "a Python pickle" for protocol in (2, 3, 4, 5)},
}
csv.field_size_limit(sys.maxsize >> 33)  # A C long, which has 32 bits on Windows.
# The five bytes that Windows-1252 leaves open mean what they mean in Latin-1.
codecs.register_error("latin", lambda e: (e.object[e.start : e.end].decode("latin-1"), e.end))  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class CsvFile:
    """What was found out. head: the first whole rows as UTF-8, header included; whole: the head
    is all there is. open_row: the row (from 1) with a quote that is not closed, or not within so
    many lines that it was hardly meant so; else 0. above: lines before the table, which are no part
    of the head."""

    path: Path
    size: int
    encoding: str
    delimiter: str
    header: bool
    names: tuple[str, ...]
    notation: Notation
    head: bytes
    whole: bool
    options: ImportOptions
    guesses: tuple[Guess, ...] = ()
    warnings: tuple[DataWarning, ...] = ()
    open_row: int = 0
    above: str = ""

    def open(self) -> ByteSource:
        return ByteSource(self.path, self.encoding, self.delimiter, self.above)

    def as_latin(self) -> CsvFile:
        """The same file, for when bytes further down turned out not to be UTF-8."""
        return look(self.path, self.options, is_latin=True)


def look(
    path: Path, options: ImportOptions, *, head: int = HEAD, is_latin: bool = False
) -> CsvFile:
    """Guess how to read a file from its first `head` bytes; is_latin: it is known already not to
    be UTF-8.

    Raises UserError for one that holds no table.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        raw = file.read(head)
    whole = len(raw) == size
    for magic, what in _OTHER_KINDS.items():
        if raw.startswith(magic):
            raise UserError(
                f"{path.name} is {what}, not a CSV file.", hint="Save the table as CSV first."
            )
    encoding, guess = guessing.encoding(path.name, raw, options)
    if is_latin:
        encoding = "cp1252"
        guess = replace(guess, value=encoding, why="A byte further down is not UTF-8.")
    guesses = [guess]
    try:
        text = codecs.getincrementaldecoder(encoding)(decoding_errors(encoding)).decode(
            raw, final=whole
        )
    except UnicodeError as error:
        raise wrong_encoding(path, encoding, error) from error
    text = text.removeprefix("\ufeff")
    above, named = preamble.separator(text)
    text = text.removeprefix(above)
    if not text.strip():
        raise UserError(f"{path.name} is empty.", hint="Choose a file that holds a table.")
    titles = preamble.titles(text, options, named, whole=whole)
    above, text = above + titles, text.removeprefix(titles)
    delimiter, guess = guessing.delimiter(text, options, named)
    guesses.append(guess)
    rows = list(guessing.rows(text, delimiter, whole=whole))
    if not rows:
        raise UserError(
            f"The first row of {path.name} is longer than {head:,} bytes.",
            hint="Check that it is a CSV file.",
        )
    header, guess = guessing.header(rows[:_ROWS], options)
    if lines := len(titles.splitlines()):
        left = (
            "1 line of titles or comments" if lines == 1 else f"{lines} lines of titles or comments"
        )
        guess = replace(guess, why=f"{guess.why} Left out above it: {left}.")
    guesses.append(guess)
    notation, more, doubtful = guessing.notation(rows[header:_ROWS], delimiter, options)
    names, warnings = made_different(rows[0] if header else [""] * len(rows[0]))
    doubtful = {
        n: e for n, e in doubtful.items() if names[n : n + 1] and names[n] not in options.types
    }
    if doubtful:
        warnings.append(_either([names[n] for n in doubtful], next(iter(doubtful.values()))))
    if encoding == "cp1252" and options.encoding is None:
        warnings.append(_latin(path))
    if whole and header and len(rows) == 1:
        raise UserError(
            f"{path.name} has a header and no rows.", hint="Choose a file with data in it."
        )
    rows_of_head = text if whole else text[: _end_of_rows(text, delimiter)]
    rest = text[len(rows_of_head) :]
    open_row = 0
    if whole and is_open(text.count('"'), rows[-1]):
        open_row = len(rows) - header
    elif rest.count('"') % 2 and rest.count("\n") > _LONG_CELL:
        open_row = len(rows) - header + 1
    return CsvFile(
        path,
        size,
        encoding,
        delimiter,
        header,
        names,
        notation,
        rows_of_head.encode(),
        whole,
        options,
        (*guesses, *more),
        tuple(warnings),
        open_row,
        above,
    )


def is_open(quotes: int, last: Iterable[object]) -> bool:
    """Whether a text with so many quotes ends within one. last: the cells of its last row."""
    return bool(quotes % 2) and any("\n" in cell for cell in last if isinstance(cell, str))


def never_closed(path: Path, row: int) -> UserError:
    return UserError(
        f'A quote (") in row {row:,} of {path.name} is never closed.',
        why="Everything after it became one cell.",
        hint="Close the quote, or double it if it belongs to the text.",
    )


def _latin(path: Path) -> DataWarning:
    return DataWarning(
        WarningKind.TYPE,
        (),
        f"{path.name} is not UTF-8; it was read as Latin-1 (Windows-1252).",
        "Letters with accents may show as other letters if that guess is wrong.",
        "Save the file as UTF-8 and import it again if texts look odd.",
    )


def _either(columns: list[str], example: str) -> DataWarning:
    """For numbers such as 1.234 whose mark may separate decimals or thousands."""
    mark = "." if "." in example else ","
    shown = ", ".join(f"`{name}`" for name in columns[:5])
    more = f" and {len(columns) - 5:,} more columns" if len(columns) > 5 else ""
    return DataWarning(
        WarningKind.TYPE,
        tuple(columns),
        f"{shown}{more} may be read with '{mark}' before decimals or between thousands "
        f"(such as '{example}'). Read with decimals.",
        "No number tells which: each has three digits after its only mark.",
        f"If the numbers are 1,000 times too small, import the file again with '{mark}' for "
        "thousands.",
    )


def wrong_encoding(path: Path, encoding: str, error: UnicodeError) -> UserError:
    """Words for bytes that are none of the encoding that was asked for."""
    return UserError(
        f"{path.name} is not written in {encoding}.",
        why=str(error)[:200],
        hint="Choose another encoding, or leave it to be guessed.",
    )


def ragged(file: CsvFile) -> UserError | None:
    """Words for the first row with too many or few cells, if there is one."""
    found = _ragged_row(file)
    if found is None:
        return None
    row, line, cells = found
    if file.header and len(file.names) == 1 and row <= _TITLES:
        return UserError(
            f"The first line of {file.path.name} seems to be a title or a comment, "
            "not the names of the columns.",
            why=f"It is one cell, and line {line:,} has {cells}.",
            hint="Delete the lines above the names of the columns. If the table has one column, "
            "choose a delimiter that is not in its texts.",
        )
    above = "the header" if file.header else "the first row"
    return UserError(
        f"Row {row:,} of {file.path.name} has {cells} cells where {above} has {len(file.names)}.",
        why=f"It ends in line {line:,} of the file.",
        hint="Correct that row, or quote the text in it that holds the delimiter.",
    )


def _ragged_row(file: CsvFile) -> tuple[int, int, int] | None:
    """(row from 1 below the header, line, cells) of the first row with too many or few cells."""
    with file.path.open(
        encoding=file.encoding, errors=decoding_errors(file.encoding), newline=""
    ) as text:
        above = len(io.StringIO(file.above, newline="").readlines())
        for _ in range(above):
            text.readline()
        reader = csv.reader(text, delimiter=file.delimiter)
        rows = (cells for cells in reader if cells)
        if file.header:
            next(rows, None)
        for row, cells in enumerate(rows, start=1):
            if len(cells) != len(file.names):
                return row, above + reader.line_num, len(cells)
    return None


def _end_of_rows(text: str, delimiter: str) -> int:
    """How many characters the whole rows of a cut-off text take."""
    lines = io.StringIO(text, newline="").readlines()
    reader = csv.reader(iter(lines), delimiter=delimiter)
    begun = ended = 0
    for _ in reader:
        begun, ended = ended, reader.line_num
    return sum(len(line) for line in lines[:begun])
