"""Reading a sheet of a workbook: .xlsx, .xlsm, .xlsb, .xls and .ods.

The library holds a sheet in memory, about 100 bytes a cell: a sheet of a million rows and twenty
columns takes about 2 GB. For a preview it gets a shorter workbook.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import python_calamine as calamine

from mlops_desktop.blobs.readers import cutbook, guessing
from mlops_desktop.blobs.readers.cellfile import Block, CellReading
from mlops_desktop.blobs.readers.naming import check_wanted, made_different
from mlops_desktop.core.datasets import ImportOptions
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.importing import Guess

_BLOCK_ROWS = 8192
_SAMPLE_ROWS = 1000
_CUT_ROWS = 1200  # Some stand above the table.
_LOOKED_AT = 100  # Rows, to find the header.
_MOST_UNPACKED = 4 << 30


class ExcelReading(CellReading):
    """One sheet. Empty cells, errors such as #DIV/0! and formulas without a stored result are
    missing; times of day and cells of mixed types become text; of merged cells the first holds
    the value."""

    whole_floats = True

    def __init__(self, path: Path, options: ImportOptions, most: int | None = None) -> None:
        """Raises UserError for a damaged or locked workbook, an unknown or an empty sheet."""
        super().__init__(path, options, most)
        with self._errors():
            self._check_size()
            shorter = None if most is None else cutbook.cut(path, _CUT_ROWS)
            self._is_cut = shorter is not None
            book = calamine.load_workbook(path if shorter is None else shorter)
            self._sheet = self._choose(book)
            some = self._sheet.to_python(nrows=_LOOKED_AT)
        self._find_header(some)
        self.look(lambda _fraction, _text: None)
        check_wanted(path.name, self._names, options.types)

    def blocks(self) -> Iterator[tuple[Block, int, float]]:
        height = max(1, self._sheet.height)
        rows: list[list[object]] = []
        for number, row in enumerate(self._sheet.iter_rows()):
            if number < self._skipped:
                continue
            if any(cell != "" for cell in row):
                rows.append([None if cell == "" else cell for cell in row])
            enough = self.most is not None and number > _SAMPLE_ROWS
            if rows and (len(rows) == _BLOCK_ROWS or enough):
                yield self._block(rows), len(rows), number / height
                rows = []
            if enough:
                self.sampled = self._is_cut or number + 1 < height
                return
        if rows:
            yield self._block(rows), len(rows), 1.0

    def _block(self, rows: list[list[object]]) -> Block:
        return dict(zip(self._names, zip(*rows, strict=True), strict=False))

    def _choose(self, book: Any) -> Any:
        """The sheet, which is parsed here and only once."""
        sheets = [
            sheet for sheet in book.sheets_metadata if sheet.typ == calamine.SheetTypeEnum.WorkSheet
        ]
        names = [sheet.name for sheet in sheets]
        shown = [s.name for s in sheets if s.visible == calamine.SheetVisibleEnum.Visible] or names
        asked = self.options.sheet
        if asked is not None and asked not in names:
            raise UserError(
                f"{self.path.name} has no sheet {asked!r}.", hint=f"It has {_listed(names)}."
            )
        if not names:
            raise UserError(f"{self.path.name} has no sheet with cells.")
        wanted = [asked] if asked is not None else shown
        parsed = (book.get_sheet_by_name(name) for name in wanted)
        found = next((sheet for sheet in parsed if sheet.height or asked is not None), None)
        if found is None:
            raise UserError(f"All sheets of {self.path.name} are empty.")
        why = "You chose it." if asked is not None else "It is the first one that is not empty."
        if len(names) == 1:
            why = "It is the only sheet."
        self.use(sheet=found.name)
        self.guessed.append(Guess("sheet", found.name, why, tuple(names)))
        return found

    def _find_header(self, some: list[list[Any]]) -> None:
        if not some:
            raise UserError(
                f"The sheet {self.options.sheet!r} of {self.path.name} is empty.",
                hint="Choose another sheet.",
            )
        width = len(some[0])
        filled = [sum(cell != "" for cell in row) for row in some]
        # A title stands in one cell or two, above a table that fills most of its width.
        top = next((n for n, count in enumerate(filled) if count > min(2, width // 2)), 0)
        rows = [[str(cell) for cell in row] for row in some[top:]]
        header, guess = guessing.header(rows, self.options)
        if top:
            above = "1 row of titles" if top == 1 else f"{top} rows of titles"
            guess = Guess(
                "header", header, f"{guess.why} Left out above it: {above}.", (True, False)
            )
        names, renamed = made_different(rows[0] if header else [""] * width)
        self._names, self._skipped = names, top + header
        self.width = len(names)
        self.warned.extend(renamed)
        self.guessed.append(guess)
        self.use(header=header)

    def _check_size(self) -> None:
        if not zipfile.is_zipfile(self.path):
            return
        with zipfile.ZipFile(self.path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > _MOST_UNPACKED:
            raise UserError(
                f"{self.path.name} unpacks to {size / 1e9:.1f} GB, which is more than a workbook "
                "can be read with.",
                hint="Save the sheet as CSV and import that.",
            )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except calamine.PasswordError as error:
            raise UserError(
                f"{self.path.name} is locked with a password.", hint="Save it without one."
            ) from error
        except (calamine.CalamineError, zipfile.BadZipFile, OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise UserError(
                f"{self.path.name} is damaged or no workbook.",
                why=str(error)[:300],
                hint="Open it in a spreadsheet program and save it again, or save it as CSV.",
            ) from error


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:10])
    return shown if len(names) <= 10 else f"{shown} and {len(names) - 10} more"
