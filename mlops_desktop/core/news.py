"""What happened last, as a person would tell it: the audit trail without its small steps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mlops_desktop.core.audit import AuditEntry
from mlops_desktop.core.home import Tone


@dataclass(frozen=True, slots=True)
class News:
    """word: what happened, in one; text: to what, and what is worth knowing; at: ISO time."""

    word: str
    tone: Tone
    text: str
    at: str


def latest(entries: Sequence[AuditEntry], count: int) -> tuple[News, ...]:
    """The newest news first. Of the same thing again and again, only the last is told."""
    found: list[News] = []
    told: tuple[str, str] | None = None
    for entry in entries:
        this = (entry.action, entry.subject)
        news = _news(entry)
        if news is None or this == told:
            continue
        told = this
        found.append(news)
        if len(found) == count:
            break
    return tuple(found)


def _news(entry: AuditEntry) -> News | None:
    """None for steps that lead to something which is told of itself."""
    detail: dict[str, Any] = json.loads(entry.detail)
    subject = entry.subject
    match entry.action:
        case "dataset.imported":
            rows = "1 row" if detail["rows"] == 1 else f"{detail['rows']:,} rows"
            return News("imported", Tone.OK, f"{subject}, {rows}", entry.at)
        case "dataset.derived":
            text = f"{subject} by {detail.get('recipe', '')} from {detail.get('derived_from', '')}"
            return News("made", Tone.OK, text, entry.at)
        case "dataset.tagged":
            return News("tagged", Tone.NEUTRAL, f"{subject} is {detail.get('tag', '')}", entry.at)
        case "dataset.deleted":
            return News("deleted", Tone.NEUTRAL, f"{subject}, it is in the bin", entry.at)
        case "dataset.restored":
            return News("restored", Tone.OK, subject, entry.at)
        case "workspace.cleaned":
            freed = sum(int(size) for size in detail.values()) / 1e6
            return News("cleaned", Tone.NEUTRAL, f"{freed:,.1f} MB freed", entry.at)
        case "checks.run" if detail["failed"]:
            count = detail["failed"]
            text = f"{subject}: {count} {'rule fails' if count == 1 else 'rules fail'}"
            tone = Tone.ERROR if detail["blocked"] else Tone.WARN
            return News("checked", tone, text, entry.at)
        case "checks.overridden":
            return News("overridden", Tone.WARN, f"{subject}: {detail['reason']}", entry.at)
        case "run.ended":
            state = str(detail.get("state", ""))
            value = detail.get("value")
            if state == "done":
                text = subject if value is None else f"{subject}, value {value:.4g}"
                return News("trained", Tone.OK, text, entry.at)
            return News(state, Tone.ERROR if state == "failed" else Tone.NEUTRAL, subject, entry.at)
        case "model.registered":
            gates = detail.get("gates", {})
            passed = sum(bool(ok) for ok in gates.values())
            text = f"{subject}, {passed} of {len(gates)} gates passed"
            tone = Tone.OK if passed == len(gates) else Tone.WARN
            return News("registered", tone, text, entry.at)
        case "model.approved":
            return News("approved", Tone.OK, f"{subject}: {detail.get('note', '')}", entry.at)
        case "model.alias":
            return News("named", Tone.NEUTRAL, f"{subject} is {detail.get('alias', '')}", entry.at)
        case "deployment.started":
            return News("serving", Tone.OK, f"{detail.get('version', subject)}", entry.at)
        case "deployment.swapped":
            return News("swapped", Tone.OK, f"{subject} to {detail.get('version', '')}", entry.at)
        case "deployment.stopped":
            return News("stopped", Tone.NEUTRAL, subject, entry.at)
        case "deployment.failed":
            return News("failed", Tone.ERROR, subject, entry.at)
        case "labels.added":
            return News("labels", Tone.NEUTRAL, f"true values for {subject}", entry.at)
        case "labels.undone":
            return News("undone", Tone.NEUTRAL, f"true values for {subject}", entry.at)
        case "alert.raised":
            return News("alert", Tone.WARN, f"{subject}: {detail.get('text', '')}", entry.at)
        case "alert.resolved":
            return News("resolved", Tone.OK, f"an alert of {subject}", entry.at)
        case _:
            return None
