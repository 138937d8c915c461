"""Reading a table, a view or one SELECT of a SQLite file, which is opened to read only.

In SQLite each cell has a type of its own. All cells are counted by type first, then each column
is asked for as one type, so that the driver never has to guess from the first rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import adbc_driver_manager as adbc
import adbc_driver_sqlite
import pyarrow as pa

from mlops_desktop.blobs import objects
from mlops_desktop.blobs.cells import convert
from mlops_desktop.blobs.chunks import ARROW_TYPES
from mlops_desktop.blobs.notation import Notation
from mlops_desktop.blobs.readers.loose import LooseColumn, Plan
from mlops_desktop.blobs.readers.naming import check_wanted, made_different
from mlops_desktop.blobs.readers.reading import Progress, Seen
from mlops_desktop.blobs.readers.select import check_select
from mlops_desktop.core.datasets import Column, ColumnType, DataWarning, ImportOptions
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.importing import Guess

_SAMPLE_ROWS = 1000
_AT_ONCE = 150  # Columns whose types are counted by one query: SQLite answers with 2,000 at most.
_BATCH_ROWS = 16_384
_WAL = 2  # In bytes 18 and 19 of a file that is written with a log ahead.
_FIRST = {pa.int64(): "0", pa.float64(): "0.0", pa.string(): "''"}
_ROWS = "mlops_desktop_rows"  # What is asked about, under a name that no table has.
_TABLES = (
    "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
    "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, rowid"
)


class SqliteReading:
    """Whole numbers and reals are kept as they are; texts become dates where all of them are; a
    column of mixed types is written as text and judged as in a CSV file. Bytes are refused."""

    def __init__(
        self, path: Path, options: ImportOptions, progress: Progress, most: int | None = None
    ) -> None:
        """Raises UserError for a damaged file, an unknown table, no SELECT, or bytes in a cell."""
        self._path, self._most = path, most
        self.options = options
        self.guesses: tuple[Guess, ...] = ()
        self.sampled = False
        self._rows = 0
        with self._connected() as connection:
            self._choose(connection)
            names = _own_names(self._schema(connection).names, self.options.query or "")
            self.width = len(names)
            self._names, self._renamed = made_different(names)
            check_wanted(path.name, self._names, options.types)
            self._look(connection, progress)

    @property
    def columns(self) -> tuple[Column, ...]:
        pairs = zip(self._names, self._plans, strict=False)
        return tuple(Column(name, plan.kind) for name, plan in pairs)

    @property
    def warnings(self) -> list[DataWarning]:
        return [*self._renamed, *(w for plan in self._plans for w in plan.warnings)]

    @property
    def misfits(self) -> dict[str, str]:
        pairs = zip(self._names, self._plans, strict=False)
        return {name: plan.misfit for name, plan in pairs if plan.misfit}

    def batches(self, seen: Seen, progress: Progress) -> Iterator[pa.RecordBatch]:
        """The rows in the order of the table or the query."""
        schema = pa.schema([(c.name, ARROW_TYPES[c.type]) for c in self.columns])
        rows = 0
        with self._connected() as connection:
            for batch in self._typed(connection, range(len(self._plans))):
                arrays = [
                    convert(array, plan.kind, plan.notation)
                    if array.type != ARROW_TYPES[plan.kind]
                    else array
                    for array, plan in zip(batch.columns, self._plans, strict=True)
                ]
                rows += batch.num_rows
                progress((1 + rows / max(1, self._rows)) / 2, f"Reading: {rows:,} rows")
                yield pa.RecordBatch.from_arrays(arrays, schema=schema)
        if rows != self._rows:
            raise UserError(
                f"{self._path.name} changed while it was read.", hint="Try again in a moment."
            )
        if self._most is None:
            seen.sha256, seen.bytes = objects.sha256_of(self._path), self._path.stat().st_size

    def _choose(self, connection: Any) -> None:
        query, table = self.options.query, self.options.table
        tables = [row["name"] for batch in _run(connection, _TABLES) for row in batch.to_pylist()]
        if query is not None and table is not None:
            raise UserError("A table and a query were given.", hint="Give one of the two.")
        if query is not None:
            # Over a line of its own, so that a comment at its end hides nothing.
            self._source = f"({check_select(query)}\n)"
            self.guesses = (Guess("query", query, "You wrote it."),)
            return
        if not tables:
            raise UserError(f"{self._path.name} holds no table.", hint="Choose another file.")
        if table is not None and table not in tables:
            shown = ", ".join(map(repr, tables[:10]))
            raise UserError(f"{self._path.name} has no table {table!r}.", hint=f"It has {shown}.")
        why = "You chose it."
        if table is None:
            one = len(tables) == 1
            why = "It is the only one." if one else f"It is the first one of {len(tables)}."
        found = table or tables[0]
        self._source = f"main.{_quoted(found)}"
        self.options = replace(self.options, table=found)
        self.guesses = (Guess("table", found, why, tuple(tables)),)

    def _schema(self, connection: Any) -> Any:
        with _reader(connection, f"SELECT * FROM {self._source} LIMIT 0") as reader:
            return reader.schema

    @property
    def _with(self) -> str:
        """The table with columns c0, c1 ...: their own names may differ in capitals only."""
        names = ", ".join(f"c{n}" for n in range(self.width))
        limit = f" LIMIT {_SAMPLE_ROWS}" if self._most is not None else ""
        return f"WITH {_ROWS}({names}) AS (SELECT * FROM {self._source}{limit})"

    def _look(self, connection: Any, progress: Progress) -> None:
        options = self.options
        notation = Notation(options.decimal or ".", options.thousands or "", options.day_first)
        names = self._names[: self._most]
        self._found = [
            LooseColumn(name, notation, options.types.get(name), whole_floats=False)
            for name in names
        ]
        for start in range(0, len(names), _AT_ONCE):
            progress(start / len(names) / 4, "Looking at the types of all rows")
            self._count(connection, range(start, min(len(names), start + _AT_ONCE)))
        if not self._rows:
            raise UserError(f"{self._path.name}: there are no rows.", hint="Choose another table.")
        self.sampled = self._most is not None and self._rows == _SAMPLE_ROWS
        self._plans = [Plan(ColumnType.TEXT, as_text=True)] * len(names)
        doubtful = [n for n, column in enumerate(self._found) if column.needs_texts()]
        rows = 0
        for batch in self._typed(connection, doubtful) if doubtful else ():
            for n, array in zip(doubtful, batch.columns, strict=True):
                self._found[n].texts.add(array)
            rows += batch.num_rows
            progress(0.25 + rows / self._rows / 4, "Looking at the texts of all rows")
        self._plans = [column.plan() for column in self._found]
        asked = options.day_first
        dates = [p for p in self._plans if p.notation.day_first is not None]
        if dates or asked is not None:
            why = next((p.why_day_first for p in dates if p.why_day_first), "All dates fit so.")
            value = asked if asked is not None else dates[0].notation.day_first
            why = why if asked is None else "You chose it."
            self.guesses = (*self.guesses, Guess("day_first", value, why, (True, False)))

    def _count(self, connection: Any, numbers: Sequence[int]) -> None:
        """Count the cells of some columns by type."""
        sums = ["count(*)"]
        for n in numbers:
            sums += [f"total(typeof(c{n}) = '{k}')" for k in ("integer", "real", "text", "blob")]
            whole = f"CASE WHEN typeof(c{n}) = 'integer' THEN c{n} END"
            sums += [f"coalesce(max({whole}), 0)", f"coalesce(min({whole}), 0)"]
        sums = [f"{item} AS a{at}" for at, item in enumerate(sums)]
        [batch] = _run(connection, f"{self._with} SELECT {', '.join(sums)} FROM {_ROWS}")
        answer = [array[0].as_py() for array in batch.columns]
        self._rows = answer[0]
        for at, n in enumerate(numbers):
            integers, reals, texts, blobs, largest, least = answer[1 + 6 * at : 7 + 6 * at]
            column = self._found[n]
            if blobs and column.wanted is not ColumnType.TEXT:
                raise self._bytes(connection, n)
            counts = {"integer": integers, "number": reals, "text": texts, "blob": blobs}
            column.kinds = {kind for kind, count in counts.items() if count}
            column.widest = max(largest, -least - 1)

    def _bytes(self, connection: Any, n: int) -> UserError:
        numbered = f"SELECT row_number() OVER () AS row, typeof(c{n}) AS kind FROM {_ROWS}"
        query = f"{self._with} SELECT row FROM ({numbered}) WHERE kind = 'blob' LIMIT 1"
        [batch] = _run(connection, query)
        return UserError(
            f"Row {batch.column(0)[0].as_py():,} of column {self._names[n]!r} of "
            f"{self._path.name} holds bytes, which cannot be stored.",
            hint="Leave the column out by a query, or import it as text if that is what they are.",
        )

    def _typed(self, connection: Any, numbers: Sequence[int]) -> Iterator[pa.RecordBatch]:
        """Batches of some columns, each asked for as one type, which a first row pins down."""
        kinds = [_asked_as(self._plans[n]) for n in numbers]
        first = ", ".join(f"{_FIRST[kind]} AS a{n}" for n, kind in zip(numbers, kinds, strict=True))
        cells = ", ".join(_cell(n, kind) for n, kind in zip(numbers, kinds, strict=True))
        query = f"{self._with} SELECT {first} UNION ALL SELECT {cells} FROM {_ROWS}"
        skip = 1
        for batch in _run(connection, query):
            part = batch.slice(skip)
            skip = 0
            for array in part.columns:
                if pa.types.is_string(array.type):
                    array.validate(full=True)  # A text of SQLite may be no UTF-8.
            if part.num_rows:
                yield part

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        try:
            with (
                adbc_driver_sqlite.connect(self._uri()) as database,
                adbc.AdbcConnection(database) as connection,
            ):
                yield connection
        except MemoryError:  # Arrow's own is an ArrowException, too.
            raise
        except (adbc.Error, pa.ArrowException, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise UserError(
                f"{self._path.name} cannot be read as a SQLite database, or not with that query.",
                why=str(error).split("\n")[0][:300],
                hint="Check the query, the names in it, and that the file is whole.",
            ) from error

    def _uri(self) -> str:
        """Read-only; where nobody writes to it with a log, no file is made beside it either."""
        with self._path.open("rb") as file:
            head = file.read(20)
        log = self._path.with_name(f"{self._path.name}-wal")
        still = head[18:20] == bytes([_WAL, _WAL]) and not log.exists()
        return f"{self._path.absolute().as_uri()}?mode=ro{'&immutable=1' if still else ''}"


def _own_names(names: Sequence[str], query: str) -> list[str]:
    """The names of a query's columns, where SQLite calls the second id of a join id:1."""
    own = []
    for name in names:
        base, mark, number = name.rpartition(":")
        made = mark and number.isdecimal() and base in own and name not in query
        own.append(base if query and made else name)
    return own


def _asked_as(plan: Plan) -> Any:
    return pa.string() if plan.as_text else ARROW_TYPES[plan.kind]


def _cell(n: int, kind: Any) -> str:
    if kind == pa.float64():
        return f"CAST(c{n} AS REAL)"
    if kind == pa.int64():
        return f"c{n}"
    # The shortest of the two that gives the very same number back.
    short, long = f"printf('%!.15g', c{n})", f"printf('%!.17g', c{n})"
    real = f"CASE WHEN CAST({short} AS REAL) = c{n} THEN {short} ELSE {long} END"
    return f"CASE typeof(c{n}) WHEN 'real' THEN {real} ELSE CAST(c{n} AS TEXT) END"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def _reader(connection: Any, query: str) -> Iterator[Any]:
    with adbc.AdbcStatement(connection) as statement:
        statement.set_options(**{"adbc.sqlite.query.batch_rows": str(_BATCH_ROWS)})
        statement.set_sql_query(query)
        stream, _ = statement.execute_query()
        with pa.RecordBatchReader._import_from_c(stream.address) as reader:
            yield reader


def _run(connection: Any, query: str) -> Iterator[pa.RecordBatch]:
    with _reader(connection, query) as reader:
        yield from reader
