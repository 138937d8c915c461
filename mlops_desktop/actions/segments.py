"""The segments of a deployment and of its shadows, and which of them nobody writes or counts."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from mlops_desktop.blobs import idindex, segments
from mlops_desktop.paths import Workspace

DAY_S = 24 * 3600  # Within it, a repeated request id gets the recorded answer.


def of_deployment(workspace: Workspace, deployment_id: int) -> list[Path]:
    """All of them, also what shadows answered, the oldest first."""
    folder = workspace.segments(deployment_id)
    shadows = [path for path in folder.glob("shadow-*") if path.is_dir()]
    found = [path for one in (folder, *shadows) for path in segments.segment_files(one)]
    return sorted(found, key=lambda path: (path.stem, path.parent.name))


def is_shadow(path: Path) -> bool:
    """True for what a shadow answered, which monitoring does not count."""
    return path.parent.name.startswith("shadow-")


def size_of(path: Path) -> int:
    """Bytes on the disk with the index; 0 where it is gone."""
    try:
        index = idindex.index_path(path).stat().st_size
    except FileNotFoundError:
        index = 0
    return segments.size_on_disk(path) + index


def age_of(path: Path) -> float:
    """Seconds since its last prediction; 0 where it is gone."""
    for form in segments.forms(path):
        try:
            return time.time() - form.stat().st_mtime
        except FileNotFoundError:
            continue
    return 0.0


def is_settled(path: Path, counted: Mapping[str, int]) -> bool:
    """True where no server writes to it or looks answers up in it, and no window lacks it.

    counted: how far each segment was read, by its name.
    """
    if age_of(path) <= DAY_S or _may_grow(path):
        return False
    if is_shadow(path):
        return True
    start = counted.get(segments.segment_name(path), 0)
    return next(segments.read_records(path, start), None) is None


def _may_grow(path: Path) -> bool:
    """True where the process that writes it may live, and the file is not full."""
    if segments.is_sealed(path):
        return False
    process = path.stem.rpartition("-")[2]
    if not process.isdecimal():
        return True  # Not ours.
    full = segments.length(path) > segments.SIZE_LIMIT
    return not full and psutil.pid_exists(int(process))
