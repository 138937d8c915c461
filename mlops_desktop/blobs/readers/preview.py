"""The first rows of a file as an import would read them, with every guess and its reason."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from mlops_desktop.blobs.readers import formats
from mlops_desktop.blobs.readers.reading import Reading, Seen
from mlops_desktop.core.datasets import ImportOptions
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.importing import Failure, Guess, Preview

_ROWS = 100
_LONGEST = 200  # Characters of a cell.
_MIDNIGHT = " 00:00:00"  # Left out where a column holds days.


def preview(path: Path, options: ImportOptions) -> Preview:
    """Look at the first megabyte of a file, or at its first thousand rows.

    Raises UserError for a file that has no format of ours; what else is wrong is a failure, so
    that the options can be changed.
    """
    found = formats.detect(path, options)
    settled = replace(options, format=str(found.value))
    try:
        reading = formats.open_file(path, options, lambda _fraction, _text: None, sample=True)
        rows = tuple(_rows(reading))
    except UserError as error:
        failure = Failure(error.what, error.why, error.hint)
        return Preview(settled, (found, *_guesses(path, settled)), failure=failure)
    return Preview(
        reading.options,
        (found, *reading.guesses),
        reading.columns,
        rows,
        reading.width,
        reading.sampled,
        tuple(reading.warnings),
    )


def _rows(reading: Reading) -> Iterator[tuple[object, ...]]:
    left = _ROWS
    for batch in reading.batches(Seen(), lambda _fraction, _text: None):
        part = batch.slice(0, left)
        columns = [_cells(column.to_pylist()) for column in part.columns]
        yield from zip(*columns, strict=True)
        left -= part.num_rows
        if not left:
            return


def _cells(values: list[object]) -> list[object]:
    cells = [_cell(value) for value in values]
    times = [str(cell) for cell in cells if cell is not None]
    if any(isinstance(value, datetime) for value in values) and all(
        text.endswith(_MIDNIGHT) for text in times
    ):
        return [None if cell is None else str(cell).removesuffix(_MIDNIGHT) for cell in cells]
    return cells


def _cell(value: object) -> object:
    if isinstance(value, str):
        return value[:_LONGEST]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)  # JSON has no such numbers.
    return str(value) if isinstance(value, datetime) else value


def _guesses(path: Path, options: ImportOptions) -> tuple[Guess, ...]:
    """What can be told of a text file whose rows cannot be read."""
    if options.format != "csv":
        return ()
    from mlops_desktop.blobs.readers import csvfile  # noqa: PLC0415  As formats does.

    try:
        return csvfile.look(path, options).guesses
    except UserError:
        return ()
