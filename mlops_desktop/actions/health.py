"""Is the workspace whole (fsck), is this machine fit (doctor), and sweeping up after a crash."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_desktop.actions import audit, models, runs, segments
from mlops_desktop.actions.children import is_owned
from mlops_desktop.actions.lane import Context
from mlops_desktop.blobs import manifests, objects
from mlops_desktop.blobs.segments import is_sealed
from mlops_desktop.core.errors import Damaged
from mlops_desktop.paths import Workspace
from mlops_desktop.store import deployments as deployment_rows
from mlops_desktop.store import versions as version_rows
from mlops_desktop.store.references import referenced

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store

_LEFTOVER_AGE_S = 24 * 3600.0
_NEEDED_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Problem:
    """where: the thing by the name its user knows; what: what is wrong with it."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class FsckReport:
    """objects: on the disk. unneeded: of them, those that nothing needs, which interrupted work
    left; no fault, a clean-up frees them."""

    problems: tuple[Problem, ...]
    objects: int
    versions: int
    unneeded: int = 0
    unneeded_bytes: int = 0

    @property
    def clean(self) -> bool:
        return not self.problems


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    passed: bool
    actual: str
    hint: str = ""


def fsck(store: Store, context: Context) -> FsckReport:
    """Check the database, every dataset version, model and run file, sealed predictions, and the
    audit chain.

    Every problem names the versions that it hurts; those in the bin are checked too. Changes
    nothing.
    """
    workspace = store.workspace
    problems = [Problem("database", text) for text in store.faults()]
    report = audit.verify(store)
    if not report.whole:
        problems.append(Problem("audit chain", f"breaks at entry {report.broken_at}"))
    seen: dict[str, str | None] = {}

    def check(where: str, title: str, name: str) -> None:
        if name not in seen:
            seen[name] = objects.verify(workspace, name)
        if seen[name]:
            problems.append(Problem(where, f"{title} is {seen[name]} ({name[:12]})"))

    versions = version_rows.stored(store)
    for done, version in enumerate(versions):
        context.checkpoint()
        context.progress(done / len(versions), f"Checking {version.ref}")
        name = f"{version.ref} (in the bin)" if version.deleted_at else version.ref
        check(name, "its profile", version.profile)
        try:
            problems += [
                Problem(name, text) for text in manifests.faults(workspace, version.manifest)
            ]
        except Damaged as error:
            problems.append(Problem(name, str(error)))
    for run in runs.list_runs(store):
        for title, name in run.files.items():
            check(run.title, title, name)
    for model in models.list_versions(store):
        for title, name in model.files.items():
            check(model.ref, title, name)
    problems += _unreadable(store, context)
    context.progress(1.0, "Checked")
    sizes = objects.sizes(workspace)
    try:
        unneeded = sizes.keys() - referenced(store)
    except Damaged:
        unneeded = set()  # Of a version that was named above it is not known what it needs.
    return FsckReport(
        tuple(problems),
        len(sizes),
        len(versions),
        len(unneeded),
        sum(sizes[name] for name in unneeded),
    )


def _unreadable(store: Store, context: Context) -> list[Problem]:
    """Sealed predictions that are damaged: pages have checksums, and there is no other copy."""
    from mlops_desktop.blobs import sealed  # noqa: PLC0415  pyarrow waits until it is needed.

    found: list[Problem] = []
    for deployment in deployment_rows.all_(store):
        for path in segments.of_deployment(store.workspace, deployment.id):
            context.checkpoint()
            try:
                if is_sealed(path):
                    sealed.verify(path)
            except Damaged as error:
                found.append(Problem(deployment.name, str(error)))
            except FileNotFoundError:
                continue  # It is no longer kept.
    return found


def sweep(workspace: Workspace) -> int:
    """Remove what a crash left in tmp/ and half-written objects; the answer is how many."""
    found = leftovers(workspace)
    for leftover in found:
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)
    return len(found)


def leftovers(workspace: Workspace) -> list[Path]:
    """Files and folders that a crash left in tmp/, and half-written objects."""
    found = [*workspace.tmp.glob("*"), *workspace.objects.glob("??/*.tmp")]
    return [leftover for leftover in found if not _in_use(leftover)]


def _in_use(leftover: Path) -> bool:
    """Scratch folders belong to a process; other leftovers are judged by their age."""
    parts = leftover.name.rsplit("-", 2)
    if len(parts) == 3 and parts[1].isdigit():
        return is_owned(leftover)
    try:
        return time.time() - leftover.stat().st_mtime < _LEFTOVER_AGE_S
    except FileNotFoundError:
        return True


def doctor(workspace: Workspace) -> tuple[Check, ...]:
    """What this installation and machine offer. Makes nothing in the workspace."""
    return (
        _python(),
        _sqlite(),
        _pyside(),
        _package("onnxruntime", "answers in microseconds"),
        _package("scikit-learn", "training"),
        _package("pyarrow", "tables"),
        _resources(),
        _disk(workspace),
        _writable(workspace),
        Check("cores", True, str(os.cpu_count() or 1)),
    )


def _python() -> Check:
    return Check(
        "Python",
        sys.version_info >= (3, 11),
        sys.version.split()[0],
        "" if sys.version_info >= (3, 11) else "Install Python 3.11 or newer.",
    )


def _sqlite() -> Check:
    from mlops_desktop.store.connecting import sqlite_version, wal_is_safe  # noqa: PLC0415  Heavy.

    version = sqlite_version()
    journal = "WAL" if wal_is_safe(version) else "rollback journal, since this version is old"
    return Check("SQLite", True, f"{'.'.join(map(str, version))} ({journal})")


def _pyside() -> Check:
    version = importlib.metadata.version("pyside6-essentials")
    bad = version == "6.12.0" and sys.version_info < (3, 12)
    hint = "Install 6.11.3: this one loses references to None on Python 3.11." if bad else ""
    return Check("Qt for Python", not bad, version, hint)


def _package(name: str, purpose: str) -> Check:
    try:
        return Check(name, True, f"{importlib.metadata.version(name)} ({purpose})")
    except importlib.metadata.PackageNotFoundError:
        return Check(name, False, "missing", "Install the app again.")


def _resources() -> Check:
    from mlops_desktop.resources import resource  # noqa: PLC0415

    sample = resource("samples", "bike-sharing", "bike_sharing_hour.csv")
    found = sample.is_file()
    return Check(
        "sample data",
        found,
        "there" if found else "missing",
        "" if found else "Install the app again.",
    )


def _disk(workspace: Workspace) -> Check:
    folder = _existing(workspace.root)
    free = shutil.disk_usage(folder).free
    enough = free >= _NEEDED_BYTES
    return Check(
        "free disk",
        enough,
        f"{free / 1e9:.1f} GB",
        "" if enough else "Free some space: 1 GB is little.",
    )


def _writable(workspace: Workspace) -> Check:
    folder = _existing(workspace.root)
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Check(
            "workspace",
            False,
            f"{folder}: {error.strerror}",
            "Choose a folder that you may write to.",
        )
    return Check("workspace", True, str(workspace.root))


def _existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder
