"""The names of all things, by one short query a kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlops_desktop.store.store import Row, Store


def data_versions(store: Store) -> list[Row]:
    """name, version, rows, newest (1 for the newest of its dataset), tags; the newest first."""
    return store.query(
        "SELECT d.name, v.version, v.rows, v.id = (SELECT max(n.id) FROM dataset_versions n "
        "WHERE n.dataset_id = d.id AND n.deleted_at IS NULL) AS newest, "
        "(SELECT group_concat(t.tag, ' ') FROM dataset_tags t WHERE t.dataset_version_id = v.id) "
        "AS tags FROM dataset_versions v JOIN datasets d ON d.id = v.dataset_id "
        "WHERE v.deleted_at IS NULL ORDER BY v.id DESC"
    )


def columns(store: Store, limit: int) -> list[Row]:
    """name, version and column of the newest version of each dataset."""
    return store.query(
        "SELECT d.name, v.version, json_extract(c.value, '$.name') AS column "
        "FROM dataset_versions v JOIN datasets d ON d.id = v.dataset_id, json_each(v.columns) c "
        "WHERE v.id = (SELECT max(n.id) FROM dataset_versions n WHERE n.dataset_id = d.id "
        "AND n.deleted_at IS NULL) ORDER BY v.id DESC, c.key LIMIT ?",
        [limit],
    )


def runs(store: Store, limit: int) -> list[Row]:
    """id, algorithm, state, and name and version of the data; the newest first."""
    return store.query(
        "SELECT r.id, r.algorithm, r.state, d.name, v.version FROM runs r "
        "JOIN experiments e ON e.id = r.experiment_id "
        "JOIN dataset_versions v ON v.id = e.dataset_version_id "
        "JOIN datasets d ON d.id = v.dataset_id ORDER BY r.id DESC LIMIT ?",
        [limit],
    )


def model_versions(store: Store) -> list[Row]:
    """name, version and aliases; the newest first."""
    return store.query(
        "SELECT m.name, v.version, (SELECT group_concat(a.alias, ' ') FROM aliases a "
        "WHERE a.model_version_id = v.id) AS aliases FROM model_versions v "
        "JOIN models m ON m.id = v.model_id ORDER BY v.id DESC"
    )


def deployments(store: Store) -> list[Row]:
    """name, state, model and version."""
    return store.query(
        "SELECT d.name, d.state, m.name AS model, v.version FROM deployments d "
        "JOIN model_versions v ON v.id = d.model_version_id JOIN models m ON m.id = v.model_id "
        "ORDER BY d.name"
    )
