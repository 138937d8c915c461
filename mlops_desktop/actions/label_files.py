"""The label files of a deployment: which there are, and undoing a wrong one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_desktop.actions import alerts, deployments, windows
from mlops_desktop.actions.labels import measure
from mlops_desktop.actions.windows import Watch
from mlops_desktop.core.errors import NotFound, UserError
from mlops_desktop.core.monitoring import LabelFile
from mlops_desktop.store import labels as rows

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store


def list_files(store: Store, name: str) -> list[LabelFile]:
    """The label files that were added to a deployment, newest first, undone ones too."""
    return rows.files(store, deployments.get_deployment(store, name).id)


def undo(store: Store, name: str, number: int) -> LabelFile:
    """The labels of a file count no longer, and those that it had overwritten count again.

    The windows that they fall into are measured again, and the alerts judged. Adding the same
    file again later takes this back. Raises NotFound, or UserError for one that is undone.
    """
    deployment = deployments.get_deployment(store, name)
    batch = next((one for one in rows.files(store, deployment.id) if one.id == number), None)
    if batch is None:
        raise NotFound(
            f"{name} has no label file {number}.", hint=f"See which there are: labels list {name}"
        )
    if batch.undone_at is not None:
        raise UserError(
            f"The label file {number} of {name} is undone already.",
            hint="Add the file again to have its labels back.",
        )
    watches: dict[int, Watch] = {}
    with store.write("monitoring"):
        for version, start_us in rows.undo(store, deployment.id, number):
            if version not in watches:
                watches[version] = windows.watch(store, version)
            measure(store, deployment, watches[version], start_us)
        store.audit("labels.undone", name, source=batch.source, file=number, labels=batch.used)
        alerts.withdraw(store, deployment)
        alerts.review(store, deployment)
    return next(one for one in rows.files(store, deployment.id) if one.id == number)
