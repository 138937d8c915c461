"""The audit trail in plain sentences: every action has one, and none is raw."""

from __future__ import annotations

import json
import re
from pathlib import Path

import mlops_desktop
from mlops_desktop.core.audit import GENESIS, AuditEntry
from mlops_desktop.core.audit_words import is_told, raw, told

_ACTIONS = Path(mlops_desktop.__file__).parent / "actions"


def entry(action: str, subject: str, **detail: object) -> AuditEntry:
    return AuditEntry(7, "2026-01-01", "Ann", action, subject, json.dumps(detail), GENESIS, GENESIS)


def test_that_a_sentence_says_who_did_what() -> None:
    assert told(entry("model.approved", "bike@3", note="looks good")) == (
        "Ann approved bike@3: \u201clooks good\u201d"
    )
    assert told(entry("deployment.canary", "demand", version=4, percent=10.0)) == (
        "Ann lets version 4 answer 10 % of demand, a canary"
    )
    assert told(entry("dataset.imported", "b@1", rows=8645, columns=17, source="b.csv")) == (
        "Ann imported b@1 from b.csv (8,645 rows, 17 columns)"
    )
    assert told(entry("labels.added", "demand", rows=168, matched=160, source="l.csv")) == (
        "Ann added labels from l.csv to demand: 160 of 168 rows joined predictions"
    )


def test_that_every_action_of_the_app_has_its_sentence() -> None:
    named = {
        action
        for path in _ACTIONS.glob("*.py")
        for action in re.findall(r'"([a-z]+\.[a-z_]+)"', _audited(path.read_text()))
    }
    named |= {f"deployment.{verb}" for verb in ("failed", "stopped")}
    named |= {f"deployment.{verb}" for verb in ("canary", "shadow", "trial_ended")}
    assert len(named) > 30
    assert [action for action in sorted(named) if not is_told(action)] == []


def test_that_a_step_of_another_version_of_the_app_is_told_without_braces() -> None:
    assert told(entry("model.sent_away", "bike@3", to="x")) == "Ann: model bike@3, sent away"
    for action in ("checks.run", "run.ended", "deployment.privacy", "batch.scored", "model.alias"):
        assert "{" not in told(entry(action, "x"))


def test_that_the_raw_entry_can_still_be_read() -> None:
    text = raw(entry("model.approved", "bike@3", note="looks good"))
    assert '"note": "looks good"' in text
    assert "model.approved" in text
    assert GENESIS in text


def _audited(source: str) -> str:
    """What follows each call of store.audit, as far as its first argument goes."""
    return " ".join(found[:40] for found in source.split("store.audit(")[1:])
