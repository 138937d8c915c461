"""Before and beside an import: a look at a file, and rows of a file added to a dataset."""

from __future__ import annotations

from pathlib import Path

from mlops_desktop.actions import datasets
from mlops_desktop.actions.children import run_child, scratch
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.actions.storing import Origin, store_table
from mlops_desktop.core.datasets import DatasetVersion, ImportOptions, Source
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.ids import Ref
from mlops_desktop.core.importing import Preview
from mlops_desktop.core.jsonable import from_plain, to_plain
from mlops_desktop.paths import Workspace


def preview(
    workspace: Workspace, path: Path, options: ImportOptions, context: Context | None = None
) -> Preview:
    """The first rows of a file, the guesses with their reasons, and what is wrong with it.

    Any thread may call it: nothing is written but in tmp/. Raises UserError for a missing file or
    one that is no table at all, Cancelled.
    """
    path = path.expanduser().absolute()
    if not path.is_file():
        raise UserError(f"There is no file {path}.", hint="Check the path.")
    job: dict[str, object] = {"path": str(path), "options": to_plain(options)}
    with scratch(workspace, "preview") as folder:
        result = run_child("preview", job, folder, context or Context())
    return from_plain(Preview, result["preview"])


def append(
    lane: Lane,
    name: str,
    path: Path,
    options: ImportOptions | None = None,
    message: str = "",
    context: Context | None = None,
) -> DatasetVersion:
    """The rows of the newest version and those of a file as the next version of a dataset.

    The file must have the same columns, in any order. Raises UserError for other columns and for
    values that do not fit, then nothing was changed; NotFound, Cancelled.
    """
    path = path.expanduser().absolute()
    if not path.is_file():
        raise UserError(f"There is no file {path}.", hint="Check the path.")
    newest = lane(lambda store: datasets.get_version(store, Ref(name)))
    job: dict[str, object] = {
        "path": str(path),
        "options": to_plain(options or ImportOptions()),
        "append_to": newest.manifest,
    }
    source = Source("append", str(path), detail={"to": newest.ref})
    origin = Origin(name, source, message, newest.id)
    return store_table(
        lane,
        "ingest",
        job,
        origin,
        context or Context(),
        lambda result: {"options": result["options"], "rows": result["rows"] - newest.rows},
    )
