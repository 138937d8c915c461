"""Checks: the rules of a dataset, running them on a version, and what a failed one holds up."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlops_desktop.actions import datasets, recipe_columns
from mlops_desktop.actions.children import run_child, scratch
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.core import clock
from mlops_desktop.core.checks import CheckReport, CheckSummary, Outcome, Rule, RuleKind
from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.core.errors import Cancelled, ChecksFailed, UserError
from mlops_desktop.core.ids import Ref
from mlops_desktop.core.jsonable import from_plain, to_plain
from mlops_desktop.core.rulebook import checked
from mlops_desktop.core.sentences import plain
from mlops_desktop.store import checks as rows
from mlops_desktop.store import datasets as dataset_rows

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store

log = logging.getLogger(__name__)
_SHOWN = 3  # Failed rules that a refusal names.
_TOLD = 100  # Changed rules that an entry of the audit names.


def rules(store: Store, dataset: str) -> tuple[Rule, ...]:
    """The rules of a dataset, empty where it has none. Raises NotFound for an unknown name."""
    datasets.get_version(store, Ref(dataset))
    return rows.rules(store, dataset)


def set_rules(store: Store, dataset: str, new: Sequence[Rule]) -> tuple[Rule, ...]:
    """Exchange the rules of a dataset; the audit keeps what was added, changed and removed.

    Reports are judged anew at once: only what tests something else has to be run again. Raises
    UserError that names a rule which cannot be.
    """
    before = rules(store, dataset)
    made = all_checked(new)
    old, now = (_worded(some) for some in (before, made))
    with store.write("datasets"):
        rows.put_rules(store, dataset, made)
        store.audit(
            "checks.changed",
            dataset,
            rules=len(made),
            added=_some(now, without=old),
            removed=_some(old, without=now),
        )
    return made


def propose(lane: Lane, ref: str | Ref, context: Context | None = None) -> tuple[Rule, ...]:
    """Rules that a good version keeps, to look at and to set. Nothing is stored."""
    result = _run(lane, ref, (), context or Context(), propose=True)
    return tuple(from_plain(Rule, item) for item in result["rules"])


def check(
    lane: Lane,
    ref: str | Ref,
    context: Context | None = None,
    *,
    by: Sequence[Rule] | None = None,
) -> CheckReport:
    """Run the rules of its dataset on a version, in a child process, and keep the report.

    by: other rules, whose report is not kept. Raises UserError where there are no rules.
    """
    version = lane(lambda store: datasets.get_version(store, ref))
    asked = lane(lambda store: rows.rules(store, version.dataset)) if by is None else by
    asked = all_checked(asked)
    if not asked:
        raise UserError(
            f"{version.dataset} has no checks yet.",
            hint=f"Propose some: data checks propose {version.ref} --set.",
        )
    result = _run(lane, Ref(version.dataset, version=version.version), asked, context or Context())
    outcomes = tuple(from_plain(Outcome, item) for item in result["outcomes"])
    made = CheckReport(version.ref, outcomes, clock.now())
    if by is not None:
        return made
    return lane(lambda store: _keep(store, version, made))


def report(store: Store, ref: str | Ref) -> CheckReport | None:
    """What the rules as they are now found in a version; None where it was never checked, or
    where there are no rules."""
    version = datasets.get_version(store, ref)
    found, asked = rows.report(store, version.id), rows.rules(store, version.dataset)
    return found.under(asked) if found is not None and asked else None


def summaries(store: Store, dataset: str) -> dict[int, CheckSummary]:
    """How the versions of a dataset did, by number; those that were not checked are left out."""
    return rows.summaries(store, dataset) if rows.rules(store, dataset) else {}


def up_to_date(lane: Lane, ref: str | Ref, context: Context | None = None) -> CheckReport | None:
    """The report, made now where a rule has not been run yet; None where no rule is on."""
    version = lane(lambda store: datasets.get_version(store, ref))
    if not any(rule.on for rule in lane(lambda store: rows.rules(store, version.dataset))):
        return None
    exact = Ref(version.dataset, version=version.version)
    found = lane(lambda store: report(store, exact))
    return check(lane, exact, context) if found is None or found.pending else found


def after_import(lane: Lane, version: DatasetVersion, context: Context) -> None:
    """Check a version that was just made. It is there whatever comes of it, so this raises
    nothing: training asks again."""
    try:
        up_to_date(lane, Ref(version.dataset, version=version.version), _Afterwards(context))
    except (Cancelled, UserError) as error:
        log.info("checks of %s were not run: %r", version.ref, error)
    except Exception:
        log.exception("checks of %s failed", version.ref)


class _Afterwards(Context):
    """The last moments of an import, whose cancel it is."""

    def __init__(self, whole: Context) -> None:
        super().__init__()
        self.cancelled = whole.cancelled
        self._whole = whole

    def progress(self, fraction: float | None, text: str) -> None:  # noqa: ARG002
        self._whole.progress(0.99, text)


def require(store: Store, version: DatasetVersion, despite: str = "") -> None:
    """Raise ChecksFailed where a blocking rule did not pass, unless `despite` gives the reason to
    go on, which is audited; inside write()."""
    asked = rows.rules(store, version.dataset)
    if not any(rule.on for rule in asked):
        return
    found = rows.report(store, version.id)
    if found is None or (found := found.under(asked)).pending:
        raise ChecksFailed(
            f"{version.ref} was not checked by the rules as they are now.",
            hint=f"Check it first: data check {version.ref}.",
        )
    if not found.blocking:
        return
    if despite.strip():
        store.audit(
            "checks.overridden",
            version.ref,
            reason=despite.strip(),
            failed=[plain(outcome.rule.sentence) for outcome in found.blocking],
        )
        return
    raise _refusal(version, found.blocking)


def refusal(store: Store, ref: str | Ref) -> ChecksFailed | None:
    """Why nothing may be trained on a version, as far as its report tells; None where it may be,
    or where it has to be checked first."""
    version = datasets.get_version(store, ref)
    found = report(store, Ref(version.dataset, version=version.version))
    if found is None or found.pending or not found.blocking:
        return None
    return _refusal(version, found.blocking)


def all_checked(some: Sequence[Rule]) -> tuple[Rule, ...]:
    """Rules that can be; none of them is said twice."""
    made: dict[str, Rule] = {}
    for number, rule in enumerate(some, 1):
        found = _checked(number, rule)
        if found.tested in made:
            first = list(made).index(found.tested) + 1
            raise UserError(f"Rule {number} repeats rule {first}.", hint="Leave one of them out.")
        made[found.tested] = found
    return tuple(made.values())


def _checked(number: int, rule: Rule) -> Rule:
    from mlops_desktop.ml.checks_of_rows import check_pattern  # noqa: PLC0415  It needs pyarrow.

    try:
        made = checked(rule)
    except UserError as error:
        raise UserError(f"Rule {number}: {error.what}", why=error.why, hint=error.hint) from error
    if made.kind is RuleKind.PATTERN and (fault := check_pattern(made.setting("pattern"))):
        raise UserError(
            f"Rule {number}: the pattern {made.setting('pattern')!r} is not a regular expression.",
            why=f"{fault}.",
            hint="It is written for RE2: no look-ahead, no references to groups.",
        )
    return made


def _worded(some: Sequence[Rule]) -> list[str]:
    return [
        f"{plain(rule.sentence)} ({rule.severity.value}{'' if rule.on else ', off'})"
        for rule in some
    ]


def _some(texts: list[str], *, without: list[str]) -> list[str]:
    """Those that are not among the others; of many, the first ones and a count."""
    others = set(without)
    found = [text for text in texts if text not in others]
    more = len(found) - _TOLD
    return found[:_TOLD] + ([f"and {more:,} more"] if more > 0 else [])


def _keep(store: Store, version: DatasetVersion, made: CheckReport) -> CheckReport:
    """Keep the report; it is judged by the rules as they are by now."""
    found = made.under(rows.rules(store, version.dataset))
    with store.write("datasets"):
        rows.put_report(store, version.id, replace(found, pending=0))
        store.audit(
            "checks.run",
            version.ref,
            rules=len(found.outcomes),
            failed=len(found.failed),
            blocked=len(found.blocking),
        )
    return found


def _run(
    lane: Lane,
    ref: str | Ref,
    asked: Sequence[Rule],
    context: Context,
    *,
    propose: bool = False,
) -> dict[str, Any]:
    version = lane(lambda store: datasets.get_version(store, ref))
    workspace = lane(lambda store: store.workspace)
    named = {str(rule.setting("version")) for rule in asked if rule.kind is RuleKind.DRIFT}
    job: dict[str, object] = {
        "workspace": str(workspace.root.absolute()),
        "manifest": version.manifest,
        "imported_at": version.created_at,
        "rules": to_plain(list(asked)),
        "profile": version.profile if propose else "",
        "before": lane(lambda store: _before(store, version)),
        "others": lane(lambda store: {name: _place(store, name) for name in named}),
        "elsewhere": lane(lambda store: recipe_columns.elsewhere(store, version)),
    }
    with scratch(workspace, "check") as folder:
        return run_child("check", job, folder, context)


def _before(store: Store, version: DatasetVersion) -> dict[str, str] | None:
    if version.parent is None:
        return None
    found = dataset_rows.by_id(store, version.parent)
    return {"ref": found.ref, "manifest": found.manifest} if found.manifest else None


def _place(store: Store, name: str) -> dict[str, str] | None:
    try:
        found = datasets.get_version(store, name)
    except UserError:
        return None  # The rule says that it could not run.
    return {"ref": found.ref, "manifest": found.manifest}


def _refusal(version: DatasetVersion, blocking: Sequence[Outcome]) -> ChecksFailed:
    parts = []
    for outcome in blocking[:_SHOWN]:
        first = ", ".join(f"{number:,}" for number in outcome.rows[:5])
        where = f" First rows: {first}." if first else ""
        parts.append(f"{plain(outcome.rule.sentence)}: {plain(outcome.message)}{where}")
    if len(blocking) > _SHOWN:
        parts.append(f"And {len(blocking) - _SHOWN} more.")
    count = "A check that blocks" if len(blocking) == 1 else f"{len(blocking)} checks that block"
    verb = "does" if len(blocking) == 1 else "do"
    return ChecksFailed(
        f"{count} {verb} not pass on {version.ref}, so nothing is trained on it.",
        why=" ".join(parts),
        hint="Mend the data and import it again, change the rule, or train despite it with a "
        "reason. Rules that were made for raw data do not fit what a recipe makes of them: let it "
        "go into a dataset of its own.",
    )
