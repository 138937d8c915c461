"""How far segments were read, and windows, as rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlops_desktop.core import clock
from mlops_desktop.core.jsonable import from_plain, to_plain
from mlops_desktop.core.monitoring import (
    FeatureDrift,
    Window,
    WindowVerdict,
)

if TYPE_CHECKING:
    from mlops_desktop.store.store import Row, Store

_WINDOWS = """
SELECT w.*, v.version FROM windows w JOIN model_versions v ON v.id = w.model_version_id
WHERE w.deployment_id = ?
"""
_SUMMARIES = """
SELECT w.deployment_id, w.start_us, w.end_us, w.rows, w.labelled, w.summary, v.version,
       w.start_us < (SELECT max(start_us) FROM windows l WHERE l.deployment_id = w.deployment_id
                     AND l.model_version_id = w.model_version_id) AS passed
FROM windows w JOIN model_versions v ON v.id = w.model_version_id
WHERE w.deployment_id = ?
"""
_BEFORE = 50


@dataclass(frozen=True, slots=True)
class StoredWindow:
    """A window as it is kept: counts are the mergeable sketches, summary what was judged."""

    model_version: int
    version: int
    start_us: int
    end_us: int
    rows: int
    labelled: int
    counts: dict[str, Any]
    summary: dict[str, Any]


def offsets(store: Store, deployment_id: int) -> dict[str, int]:
    """How far each segment file was read, in bytes."""
    rows = store.query("SELECT name, offset FROM segments WHERE deployment_id = ?", [deployment_id])
    return {row["name"]: row["offset"] for row in rows}


def advance(store: Store, deployment_id: int, name: str, offset: int, rows: int) -> None:
    """Note that a segment was read up to an offset, with so many more predictions."""
    store.execute(
        "INSERT INTO segments VALUES (?, ?, ?, ?) ON CONFLICT (deployment_id, name) "
        "DO UPDATE SET offset = excluded.offset, rows = rows + excluded.rows",
        [deployment_id, name, offset, rows],
    )


def predictions(store: Store, deployment_id: int) -> int:
    sql = "SELECT coalesce(sum(rows), 0) FROM segments WHERE deployment_id = ?"
    return int(store.scalar(sql, [deployment_id]))


def stored_windows(
    store: Store, deployment_id: int, model_version: int, starts: Sequence[int]
) -> dict[int, StoredWindow]:
    """The windows of a model version that begin at these times."""
    marks = ", ".join("?" * len(starts))
    rows = store.query(
        _WINDOWS + f"AND w.model_version_id = ? AND w.start_us IN ({marks})",
        [deployment_id, model_version, *starts],
    )
    return {row["start_us"]: _stored(row) for row in rows}


def newest_windows(
    store: Store, deployment_id: int, model_version: int, count: int
) -> list[StoredWindow]:
    """The last windows of a model version, in time order."""
    rows = store.query(
        _WINDOWS + "AND w.model_version_id = ? ORDER BY w.start_us DESC LIMIT ?",
        [deployment_id, model_version, count],
    )
    return [_stored(row) for row in reversed(rows)]


def window_starts(store: Store, deployment_id: int, model_version: int) -> list[int]:
    """When each window of a model version begins, in time order."""
    rows = store.query(
        "SELECT start_us FROM windows WHERE deployment_id = ? AND model_version_id = ? "
        "ORDER BY start_us",
        [deployment_id, model_version],
    )
    return [row["start_us"] for row in rows]


def window_at(store: Store, deployment_id: int, version: int, start_us: int) -> StoredWindow | None:
    row = store.one(
        _WINDOWS + "AND v.version = ? AND w.start_us = ?", [deployment_id, version, start_us]
    )
    return _stored(row) if row else None


def put_window(store: Store, deployment_id: int, window: StoredWindow) -> None:
    """Keep a window with new counts; the rules have to look at it again."""
    store.execute(
        "INSERT INTO windows VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT "
        "(deployment_id, model_version_id, start_us) DO UPDATE SET end_us = excluded.end_us, "
        "rows = excluded.rows, labelled = excluded.labelled, counts = excluded.counts, "
        "summary = excluded.summary, reviewed = 0",
        [
            deployment_id,
            window.model_version,
            window.start_us,
            window.end_us,
            window.rows,
            window.labelled,
            json.dumps(window.counts),
            json.dumps(window.summary, ensure_ascii=False),
        ],
    )


def put_error(
    store: Store,
    deployment_id: int,
    model_version: int,
    start_us: int,
    labelled: int,
    error: float | None,
) -> None:
    """Keep what the labels say of a window; the rules have to look at it again."""
    store.execute(
        "UPDATE windows SET labelled = ?, summary = json_set(summary, '$.error', ?), reviewed = 0 "
        "WHERE deployment_id = ? AND model_version_id = ? AND start_us = ?",
        [labelled, error, deployment_id, model_version, start_us],
    )


def windows(store: Store, deployment_id: int, since_us: int | None = None) -> list[Window]:
    """Windows in the order of their time; a window is complete when a later one has begun, or
    when it was cut by arrival and is full."""
    rows = store.query(
        _SUMMARIES + "AND w.end_us > ? ORDER BY w.start_us, v.version",
        [deployment_id, -(2**62) if since_us is None else since_us],
    )
    return [_window(row) for row in rows]


def is_unreviewed(store: Store, deployment_id: int, model_version: int) -> bool:
    """True where a window has changed since the rules looked at it."""
    return _first_unreviewed(store, deployment_id, model_version) is not None


def windows_to_review(store: Store, deployment_id: int, model_version: int) -> list[Window]:
    """Windows of a model version from the first that has changed on, and some before it, which
    say how long a state has lasted; empty where nothing has changed."""
    first = _first_unreviewed(store, deployment_id, model_version)
    if first is None:
        return []
    rows = store.query(
        _SUMMARIES + "AND w.model_version_id = ? AND w.start_us >= coalesce("
        "(SELECT start_us FROM windows WHERE deployment_id = ? AND model_version_id = ? "
        "AND start_us < ? ORDER BY start_us DESC LIMIT 1 OFFSET ?), ?) ORDER BY w.start_us",
        [
            deployment_id,
            model_version,
            deployment_id,
            model_version,
            first,
            _BEFORE - 1,
            -(2**62),
        ],
    )
    return [_window(row) for row in rows]


def note_reviewed(store: Store, deployment_id: int, model_version: int) -> None:
    store.execute(
        "UPDATE windows SET reviewed = 1 "
        "WHERE deployment_id = ? AND model_version_id = ? AND reviewed = 0",
        [deployment_id, model_version],
    )


def last_window_end(store: Store, deployment_id: int, version: int) -> str:
    """ISO time of the end of a version's last window, of which there is one."""
    end = store.scalar(
        "SELECT max(w.end_us) FROM windows w JOIN model_versions v ON v.id = w.model_version_id "
        "WHERE w.deployment_id = ? AND v.version = ?",
        [deployment_id, version],
    )
    return clock.to_iso(end)


def _first_unreviewed(store: Store, deployment_id: int, model_version: int) -> int | None:
    first: int | None = store.scalar(
        "SELECT min(start_us) FROM windows "
        "WHERE deployment_id = ? AND model_version_id = ? AND reviewed = 0",
        [deployment_id, model_version],
    )
    return first


def _stored(row: Row) -> StoredWindow:
    return StoredWindow(
        model_version=row["model_version_id"],
        version=row["version"],
        start_us=row["start_us"],
        end_us=row["end_us"],
        rows=row["rows"],
        labelled=row["labelled"],
        counts=json.loads(row["counts"]),
        summary=json.loads(row["summary"]),
    )


def _window(row: Row) -> Window:
    summary = json.loads(row["summary"])
    return Window(
        deployment=row["deployment_id"],
        version=row["version"],
        start=clock.to_iso(row["start_us"]),
        end=clock.to_iso(row["end_us"]),
        rows=row["rows"],
        labelled=row["labelled"],
        verdict=WindowVerdict(summary["verdict"]),
        features=tuple(from_plain(FeatureDrift, item) for item in summary["features"]),
        mean_prediction=summary["mean_prediction"],
        error=summary.get("error"),
        error_threshold=summary["error_threshold"],
        latency_p50_us=summary["latency_p50_us"],
        latency_p95_us=summary["latency_p95_us"],
        complete=bool(row["passed"]) or summary["bursts"] > 0,
        weight=max(1, summary["bursts"]),
    )


def plain_features(features: Sequence[FeatureDrift]) -> list[Any]:
    """Features as a summary keeps them."""
    return [to_plain(feature) for feature in features]
