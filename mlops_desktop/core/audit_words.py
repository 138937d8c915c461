"""Every entry of the audit trail as one plain sentence: who did what to which thing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from mlops_desktop.core.audit import AuditEntry
from mlops_desktop.core.figures import percent

_Detail = Mapping[str, Any]
_NAMED = 3  # Things that a sentence names before it counts the others.


def told(entry: AuditEntry) -> str:
    """`Ann approved bike@3: "looks good"`. Steps of an older or newer app are told in its words."""
    detail = json.loads(entry.detail)
    say = _SENTENCES.get(entry.action)
    if say is None:
        noun, _, deed = entry.action.partition(".")
        return f"{entry.actor}: {noun} {entry.subject}, {deed.replace('_', ' ')}"
    return say(entry.subject, detail).replace("{who}", entry.actor, 1)


def is_told(action: str) -> bool:
    """Whether the action has a sentence of its own."""
    return action in _SENTENCES


def raw(entry: AuditEntry) -> str:
    """The entry exactly as it is sealed, laid out to be read."""
    detail = json.dumps(json.loads(entry.detail), ensure_ascii=False, indent=2)
    return (
        f"{entry.seq}  {entry.at}  {entry.actor}  {entry.action}  {entry.subject}\n{detail}\n"
        f"seal {entry.hash}\nprevious {entry.previous}"
    )


def _rows(detail: _Detail, key: str = "rows") -> str:
    return _count(detail.get(key, 0), "row")


def _count(number: object, noun: str) -> str:
    shown = f"{number:,}" if isinstance(number, int) else str(number)
    return f"{shown} {noun}{'' if number == 1 else 's'}"


def _quoted(text: object) -> str:
    return f": \u201c{text}\u201d" if text else ""


def _because(text: object) -> str:
    return f": {text}" if text else ""


def _listed(names: object) -> str:
    every = [str(name) for name in names] if isinstance(names, list | tuple) else []
    more = len(every) - _NAMED
    return ", ".join(every[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _imported(subject: str, detail: _Detail) -> str:
    size = f"{_rows(detail)}, {_count(detail.get('columns', 0), 'column')}"
    return f"{{who}} imported {subject} from {detail.get('source', 'a file')} ({size})"


def _derived(subject: str, detail: _Detail) -> str:
    recipe = detail.get("recipe")
    by = f" by the recipe {recipe}" if recipe else ""
    return f"{{who}} made {subject} from {detail.get('derived_from', '?')}{by} ({_rows(detail)})"


def _tagged(subject: str, detail: _Detail) -> str:
    moved = detail.get("moved_from")
    return f"{{who}} tagged {subject} \u201c{detail.get('tag', '')}\u201d" + (
        f", which was {moved} before" if moved else ""
    )


def _noted(subject: str, detail: _Detail) -> str:
    note = detail.get("note")
    if not note:
        return f"{{who}} removed the note of {subject}"
    return f"{{who}} wrote on {subject}{_quoted(note)}"


def _unit(subject: str, detail: _Detail) -> str:
    unit, column = detail.get("unit"), detail.get("column", "?")
    if not unit:
        return f"{{who}} took the unit from the column {column} of {subject}"
    return f"{{who}} said that the column {column} of {subject} is in {unit}"


def _answered(subject: str, detail: _Detail) -> str:
    answer, warning = detail.get("answer"), detail.get("warning", "")
    if not answer:
        return f"{{who}} opened a warning of {subject} again ({warning})"
    return f"{{who}} answered a warning of {subject} with \u201c{answer}\u201d ({warning})"


def _rules_changed(subject: str, detail: _Detail) -> str:
    parts = [
        f"{word} {_listed(detail[key])}"
        for key, word in (("added", "added"), ("removed", "removed"))
        if detail.get(key)
    ]
    changed = f": {'; '.join(parts)}" if parts else ""
    return f"{{who}} changed the checks of {subject}{changed}"


def _checked(subject: str, detail: _Detail) -> str:
    failed, blocked = detail.get("failed", 0), detail.get("blocked", 0)
    rules = _count(detail.get("rules", 0), "rule")
    if not failed:
        return f"{{who}} checked {subject}: {rules}, all pass"
    held = f", {blocked} of them block{'s' if blocked == 1 else ''} training" if blocked else ""
    return f"{{who}} checked {subject}: {rules}, {failed} not passed{held}"


def _overridden(subject: str, detail: _Detail) -> str:
    failed, reason = _listed(detail.get("failed")), _quoted(detail.get("reason"))
    return f"{{who}} trained on {subject} despite its checks ({failed}){reason}"


def _cleaned(_: str, detail: _Detail) -> str:
    freed = sum(size for size in detail.values() if isinstance(size, int)) / 1e6
    return f"{{who}} cleaned up the workspace: {freed:,.1f} MB freed"


def _experiment(subject: str, detail: _Detail) -> str:
    runs = _count(len(detail.get("runs", [])), "run")
    what = f"{detail.get('target', '?')} on {detail.get('data', '?')}"
    return f"{{who}} started {subject}: {runs} to predict {what}"


def _run_ended(subject: str, detail: _Detail) -> str:
    value, state = detail.get("value"), detail.get("state")
    if state == "done":
        value_text = "" if value is None else f", value {value:.4g}"
        return f"{subject} is done{value_text}"
    return f"{subject} ended: {state}"


def _registered(subject: str, detail: _Detail) -> str:
    gates = detail.get("gates", {})
    failed = [name for name, passed in gates.items() if not passed]
    found = f"all {len(gates)} gates passed" if not failed else f"failed: {_listed(failed)}"
    return f"{{who}} registered run {detail.get('run', '?')} as {subject} ({found})"


def _scored(subject: str, detail: _Detail) -> str:
    source = f" of {detail['source']}" if detail.get("source") else ""
    target = f" into {detail['target']}" if detail.get("target") else ""
    return f"{{who}} scored {_rows(detail)}{source} with {subject}{target}"


def _swapped(subject: str, detail: _Detail) -> str:
    previous = detail.get("previous", "?")
    return f"{{who}} swapped {subject} from {previous} to {detail.get('version', '?')}"


def _canary(subject: str, detail: _Detail) -> str:
    share = percent(float(detail.get("percent") or 0) / 100)
    return (
        f"{{who}} lets version {detail.get('version', '?')} answer {share} of {subject}, a canary"
    )


def _privacy(subject: str, detail: _Detail) -> str:
    parts = [
        f"{_listed(detail[key])} {word}"
        for key, word in (("drop", "not at all"), ("hash", "only as a hash"))
        if detail.get(key)
    ]
    if not parts:
        return f"{{who}} has {subject} record every column"
    return f"{{who}} has {subject} record {'; '.join(parts)}"


def _retention(subject: str, detail: _Detail) -> str:
    days, size = detail.get("days"), detail.get("max_bytes")
    limits = [_count(days, "day")] if days is not None else []
    limits += [f"{size / 1e9:,.3g} GB"] if size is not None else []
    if not limits:
        return f"{{who}} keeps the predictions of {subject} for good"
    return f"{{who}} keeps the predictions of {subject} for at most {' and '.join(limits)}"


def _removed(subject: str, detail: _Detail) -> str:
    files = _count(detail.get("segments", 0), "file")
    freed = f"{detail.get('bytes', 0) / 1e6:,.1f} MB"
    return f"Old predictions of {subject} were removed: {files}, {freed}"


def _sealed(subject: str, detail: _Detail) -> str:
    files = _count(detail.get("segments", 0), "file")
    before, after = (f"{detail.get(key, 0) / 1e6:,.1f} MB" for key in ("before", "after"))
    return f"Old predictions of {subject} were sealed: {files}, {before} are now {after}"


def _labels(subject: str, detail: _Detail) -> str:
    rows, matched = detail.get("rows", 0), detail.get("matched", 0)
    source = detail.get("source", "a file")
    return (
        f"{{who}} added labels from {source} to {subject}: "
        f"{matched:,} of {_count(rows, 'row')} joined predictions"
    )


def _setting(subject: str, detail: _Detail) -> str:
    return f"{{who}} set {subject.replace('_', ' ')} to {detail.get('value', '')}"


_SENTENCES: dict[str, Callable[[str, _Detail], str]] = {
    "dataset.imported": _imported,
    "dataset.derived": _derived,
    "dataset.tagged": _tagged,
    "dataset.untagged": lambda s, d: (
        f"{{who}} took the tag \u201c{d.get('tag', '')}\u201d from {s}"
    ),
    "dataset.noted": _noted,
    "dataset.unit": _unit,
    "dataset.deleted": lambda s, _: f"{{who}} put {s} into the bin",
    "dataset.restored": lambda s, _: f"{{who}} took {s} out of the bin",
    "dataset.purged": lambda s, _: f"{{who}} freed the rows of {s} for good",
    "workspace.cleaned": _cleaned,
    "recipe.saved": lambda s, d: (
        f"{{who}} saved the recipe {s} with {_count(len(d.get('steps', [])), 'step')}"
    ),
    "warning.answered": _answered,
    "checks.changed": _rules_changed,
    "checks.run": _checked,
    "checks.overridden": _overridden,
    "experiment.started": _experiment,
    "run.started": lambda s, _: f"{{who}} started {s}",
    "run.ended": _run_ended,
    "model.registered": _registered,
    "model.approved": lambda s, d: f"{{who}} approved {s}{_quoted(d.get('note'))}",
    "model.alias": lambda s, d: f"{{who}} made {s} the {d.get('alias', '')}",
    "batch.scored": _scored,
    "deployment.started": lambda s, d: (
        f"{{who}} started {s} with {d.get('version', '?')} at port {d.get('port', '?')}"
    ),
    "deployment.swapped": _swapped,
    "deployment.stopped": lambda s, d: f"{{who}} stopped {s}{_because(d.get('error'))}",
    "deployment.failed": lambda s, d: f"{s} failed{_because(d.get('error'))}",
    "deployment.restarted": lambda s, d: (
        f"{s} was started again by itself{_because(d.get('error'))}"
    ),
    "deployment.autostart": lambda s, d: (
        f"{{who}} has {s} {'start' if d.get('on') else 'no longer start'} with the app"
    ),
    "deployment.canary": _canary,
    "deployment.shadow": lambda s, d: (
        f"{{who}} lets version {d.get('version', '?')} answer {s} in the shadow"
    ),
    "deployment.trial_ended": lambda s, _: f"{{who}} ended the trial of a second version of {s}",
    "deployment.privacy": _privacy,
    "deployment.retention": _retention,
    "predictions.removed": _removed,
    "predictions.sealed": _sealed,
    "labels.added": _labels,
    "labels.undone": lambda s, d: (
        f"{{who}} undid the labels from {d.get('source', 'a file')} for {s} "
        f"({_count(d.get('labels', 0), 'label')})"
    ),
    "alert.raised": lambda s, d: f"An alert of {s} was raised{_because(d.get('text'))}",
    "alert.resolved": lambda s, d: f"An alert of {s} is over{_because(d.get('of'))}",
    "setting.changed": _setting,
}
