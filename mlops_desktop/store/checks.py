"""The rules of datasets, and what they found in versions, in the database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlops_desktop.core import clock
from mlops_desktop.core.checks import CheckReport, CheckSummary, Outcome, Rule
from mlops_desktop.core.jsonable import from_plain, to_plain

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store


def rules(store: Store, dataset: str) -> tuple[Rule, ...]:
    """The rules of a dataset; none where nobody has made any."""
    text = store.scalar(
        "SELECT s.rules FROM check_suites s JOIN datasets d ON d.id = s.dataset_id "
        "WHERE d.name = ?",
        [dataset],
    )
    return tuple(from_plain(Rule, item) for item in json.loads(text or "[]"))


def put_rules(store: Store, dataset: str, new: Sequence[Rule]) -> None:
    """Exchange the rules of a dataset that exists, and judge its reports anew by them."""
    store.execute(
        "INSERT INTO check_suites (dataset_id, rules, actor, changed_at) "
        "SELECT id, ?, ?, ? FROM datasets WHERE name = ? ON CONFLICT (dataset_id) DO UPDATE "
        "SET rules = excluded.rules, actor = excluded.actor, changed_at = excluded.changed_at",
        [json.dumps(to_plain(new), ensure_ascii=False), store.actor, clock.now(), dataset],
    )
    for version_id, report in _reports(store, dataset):
        found = report.under(new).summary
        store.execute(
            "UPDATE check_results SET failed = ?, blocked = ? WHERE dataset_version_id = ?",
            [found.failed, found.blocked, version_id],
        )


def report(store: Store, version_id: int) -> CheckReport | None:
    """What was found when the version was last checked, by the rules of then."""
    row = store.one(f"{_RESULTS} WHERE v.id = ?", [version_id])
    return None if row is None else _from_row(row)


def put_report(store: Store, version_id: int, new: CheckReport) -> None:
    """Keep the report of a version in place of an older one."""
    found = new.summary
    store.execute(
        "INSERT OR REPLACE INTO check_results "
        "(dataset_version_id, outcomes, failed, blocked, at) VALUES (?, ?, ?, ?, ?)",
        [
            version_id,
            json.dumps(to_plain(new.outcomes), ensure_ascii=False),
            found.failed,
            found.blocked,
            new.at,
        ],
    )


def summaries(store: Store, dataset: str) -> dict[int, CheckSummary]:
    """By version number, for those that were checked."""
    rows = store.query(
        "SELECT v.version, r.failed, r.blocked FROM check_results r "
        "JOIN dataset_versions v ON v.id = r.dataset_version_id "
        "JOIN datasets d ON d.id = v.dataset_id WHERE d.name = ?",
        [dataset],
    )
    return {row["version"]: CheckSummary(row["failed"], row["blocked"]) for row in rows}


_RESULTS = """
SELECT r.*, d.name || '@' || v.version AS ref FROM check_results r
JOIN dataset_versions v ON v.id = r.dataset_version_id
JOIN datasets d ON d.id = v.dataset_id
"""


def _reports(store: Store, dataset: str) -> list[tuple[int, CheckReport]]:
    rows = store.query(f"{_RESULTS} WHERE d.name = ?", [dataset])
    return [(row["dataset_version_id"], _from_row(row)) for row in rows]


def _from_row(row: dict[str, object]) -> CheckReport:
    outcomes = tuple(from_plain(Outcome, item) for item in json.loads(str(row["outcomes"])))
    return CheckReport(str(row["ref"]), outcomes, str(row["at"]))
