"""Raw rows behind derived versions: what training, comparing and retraining start from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_desktop.actions import datasets
from mlops_desktop.actions.recipes import Chain
from mlops_desktop.core.jsonable import to_plain
from mlops_desktop.paths import Workspace

if TYPE_CHECKING:
    import pyarrow as pa


def for_training(chain: Chain) -> dict[str, object] | None:
    """As the training child's job takes it; None for a raw version."""
    if not chain.steps:
        return None
    return {
        "root": chain.root.manifest,
        "others": {name: version.manifest for name, version in chain.others.items()},
        "steps": to_plain(chain.steps),
    }


def tables(workspace: Workspace, chain: Chain) -> tuple[pa.Table, pa.Table]:
    """The derived table, and for each of its rows the raw one with the columns that clients
    send. Of a raw version both are the same."""
    root = datasets.load(workspace, chain.root)
    if not chain.steps:
        return root, root
    from mlops_desktop.ml.origin import trace  # noqa: PLC0415  Not needed by those who only list.

    others = {name: datasets.load(workspace, other) for name, other in chain.others.items()}
    derived, origin = trace(root, chain.steps, others)
    return derived, origin.raw
