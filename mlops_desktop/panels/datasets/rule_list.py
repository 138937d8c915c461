"""The rules of a dataset in a table, those that failed first, below what they come to."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QWidget

from mlops_desktop.core.checks import CheckReport, Outcome, Rule, Severity, Verdict
from mlops_desktop.core.sentences import headline
from mlops_desktop.widgets.cards import heading, label
from mlops_desktop.widgets.icons import IconLabel
from mlops_desktop.widgets.marked import plain
from mlops_desktop.widgets.row_model import Kind
from mlops_desktop.widgets.row_table import Column, RowTable
from mlops_desktop.widgets.times import ago

_RANK = {"error": 0, "warn": 1, "info": 2, "neutral": 4}


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule with its state in a word, and the kind of its pill."""

    rule: Rule
    outcome: Outcome | None
    word: str
    kind: Kind


class RuleList(RowTable[RuleRow]):
    def __init__(self) -> None:
        super().__init__([], "", key=lambda row: row.rule.tested)
        self.setAccessibleName(self.tr("Rules"))
        self.setObjectName("rules-table")
        self.set_columns(
            [
                Column(self.tr("State"), lambda r: r.word, chip=lambda r: r.kind, width=136),
                Column(
                    self.tr("Rule"),
                    lambda r: plain(r.rule.sentence),
                    tip=lambda r: f"\u200b{plain(r.rule.sentence)}",
                    stretch=True,
                ),
                Column(
                    self.tr("Failing rows"),
                    lambda r: r.outcome.count or None if r.outcome else None,
                    align="right",
                    format=lambda count: f"{count:,}",
                    width=104,
                ),
                Column(self.tr("If it fails"), self._severity_word, width=124),
            ]
        )
        self.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)

    def show_rules(
        self, rules: tuple[Rule, ...], report: CheckReport | None, *, busy: bool
    ) -> None:
        """busy: what has no outcome is being checked."""
        found = {o.rule.tested: o for o in report.outcomes} if report else {}
        rows = [self._row(rule, found.get(rule.tested), busy=busy) for rule in rules]
        rows.sort(key=lambda row: _RANK.get(row.kind, 3))
        self.set_rows(rows)
        chosen = self.selected_rows()
        news = bool(rows) and rows[0].kind in ("error", "warn")
        # A choice of the user's stays, but one that has nothing to say gives way to a failure.
        if rows and (not chosen or (news and not self.hasFocus() and chosen[0].kind == "ok")):
            self.select([rows[0].rule.tested])

    def _row(self, rule: Rule, outcome: Outcome | None, *, busy: bool) -> RuleRow:
        if not rule.on:
            return RuleRow(rule, None, self.tr("Off"), "neutral")
        if outcome is None:
            word = self.tr("Checking\u2026") if busy else self.tr("Not checked")
            return RuleRow(rule, None, word, "info")
        if outcome.passed:
            return RuleRow(rule, outcome, self.tr("Passed"), "ok")
        if outcome.verdict is Verdict.NOT_APPLICABLE:
            return RuleRow(rule, outcome, self.tr("Does not apply"), "neutral")
        failed = outcome.verdict is Verdict.FAILED
        word = self.tr("Failed") if failed else self.tr("Could not run")
        return RuleRow(rule, outcome, word, "error" if outcome.blocks else "warn")

    def _severity_word(self, row: RuleRow) -> str:
        blocks = row.rule.severity is Severity.BLOCK
        return self.tr("Block training") if blocks else self.tr("Warn")


class ChecksHead(QWidget):
    """An icon and half a sentence: how a version did, and when that was found."""

    def __init__(self) -> None:
        super().__init__()
        self._icon = IconLabel("circle-check", "ok")
        self.text = heading()
        self.text.setObjectName("checks-headline")
        self._when = label(muted=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._icon)
        for part, share in ((self.text, 3), (self._when, 2)):
            part.setWordWrap(True)  # Else a longer language makes the window wider.
            row.addWidget(part, share)

    def show_report(self, report: CheckReport | None, *, busy: bool) -> None:
        if report is None or not report.outcomes:
            self._icon.set_icon("list-checks", "muted")
            self.text.setText(self.tr("Checking\u2026") if busy else self.tr("Not checked yet"))
            self._when.setText("")
            return
        name, token = "circle-check", "ok"
        if report.failed:
            name, token = "triangle-alert", "warn"
        if report.blocking:
            name, token = "circle-alert", "error"
        self._icon.set_icon(name, token)
        words = headline(report)
        self.text.setText(words[:1].upper() + words[1:])
        when = self.tr("checked {0}").format(ago(report.at))
        self._when.setText(self.tr("checking\u2026") if busy else when)
