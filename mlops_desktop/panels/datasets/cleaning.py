"""The Cleaning tab: write a recipe step by step, see what it does, save what it gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from mlops_desktop.actions import recipes
from mlops_desktop.actions.step_look import Look, look
from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.recipes import RecipeVersion, Step
from mlops_desktop.core.steps import StepKind
from mlops_desktop.panels.datasets.drafts import Draft
from mlops_desktop.panels.datasets.made_by import MadeBy
from mlops_desktop.panels.datasets.no_steps import NoSteps
from mlops_desktop.panels.datasets.recipe_work import RecipeWork
from mlops_desktop.panels.datasets.save_bar import SaveBar
from mlops_desktop.panels.datasets.step_form import StepForm
from mlops_desktop.panels.datasets.step_list import StepList
from mlops_desktop.panels.datasets.step_preview import StepPreview
from mlops_desktop.panels.datasets.tab import VersionTab
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.cards import Card
from mlops_desktop.work.jobs import Jobs

if TYPE_CHECKING:
    from mlops_desktop.ml.recipe import Checked

_EMPTY, _FULL = range(2)
_SETTLE_MS = 250


class CleaningTab(VersionTab):
    """Pending steps stay, a draft for each dataset, until they are saved or discarded.

    drafted: the steps that are pending now.
    """

    help_topic = "recipes"
    drafted = Signal(object)

    def __init__(self, jobs: Jobs, workspace: Workspace) -> None:
        super().__init__(jobs, workspace)
        self._drafts: dict[str, Draft] = {}
        self._typed: tuple[int, Step] | None = None  # The step in the form, and its place.
        self._new = False
        self._outline: tuple[Checked, ...] = ()
        self._ticket = 0
        self.work = RecipeWork(jobs, self)
        self.work.made.connect(self._on_made)
        self.work.read.connect(self._use)
        self.work.failed.connect(self.failed)
        self.work.toast.connect(self.toast)
        self._settle = QTimer(self, interval=_SETTLE_MS, singleShot=True)
        self._settle.timeout.connect(self._look)
        self._build()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.made_by = MadeBy()
        self.made_by.change_wanted.connect(self._change_old)
        self.made_by.again_wanted.connect(self._again)
        column.addWidget(self.made_by)
        self._stack = QStackedWidget()
        self.no_steps = NoSteps()
        self.no_steps.add_wanted.connect(self._add)
        self.no_steps.fix_wanted.connect(self.add_steps)
        self._stack.addWidget(self.no_steps)
        self._stack.addWidget(self._build_full())
        column.addWidget(self._stack, 1)
        self.bar = SaveBar()
        self.bar.discard_wanted.connect(self._discard)
        self.bar.recipe_wanted.connect(lambda name: self.work.save(name, self.draft.steps))
        self.bar.version_wanted.connect(self._save_version)
        self.bar.file_wanted.connect(lambda name: self.work.export_file(name, self.draft.steps))
        column.addWidget(self.bar)
        for keys, work in (("Ctrl+Z", self._undo), ("Ctrl+Shift+Z", self._redo)):
            shortcut = QShortcut(QKeySequence(keys), self, work)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)

    def _build_full(self) -> QWidget:
        page = QWidget()
        across = QHBoxLayout(page)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(12)
        self.list = StepList()
        for signal, slot in (
            (self.list.chosen, self._look_soon),
            (self.list.switched, lambda at, on: self._change(lambda d: d.switch(at, on=on))),
            (self.list.moved, self._move),
            (self.list.edit_wanted, self._edit),
            (self.list.delete_wanted, lambda at: self._change(lambda d: d.remove(at))),
            (self.list.add_wanted, self._add),
            (self.list.undo_wanted, self._undo),
            (self.list.redo_wanted, self._redo),
        ):
            signal.connect(slot)
        self.form = StepForm()
        self.form.typed.connect(self._on_typed)
        self.form.saved.connect(self._on_saved)
        self.form.closed.connect(self.escape)
        left = Card()
        left.setFixedWidth(312)
        left.body.setContentsMargins(12, 12, 12, 12)
        self._left = QStackedWidget()
        self._left.addWidget(self.list)
        self._left.addWidget(self.form)
        left.body.addWidget(self._left, 1)
        across.addWidget(left)
        self.preview = StepPreview()
        self.preview.only_changes_wanted.connect(self._look)
        across.addWidget(self.preview, 1)
        return page

    @property
    def draft(self) -> Draft:
        """The pending steps of the dataset that is shown."""
        name = self.version.dataset if self.version is not None else ""
        return self._drafts.setdefault(name, Draft())

    def add_steps(self, steps: Sequence[Step]) -> None:
        """Take steps that a warning, the inspector or the table suggests."""
        self._change(lambda draft: draft.add(steps), len(self.draft.steps) + len(steps) - 1)

    def load(self) -> None:
        version = self.version
        assert version is not None
        self.preview.clear()
        self.escape()
        self._show_steps()
        self.jobs.run(
            self,
            lambda store: (
                recipes.list_recipes(store),
                recipes.get(store, version.recipe) if version.recipe else None,
                recipes.newer_parent(store, version),
            ),
            lambda found: self._show_recipes(version, *found),
            self.failed.emit,
        )

    def _show_recipes(
        self,
        version: DatasetVersion,
        known: list[RecipeVersion],
        made: RecipeVersion | None,
        newer: DatasetVersion | None,
    ) -> None:
        if self.version is None or self.version.id != version.id:
            return  # Another one was chosen meanwhile.
        self.made_by.show_recipe(version, made, newer)
        self.no_steps.show_recipes(known, self._use, self.work.import_file)
        self.no_steps.show_fixes(version)

    def _show_steps(self, place: int | None = None) -> None:
        steps = self.draft.steps
        self.drafted.emit(steps)
        shown = bool(steps) or self._typed is not None
        self._stack.setCurrentIndex(_FULL if shown else _EMPTY)
        errors = {p: c.error for p, c in enumerate(self._outline) if c.error is not None}
        self.list.show_steps(steps, errors, place)
        self.list.show_history(undo=self.draft.can_undo, redo=self.draft.can_redo)
        version = self.version
        self.bar.show_steps(steps, version.dataset if version else "", bool(errors))
        if shown:
            self._look_soon()

    def _change(self, work: Callable[[Draft], None], place: int | None = None) -> None:
        work(self.draft)
        self._outline = ()
        self._show_steps(place)

    def _move(self, at: int, to: int) -> None:
        # After the list's own move has ended: it is filled anew.
        QTimer.singleShot(0, self, lambda: self._change(lambda draft: draft.move(at, to), to))

    def _undo(self) -> None:
        self._change(Draft.undo)

    def _redo(self) -> None:
        self._change(Draft.redo)

    def _discard(self) -> None:
        before = self.draft.steps
        self._change(lambda draft: draft.put(()))
        self.undoable.emit(
            self.tr("Discarded {0} steps.").format(len(before)),
            lambda: self._change(lambda draft: draft.put(before)),
        )

    def _add(self, kind: StepKind) -> None:
        self._open_form(len(self.draft.steps), Step(kind), new=True)

    def _edit(self, at: int) -> None:
        self._open_form(at, self.draft.steps[at], new=False)

    def _open_form(self, at: int, step: Step, *, new: bool) -> None:
        version = self.version
        if version is None:
            return
        columns = version.columns
        if at < len(self._outline):
            columns = self._outline[at].before
        elif self._outline:
            columns = self._outline[-1].after
        # What is not filled in yet is no error: a look at it that is under way counts no longer.
        self._settle.stop()
        self._ticket += 1
        self._typed, self._new = (at, step), new
        self._stack.setCurrentIndex(_FULL)
        self._left.setCurrentWidget(self.form)
        self.form.open_for(columns, step, new=new)

    def _on_typed(self, step: Step) -> None:
        if self._typed is not None:
            self._typed = (self._typed[0], step)
            self._look_soon()

    def _on_saved(self, step: Step) -> None:
        assert self._typed is not None
        at, new = self._typed[0], self._new
        self.escape()
        if new:
            self._change(lambda draft: draft.add((step,)), at)
        else:
            self._change(lambda draft: draft.exchange(at, step), at)

    def escape(self) -> None:
        if self._typed is not None:
            self._typed = None
            self._left.setCurrentWidget(self.list)
            self._show_steps()

    def _look_soon(self, _place: int = 0) -> None:
        self._settle.start()

    def _look(self) -> None:
        """Look at all steps and preview the chosen one, on a worker; the newest wish counts."""
        version, steps = self.version, list(self.draft.steps)
        place = self.list.place
        if self._typed is not None:
            place, typed = self._typed
            steps[place : place + 1] = [typed]
        if version is None or not steps or not self.isVisible():
            return
        self._ticket += 1
        ticket, place = self._ticket, max(0, place)
        only = self.preview.only_changes.isChecked()
        self.jobs.start(
            self,
            "",
            lambda lane, _context: look(lane, self.workspace, version, steps, place, only=only),
            lambda found: self._show_look(ticket, found),
            self.failed.emit,
            quiet=True,
        )

    def _show_look(self, ticket: int, seen: Look) -> None:
        if ticket != self._ticket:
            return
        self._outline = seen.outline
        if self._typed is not None:
            self.form.show_error(seen.errors.get(seen.place))
        else:
            self.list.show_steps(self.draft.steps, seen.errors, seen.place)
            self.bar.show_errors(bool(seen.errors))
        if isinstance(seen.found, UserError):
            self.preview.show_error(seen.found)
        elif seen.found is None:
            self.preview.clear()
        else:
            self.preview.show_preview(seen.found, seen.about)

    def _use(self, recipe: RecipeVersion) -> None:
        self._change(lambda draft: draft.put(recipe.steps), 0)

    def _change_old(self, ref: str, recipe: RecipeVersion) -> None:
        self._use(recipe)
        self.open_panel.emit("data", ref)

    def _save_version(self, dataset: str, message: str) -> None:
        if self.version is not None:
            steps = self.draft.steps
            self.bar.follow(self.work.apply(self.version, steps, dataset, message))

    def _on_made(self, made: DatasetVersion) -> None:
        self._change(lambda draft: draft.put(()))
        self.toast.emit(self.tr("Made {0}: {1} rows.").format(made.ref, f"{made.rows:,}"))
        self.made.emit(made)

    def _again(self) -> None:
        if self.version is not None:
            self.bar.follow(self.work.again(self.version))
