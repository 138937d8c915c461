"""A request on record: its line of JSON, the header above it, and what both say."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import orjson

log = logging.getLogger(__name__)
FORMAT = 1


@dataclass(frozen=True, slots=True)
class SegmentHeader:
    """columns: the input names in the order of each row. model_version: the row's id.

    outputs: "prediction", then the class labels in the order of the probabilities. dropped: inputs
    that are not recorded (so not among columns). hashed: those of the columns that are recorded
    as keyed hashes.
    """

    deployment: int
    model: str
    version: int
    model_version: int
    columns: tuple[str, ...]
    outputs: tuple[str, ...]
    dropped: tuple[str, ...] = ()
    hashed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """One answered request. t: arrival, microseconds since 1970; us: time taken.

    x: rows of input values, None where missing, datetimes as ISO text. y: a number or a class
    label (text) a row. p: the probabilities of each row's classes, None for numbers.
    e: the explanation of each row as it was given, None where none was asked for.
    """

    id: str
    t: int
    us: int
    x: list[list[object]]
    y: list[float | str]
    p: list[list[float]] | None
    e: list[dict[str, Any]] | None = None


def header_of(line: bytes) -> SegmentHeader | None:
    """The header that a first line holds; None for a torn one."""
    if not line.endswith(b"\n"):
        return None
    fields = orjson.loads(line)
    return SegmentHeader(
        fields["deployment"],
        fields["model"],
        fields["version"],
        fields["model_version"],
        tuple(fields["columns"]),
        tuple(fields["outputs"]),
        tuple(fields.get("dropped", ())),
        tuple(fields.get("hashed", ())),
    )


def record_of(line: bytes) -> Record | None:
    """The record of a whole line; None where it holds none: a failing disk may have changed it."""
    try:
        return parse_record(line) if line.startswith(b'{"id"') else None
    except (orjson.JSONDecodeError, KeyError) as error:
        log.debug("a line of predictions is damaged: %s", error)
        return None


def parse_record(line: bytes) -> Record:
    return record_from(orjson.loads(line))


def record_from(fields: dict[str, Any]) -> Record:
    return Record(
        fields["id"],
        fields["t"],
        fields["us"],
        fields["x"],
        fields["y"],
        fields.get("p"),
        fields.get("e"),
    )


def header_line(header: SegmentHeader) -> bytes:
    fields: dict[str, object] = {
        "format": FORMAT,
        "deployment": header.deployment,
        "model": header.model,
        "version": header.version,
        "model_version": header.model_version,
        "columns": header.columns,
        "outputs": header.outputs,
    }
    if header.dropped or header.hashed:
        fields |= {"dropped": header.dropped, "hashed": header.hashed}
    return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)
