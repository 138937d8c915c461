"""What `data recipe preview` says of a step: its effect in words, and the rows that it touches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_desktop.cli.session import table
from mlops_desktop.core.recipes import Step

if TYPE_CHECKING:
    from mlops_desktop.actions.recipe_preview import Preview

_SHOWN = 60


def effect(number: int, step: Step, seen: Preview) -> list[str]:
    """One step's effect in words."""
    if not step.on:
        return [f"{number}. {step.kind.form.title}: off"]
    parts = []
    if seen.rows_after != seen.rows_before:
        parts.append(f"{seen.rows_before:,} -> {seen.rows_after:,} rows")
    parts += [f"{count(n, 'value')} of {c} changed" for c, n in seen.changed_cells.items()]
    parts += [f"{old} is now {new}" for new, old in seen.renamed.items()]
    if seen.added:
        parts.append(f"new: {', '.join(seen.added)}")
    if seen.removed:
        parts.append(f"gone: {', '.join(seen.removed)}")
    return [f"{number}. {step.kind.form.title}: {'; '.join(parts) or 'changes nothing'}"]


def effect_json(number: int, step: Step, seen: Preview) -> dict[str, object]:
    return {
        "step": number,
        "kind": step.kind,
        "on": step.on,
        "rows_before": seen.rows_before,
        "rows_after": seen.rows_after,
        "changed": seen.changed_cells,
        "added": seen.added,
        "removed": seen.removed,
        "renamed": seen.renamed,
        "learnt": seen.learnt,
        "sampled": seen.sampled,
        "total": seen.total,
    }


def page(seen: Preview) -> str:
    """The rows that a step touches: old and new values of what changes."""
    touched = [*seen.changed, *seen.added, *seen.renamed]
    shown = touched or list(seen.before.column_names[:6])
    rows: list[tuple[object, ...]] = []
    for at, number in enumerate(seen.rows.tolist()):
        state = "dropped" if not seen.kept[at] else "" if seen.was[at] else "added"
        rows.append((number, state, *(_cell(seen, name, at) for name in shown)))
    return table(("row", "", *shown), rows) if rows else "No row changes."


def _cell(seen: Preview, name: str, at: int) -> str:
    old = seen.renamed.get(name, name)
    before = _text(seen.before[old][at].as_py()) if old in seen.before.column_names else ""
    after = _text(seen.after[name][at].as_py()) if name in seen.after.column_names else ""
    if not seen.kept[at] or (name in seen.changed and not seen.changed[name][at]):
        return before
    return f"{before} -> {after}" if name in seen.changed else after


def _text(value: object) -> str:
    text = "(missing)" if value is None else str(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
