"""What the Checks tab does with rules: reads, runs, proposes and exchanges them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePath

from PySide6.QtCore import QObject, Signal

from mlops_desktop.actions import checks, rule_files
from mlops_desktop.core.checks import CheckReport, Rule
from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.sentences import plain
from mlops_desktop.work.job import Job, JobState
from mlops_desktop.work.jobs import Jobs


class RuleWork(QObject):
    """shown: rules or report or what is under way are others now.

    undoable carries what was done, and a function that undoes it.
    """

    shown = Signal()
    failed = Signal(object)
    toast = Signal(str)
    undoable = Signal(str, object)

    def __init__(self, jobs: Jobs, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self.version: DatasetVersion | None = None
        self.rules: tuple[Rule, ...] = ()
        self.report: CheckReport | None = None
        self.proposing = False
        self._checking: set[int] = set()  # The ids of versions that are being checked.

    @property
    def checking(self) -> bool:
        return self.version is not None and self.version.id in self._checking

    def load(self, version: DatasetVersion, *, check: bool = True) -> None:
        """Read the rules and the report. check: run what was not run yet."""
        self.version = version

        def show(found: tuple[tuple[Rule, ...], CheckReport | None]) -> None:
            if self._is_shown(version):  # Else another one was chosen meanwhile.
                self.rules, self.report = found
                pending = self.report is None or self.report.pending
                if check and pending and any(rule.on for rule in self.rules):
                    self.check()
                self.shown.emit()

        self._jobs.run(
            self,
            lambda store: (
                checks.rules(store, version.dataset),
                checks.report(store, version.ref),
            ),
            show,
            self.failed.emit,
        )

    def check(self) -> None:
        """Run the rules on the version, all of them."""
        version = self.version
        if version is None or self.checking:
            return
        self._checking.add(version.id)
        job = self._jobs.start(
            self,
            self.tr("Check {0}").format(version.ref),
            lambda lane, context: checks.check(lane, version.ref, context),
            None,
            self.failed.emit,
        )
        job.finished.connect(lambda: self._on_checked(version, job))
        self.shown.emit()

    def propose(self) -> None:
        """Add the rules that the version keeps and nobody has set yet."""
        version = self.version
        if version is None or self.proposing:
            return
        self.proposing = True
        job = self._jobs.start(
            self,
            self.tr("Propose checks from {0}").format(version.ref),
            lambda lane, context: checks.propose(lane, version.ref, context),
            lambda found: self._add_proposed(version, found),
            self.failed.emit,
        )
        job.finished.connect(self._on_proposed)
        self.shown.emit()

    def exchange(
        self,
        old: Rule | None,
        new: Rule | None,
        then: Callable[[], None] | None = None,
        failed: Callable[[UserError], None] | None = None,
    ) -> None:
        """Put a rule in the place of another one; None adds or deletes one."""
        if old is None:
            rules = (*self.rules, new) if new is not None else self.rules
        elif new is None:
            rules = tuple(rule for rule in self.rules if rule != old)
        else:
            rules = tuple(new if rule == old else rule for rule in self.rules)
        gone = old is not None and new is None
        said = self.tr("Deleted: {0}.").format(plain(old.sentence)) if old and gone else ""
        self._set(rules, said, then, failed)

    def delete_all(self) -> None:
        self._set((), self.tr("Deleted all {0} rules.").format(len(self.rules)))

    def read_file(self, path: str) -> None:
        """Take the rules of a file instead."""
        said = self.tr("The rules are those of {0} now.").format(PurePath(path).name)
        self._jobs.start(
            self,
            "",
            lambda _lane, _context: rule_files.read_rules(Path(path)),
            lambda rules: self._set(rules, said),
            self.failed.emit,
            quiet=True,
        )

    def write_file(self, path: str) -> None:
        rules = self.rules
        said = self.tr("Wrote {0} rules to {1}.").format(len(rules), PurePath(path).name)
        self._jobs.start(
            self,
            "",
            lambda _lane, _context: rule_files.write_rules(Path(path), rules),
            lambda _: self.toast.emit(said),
            self.failed.emit,
            quiet=True,
        )

    def _set(
        self,
        rules: tuple[Rule, ...],
        said: str,
        then: Callable[[], None] | None = None,
        failed: Callable[[UserError], None] | None = None,
    ) -> None:
        """said: what a notice says, which can undo it."""
        version, before = self.version, (self.rules, self.report)
        if version is None:
            return
        # At once, so that the next change, however soon, begins with this one.
        self.rules = rules
        self.report = self.report.under(rules) if self.report is not None else None
        self.shown.emit()

        def done(_: tuple[Rule, ...]) -> None:
            if said:
                self.undoable.emit(said, lambda: self._put_back(version, before[0]))
            if self._is_shown(version):
                if then is not None:
                    then()
                self.load(version)

        def refused(error: UserError) -> None:
            self.rules, self.report = before
            (failed or self.failed.emit)(error)
            self.shown.emit()

        self._jobs.run(
            self, lambda store: checks.set_rules(store, version.dataset, rules), done, refused
        )

    def _put_back(self, version: DatasetVersion, before: tuple[Rule, ...]) -> None:
        self._jobs.run(
            self,
            lambda store: checks.set_rules(store, version.dataset, before),
            lambda _: self.load(self.version) if self.version is not None else None,
            self.failed.emit,
        )

    def _add_proposed(self, version: DatasetVersion, found: tuple[Rule, ...]) -> None:
        if self.version is None or self.version.dataset != version.dataset:
            return
        known = {rule.tested for rule in self.rules}
        new = tuple(rule for rule in found if rule.tested not in known)
        if not new:
            self.toast.emit(self.tr("There is nothing new to propose."))
            return
        one, many = self.tr("Added 1 rule."), self.tr("Added {0} rules, each met by {1}.")
        text = one if len(new) == 1 else many.format(len(new), version.ref)
        self._set((*self.rules, *new), text)

    def _on_checked(self, version: DatasetVersion, job: Job) -> None:
        self._checking.discard(version.id)
        if self._is_shown(version):
            # What failed or was stopped is not tried again by itself: it would be for ever.
            self.load(version, check=job.state is JobState.DONE)

    def _on_proposed(self) -> None:
        self.proposing = False
        self.shown.emit()

    def _is_shown(self, version: DatasetVersion) -> bool:
        return self.version is not None and self.version.id == version.id
