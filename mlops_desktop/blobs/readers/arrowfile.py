"""Reading files whose columns have Arrow types: Parquet, and Arrow's own format."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from mlops_desktop.blobs import objects
from mlops_desktop.blobs.chunks import ARROW_TYPES
from mlops_desktop.blobs.readers.keeping import Keeper
from mlops_desktop.blobs.readers.naming import check_wanted, made_different
from mlops_desktop.blobs.readers.reading import Progress, Seen
from mlops_desktop.core.datasets import Column, DataWarning, ImportOptions
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.importing import Guess

_ROWS = 16_384


class ArrowReading:
    """A Parquet or Arrow file. Types come from the file, so nothing is guessed."""

    def __init__(self, path: Path, options: ImportOptions, most: int | None = None) -> None:
        """most: a sample of so many columns will do. Raises UserError for what is damaged or of
        a type that cannot be stored."""
        self._path, self._most = path, most
        self.options = options
        self.guesses: tuple[Guess, ...] = ()
        self._parquet = options.format == "parquet"
        with self._open() as file:
            schema = file.schema_arrow if self._parquet else file.schema
        self.width = len(schema)
        names, self._renamed = made_different(schema.names)
        check_wanted(path.name, names, options.types)
        self._types = dict(zip(names[:most], schema.types, strict=False))
        self._keepers = self._new_keepers()
        self.sampled = False
        if not names:
            raise UserError(f"{path.name} has no columns.", hint="Choose a file with data in it.")

    @property
    def columns(self) -> tuple[Column, ...]:
        pairs = zip(self._types, self._keepers, strict=True)
        return tuple(Column(name, keeper.kind) for name, keeper in pairs)

    @property
    def warnings(self) -> list[DataWarning]:
        return [*self._renamed, *(w for keeper in self._keepers for w in keeper.warnings)]

    @property
    def misfits(self) -> dict[str, str]:
        pairs = zip(self._types, self._keepers, strict=True)
        return {name: keeper.misfit for name, keeper in pairs if keeper.misfit}

    def batches(self, seen: Seen, progress: Progress) -> Iterator[pa.RecordBatch]:
        """The rows in order. Raises UserError for values that do not fit."""
        schema = pa.schema([(c.name, ARROW_TYPES[c.type]) for c in self.columns])
        self._keepers = self._new_keepers()
        with self._open() as file:
            for part, done in self._parts(file):
                progress(done, "Reading")
                arrays = [
                    keeper.take(array)
                    for keeper, array in zip(self._keepers, part.columns, strict=False)
                ]
                yield pa.RecordBatch.from_arrays(arrays, schema=schema)
        if self._most is None:
            seen.sha256, seen.bytes = objects.sha256_of(self._path), self._path.stat().st_size

    def _new_keepers(self) -> list[Keeper]:
        wanted = self.options.types
        return [
            Keeper(self._path.name, name, kind, wanted.get(name))
            for name, kind in self._types.items()
        ]

    @contextmanager
    def _open(self) -> Iterator[Any]:
        try:
            if self._parquet:
                # Not needed by the other formats.
                import pyarrow.parquet as parquet  # noqa: PLC0415

                # What is read ahead is kept until the end, as of pyarrow 26: the whole file.
                with parquet.ParquetFile(self._path, pre_buffer=False) as file:
                    yield file
            else:
                with pa.memory_map(str(self._path)) as data, pa.ipc.open_file(data) as file:
                    yield file
        except MemoryError:  # Arrow's own is an ArrowException, too.
            raise
        except (pa.ArrowException, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise UserError(
                f"{self._path.name} is damaged or no {self.options.format} file.",
                why=str(error).split("\n")[0][:300],
                hint="Write it again with the program that made it.",
            ) from error

    def _parts(self, file: Any) -> Iterator[tuple[Any, float]]:
        """Batches of at most _ROWS rows, and how much of the file is done."""
        if self._parquet:
            rows, done = max(1, file.metadata.num_rows), 0
            size = _ROWS if self._most is None else 100
            names = file.schema_arrow.names[: len(self._types)]
            wanted = None if self.width == len(self._types) else names
            for batch in file.iter_batches(size, columns=wanted, use_threads=self._most is None):
                done += batch.num_rows
                yield batch, done / rows
            return
        for number in range(file.num_record_batches):
            batch = file.get_batch(number)
            for start in range(0, batch.num_rows, _ROWS):
                yield batch.slice(start, _ROWS), number / file.num_record_batches
