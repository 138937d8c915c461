"""The profile of a stored table: each column once, and from random rows what columns share."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mlops_desktop.blobs import manifests
from mlops_desktop.blobs.chunks import ARROW_TYPES
from mlops_desktop.blobs.manifests import Manifest
from mlops_desktop.core.datasets import Column
from mlops_desktop.core.profile import ColumnProfile, Profile
from mlops_desktop.ml import together
from mlops_desktop.ml.profile import profile_column, profile_large
from mlops_desktop.paths import Workspace

_EXACT_ROWS = 2_000_000  # Above, profiles look at a sample of the chunks, to bound the memory.
_FEW_ROWS = 4096
_COLUMNS_SHARE = 0.8  # Of the whole time, what the columns one by one take.


@dataclass(slots=True)
class _Kept:
    """Random rows of the columns that are compared with each other: never of too many."""

    profiles: list[ColumnProfile]
    parts: list[Any]
    more: int = 0

    def add(self, profile: ColumnProfile, part: Any) -> None:
        if len(self.profiles) < together.MOST_COLUMNS:
            self.profiles.append(profile)
            self.parts.append(part)
        else:
            self.more += 1


def profile_table(
    workspace: Workspace,
    manifest: Manifest,
    duplicates: int,
    report: Callable[[float, str], None],
) -> tuple[Profile, pa.Table]:
    """The profile, and some thousand random rows (in order) of the whole table.

    report(fraction, text) is called as it goes.
    """
    every = math.ceil(manifest.rows / _EXACT_ROWS) or 1
    looked = sum(chunk.rows for chunk in manifest.chunks[::every])
    rows = _random_rows(looked, together.SAMPLE_ROWS)
    few = _random_rows(len(rows), _FEW_ROWS)

    def one(position: int) -> tuple[ColumnProfile, Any, Any]:
        column = manifest.columns[position]
        values = _values(workspace, manifest, position, every)
        if every == 1:
            profile = profile_column(column, values)
        else:
            parts = manifests.parts(workspace, manifest, position)
            profile = profile_large(column, values, parts)
        sample = _taken(values, rows)
        return profile, sample, _taken(sample, few)

    columns: list[ColumnProfile] = []
    some: list[Any] = []
    compared, with_gaps = _Kept([], []), _Kept([], [])
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for profile, sample, little in pool.map(one, range(len(manifest.columns))):
            done = _COLUMNS_SHARE * len(columns) / len(manifest.columns)
            report(done, f"Looking at `{profile.name}`")
            columns.append(profile)
            some.append(little)
            if together.can_correlate(profile):
                compared.add(profile, sample)
            if profile.missing:
                with_gaps.add(profile, np.asarray(sample.is_null()))
    report(_COLUMNS_SHARE, "Comparing the columns")
    whole = Profile(
        manifest.rows,
        duplicates,
        tuple(columns),
        together.correlations(
            compared.profiles,
            compared.parts,
            sampled=len(rows) < manifest.rows,
            left_out=compared.more,
        ),
        together.gaps(with_gaps.profiles, with_gaps.parts, manifest.rows, left_out=with_gaps.more),
    )
    return whole, pa.table(some, schema=_schema(manifest.columns))


def _values(workspace: Workspace, manifest: Manifest, position: int, every: int) -> Any:
    kind: Any = ARROW_TYPES[manifest.columns[position].type]
    return pa.chunked_array(list(manifests.parts(workspace, manifest, position, every)), kind)


def _random_rows(count: int, most: int) -> npt.NDArray[np.int64]:
    """Which rows to look at, in order; the same ones for the same table."""
    if count <= most:
        return np.arange(count)
    # Not every n-th one: what repeats each day or week would be hit at the same time of it.
    return np.sort(np.random.default_rng(0).choice(count, most, replace=False, shuffle=False))


def _taken(values: Any, rows: npt.NDArray[np.int64]) -> Any:
    return values if len(rows) == len(values) else values.take(pa.array(rows))


def _schema(columns: tuple[Column, ...]) -> pa.Schema:
    return pa.schema([(column.name, ARROW_TYPES[column.type]) for column in columns])
