"""The Checks tab: the rules of a dataset as sentences, and what they found in a version."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from mlops_desktop.core.checks import Rule
from mlops_desktop.panels.datasets.rule_detail import RuleDetail
from mlops_desktop.panels.datasets.rule_form import RuleForm
from mlops_desktop.panels.datasets.rule_list import ChecksHead, RuleList
from mlops_desktop.panels.datasets.rule_work import RuleWork
from mlops_desktop.panels.datasets.tab import VersionTab
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.ask_path import ask_file, ask_target
from mlops_desktop.widgets.buttons import Button, primary, secondary
from mlops_desktop.widgets.cards import Card, EmptyState, label
from mlops_desktop.work.jobs import Jobs

_LOADING, _EMPTY, _FULL = range(3)


class ChecksTab(VersionTab):
    """choose_file(then) and choose_target(name, then) ask for a path; tests put their own there."""

    help_topic = "checks"

    def __init__(self, jobs: Jobs, workspace: Workspace) -> None:
        super().__init__(jobs, workspace)
        self.work = RuleWork(jobs, self)
        self.work.shown.connect(self._show)
        self.work.failed.connect(self.failed)
        self.work.toast.connect(self.toast)
        self.work.undoable.connect(self.undoable)
        self.choose_file: Callable[[Callable[[str], None]], None] = self._ask_file
        self.choose_target: Callable[[str, Callable[[str], None]], None] = self._ask_target
        self._build()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.form = RuleForm()
        self.form.submitted.connect(self._save)
        self.form.closed.connect(self._show_all)
        column.addWidget(self.form, 1)
        self._stack = QStackedWidget()
        loading = label(self.tr("Loading\u2026"), muted=True)
        loading.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for page in (loading, self._build_empty(), self._build_full()):
            self._stack.addWidget(page)
        column.addWidget(self._stack, 1)

    def _build_empty(self) -> QWidget:
        buttons = QWidget()
        row = QHBoxLayout(buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self._first = primary(self.tr("Propose checks"), "wand-sparkles", self.work.propose)
        for button, name in (
            (self._first, "propose-checks"),
            (secondary(self.tr("Add a rule"), "plus", self._add), "add-first-rule"),
            (secondary(self.tr("Read rules from a file"), "", self._import), "import-first-rules"),
        ):
            button.setObjectName(name)
            row.addWidget(button)
        return EmptyState(
            "list-checks",
            self.tr(
                "No checks yet. Propose them from this version: each is a sentence that you can "
                "change, and every new version is held against it."
            ),
            buttons,
        )

    def _build_full(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._head = ChecksHead()
        self._again = secondary(self.tr("Check again"), "rotate-cw", self.work.check)
        self._again.setObjectName("check-again")
        add = secondary(self.tr("Add a rule"), "plus", self._add)
        add.setObjectName("add-rule")
        self._more = Button(self.tr("More"))
        self._more.setObjectName("checks-more")
        self._more.set_menu(self._build_menu())
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._head, 1)
        for button in (self._again, add, self._more):
            row.addWidget(button)
        column.addLayout(row)
        self.table = RuleList()
        self.table.selection_changed.connect(lambda _: self._show_detail())
        self.table.row_activated.connect(lambda row: self._edit(row.rule))
        card = Card()
        card.body.setContentsMargins(1, 1, 1, 1)
        card.add(self.table)
        card.setMinimumHeight(152)
        self.detail = RuleDetail(self.jobs, self.workspace)
        self.detail.changed.connect(self.work.exchange)
        self.detail.edit_wanted.connect(self._edit)
        self.detail.delete_wanted.connect(self._delete)
        self.detail.failed.connect(self.failed)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(8)
        split.addWidget(card)
        split.addWidget(self.detail)
        split.setSizes([210, 220])
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 1)
        column.addWidget(split, 1)
        return page

    def _build_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.addAction(self.tr("Propose more rules"), self.work.propose)
        menu.addAction(self.tr("Read rules from a file\u2026"), self._import)
        menu.addAction(self.tr("Write the rules to a file\u2026"), self._export)
        menu.addSeparator()
        menu.addAction(self.tr("Delete all rules"), self.work.delete_all)
        return menu

    def load(self) -> None:
        assert self.version is not None
        self.form.close_form()
        self.work.load(self.version)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        chosen = self.table.selected_rows()
        if event.key() == Qt.Key.Key_Delete and self.table.hasFocus() and chosen:
            self._delete(chosen[0].rule)
        else:
            super().keyPressEvent(event)

    def _show(self) -> None:
        work = self.work
        self._stack.setCurrentIndex(_FULL if work.rules else _EMPTY)
        self._first.setEnabled(not work.proposing)
        self._again.setEnabled(not work.checking)
        if work.rules:
            self.table.show_rules(work.rules, work.report, busy=work.checking)
            self._head.show_report(work.report, busy=work.checking)
            self._show_detail()

    def _show_detail(self) -> None:
        chosen = self.table.selected_rows()
        self.detail.setVisible(bool(chosen))
        if chosen and self.version is not None:
            self.detail.show_rule(self.version, chosen[0].rule, chosen[0].outcome)

    def _add(self) -> None:
        self._open_form(None)

    def _edit(self, rule: Rule) -> None:
        self._open_form(rule)

    def _open_form(self, rule: Rule | None) -> None:
        if self.version is not None:
            self._stack.hide()
            self.form.open_for(self.version.columns, rule)

    def _show_all(self) -> None:
        """The form is gone: the rules have the focus, where it was opened from."""
        self._stack.show()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def escape(self) -> None:
        self.form.close_form()

    def _save(self, new: Rule, old: Rule | None) -> None:
        def then() -> None:
            self.form.close_form()
            self._show()
            self.table.select([new.tested])

        self.work.exchange(old, new, then, self.form.show_error)

    def _delete(self, gone: Rule) -> None:
        self.work.exchange(gone, None)

    def _import(self) -> None:
        self.choose_file(self.work.read_file)

    def _export(self) -> None:
        if self.version is not None:
            self.choose_target(f"{self.version.dataset}-checks.yaml", self.work.write_file)

    def _ask_file(self, then: Callable[[str], None]) -> None:
        filters = [self.tr("Rules (*.yaml *.yml)"), self.tr("All files (*)")]
        ask_file(self, self.tr("Read rules"), filters, then)

    def _ask_target(self, name: str, then: Callable[[str], None]) -> None:
        ask_target(
            self, self.tr("Write the rules"), name, ["YAML (*.yaml)"], lambda path, _: then(path)
        )
