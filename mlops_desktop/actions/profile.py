"""Profiles: what a version's columns hold, by a target, and two of them against each other."""

from __future__ import annotations

from collections.abc import Sequence

from mlops_desktop.actions import datasets
from mlops_desktop.actions.lane import Context
from mlops_desktop.blobs import manifests
from mlops_desktop.core.datasets import ColumnType, DatasetVersion
from mlops_desktop.core.errors import NotFound, UserError
from mlops_desktop.core.profile import ColumnProfile, Pair, Profile, TargetSplit
from mlops_desktop.paths import Workspace


def can_split_by(target: ColumnProfile) -> bool:
    """Numbers, and classes that are few enough for their bars to be told apart."""
    if target.type is ColumnType.DATETIME or target.distinct < 2:
        return False
    return target.type is not ColumnType.TEXT or target.distinct <= len(target.top)


def profile_by_target(
    workspace: Workspace,
    version: DatasetVersion,
    target: str,
    columns: Sequence[str] | None = None,
    context: Context | None = None,
) -> dict[str, TargetSplit]:
    """The histograms of the named columns (of all) split by a target. Safe in any thread.

    Every row counts; the table is read chunk by chunk. Raises NotFound for a column that is not
    there, UserError for a target by which nothing can be split, Cancelled.
    """
    from mlops_desktop.ml import bytarget  # noqa: PLC0415  Only who splits needs it.

    context = context or Context()
    profile = datasets.profile(workspace, version)
    manifest = manifests.read(workspace, version.manifest)
    places = {column.name: place for place, column in enumerate(manifest.columns)}
    by = column_profile(profile, target)
    if not can_split_by(by):
        raise UserError(
            f"Nothing can be split by `{target}`.",
            why="It is a date, never changes, or has too many different texts.",
            hint="Choose a number or a column with few values.",
        )
    names = [column.name for column in profile.columns] if columns is None else list(columns)
    # A number's own mean says nothing; classes are shown in their own colours.
    itself = {target} if not bytarget.classes_of(by) else set()
    wanted = [column_profile(profile, name) for name in names if name not in itself]
    values = [
        bytarget.target_values(by, part)
        for part in manifests.parts(workspace, manifest, places[target])
    ]
    found = {}
    for column in wanted:
        splitting = bytarget.Splitting(column, by)
        parts = manifests.parts(workspace, manifest, places[column.name])
        for part, target_values in zip(parts, values, strict=True):
            context.checkpoint()
            splitting.add(part, target_values)
        found[column.name] = splitting.result()
    return found


def pair(workspace: Workspace, version: DatasetVersion, first: str, second: str) -> Pair:
    """Two columns against each other. Safe in any thread. Raises NotFound."""
    from mlops_desktop.ml import pairs  # noqa: PLC0415  Only who compares needs it.

    profile = datasets.profile(workspace, version)
    one, two = column_profile(profile, first), column_profile(profile, second)
    return pairs.pair(one, two, datasets.load(workspace, version, [first, second]))


def column_profile(profile: Profile, name: str) -> ColumnProfile:
    """The profile of one column. Raises NotFound."""
    found = profile.column(name)
    if found is None:
        raise NotFound(
            f"There is no column {name!r}.",
            hint=f"There are: {', '.join(c.name for c in profile.columns[:20])}.",
        )
    return found
