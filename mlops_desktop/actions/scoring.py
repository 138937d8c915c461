"""Batch scoring: every row of a dataset version or file answered by an approved model version."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops_desktop.actions import datasets, models
from mlops_desktop.actions.children import run_child, scratch
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.actions.storing import Origin, store_table
from mlops_desktop.blobs import modelfiles, objects
from mlops_desktop.core.datasets import DatasetVersion, ImportOptions, Source
from mlops_desktop.core.errors import CheckFailed, UserError
from mlops_desktop.core.ids import Ref, checked_name
from mlops_desktop.core.jsonable import to_plain
from mlops_desktop.core.models import ModelVersion


@dataclass(frozen=True, slots=True)
class Scored:
    """What was written: a file, or a dataset version."""

    model: str
    rows: int
    file: Path | None = None
    version: DatasetVersion | None = None


def score_to_file(
    lane: Lane,
    ref: str | Ref,
    source: str | Path,
    target: Path,
    context: Context | None = None,
) -> Scored:
    """Write the rows with their predictions to a .csv or .parquet file: whole, or not at all.

    ref: the model version, its champion for a bare name. source: the path of a file, or a dataset
    version (`NAME` or `NAME@3`) as text. Raises CheckFailed for a version that is not approved,
    UserError for data that does not fit it, Cancelled.
    """
    context = context or Context()
    if target.suffix.lower() not in (".csv", ".parquet"):
        raise UserError(f"{target.name!r} ends neither in .csv nor in .parquet.", hint="Pick one.")
    version = lane(lambda store: _approved(models.resolve(store, ref)))
    job, origin = _job(lane, version, source)
    workspace = lane(lambda store: store.workspace)
    job |= {"workspace": str(workspace.root.absolute())}
    with scratch(workspace, "score") as folder:
        part = target.absolute().with_name(f".{folder.name}{target.suffix}")
        try:
            with objects.writing(target):
                result: dict[str, Any] = run_child(
                    "score", {**job, "target": str(part)}, folder, context
                )
                part.replace(target)
        finally:
            part.unlink(missing_ok=True)  # What a cancelled or killed child has left.
    facts = {"rows": result["rows"], "source": origin, "target": str(target.absolute())}

    def note(store: Any) -> None:
        with store.write("models"):
            store.audit("batch.scored", version.ref, **facts)

    lane(note)
    return Scored(version.ref, result["rows"], file=target)


def score_to_dataset(
    lane: Lane,
    ref: str | Ref,
    source: str | Path,
    dataset: str,
    context: Context | None = None,
) -> Scored:
    """As score_to_file, into the next version of a dataset."""
    context = context or Context()
    dataset = checked_name(dataset, "dataset")
    version = lane(lambda store: _approved(models.resolve(store, ref)))
    job, origin = _job(lane, version, source)
    detail: dict[str, object] = {"model": version.ref, "of": origin}
    message = f"{version.ref} on {Path(origin).name}"
    made = store_table(
        lane, "score", job, Origin(dataset, Source("score", detail=detail), message), context
    )
    return Scored(version.ref, made.rows, version=made)


def _job(lane: Lane, version: ModelVersion, source: str | Path) -> tuple[dict[str, object], str]:
    """The child's job, and what its rows are called."""
    job: dict[str, object] = {"model": version.ref, "files": version.files}
    if isinstance(source, Path):
        path = source.expanduser().absolute()
        if not path.is_file():
            raise UserError(f"There is no file {path}.", hint="Check the path.")
        return job | {"path": str(path), "options": to_plain(ImportOptions())}, str(path)
    data = lane(lambda store: datasets.get_version(store, source))
    return job | {"manifest": data.manifest}, data.ref


def _approved(version: ModelVersion) -> ModelVersion:
    if version.approval is None:
        raise CheckFailed(
            f"{version.ref} is not approved, so it answers nothing.",
            hint=f"Look at its gates, then: models approve {version.ref} --note ...",
        )
    if modelfiles.ONNX not in version.files:
        raise UserError(
            f"{version.ref} has no fast form, which scoring whole tables needs.",
            hint="Deploy it and use predict, or train again.",
        )
    return version
