"""The Checks tab: the rules of a dataset as sentences, and what they found in a version."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePath

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

from mlops_desktop.actions import checks, rule_files
from mlops_desktop.core.checks import CheckReport, Rule
from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.core.errors import UserError
from mlops_desktop.panels.datasets.rule_detail import RuleDetail
from mlops_desktop.panels.datasets.rule_form import RuleForm
from mlops_desktop.panels.datasets.rule_list import ChecksHead, RuleList
from mlops_desktop.panels.datasets.tab import VersionTab
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.ask_path import ask_file, ask_target
from mlops_desktop.widgets.buttons import Button, primary, secondary
from mlops_desktop.widgets.cards import Card, EmptyState, label
from mlops_desktop.widgets.marked import plain
from mlops_desktop.work.jobs import Jobs

_LOADING, _EMPTY, _FULL = range(3)


class ChecksTab(VersionTab):
    """choose_file(then) and choose_target(name, then) ask for a path; tests put their own there."""

    help_topic = "checks"

    def __init__(self, jobs: Jobs, workspace: Workspace) -> None:
        super().__init__(jobs, workspace)
        self._rules: tuple[Rule, ...] = ()
        self._report: CheckReport | None = None
        self._checking: int | None = None  # The id of the version that is being checked.
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
        self._first = primary(self.tr("Propose checks"), "wand-sparkles", self._propose)
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
        self._again = secondary(self.tr("Check again"), "rotate-cw", self._check)
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
        self.detail.changed.connect(self._exchange)
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
        menu.addAction(self.tr("Propose more rules"), self._propose)
        menu.addAction(self.tr("Read rules from a file\u2026"), self._import)
        menu.addAction(self.tr("Write the rules to a file\u2026"), self._export)
        menu.addSeparator()
        menu.addAction(self.tr("Delete all rules"), lambda: self._set((), self.tr("All deleted.")))
        return menu

    def load(self) -> None:
        version = self.version
        assert version is not None
        self.jobs.run(
            self,
            lambda store: (
                checks.rules(store, version.dataset),
                checks.report(store, version.ref),
            ),
            lambda found: self._show(version, *found),
            self.failed.emit,
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        chosen = self.table.selected_rows()
        if event.key() == Qt.Key.Key_Delete and self.table.hasFocus() and chosen:
            self._delete(chosen[0].rule)
        else:
            super().keyPressEvent(event)

    def _show(
        self, version: DatasetVersion, rules: tuple[Rule, ...], report: CheckReport | None
    ) -> None:
        if self.version is None or self.version.id != version.id:
            return  # Another one was chosen meanwhile.
        self._rules, self._report = rules, report
        self._show_rules()
        pending = report is None or report.pending
        if pending and any(rule.on for rule in rules) and self._checking != version.id:
            self._check()

    def _show_rules(self) -> None:
        self._stack.setCurrentIndex(_FULL if self._rules else _EMPTY)
        if not self._rules:
            return
        busy = self.version is not None and self._checking == self.version.id
        self.table.show_rules(self._rules, self._report, busy=busy)
        self._head.show_report(self._report, busy=busy)
        self._again.setEnabled(not busy)
        self._show_detail()

    def _show_detail(self) -> None:
        chosen = self.table.selected_rows()
        self.detail.setVisible(bool(chosen))
        if chosen and self.version is not None:
            self.detail.show_rule(self.version, chosen[0].rule, chosen[0].outcome)

    def _check(self) -> None:
        version = self.version
        if version is None or self._checking == version.id:
            return
        self._checking = version.id
        self._show_rules()
        job = self.jobs.start(
            self,
            self.tr("Check {0}").format(version.ref),
            lambda lane, context: checks.check(lane, version.ref, context),
            None,
            self.failed.emit,
        )
        job.finished.connect(lambda: self._on_checked(version))

    def _on_checked(self, version: DatasetVersion) -> None:
        if self._checking == version.id:
            self._checking = None
        if self.version is not None and self.version.id == version.id:
            self.load()

    def _propose(self) -> None:
        version = self.version
        if version is None:
            return
        self._first.setEnabled(False)
        job = self.jobs.start(
            self,
            self.tr("Propose checks from {0}").format(version.ref),
            lambda lane, context: checks.propose(lane, version.ref, context),
            lambda found: self._add_proposed(version, found),
            self.failed.emit,
        )
        job.finished.connect(lambda: self._first.setEnabled(True))

    def _add_proposed(self, version: DatasetVersion, found: tuple[Rule, ...]) -> None:
        if self.version is None or self.version.dataset != version.dataset:
            return
        known = {rule.tested for rule in self._rules}
        new = tuple(rule for rule in found if rule.tested not in known)
        if not new:
            self.toast.emit(self.tr("There is nothing new to propose."))
            return
        one, many = self.tr("Added 1 rule."), self.tr("Added {0} rules, each met by {1}.")
        text = one if len(new) == 1 else many.format(len(new), version.ref)
        self._set((*self._rules, *new), text)

    def _add(self) -> None:
        self._open_form(None)

    def _edit(self, rule: Rule) -> None:
        self._open_form(rule)

    def _open_form(self, rule: Rule | None) -> None:
        if self.version is not None:
            self._stack.hide()
            self.form.open_for(self.version.columns, rule)

    def _show_all(self) -> None:
        self._stack.show()

    def _save(self, new: Rule, old: Rule | None) -> None:
        rules = (*self._rules, new)
        if old is not None:
            rules = tuple(new if rule == old else rule for rule in self._rules)
        self._set(rules, "", self._on_saved(new), self.form.show_error)

    def _on_saved(self, new: Rule) -> Callable[[], None]:
        def then() -> None:
            self.form.close_form()
            self.table.select([new.tested])

        return then

    def _exchange(self, old: Rule, new: Rule) -> None:
        self._set(tuple(new if rule == old else rule for rule in self._rules), "")

    def _delete(self, gone: Rule) -> None:
        rules = tuple(rule for rule in self._rules if rule != gone)
        self._set(rules, self.tr("Deleted: {0}.").format(plain(gone.sentence)))

    def _set(
        self,
        rules: tuple[Rule, ...],
        said: str,
        then: Callable[[], None] | None = None,
        failed: Callable[[UserError], None] | None = None,
    ) -> None:
        """Exchange the rules. said: what a notice says, which can undo it."""
        version, before = self.version, self._rules
        if version is None:
            return

        def done(made: tuple[Rule, ...]) -> None:
            if self.version is not None and self.version.dataset == version.dataset:
                self._rules = made
                self._report = self._report.under(made) if self._report and made else None
                self._show_rules()
                if then is not None:
                    then()
                self.load()
            if said:
                self.undoable.emit(said, lambda: self._put_back(version, before))

        self.jobs.run(
            self,
            lambda store: checks.set_rules(store, version.dataset, rules),
            done,
            failed or self.failed.emit,
        )

    def _put_back(self, version: DatasetVersion, before: tuple[Rule, ...]) -> None:
        self.jobs.run(
            self,
            lambda store: checks.set_rules(store, version.dataset, before),
            lambda _: self.load() if self.version is not None else None,
            self.failed.emit,
        )

    def _import(self) -> None:
        self.choose_file(self._import_from)

    def _import_from(self, path: str) -> None:
        self.jobs.start(
            self,
            "",
            lambda _lane, _context: rule_files.read_rules(Path(path)),
            lambda rules: self._set(
                rules, self.tr("Rules are those of {0} now.").format(PurePath(path).name)
            ),
            self.failed.emit,
            quiet=True,
        )

    def _export(self) -> None:
        if self.version is not None:
            self.choose_target(f"{self.version.dataset}-checks.yaml", self._export_to)

    def _export_to(self, path: str) -> None:
        rules = self._rules
        self.jobs.start(
            self,
            "",
            lambda _lane, _context: rule_files.write_rules(Path(path), rules),
            lambda _: self.toast.emit(
                self.tr("Wrote {0} rules to {1}.").format(len(rules), PurePath(path).name)
            ),
            self.failed.emit,
            quiet=True,
        )

    def _ask_file(self, then: Callable[[str], None]) -> None:
        filters = [self.tr("Rules (*.yaml *.yml)"), self.tr("All files (*)")]
        ask_file(self, self.tr("Read rules"), filters, then)

    def _ask_target(self, name: str, then: Callable[[str], None]) -> None:
        ask_target(self, self.tr("Write the rules"), name, ["YAML (*.yaml)"], then)
