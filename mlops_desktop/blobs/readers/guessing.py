"""Guesses about a file of text, each with its reason: encoding, delimiter, header, notation."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
from collections.abc import Iterator, Sequence

from mlops_desktop.blobs.notation import THOUSANDS, Notation
from mlops_desktop.core.datasets import MISSING, ImportOptions
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.figures import percent
from mlops_desktop.core.importing import Guess

DELIMITERS = (",", ";", "\t", "|")
ENCODINGS = ("utf-8", "utf-16", "cp1252")
_WORDS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_LOOKED_AT = 50  # Rows, to find the delimiter.
_CELLS = 20_000  # To find how numbers are written.
_MOSTLY = 0.95
# The likeliest first: where two fit as many columns, it is taken.
_NOTATIONS = [
    Notation(),
    Notation(".", ","),
    Notation(","),
    Notation(",", "."),
    Notation(",", " "),
    Notation(".", " "),
    Notation(".", "'"),
    Notation(",", "'"),
]
_BY_COMMA = [_NOTATIONS[0], *_NOTATIONS[2:], _NOTATIONS[1]]
_TIME = re.compile(r"^[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{1,4}")
_MARKED = re.compile("[0-9][,.' _\u00a0\u202f\u2019][0-9]|^,[0-9]")
# 1.234 and 1,234, where the mark may stand before decimals or between thousands.
_EITHER = re.compile("^[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}$")
_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UTF_32_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


def encoding(name: str, raw: bytes, options: ImportOptions) -> tuple[str, Guess]:
    """Of the first bytes of a file. Raises UserError where they are no text."""
    found, why = _encoding(name, raw)
    if options.encoding is not None:
        found, why = _codec(options.encoding), "You chose it."
    return found, Guess("encoding", found, why, ENCODINGS)


def _codec(name: str) -> str:
    try:
        found = codecs.lookup(name)
        known = bool("a".encode(found.name))
    except (LookupError, ValueError, TypeError):
        known = False
    if not known:
        raise UserError(
            f"There is no encoding {name!r}.", hint="Use utf-8, utf-16, cp1252 or another name."
        )
    standard = codecs.lookup(name).name
    # What calls itself Latin-1 is Windows-1252 nearly always, and the same where it is not.
    return {"utf-8-sig": "utf-8", "iso8859-1": "cp1252"}.get(standard, standard)


def _encoding(name: str, raw: bytes) -> tuple[str, str]:
    if raw.startswith(_UTF_32_MARKS):
        return "utf-32", "The file begins with the mark of UTF-32."
    if raw.startswith(_UTF_16_MARKS):
        return "utf-16", "The file begins with the mark of UTF-16."
    if raw.startswith(codecs.BOM_UTF8):
        return "utf-8", "The file begins with the mark of UTF-8."
    if b"\0" in raw:
        odd, even = raw[1::2].count(0), raw[::2].count(0)
        if max(odd, even) > len(raw) // 4 and min(odd, even) <= len(raw) // 50:
            return ("utf-16-le" if odd > even else "utf-16-be"), "Every other byte is zero."
        raise UserError(f"{name} is not a text file.", hint="Save the table as CSV first.")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(raw, final=False)
    except UnicodeDecodeError as error:
        return "cp1252", (
            f"Byte {error.start + 1:,} is not UTF-8, so it is taken for Latin-1 (Windows-1252)."
        )
    return "utf-8", "All bytes that were looked at are UTF-8."


def delimiter(text: str, options: ImportOptions, named: str = "") -> tuple[str, Guess]:
    """The one that cuts the first rows most evenly, and into the most cells; named: the one that
    the file itself names in a line above."""
    asked = options.delimiter
    if asked is not None:
        asked = {"\\t": "\t", "tab": "\t"}.get(asked, asked)
        if len(asked) != 1 or not asked.isascii() or asked in '"\r\n':
            raise UserError(
                f"{asked!r} cannot be a delimiter.", hint="Use one character, such as ; or tab."
            )
        return asked, Guess("delimiter", asked, "You chose it.", DELIMITERS)

    if named:
        why = f"The first line of the file says so: sep={named}"
        return named, Guess("delimiter", named, why, DELIMITERS)

    def score(mark: str) -> tuple[float, int]:
        cut = rows(text, mark, whole=False)
        some = [len(row) for row, _ in zip(cut, range(_LOOKED_AT), strict=False)]
        some = some or [len(row) for row in rows(text, mark, whole=True)][:_LOOKED_AT]
        return (some.count(some[0]) / len(some) if some[0] > 1 else 0.0, some[0])

    found = max(DELIMITERS, key=score)
    evenly, cells = score(found)
    if cells == 1:
        why = "No delimiter was found: there is one column."
    elif evenly == 1:
        why = f"{_WORDS[found].capitalize()} cut each of the first rows into {cells:,} cells."
    else:
        share = percent(evenly, whole=True)
        why = f"{_WORDS[found].capitalize()} cut {share} of the first rows into {cells:,}."
    return found, Guess("delimiter", found, why, DELIMITERS)


def rows(text: str, mark: str, *, whole: bool) -> Iterator[list[str]]:
    """Rows that are not empty; the last one is left out unless the text ends with it."""
    cut = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    found = (cells for cells in cut if cells)
    held = next(found, None)
    for row in found:
        if held is not None:
            yield held
        held = row
    if whole and held is not None:
        yield held


def header(some: Sequence[Sequence[str]], options: ImportOptions) -> tuple[bool, Guess]:
    """Whether the first of some rows holds the names of the columns."""
    found, why = _header(some)
    if options.header is not None:
        found, why = options.header, "You chose it."
    return found, Guess("header", found, why, (True, False))


def _header(some: Sequence[Sequence[str]]) -> tuple[bool, str]:
    first, below = some[0], some[1:]
    values = []
    for position, cell in enumerate(first):
        column = [_sort(row[position]) for row in below if position < len(row)]
        column = [sort for sort in column if sort != "blank"]
        like = column.count(_sort(cell)) / len(column) if column else 0.0
        if _sort(cell) == "word" and column and like < 1 - _MOSTLY:
            return True, f"The first row has a name, '{cell[:40]}', above values of another kind."
        if _sort(cell) in ("number", "time") and like >= _MOSTLY:
            values.append(cell)
    if values and not _counted(first):
        return False, f"The first row holds values such as '{values[0][:40]}', like those below."
    return True, "The first row holds texts, so it is taken for the names."


def has_names(some: Sequence[Sequence[str]], *, above_values: bool) -> bool:
    """Whether the first of some rows of one width holds words only; above_values: and one of them
    stands above numbers or dates."""
    columns = list(zip(*some, strict=True))
    if any(_sort(column[0]) != "word" for column in columns):
        return False
    below = [{_sort(cell) for cell in column[1:]} - {"blank"} for column in columns]
    return not above_values or any(sorts and "word" not in sorts for sorts in below)


def _counted(cells: Sequence[str]) -> bool:
    """Names such as 2019, 2020, 2021, or 0, 1, 2: values hardly come like that."""
    numbers = [int(cell) for cell in cells if cell.strip().isdecimal()]
    steps = {after - before for before, after in itertools.pairwise(numbers)}
    return len(numbers) > 1 and steps == {1}


def _sort(cell: str) -> str:
    text = cell.strip()
    if text.lower() in MISSING:
        return "blank"
    if any(re.match(notation.number, text) for notation in (_NOTATIONS[0], *_NOTATIONS[1:4])):
        return "number"
    return "time" if _TIME.match(text) else "word"


def notation(
    some: Sequence[Sequence[str]], mark: str, options: ImportOptions
) -> tuple[Notation, list[Guess], dict[int, str]]:
    """How numbers are written in rows of values: in the way that makes most columns numbers.

    Where the other way fits as well: the positions of the columns in doubt, each with an example.
    """
    found, why, doubtful = _written(some, mark)
    if options.decimal is not None or options.thousands is not None:
        doubtful = {}
    decimal, thousands = found.decimal, found.thousands
    why_decimal = why_thousands = why
    if options.decimal is not None:
        if options.decimal not in (".", ","):
            raise UserError(f"{options.decimal!r} cannot be a decimal mark.", hint="Use . or ,")
        decimal, why_decimal = options.decimal, "You chose it."
        thousands = "" if thousands == decimal else thousands
    if options.thousands is not None:
        thousands, why_thousands = options.thousands, "You chose it."
        if thousands not in ("", *THOUSANDS):
            raise UserError(
                f"{thousands!r} cannot separate thousands.", hint="Use . or , or ' or a space."
            )
        if thousands == decimal and options.decimal is None:
            decimal = "," if thousands == "." else "."
    if thousands == decimal:
        raise UserError(
            f"{decimal!r} cannot be the decimal mark and separate thousands.", hint="Change one."
        )
    guesses = [
        Guess("decimal", decimal, why_decimal, (".", ",")),
        Guess("thousands", thousands, why_thousands, ("", *(t for t in THOUSANDS if t != decimal))),
    ]
    return Notation(decimal, thousands, options.day_first), guesses, doubtful


def _written(some: Sequence[Sequence[str]], mark: str) -> tuple[Notation, str, dict[int, str]]:
    width = max((len(row) for row in some), default=0)
    short = some[: max(1, _CELLS // max(1, width))]
    fits = dict.fromkeys(range(len(_NOTATIONS)), 0)
    example = ""
    either: dict[int, str] = {}
    marks: set[str] = set()  # Of all marked numbers.
    for position in range(width):
        cells = [row[position].strip() for row in short if position < len(row)]
        cells = [cell for cell in cells if cell.lower() not in MISSING]
        marked = next((cell for cell in cells if _MARKED.search(cell)), None)
        if marked is None:
            continue
        for number, candidate in enumerate(_NOTATIONS):
            good = list(filter(re.compile(candidate.number).match, cells))
            if len(good) >= _MOSTLY * len(cells):
                fits[number] += 1
                example = example or next((c for c in good if _MARKED.search(c)), marked)
                either[position] = marked
        if position in either:
            marks |= {_mark(cell) for cell in cells if _MARKED.search(cell)}
    most = max(fits.values())
    # Where commas stand between cells, one inside a cell hardly is a decimal comma.
    order = _NOTATIONS if mark == "," else _BY_COMMA
    found = next(n for n in order if fits[_NOTATIONS.index(n)] == most) if most else Notation()
    if not most:
        return found, "No number that was looked at has a mark.", {}
    # Where commas stand between cells, 1.234 and a quoted "1,234" are clear enough.
    if mark == "," or marks not in ({"."}, {","}):
        return found, f"Most columns are numbers that way, such as '{example[:40]}'.", {}
    why = f"'{example}' and the like fit with decimals and with thousands: taken for decimals."
    return found, why, either


def _mark(cell: str) -> str:
    """The mark of a number that can be read in two ways; else what is no mark."""
    return next(mark for mark in ".," if mark in cell) if _EITHER.match(cell) else "none"
