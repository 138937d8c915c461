"""Models and their versions, approvals and aliases as rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mlops_desktop.core import clock
from mlops_desktop.core.jsonable import from_plain, to_plain
from mlops_desktop.core.models import (
    Approval,
    Gate,
    Model,
    ModelVersion,
    Signature,
)
from mlops_desktop.core.runs import Algorithm, Run

if TYPE_CHECKING:
    from mlops_desktop.store.store import Row, Store

_VERSIONS = """
SELECT mv.*, m.name AS model, d.name AS dataset, dv.version AS dataset_version,
       r.algorithm, r.metric, r.value, r.low, r.high, r.metrics,
       a.note, a.actor, a.at,
       (SELECT json_group_array(alias) FROM (
            SELECT alias FROM aliases WHERE model_version_id = mv.id ORDER BY alias)) AS aliases
FROM model_versions mv
JOIN models m ON m.id = mv.model_id
JOIN runs r ON r.id = mv.run_id
JOIN experiments e ON e.id = r.experiment_id
JOIN dataset_versions dv ON dv.id = e.dataset_version_id
JOIN datasets d ON d.id = dv.dataset_id
LEFT JOIN approvals a ON a.model_version_id = mv.id
"""


def _from_row(row: Row) -> ModelVersion:
    approval = None
    if row["at"] is not None:
        approval = Approval(note=row["note"], by=row["actor"], at=row["at"])
    return ModelVersion(
        id=row["id"],
        model=row["model"],
        version=row["version"],
        run=row["run_id"],
        dataset=row["dataset"],
        dataset_version=row["dataset_version"],
        algorithm=Algorithm(row["algorithm"]),
        signature=from_plain(Signature, json.loads(row["signature"])),
        metric=row["metric"],
        value=row["value"],
        low=row["low"],
        high=row["high"],
        metrics=json.loads(row["metrics"]),
        gates=tuple(from_plain(Gate, gate) for gate in json.loads(row["gates"])),
        files=json.loads(row["files"]),
        approval=approval,
        aliases=tuple(json.loads(row["aliases"])),
        created_at=row["created_at"],
    )


def add_version(
    store: Store, name: str, run: Run, signature: Signature, gates: tuple[Gate, ...]
) -> int:
    """Insert the next version of a model, and the model where it is new; the answer is its id."""
    model_id = store.scalar("SELECT id FROM models WHERE name = ?", [name])
    if model_id is None:
        model_id = store.insert("models", {"name": name, "created_at": clock.now()})
    last = store.scalar("SELECT max(version) FROM model_versions WHERE model_id = ?", [model_id])
    return store.insert(
        "model_versions",
        {
            "model_id": model_id,
            "version": (last or 0) + 1,
            "run_id": run.id,
            "signature": json.dumps(to_plain(signature), ensure_ascii=False),
            "gates": json.dumps(to_plain(gates), ensure_ascii=False),
            "files": json.dumps(run.files),
            "created_at": clock.now(),
        },
    )


def get(store: Store, version_id: int) -> ModelVersion:
    """The model version with that row id, which must exist."""
    (row,) = store.query(_VERSIONS + "WHERE mv.id = ?", [version_id])
    return _from_row(row)


def find(store: Store, name: str, version: int) -> ModelVersion | None:
    row = store.one(_VERSIONS + "WHERE m.name = ? AND mv.version = ?", [name, version])
    return _from_row(row) if row else None


def find_by_run(store: Store, run_id: int) -> ModelVersion | None:
    row = store.one(_VERSIONS + "WHERE mv.run_id = ? ORDER BY mv.id LIMIT 1", [run_id])
    return _from_row(row) if row else None


def find_by_alias(store: Store, name: str, alias: str) -> ModelVersion | None:
    version_id = store.scalar(
        "SELECT a.model_version_id FROM aliases a JOIN models m ON m.id = a.model_id "
        "WHERE m.name = ? AND a.alias = ?",
        [name, alias],
    )
    return None if version_id is None else get(store, version_id)


def versions(store: Store, name: str | None = None) -> list[ModelVersion]:
    """Versions of one model or of all, newest first."""
    where, values = ("WHERE m.name = ? ", [name]) if name else ("", [])
    rows = store.query(_VERSIONS + where + "ORDER BY mv.id DESC", values)
    return [_from_row(row) for row in rows]


def models(store: Store) -> list[Model]:
    rows = store.query(
        """SELECT m.*, (SELECT max(version) FROM model_versions WHERE model_id = m.id) AS versions,
                  (SELECT json_group_object(a.alias, mv.version) FROM aliases a
                   JOIN model_versions mv ON mv.id = a.model_version_id
                   WHERE a.model_id = m.id) AS aliases
           FROM models m ORDER BY m.name"""
    )
    return [
        Model(
            id=row["id"],
            name=row["name"],
            versions=row["versions"],
            aliases=json.loads(row["aliases"]),
            created_at=row["created_at"],
        )
        for row in rows
    ]


def approve(store: Store, version_id: int, note: str, at: str) -> None:
    store.insert(
        "approvals",
        {"model_version_id": version_id, "note": note, "actor": store.actor, "at": at},
    )


def set_alias(store: Store, name: str, alias: str, version_id: int) -> None:
    store.execute(
        "INSERT INTO aliases SELECT id, ?, ? FROM models WHERE name = ? "
        "ON CONFLICT (model_id, alias) DO UPDATE SET model_version_id = excluded.model_version_id",
        [alias, version_id, name],
    )
