"""Writing a version to a file of the user's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePath

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from mlops_desktop.actions import datasets
from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.widgets.ask_path import ask_target
from mlops_desktop.work.jobs import Jobs


class Exporting(QWidget):
    """choose_target(name, then) asks for a path, and whether it is for a spreadsheet; tests put
    their own there. failed carries a UserError."""

    failed = Signal(object)
    toast = Signal(str)

    def __init__(self, jobs: Jobs, parent: QWidget) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self.choose_target: Callable[[str, Callable[[str, bool], None]], None] = self._ask_target
        self.hide()

    def export(self, version: DatasetVersion) -> None:
        """Ask where to, and write it there."""
        name = f"{version.dataset}-v{version.version}.csv"
        self.choose_target(name, lambda path, safe: self._write(version, Path(path), safe))

    def _write(self, version: DatasetVersion, path: Path, for_spreadsheet: bool) -> None:
        self._jobs.start(
            self,
            self.tr("Export {0}").format(version.ref),
            lambda lane, context: datasets.export(
                lane, version.ref, path, context, for_spreadsheet=for_spreadsheet
            ),
            lambda rows: self.toast.emit(
                self.tr("Wrote {0} rows to {1}.").format(f"{rows:,}", PurePath(path).name)
            ),
            self.failed.emit,
        )

    def _ask_target(self, name: str, then: Callable[[str, bool], None]) -> None:
        safe = self.tr("CSV for a spreadsheet: formulas made safe (*.csv)")
        ask_target(
            self,
            self.tr("Export"),
            name,
            [self.tr("CSV (*.csv)"), safe, self.tr("Parquet (*.parquet)")],
            lambda path, kind: then(path, kind == safe),
        )
