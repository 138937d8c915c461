"""The child that looks at the first rows of a file: hostile bytes never reach the app itself."""

from __future__ import annotations

from pathlib import Path

from mlops_desktop.blobs.readers.preview import preview
from mlops_desktop.child import runner
from mlops_desktop.child.no_pandas import refuse_pandas
from mlops_desktop.core.datasets import ImportOptions
from mlops_desktop.core.jsonable import from_plain, to_plain


def main(job_file: Path) -> int:
    refuse_pandas()
    return runner.run(_look, job_file)


def _look(job: runner.Job, _folder: Path, _reporter: runner.Reporter) -> runner.Job:
    """Job and result are as actions/importing.py writes and reads them."""
    options = from_plain(ImportOptions, job["options"])
    return {"preview": to_plain(preview(Path(str(job["path"])), options))}
