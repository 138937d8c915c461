"""The child that runs the rules of a dataset on a version, or proposes rules from one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from mlops_desktop.blobs import manifests, objects
from mlops_desktop.child import runner
from mlops_desktop.child.no_pandas import refuse_pandas
from mlops_desktop.core.checks import Rule
from mlops_desktop.core.jsonable import from_plain, to_plain
from mlops_desktop.core.profile import Profile
from mlops_desktop.ml import checks, proposals
from mlops_desktop.ml.checks import Checked, Other
from mlops_desktop.paths import Workspace


def main(job_file: Path) -> int:
    refuse_pandas()
    return runner.run(check, job_file)


def check(job: runner.Job, _folder: Path, reporter: runner.Reporter) -> runner.Job:
    """Job and result are as actions/checks.py writes and reads them."""
    fields: dict[str, Any] = job
    workspace = Workspace(Path(fields["workspace"]))
    manifest = manifests.read(workspace, fields["manifest"])
    data = Checked(
        rows=manifest.rows,
        columns={column.name: column.type for column in manifest.columns},
        load=_loader(workspace, manifest),
        imported_at=datetime.fromisoformat(fields["imported_at"]),
        before=_other(workspace, fields["before"]),
        others={
            name: other
            for name, place in fields["others"].items()
            if (other := _other(workspace, place)) is not None
        },
        elsewhere=fields["elsewhere"],
    )
    if fields["profile"]:
        document = manifests.expand_json(objects.get_bytes(workspace, fields["profile"]))
        reporter.progress(0.2, "Looking for rules")
        return {"rules": to_plain(proposals.propose(from_plain(Profile, document), data))}
    rules = [from_plain(Rule, item) for item in fields["rules"]]
    outcomes = checks.run(rules, data, lambda part: reporter.progress(part, "Checking the rules"))
    return {"outcomes": to_plain(outcomes)}


def _other(workspace: Workspace, place: Mapping[str, str] | None) -> Other | None:
    if place is None:
        return None
    manifest = manifests.read(workspace, place["manifest"])
    columns = {column.name: column.type for column in manifest.columns}
    return Other(place["ref"], manifest.rows, columns, _loader(workspace, manifest))


def _loader(workspace: Workspace, manifest: manifests.Manifest) -> Callable[[str], Any]:
    def load(name: str) -> Any:
        return manifests.load(workspace, manifest, [name]).column(0)

    return load
