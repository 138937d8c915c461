"""The counts behind the home screen, each by one query."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mlops_desktop.core.attention import BlockedVersion, OpenAlerts, Troubles
from mlops_desktop.core.home import Facts
from mlops_desktop.core.models import ModelState
from mlops_desktop.core.monitoring import AlertKind
from mlops_desktop.core.runs import METRICS, Algorithm
from mlops_desktop.core.sentences import plain
from mlops_desktop.store import checks, models

if TYPE_CHECKING:
    from mlops_desktop.store.store import Row, Store


def facts(store: Store) -> Facts:
    """What is so in the workspace now."""
    versions = models.versions(store)
    champions = [version for version in versions if "champion" in version.aliases]
    approved = [version for version in versions if version.state is ModelState.APPROVED]
    newest_approved = {version.model: version.version for version in reversed(approved)}
    waiting = [
        version
        for version in versions
        if version.state is ModelState.WAITING
        and version.version > newest_approved.get(version.model, 0)
    ]
    blocked = [version for version in versions if version.state is ModelState.BLOCKED]
    newest = store.one(
        "SELECT d.name || ' version ' || v.version AS title, v.warnings FROM dataset_versions v "
        "JOIN datasets d ON d.id = v.dataset_id WHERE v.deleted_at IS NULL "
        "ORDER BY v.id DESC LIMIT 1"
    )
    runs = store.query("SELECT state, count(*) AS n FROM runs GROUP BY state")
    by_state = {row["state"]: row["n"] for row in runs}
    best_id, best_value = _best(store)
    deployed = store.query(
        "SELECT d.name, d.state, v.version FROM deployments d "
        "JOIN model_versions v ON v.id = d.model_version_id ORDER BY d.name"
    )
    alert = store.one(
        "SELECT d.name FROM alerts a JOIN deployments d ON d.id = a.deployment_id "
        "WHERE a.state = 'active' ORDER BY a.kind = 'error' DESC, a.id LIMIT 1"
    )
    first = waiting[0] if waiting else None
    return Facts(
        dataset_versions=store.scalar(
            "SELECT count(*) FROM dataset_versions WHERE deleted_at IS NULL"
        ),
        datasets=store.scalar(
            "SELECT count(DISTINCT dataset_id) FROM dataset_versions WHERE deleted_at IS NULL"
        ),
        newest_dataset=newest["title"] if newest else "",
        open_warnings=len(json.loads(newest["warnings"])) if newest else 0,
        runs=sum(by_state.values()),
        runs_active=by_state.get("running", 0) + by_state.get("queued", 0),
        runs_done=by_state.get("done", 0),
        best_run=best_id,
        best_value=best_value,
        model_versions=len(versions),
        waiting=_title(first.model, first.version) if first else "",
        waiting_value=f"{METRICS[first.metric].title} {first.value:.4g}" if first else "",
        blocked=_title(blocked[0].model, blocked[0].version) if blocked else "",
        approved=_title(approved[0].model, approved[0].version) if approved else "",
        champion=_title(champions[0].model, champions[0].version) if champions else "",
        running=tuple(
            _title(row["name"], row["version"]) for row in deployed if row["state"] == "running"
        ),
        failed_deployment=next((r["name"] for r in deployed if r["state"] == "failed"), ""),
        deployments=len(deployed),
        predictions=store.scalar("SELECT coalesce(sum(rows), 0) FROM segments"),
        labels=store.scalar("SELECT count(*) FROM labels WHERE counts"),
        alerts=active_alerts(store),
        alert_deployment=alert["name"] if alert else "",
        blocked_data=next((row["ref"] for row in _blocked_newest(store)), ""),
    )


def troubles(store: Store) -> Troubles:
    """Everything that is wrong now."""
    failed = store.query("SELECT name, error FROM deployments WHERE state = 'failed' ORDER BY name")
    alerts = store.query(
        "SELECT d.name, a.kind, count(*) AS n, a.message, min(a.id) FROM alerts a "
        "JOIN deployments d ON d.id = a.deployment_id WHERE a.state = 'active' "
        "GROUP BY d.name, a.kind ORDER BY d.name"
    )
    return Troubles(
        failed=tuple((row["name"], row["error"]) for row in failed),
        alerts=tuple(
            OpenAlerts(row["name"], AlertKind(row["kind"]), row["n"], row["message"])
            for row in alerts
        ),
        blocked=tuple(found for row in _blocked_newest(store) if (found := _blocked(store, row))),
    )


def _blocked_newest(store: Store) -> list[Row]:
    """The newest version of each dataset, where it failed checks that block."""
    return store.query(
        "SELECT d.name, d.name || '@' || v.version AS ref, v.id FROM dataset_versions v "
        "JOIN datasets d ON d.id = v.dataset_id JOIN check_results r "
        "ON r.dataset_version_id = v.id WHERE r.blocked > 0 AND v.id = (SELECT max(n.id) "
        "FROM dataset_versions n WHERE n.dataset_id = d.id AND n.deleted_at IS NULL) "
        "ORDER BY v.id DESC"
    )


def _blocked(store: Store, row: Row) -> BlockedVersion | None:
    report = checks.report(store, row["id"])
    found = report.under(checks.rules(store, row["name"])).blocking if report else ()
    if not found:
        return None
    first = f"{plain(found[0].rule.sentence)}: {found[0].message}"
    return BlockedVersion(row["ref"], len(found), first)


def active_alerts(store: Store) -> int:
    return int(store.scalar("SELECT count(*) FROM alerts WHERE state = 'active'"))


def answering(store: Store) -> list[str]:
    """Deployments that have windows, those that run first."""
    rows = store.query(
        "SELECT d.name FROM deployments d WHERE EXISTS "
        "(SELECT 1 FROM windows w WHERE w.deployment_id = d.id) "
        "ORDER BY d.state <> 'running', d.id DESC"
    )
    return [row["name"] for row in rows]


def _best(store: Store) -> tuple[int | None, str]:
    """The best run of the newest experiment that finished one, and its value in words."""
    rows = store.query(
        "SELECT id, metric, value, algorithm FROM runs WHERE state = 'done' AND experiment_id = "
        "(SELECT max(experiment_id) FROM runs WHERE state = 'done')"
    )
    rows = [r for r in rows if r["algorithm"] != Algorithm.BASELINE.value] or rows
    if not rows:
        return None, ""
    metric = METRICS[rows[0]["metric"]]
    sign = -1.0 if metric.higher_is_better else 1.0
    best = min(rows, key=lambda row: sign * float(row["value"]))
    return best["id"], f"{metric.title} {best['value']:.4g}"


def _title(name: str, version: int) -> str:
    return f"{name} v{version}"
