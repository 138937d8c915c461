"""The lines of a segment as the columns of a sealed one: what fits them, and what stays a line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from mlops_desktop.blobs.records import header_of
from mlops_desktop.blobs.sealed import Facts
from mlops_desktop.blobs.sealedvalues import Kind, encode, is_whole_float, joined, kind_of
from mlops_desktop.core.errors import UserError

_GROUP = 16_384  # Rows that are read to find one record; a request is never cut.
_KEYS = {"id", "t", "h", "us", "x", "y", "p", "e"}
_NEEDED = {"id", "t", "us", "x", "y"}
_ID = re.compile(r"[^\"\\\x00-\x1f]{1,200}")  # What JSON writes as it is.
_DIGEST = re.compile(r"[0-9a-f]{32}")
_INT64 = 2**63


@dataclass(slots=True)
class Group:
    """The rows of a row group; values a row: answer, probabilities, inputs."""

    ids: list[str | None] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    times: list[int | None] = field(default_factory=list)
    latencies: list[int | None] = field(default_factory=list)
    values: list[Sequence[object]] = field(default_factory=list)
    reasons: list[str | None] = field(default_factory=list)
    digests: list[bytes | None] = field(default_factory=list)
    raws: list[bytes | None] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    records: int = 0
    odd: int = 0

    def add(self, fields: dict[str, Any], facts: Facts, end: int) -> None:
        """A record that fits the columns."""
        answers = fields["y"]
        count = len(answers)
        shares = fields.get("p") or [[None] * len(facts.classes)] * count
        inputs = fields["x"] or [[]] * count
        reasons = fields.get("e")
        digest = fields.get("h")
        self.records += 1
        self.ids += [fields["id"]] * count
        self.rows += range(count)
        self.times += [fields["t"]] * count
        self.latencies += [fields["us"]] * count
        self.values += [
            (answer, *share, *row)
            for answer, share, row in zip(answers, shares, inputs, strict=True)
        ]
        self.reasons += [orjson.dumps(e).decode() for e in reasons] if reasons else [None] * count
        self.digests += [bytes.fromhex(digest) if digest else None] * count
        self.raws += [None] * count
        self.ends += [end] * count

    def add_odd(self, line: bytes, facts: Facts, end: int) -> None:
        """A line that is kept as it is."""
        self.odd += 1
        for column in (self.ids, self.times, self.latencies, self.reasons, self.digests):
            column.append(None)
        self.rows.append(0)
        self.values.append((None,) * _width(facts))
        self.raws.append(line)
        self.ends.append(end)


def lines(path: Path, start: int) -> Iterator[tuple[bytes, int]]:
    """Lines from there on, a torn last one too, each with where it ends."""
    with path.open("rb") as file:
        file.seek(start)
        for line in file:
            start += len(line)
            yield line, start


def planned(path: Path) -> Facts:
    """What columns a segment needs: every line is looked at before any is written."""
    with path.open("rb") as file:
        first = file.readline()
        length = file.seek(0, 2)
    header = header_of(first)
    if header is None:
        raise UserError(f"{path.name} has no whole first line.")
    facts = Facts(first, length, header.outputs[1:], header.columns, (), has_inputs=True)
    found = (_fields(line) for line, _ in lines(path, len(first)))
    inputs = next((bool(one["x"]) for one in found if _fits(one, facts, None)), True)
    facts = replace(facts, has_inputs=inputs)
    kinds = [Kind.NOTHING] * _width(facts)
    for group in groups(path, facts):
        for at, column in enumerate(zip(*group.values, strict=True)):
            kinds[at] = joined(kinds[at], kind_of(column))
    return replace(facts, kinds=tuple(kinds))


def groups(path: Path, facts: Facts) -> Iterator[Group]:
    """The lines below the header, a row group at a time."""
    group = Group()
    for line, end in lines(path, len(facts.header)):
        fields = _fields(line)
        if _fits(fields, facts, facts.has_inputs):
            group.add(fields, facts, end)
        else:
            group.add_odd(line, facts, end)
        if len(group.ends) >= _GROUP:
            yield group
            group = Group()
    if group.ends:
        yield group


def table(group: Group, facts: Facts, version: int, model: str) -> pa.Table:
    """A row group as facts.schema() wants it."""
    count = len(group.ends)
    columns = [list(column) for column in zip(*group.values, strict=True)]
    floats: list[list[int]] = [[] for _ in range(count)]
    for at, kind in enumerate(facts.kinds):
        if kind is Kind.MIXED:
            for row, value in enumerate(columns[at]):
                if is_whole_float(value):
                    floats[row].append(at)
    schema = facts.schema()
    arrays: list[Any] = [
        pa.array(group.ids, pa.string()),
        pa.array(group.rows, pa.int32()),
        pa.array(group.times, pa.int64()).cast(pa.timestamp("us", "UTC")),
        pa.array([model] * count, pa.string()),
        pa.array([version] * count, pa.int32()),
        pa.array(group.latencies, pa.int64()),
        *(encode(column, kind) for column, kind in zip(columns, facts.kinds, strict=True)),
        pa.array(group.reasons, pa.string()),
        pa.array(group.digests, pa.binary(16)),
        pa.array([orjson.dumps(row).decode() if row else None for row in floats], pa.string()),
        pa.array(group.raws, pa.binary()),
        pa.array(group.ends, pa.int64()),
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _width(facts: Facts) -> int:
    return 1 + len(facts.classes) + (len(facts.inputs) if facts.has_inputs else 0)


def _fields(line: bytes) -> dict[str, Any]:
    """What a line says; nothing where it is torn, damaged or no record."""
    if not (line.startswith(b'{"id":"') and line.endswith(b"\n")):
        return {}
    try:
        fields: dict[str, Any] = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {}
    return fields


def _fits(fields: dict[str, Any], facts: Facts, has_inputs: bool | None) -> bool:
    """Whether columns hold all that a line says. has_inputs: whether it must; None: no matter."""
    if not (fields.keys() >= _NEEDED and fields.keys() <= _KEYS):
        return False
    x, y, p, e, h = fields["x"], fields["y"], fields.get("p"), fields.get("e"), fields.get("h")
    if not (type(fields["id"]) is str and _ID.fullmatch(fields["id"])):
        return False
    if not all(type(fields[key]) is int and -_INT64 <= fields[key] < _INT64 for key in ("t", "us")):
        return False
    if type(x) is not list or type(y) is not list or not y or None in y:
        return False
    if has_inputs is not None and bool(x) is not has_inputs:
        return False
    return (
        (not x or _is_table(x, len(y), len(facts.inputs)))
        and (p is None or (_is_table(p, len(y), len(facts.classes)) and _is_full(p)))
        and (e is None or (type(e) is list and len(e) == len(y) and set(map(type, e)) == {dict}))
        and (h is None or (type(h) is str and _DIGEST.fullmatch(h) is not None))
    )


def _is_table(rows: object, count: int, width: int) -> bool:
    return (
        type(rows) is list
        and len(rows) == count
        and all(type(row) is list and len(row) == width for row in rows)
    )


def _is_full(rows: list[list[object]]) -> bool:
    return bool(rows[0]) and not any(None in row for row in rows)
