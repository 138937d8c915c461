"""Before and beside an import: a look at a file, and rows of a file added to a dataset."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlops_desktop.actions import datasets
from mlops_desktop.actions.children import run_child, scratch
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.actions.storing import Origin, Overtaken, store_table
from mlops_desktop.blobs import objects
from mlops_desktop.core.datasets import DatasetVersion, ImportOptions, ImportSpec, Source
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.ids import Ref
from mlops_desktop.core.importing import Preview
from mlops_desktop.core.jsonable import from_plain, to_plain
from mlops_desktop.paths import Workspace

_TURNS = 5  # So often is an append that was overtaken by another one begun again.


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


def preview_text(
    workspace: Workspace, text: str, options: ImportOptions, context: Context | None = None
) -> Preview:
    """As preview, of a text such as one on the clipboard."""
    with _written(workspace, text) as path:
        return preview(workspace, path, options, context)


def bring_in(
    lane: Lane,
    spec: ImportSpec,
    text: str = "",
    *,
    append_rows: bool = False,
    context: Context | None = None,
) -> DatasetVersion:
    """Import the file of a spec, or the text where it names none; append_rows: to the newest
    version. Raises what import_file and append raise."""
    context = context or Context()
    if spec.path:
        if append_rows:
            return append(lane, spec.dataset, Path(spec.path), spec.options, spec.message, context)
        return datasets.import_file(lane, spec, context)
    with _written(lane(lambda store: store.workspace), text) as path:
        if append_rows:
            return _append(lane, spec, path, Source("append"), context)
        job: dict[str, object] = {"path": str(path), "options": to_plain(spec.options)}
        origin = Origin(spec.dataset, Source("pasted"), spec.message)
        return store_table(lane, "ingest", job, origin, context, _used)


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
    values that do not fit, then nothing was changed; Overtaken where the dataset got another newest
    version meanwhile than by rows that were added; NotFound, Cancelled.
    """
    path = path.expanduser().absolute()
    if not path.is_file():
        raise UserError(f"There is no file {path}.", hint="Check the path.")
    spec = ImportSpec(str(path), name, message, options or ImportOptions())
    return _append(lane, spec, path, Source("append", str(path)), context or Context())


def _append(
    lane: Lane, spec: ImportSpec, path: Path, source: Source, context: Context
) -> DatasetVersion:
    """Where another one has added rows meanwhile, they are kept: these come after them."""
    turns = _TURNS
    while True:
        try:
            return _append_to_newest(lane, spec, path, source, context)
        except Overtaken as error:
            turns -= 1
            if turns == 0 or error.newest is None or error.newest.source.kind != "append":
                raise


def _append_to_newest(
    lane: Lane, spec: ImportSpec, path: Path, source: Source, context: Context
) -> DatasetVersion:
    newest = lane(lambda store: datasets.get_version(store, Ref(spec.dataset)))
    job: dict[str, object] = {
        "path": str(path),
        "options": to_plain(spec.options),
        "append_to": newest.manifest,
    }
    source = replace(source, detail={"to": newest.ref})
    return store_table(
        lane,
        "ingest",
        job,
        Origin(spec.dataset, source, spec.message, newest.id, only_newest=True),
        context,
        lambda result: {**_used(result), "rows": result["rows"] - newest.rows},
    )


def _used(result: dict[str, Any]) -> dict[str, object]:
    return {"options": result["options"]}


@contextmanager
def _written(workspace: Workspace, text: str) -> Iterator[Path]:
    """A text as a file that is gone afterwards."""
    with scratch(workspace, "pasted") as folder:
        path = folder / "clipboard.txt"
        with objects.disk_errors("the text"):
            path.write_text(text, encoding="utf-8", newline="")
        yield path
