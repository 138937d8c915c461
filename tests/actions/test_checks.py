"""Checks as a user meets them: proposed, set, run at each import, and what a failure holds up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from mlops_desktop.actions import checks, datasets, recipes, rule_files, runs
from mlops_desktop.actions.audit import recent
from mlops_desktop.actions.failing_rows import failing_rows
from mlops_desktop.actions.lane import Context, DirectLane
from mlops_desktop.core.checks import Rule, RuleKind, Severity, Verdict
from mlops_desktop.core.datasets import Source
from mlops_desktop.core.errors import ChecksFailed, NotFound, UserError
from mlops_desktop.core.recipes import Step
from mlops_desktop.core.runs import Algorithm, RunState, TrainSpec
from mlops_desktop.core.sentences import headline
from mlops_desktop.core.steps import StepKind
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store

K = RuleKind
ROWS = 120


@pytest.fixture
def store(workspace_dir: Path) -> Iterator[Store]:
    store = Store.open(Workspace(workspace_dir))
    yield store
    store.close()


@pytest.fixture
def lane(store: Store) -> DirectLane:
    return DirectLane(store)


def people(rows: int = ROWS, **changed: list[object]) -> pa.Table:
    columns: dict[str, list[object]] = {
        "id": [f"P{i:04d}" for i in range(rows)],
        "age": [20 + i * 7 % 50 for i in range(rows)],
        "plan": [("basic", "gold", "free")[i % 3] for i in range(rows)],
        "left": [("no", "yes")[i * 5 % 11 > 6] for i in range(rows)],
    }
    return pa.table(columns | changed)


def add(lane: DirectLane, table: pa.Table, context: Context | None = None) -> str:
    return datasets.add_table(lane, "people", table, Source("append"), context=context).ref


BAD_AGES: list[object] = [200 if i in (3, 70) else 20 + i % 50 for i in range(ROWS)]
AGE = Rule(K.RANGE, ("age",), {"low": 0, "high": 100}, Severity.BLOCK)


def test_that_proposed_rules_hold_for_their_version_and_catch_the_next(
    store: Store, lane: DirectLane
):
    good = add(lane, people())
    proposed = checks.propose(lane, good)
    assert checks.rules(store, "people") == ()  # Proposing changes nothing.
    assert checks.report(store, good) is None
    checks.set_rules(store, "people", proposed)
    assert not checks.check(lane, good).failed

    bad = add(lane, people(age=BAD_AGES, plan=["basic"] * (ROWS - 1) + ["platinum"]))
    report = checks.report(store, bad)
    assert report is not None
    found = {o.rule.kind: o for o in report.failed}
    assert found[K.RANGE].rows == (4, 71)
    assert found[K.ALLOWED].worst == ("platinum",)
    summaries = checks.summaries(store, "people")
    assert (summaries[1].failed, summaries[2].failed) == (0, 2)


def test_that_a_blocking_failure_refuses_training_and_a_reason_allows_it(
    store: Store, lane: DirectLane
):
    add(lane, people())
    checks.set_rules(store, "people", [AGE])
    add(lane, people(age=BAD_AGES))
    spec = TrainSpec("people", 2, "left", algorithms=(Algorithm.LINEAR,), budget_s=10)
    with pytest.raises(ChecksFailed) as caught:
        runs.train(lane, spec)
    assert caught.value.exit_code == 1
    text = str(caught.value)
    assert "people@2" in text
    assert "2 of 120 rows (1.7 %) break it, such as 200. First rows: 4, 71." in text
    assert "Mend the data" in text
    with pytest.raises(ChecksFailed):
        runs.start_experiment(store, spec, despite_checks="  ")
    assert not runs.list_runs(store)

    started = runs.start_experiment(store, spec, despite_checks="Two typing errors")
    assert started[0].state is RunState.QUEUED
    [entry] = [e for e in recent(store) if e.action == "checks.overridden"]
    assert entry.subject == "people@2"
    assert "Two typing errors" in entry.detail
    assert "age lies between 0 and 100" in entry.detail


def test_that_what_a_recipe_derives_is_checked_too(store: Store, lane: DirectLane):
    bad = add(lane, people(age=BAD_AGES))
    checks.set_rules(store, "people", [AGE])
    mended = recipes.apply(
        lane, bad, [Step(StepKind.FILTER, {"where": "age <= 100"})], dataset="people"
    )
    report = checks.report(store, mended.ref)
    assert report is not None
    assert not report.failed


def test_that_a_warning_does_not_hold_training_up(store: Store, lane: DirectLane):
    add(lane, people(age=BAD_AGES))
    checks.set_rules(store, "people", [replace(AGE, severity=Severity.WARN)])
    spec = TrainSpec("people", 1, "left", algorithms=(Algorithm.LINEAR,), budget_s=10)
    assert runs.begin(lane, spec)


def test_that_training_runs_what_was_not_checked_yet(store: Store, lane: DirectLane):
    add(lane, people(age=BAD_AGES))
    checks.set_rules(store, "people", [AGE])
    spec = TrainSpec("people", 1, "left", budget_s=10)
    with pytest.raises(ChecksFailed, match="not checked"):
        runs.start_experiment(store, spec)
    with pytest.raises(ChecksFailed, match="does not pass"):
        runs.begin(lane, spec)
    assert checks.report(store, "people@1") is not None


def test_that_a_report_is_read_by_the_rules_as_they_are_now(store: Store, lane: DirectLane):
    add(lane, people(age=BAD_AGES))
    unique = Rule(K.UNIQUE, ("id",), severity=Severity.BLOCK)
    checks.set_rules(store, "people", [unique])
    checks.check(lane, "people@1")
    spec = TrainSpec("people", 1, "left", algorithms=(Algorithm.LINEAR,), budget_s=10)
    checks.set_rules(store, "people", [unique, AGE])
    with pytest.raises(ChecksFailed, match="not checked by the rules as they are now"):
        runs.start_experiment(store, spec)
    checks.check(lane, "people@1")
    with pytest.raises(ChecksFailed, match="does not pass"):
        runs.start_experiment(store, spec)
    checks.set_rules(store, "people", [unique, replace(AGE, severity=Severity.WARN)])
    assert runs.start_experiment(store, spec)


def test_that_severity_and_switch_are_judged_without_running_again(store: Store, lane: DirectLane):
    ref = add(lane, people(age=BAD_AGES))
    checks.set_rules(store, "people", [AGE])
    assert checks.check(lane, ref).blocking
    checks.set_rules(store, "people", [replace(AGE, severity=Severity.WARN)])
    report = checks.report(store, ref)
    assert report is not None
    assert (len(report.failed), len(report.blocking), report.pending) == (1, 0, 0)
    assert checks.summaries(store, "people")[1].blocked == 0
    checks.set_rules(store, "people", [replace(AGE, on=False)])
    assert checks.summaries(store, "people")[1].failed == 0
    checks.set_rules(store, "people", [AGE, Rule(K.UNIQUE, ("id",))])
    report = checks.report(store, ref)
    assert report is not None
    assert (len(report.blocking), report.pending) == (1, 1)
    # All rules gone: the reports say nothing more.
    checks.set_rules(store, "people", [])
    assert checks.report(store, ref) is None
    assert checks.summaries(store, "people") == {}


def test_that_changes_of_rules_are_in_the_audit(store: Store, lane: DirectLane):
    add(lane, people())
    checks.set_rules(store, "people", [AGE])
    checks.set_rules(store, "people", [Rule(K.UNIQUE, ("id",))])
    newest, first = [e for e in recent(store) if e.action == "checks.changed"]
    assert "age lies between 0 and 100 (block)" in first.detail
    assert "No two rows have the same id (warn)" in newest.detail
    assert newest.subject == "people"


def test_that_rules_of_what_is_not_there_are_refused(store: Store, lane: DirectLane):
    with pytest.raises(NotFound):
        checks.rules(store, "people")
    add(lane, people())
    with pytest.raises(UserError, match="no checks yet"):
        checks.check(lane, "people")
    with pytest.raises(UserError, match="Rule 2 repeats rule 1"):
        checks.set_rules(store, "people", [AGE, replace(AGE, severity=Severity.WARN)])
    lookahead = Rule(K.PATTERN, ("id",), {"pattern": "P(?=1)"})
    with pytest.raises(UserError, match=r"Rule 1: the pattern .* is not a regular expression"):
        checks.set_rules(store, "people", [lookahead])


def test_that_drift_and_row_count_compare_with_versions(store: Store, lane: DirectLane):
    add(lane, people())
    older: list[object] = [60 + i % 10 for i in range(40)]
    rules = [
        Rule(K.ROWS, (), {"change": 0.5}),
        Rule(K.DRIFT, ("age",)),
        Rule(K.DRIFT, ("plan",), {"version": "people@1"}),
        Rule(K.DRIFT, ("plan",), {"version": "people@77"}),
    ]
    checks.set_rules(store, "people", rules)
    ref = add(lane, people(40, age=older))
    report = checks.report(store, ref)
    assert report is not None
    rows, drift, named, unknown = report.outcomes
    assert "66.7 % fewer than people@1" in rows.message
    assert drift.verdict is Verdict.FAILED
    assert "people@1" in drift.message
    assert named.passed
    assert unknown.verdict is Verdict.COULD_NOT_RUN


def test_that_failing_rows_are_read_with_the_column_at_fault_first(store: Store, lane: DirectLane):
    many: list[object] = [200 if i % 3 == 0 else 30 for i in range(30_000)]
    ref = add(lane, people(30_000, age=many))
    report = checks.check(lane, ref, by=[AGE])
    [outcome] = report.outcomes
    assert (outcome.count, len(outcome.rows)) == (10_000, 1000)
    version = datasets.get_version(store, ref)
    page = failing_rows(store.workspace, version, outcome, 990, 50)
    assert page.column_names[0] == "age"
    assert page["id"].to_pylist() == [f"P{number - 1:04d}" for number in outcome.rows[990:]]
    assert checks.report(store, ref) is None  # Rules of a file leave no report.


def test_that_a_cancelled_or_broken_check_leaves_the_import_whole(
    store: Store, lane: DirectLane, monkeypatch: pytest.MonkeyPatch
):
    add(lane, people())
    checks.set_rules(store, "people", [AGE])

    class Stopping(Context):
        def progress(self, fraction: float | None, text: str) -> None:  # noqa: ARG002
            if "rules" in text:
                self.cancelled.set()

    ref = add(lane, people(), Stopping())
    assert datasets.get_version(store, ref).version == 2

    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(checks, "check", crash)
    assert add(lane, people()) == "people@3"
    assert checks.report(store, "people@3") is None


def test_that_rules_go_through_a_readable_file(store: Store, lane: DirectLane, tmp_path: Path):
    ref = add(lane, people())
    proposed = checks.set_rules(store, "people", checks.propose(lane, ref))
    file = tmp_path / "rules.yaml"
    rule_files.write_rules(file, proposed)
    text = file.read_text(encoding="utf-8")
    assert "  # No two rows have the same id\n  - rule: unique\n    columns: [id]\n" in text
    assert rule_files.read_rules(file) == proposed
    file.write_text("- rule: unique\n  columns: id\n", encoding="utf-8")
    assert rule_files.read_rules(file) == (Rule(K.UNIQUE, ("id",)),)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rules: [", "not YAML"),
        ("rules: !!python/object/apply:os.system [true]", "not YAML"),
        ("rules: 3", "not a list"),
        ("- rule: unique\n- rule: unique", "Rule 1"),
    ],
)
def test_that_a_wrong_file_of_rules_is_refused(tmp_path: Path, text: str, says: str):
    file = tmp_path / "rules.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        rule_files.read_rules(file)
    assert says in str(caught.value)


def test_that_a_missing_or_strange_file_of_rules_is_named(tmp_path: Path):
    with pytest.raises(NotFound, match=r"gone\.yaml"):
        rule_files.read_rules(tmp_path / "gone.yaml")
    file = tmp_path / "x.yaml"
    file.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(UserError, match="UTF-8"):
        rule_files.read_rules(file)


def test_that_rules_about_what_a_recipe_left_out_or_made_do_not_apply(
    store: Store, lane: DirectLane
):
    add(lane, people())
    block = Severity.BLOCK
    new = [
        Rule(K.COLUMN, ("plan", "left"), {"type": "text"}, block),
        Rule(K.COLUMN, ("age",), {"type": "integer"}, block),
        Rule(K.RANGE, ("double",), {"low": 40}, block),
        Rule(K.RELATION, (), {"condition": "plan != 'none'"}, block),
        Rule(K.UNIQUE, ("id", "plan"), {}, block),
        Rule(K.NOT_MISSING, ("age", "plan"), {}, block),
    ]
    checks.set_rules(store, "people", new)
    steps = [
        Step(StepKind.FORMULA, {"into": "double", "formula": "age * 2"}),
        Step(StepKind.CAST, {"columns": ["age"], "to": "text"}),
        Step(StepKind.DROP_COLUMNS, {"columns": ["plan"]}),
    ]
    # Before a recipe makes it, nobody knows of that column.
    assert [o.rule.kind for o in checks.check(lane, "people@1").blocking] == [K.RANGE]
    recipes.apply(lane, "people@1", steps)
    derived = checks.report(store, "people@2")
    assert derived is not None
    assert [o.verdict.value for o in derived.outcomes] == [
        "passed",
        "not applicable",
        "passed",
        "not applicable",
        "not applicable",
        "passed",
    ]
    assert derived.outcomes[0].message == "`plan` is left out by clean-people@1."
    assert derived.outcomes[1].message == "`age` is made text by clean-people@1."
    assert headline(derived) == "all 3 rules that apply pass"
    runs.train(lane, TrainSpec("people", 2, "left", algorithms=(Algorithm.BASELINE,), budget_s=5))

    raw = checks.check(lane, "people@1")
    assert (raw.blocking, raw.outcomes[2].verdict) == ((), Verdict.NOT_APPLICABLE)
    assert raw.outcomes[2].message == "`double` comes from clean-people@1 only."
    add(lane, people().drop_columns(["plan"]))
    lacking = checks.report(store, "people@3")
    assert lacking is not None
    kinds = [outcome.rule.kind for outcome in lacking.blocking]
    assert kinds == [K.COLUMN, K.RELATION, K.UNIQUE, K.NOT_MISSING]


def test_that_a_dataset_of_its_own_keeps_its_rules(store: Store, lane: DirectLane):
    add(lane, people())
    recipes.apply(
        lane, "people@1", [Step(StepKind.RENAME, {"column": "age", "into": "years"})], "b"
    )
    checks.set_rules(store, "b", [Rule(K.NOT_MISSING, ("plan",), {}, Severity.BLOCK)])
    drop = [Step(StepKind.DROP_COLUMNS, {"columns": ["plan"]})]
    recipes.apply(lane, "people@1", drop, "b")
    found = checks.report(store, "b@2")
    assert found is not None
    assert [outcome.verdict for outcome in found.blocking] == [Verdict.COULD_NOT_RUN]
