"""A workbook without most of its rows, so that a preview of a large sheet comes at once.

The library parses whole sheets only (python-calamine 0.9, its issue 42); openpyxl's lazy reading
would tell some cells otherwise than the import does. So the library gets a shorter workbook.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import IO

_LARGE = 4 << 20  # Unpacked bytes of a sheet; a smaller one is parsed in a tenth of a second.
_LONGEST_ROW = 16 << 20
_PIECE = 1 << 16
_SHEETS = "xl/worksheets/"
_UNREAD = ("/media/", "/drawings/", "/charts/", "/embeddings/", "/pivotCache/")
_ROW_END, _END = b"</row>", b"</sheetData></worksheet>"


def cut(path: Path, rows: int) -> io.BytesIO | None:
    """An .xlsx or .xlsm with at most so many rows in each large sheet; None where no sheet is
    large, or where the file is of another kind. Raises BadZipFile for a damaged one."""
    if not zipfile.is_zipfile(path):
        return None
    with zipfile.ZipFile(path) as archive:
        members = [m for m in archive.infolist() if not any(part in m.filename for part in _UNREAD)]
        large = {m.filename for m in members if _is_sheet(m.filename) and m.file_size > _LARGE}
        if not large:
            return None
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as shorter:
            for member in members:
                with archive.open(member) as file:
                    known = member.filename in large
                    data = _first_rows(file, rows) if known else file.read()
                if data is None:
                    return None
                shorter.writestr(member.filename, data)
    made.seek(0)
    return made


def _is_sheet(name: str) -> bool:
    return name.startswith(_SHEETS) and name.endswith(".xml")


def _first_rows(file: IO[bytes], rows: int) -> bytes | None:
    """The XML of a sheet up to the end of that row; None where rows are not written as usual."""
    text, place, found = bytearray(), 0, 0
    while piece := file.read(_PIECE):
        text += piece
        while (end := text.find(_ROW_END, place)) >= 0:
            place, found = end + len(_ROW_END), found + 1
            if found == rows:
                return bytes(text[:place]) + _END
        if len(text) - place > _LONGEST_ROW:
            return None
    return bytes(text)
