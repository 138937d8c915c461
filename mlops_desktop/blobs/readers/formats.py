"""Which format a file has, and the reader for it; each is imported only when it is needed."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from mlops_desktop.blobs.chunks import ARROW_TYPES
from mlops_desktop.blobs.readers.reading import Contradiction, Progress, Reading, Seen
from mlops_desktop.core.datasets import ImportOptions
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.importing import Guess

FORMATS = ("csv", "parquet", "excel", "json", "sqlite", "arrow")
SAMPLE_COLUMNS = 200
_MAGIC = {
    b"PAR1": ("parquet", "The file begins as Parquet files do."),
    b"ARROW1": ("arrow", "The file begins as Arrow files do."),
    b"SQLite format 3\0": ("sqlite", "The file begins as SQLite databases do."),
    b"\xd0\xcf\x11\xe0": ("excel", "The file begins as old Excel workbooks do."),
}
_JSON_NAMES = (".json", ".jsonl", ".ndjson")
_HEAD = 4096


def open_file(
    path: Path, options: ImportOptions, progress: Progress, *, sample: bool = False
) -> Reading:
    """Find out how to read a file; sample: the first rows and columns will do.

    Raises UserError for one that holds no table, or none that can be stored.
    """
    options = replace(options, format=str(detect(path, options).value))
    most = SAMPLE_COLUMNS if sample else None
    match options.format:
        case "csv":
            from mlops_desktop.blobs.readers.csv import open_csv  # noqa: PLC0415

            return open_csv(path, options, progress, most)
        case "json":
            from mlops_desktop.blobs.readers.jsonlines import JsonReading  # noqa: PLC0415

            return JsonReading(path, options, progress, most)
        case "excel":
            from mlops_desktop.blobs.readers.excel import ExcelReading  # noqa: PLC0415

            return ExcelReading(path, options, most)
        case "sqlite":
            from mlops_desktop.blobs.readers.sqlite import SqliteReading  # noqa: PLC0415

            return SqliteReading(path, options, progress, most)
        case _:
            from mlops_desktop.blobs.readers.arrowfile import ArrowReading  # noqa: PLC0415

            return ArrowReading(path, options, most)


def read_all(path: Path, options: ImportOptions) -> tuple[pa.Table, Reading]:
    """The whole table at once, and how it was read."""
    reading = open_file(path, options, _quiet)
    while True:
        try:
            batches = list(reading.batches(Seen(), _quiet))
        except Contradiction as found:
            reading = found.reading
            continue
        schema = pa.schema([(c.name, ARROW_TYPES[c.type]) for c in reading.columns])
        return pa.Table.from_batches(batches, schema), reading


def detect(path: Path, options: ImportOptions) -> Guess:
    """The format of a file, from its first bytes."""
    if not path.is_file():
        raise UserError(f"There is no file {path}.", hint="Check the path.")
    if options.format is not None:
        asked = "csv" if options.format in ("tsv", "txt") else options.format
        if asked not in FORMATS:
            raise UserError(
                f"There is no format {options.format!r}.", hint=f"Use {', '.join(FORMATS)}."
            )
        return Guess("format", asked, "You chose it.", FORMATS)
    with path.open("rb") as file:
        head = file.read(_HEAD)
    found, why = _format(path, head)
    return Guess("format", found, why, FORMATS)


def _format(path: Path, head: bytes) -> tuple[str, str]:
    for magic, answer in _MAGIC.items():
        if head.startswith(magic):
            return answer
    if head.startswith(b"PK\x03\x04"):
        if _is_workbook(path):
            return "excel", "The archive holds a workbook."
        raise UserError(
            f"{path.name} is a zip archive or a damaged Excel workbook.",
            hint="Unpack it and import what is in it.",
        )
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    is_json = start.startswith((b'{"', b"{'", b"[{")) or start[1:].lstrip().startswith((b'"', b"{"))
    if start[:1] in (b"{", b"[") and (path.suffix.lower() in _JSON_NAMES or is_json):
        return "json", "The file begins with a JSON object or a list of them."
    return "csv", "The file is text."


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return path.suffix.lower() in (".xlsx", ".xlsm", ".xlsb", ".ods")
    return any(name.startswith("xl/") or name == "content.xml" for name in names)


def _quiet(_fraction: float, _text: str) -> None:
    """For who reads a file in a moment."""
