"""Datasets, their immutable versions, their columns, and the warnings that a look at them gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from mlops_desktop.core.recipes import Step

# What stands for missing in a column of numbers, times or booleans. In text it stands for itself.
MISSING = ("", *"na n/a #n/a nan -nan null none <na> nil missing - ? .".split())  # noqa: SIM905


class ColumnType(StrEnum):
    """What a column holds. TEXT covers categories; DATETIME is UTC or without a zone."""

    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TEXT = "text"
    DATETIME = "datetime"

    @property
    def is_numeric(self) -> bool:
        return self in (ColumnType.INTEGER, ColumnType.NUMBER)


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: ColumnType


class WarningKind(StrEnum):
    """What may be wrong with data, named as the screens and the JSON name it."""

    TYPE = "type"
    DATES = "dates"
    IDENTIFIER = "identifier"
    CONSTANT = "constant"
    LEAK = "leak"
    PERSONAL = "personal"
    MISSING = "missing"
    OUTLIERS = "outliers"
    HTML = "html"
    DUPLICATES = "duplicates"
    IMBALANCE = "imbalance"
    CATEGORIES = "categories"
    BUDGET = "budget"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What can be done at a click: label says it on a button, steps are those of a recipe."""

    label: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class DataWarning:
    """One finding: what it is, why it matters and what can be done, about which columns.

    answered: the user decided (kept or excluded the columns). Only leaks must be answered.
    read_as: the types that the column could be read as instead, by importing its file again.
    suggestion: the fix as steps of a recipe, where there is one.
    day_first: the ways to read the column's dates that fit as well, by importing its file again.
    """

    kind: WarningKind
    columns: tuple[str, ...]
    what: str
    why: str
    fix: str
    answered: bool = False
    read_as: tuple[ColumnType, ...] = ()
    suggestion: Suggestion | None = field(default=None, hash=False)  # Its settings are a dict.
    day_first: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """Where a version came from.

    kind: 'file', 'append', 'pasted', 'recipe' or 'retrain' (recorded inputs with labels).
    """

    kind: str
    path: str = ""
    sha256: str = ""
    bytes: int = 0
    detail: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DatasetVersion:
    """An immutable table. manifest and profile are names (SHA-256) of blobs.

    content_hash covers schema and values only, so the same table has the same hash however it
    is stored. stored_bytes is what this version added to the disk. deleted_at: in the bin since;
    purged_at: its rows are gone since, what is left is its place in the history.
    """

    id: int
    dataset: str
    version: int
    rows: int
    columns: tuple[Column, ...]
    manifest: str
    profile: str
    content_hash: str
    stored_bytes: int
    source: Source
    message: str
    warnings: tuple[DataWarning, ...]
    parent: int | None
    created_at: str
    by: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()
    derived_from: int | None = None
    recipe: str = ""
    deleted_at: str | None = None
    purged_at: str | None = None

    @property
    def ref(self) -> str:
        return f"{self.dataset}@{self.version}"

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True)
class Dataset:
    """A name with its newest version."""

    id: int
    name: str
    versions: int
    latest: DatasetVersion | None
    created_at: str


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How a file is to be read. What is None is guessed from the file.

    format: 'csv', 'parquet', 'excel', 'json', 'sqlite' or 'arrow'. thousands: '' for none.
    day_first: 03/04/2026 is the third of April. header: the first row holds the names. sheet: of
    a workbook. table, query: of a database, one of the two. types: column -> type.
    """

    format: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    day_first: bool | None = None
    header: bool | None = None
    sheet: str | None = None
    table: str | None = None
    query: str | None = None
    types: dict[str, ColumnType] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImportSpec:
    """A file to be read into a new version of a dataset."""

    path: str
    dataset: str
    message: str = ""
    options: ImportOptions = field(default_factory=ImportOptions)
