"""What the Cleaning tab does with steps: saves them, applies them, reads and writes files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from mlops_desktop.actions import recipes
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.core.recipes import Step
from mlops_desktop.widgets.ask_path import ask_file, ask_target
from mlops_desktop.work.job import Job
from mlops_desktop.work.jobs import Jobs


class RecipeWork(QObject):
    """made: the version that steps gave. read: the RecipeVersion of a file.

    choose_file(then) and choose_target(name, then) ask for a path; tests put their own there.
    """

    made = Signal(object)
    read = Signal(object)
    failed = Signal(object)
    toast = Signal(str)

    def __init__(self, jobs: Jobs, widget: QWidget) -> None:
        super().__init__(widget)
        self._jobs, self._widget = jobs, widget
        self.choose_file: Callable[[Callable[[str], None]], None] = self._ask_file
        self.choose_target: Callable[[str, Callable[[str], None]], None] = self._ask_target

    def save(self, name: str, steps: Sequence[Step]) -> None:
        self._jobs.run(
            self,
            lambda store: recipes.save(store, name, steps),
            lambda made: self.toast.emit(self.tr("Saved the recipe {0}.").format(made.ref)),
            self.failed.emit,
        )

    def apply(
        self, version: DatasetVersion, steps: Sequence[Step], dataset: str, message: str
    ) -> Job:
        return self._start(
            self.tr("Clean {0}").format(version.ref),
            lambda lane, context: recipes.apply(
                lane, version.ref, steps, dataset, message, context
            ),
        )

    def again(self, version: DatasetVersion) -> Job:
        """Run the recipe that made a version on a newer version of its parent."""
        return self._start(
            self.tr("Run {0} again").format(version.recipe),
            lambda lane, context: recipes.again(lane, version.ref, context=context),
        )

    def import_file(self) -> None:
        """Ask for a file of a recipe, and read it."""
        self.choose_file(self._read_file)

    def export_file(self, name: str, steps: Sequence[Step]) -> None:
        """Ask for a file, save the steps under a name, and write what was saved."""
        self.choose_target(f"{name}.yaml", lambda path: self._write_file(name, steps, path))

    def _read_file(self, path: str) -> None:
        self._jobs.run(
            self,
            lambda store: recipes.import_file(store, Path(path)),
            self.read.emit,
            self.failed.emit,
        )

    def _write_file(self, name: str, steps: Sequence[Step], path: str) -> None:
        self._jobs.run(
            self,
            lambda store: recipes.export_file(
                store, recipes.save(store, name, steps).ref, Path(path)
            ),
            lambda made: self.toast.emit(
                self.tr("Wrote {0} to {1}.").format(made.ref, Path(path).name)
            ),
            self.failed.emit,
        )

    def _start(self, title: str, work: Callable[[Lane, Context], DatasetVersion]) -> Job:
        return self._jobs.start(self, title, work, self.made.emit, self.failed.emit)

    def _ask_file(self, then: Callable[[str], None]) -> None:
        filters = [self.tr("Recipes (*.yaml *.yml)"), self.tr("All files (*)")]
        ask_file(self._widget, self.tr("Read a recipe"), filters, then)

    def _ask_target(self, name: str, then: Callable[[str], None]) -> None:
        kinds, title = ["YAML (*.yaml)"], self.tr("Write the recipe")
        ask_target(self._widget, title, name, kinds, lambda path, _kind: then(path))
