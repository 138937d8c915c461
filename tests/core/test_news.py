"""The audit trail as news: small steps are left out, repetitions told once."""

from __future__ import annotations

import json

from mlops_desktop.core.audit import GENESIS, AuditEntry
from mlops_desktop.core.home import Tone
from mlops_desktop.core.news import latest


def entry(action: str, subject: str, **detail: object) -> AuditEntry:
    return AuditEntry(1, "2026-01-01", "me", action, subject, json.dumps(detail), GENESIS, GENESIS)


def test_that_repeated_labels_are_told_once() -> None:
    again = [entry("labels.added", "demand", rows=168)] * 50
    other = entry("model.approved", "demand@1", note="good")
    assert [news.word for news in latest([*again, other], 10)] == ["labels", "approved"]


def test_that_steps_on_the_way_are_not_news() -> None:
    assert latest([entry("run.started", "run 1"), entry("experiment.started", "e 1")], 10) == ()


def test_that_a_failed_run_and_a_blocked_model_stand_out() -> None:
    (failed,) = latest([entry("run.ended", "run 1", state="failed")], 1)
    assert (failed.word, failed.tone) == ("failed", Tone.ERROR)
    (blocked,) = latest([entry("model.registered", "m@1", gates={"a": True, "b": False})], 1)
    assert (blocked.tone, blocked.text) == (Tone.WARN, "m@1, 1 of 2 gates passed")


def test_that_checks_are_news_where_they_fail_or_are_overridden() -> None:
    passed = entry("checks.run", "bike@1", rules=3, failed=0, blocked=0)
    warned = entry("checks.run", "bike@2", rules=3, failed=1, blocked=0)
    blocked = entry("checks.run", "bike@3", rules=3, failed=2, blocked=1)
    despite = entry("checks.overridden", "bike@3", reason="a trial", failed=["x"])
    found = [(news.tone, news.text) for news in latest([passed, warned, blocked, despite], 9)]
    assert found == [
        (Tone.WARN, "bike@2: 1 rule fails"),
        (Tone.ERROR, "bike@3: 2 rules fail"),
        (Tone.WARN, "bike@3: a trial"),
    ]


def test_that_the_care_of_versions_is_news() -> None:
    entries = [
        entry("workspace.cleaned", "workspace", **{"deleted versions": 2_500_000, "x": 100_000}),
        entry("dataset.deleted", "bike@2", content_hash="ab"),
        entry("dataset.tagged", "bike@1", tag="golden"),
        entry("dataset.noted", "bike@1", note="n", before=""),
    ]
    assert [(news.word, news.text) for news in latest(entries, 9)] == [
        ("cleaned", "2.6 MB freed"),
        ("deleted", "bike@2, it is in the bin"),
        ("tagged", "bike@1 is golden"),
    ]


def test_that_no_more_are_told_than_asked_for() -> None:
    entries = [entry("deployment.stopped", f"d{n}") for n in range(9)]
    assert [news.text for news in latest(entries, 3)] == ["d0", "d1", "d2"]
