"""Storage and clean-up: what fills the workspace, what lies in the bin, and freeing it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from mlops_desktop.actions import cleanup, storage, versions
from mlops_desktop.core.cleanup import Freed, Part, Plan, Usage, Waste
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.versions import Binned
from mlops_desktop.widgets.banner import Banner, ErrorBox
from mlops_desktop.widgets.buttons import Button, danger, secondary
from mlops_desktop.widgets.cards import Card, heading, label
from mlops_desktop.widgets.row_table import Column, RowTable
from mlops_desktop.widgets.sizes import in_bytes
from mlops_desktop.widgets.times import ago
from mlops_desktop.work.jobs import Jobs

_TABLE_PX = 196
_State = tuple[Usage, list[Binned], Plan]


class StorageSection(Card):
    """load() when it is seen. Restoring and cleaning up tell by toast(text)."""

    toast = Signal(str)
    loaded = Signal()

    def __init__(self, jobs: Jobs) -> None:
        self.clean_button = secondary(self.tr("Clean up"), "trash-2", self._ask)
        self.clean_button.setObjectName("clean-up")
        self.clean_button.setEnabled(False)
        super().__init__(self.tr("Storage and clean-up"), actions=[self.clean_button])
        self._jobs = jobs
        self._plan: Plan | None = None
        self._build()

    def _build(self) -> None:
        self.frees = label(self.tr("Looking at the disk\u2026"), wrap=True)
        self.frees.setObjectName("clean-up-frees")
        self.add(self.frees)
        self.error = ErrorBox()
        self.add(self.error)
        self.confirm = danger(self.tr("Clean up for good"), "", self._clean)
        self.confirm.setObjectName("confirm-clean-up")
        self._sure = Banner(
            "warn", "", [self.confirm, Button(self.tr("Cancel"), clicked=self._close)]
        )
        self._sure.hide()
        self.add(self._sure)
        self.usage: RowTable[Part] = RowTable(
            (
                Column(self.tr("What"), lambda part: _title(part.name), stretch=True),
                Column(self.tr("Count"), lambda part: part.count),
                Column(self.tr("Size"), lambda part: part.bytes, format=in_bytes),
            ),
            self.tr("What fills the workspace"),
            key=lambda part: part.name,
        )
        self.usage.setObjectName("storage-usage")
        self.bin: RowTable[Binned] = RowTable(
            (
                Column(self.tr("Version"), lambda one: one.version.ref, stretch=True),
                Column(self.tr("Deleted"), lambda one: ago(one.version.deleted_at)),
                Column(self.tr("Frees alone"), lambda one: one.frees, format=in_bytes),
            ),
            self.tr("The bin"),
            key=lambda one: one.version.ref,
            multiple=True,
            empty_text=self.tr("The bin is empty."),
        )
        self.bin.setObjectName("storage-bin")
        self.restore = secondary(self.tr("Restore"), "undo-2", self._restore)
        self.restore.setObjectName("restore-version")
        self.restore.setEnabled(False)
        self.bin.selection_changed.connect(lambda rows: self.restore.setEnabled(bool(rows)))
        across = QHBoxLayout()
        across.setSpacing(24)
        for table, button in ((self.usage, None), (self.bin, self.restore)):
            table.setFixedHeight(_TABLE_PX)
            column = QVBoxLayout()
            column.setSpacing(4)
            above = QHBoxLayout()
            above.addWidget(heading(table.accessibleName()), 1)
            if button is not None:
                above.addWidget(button)
            else:
                above.addSpacing(0)
                above.addStrut(32)
            column.addLayout(above)
            column.addWidget(table)
            column.addStretch(1)
            across.addLayout(column, 1)
        self.body.addLayout(across)

    def load(self) -> None:
        self._jobs.run(
            self,
            lambda store: (storage.usage(store), storage.binned(store), cleanup.plan(store)),
            self._show,
            self.error.show_error,
        )

    def _show(self, state: _State) -> None:
        self.error.show_error(None)
        usage, binned, self._plan = state
        parts = [*usage.datasets, *usage.rest]
        self.usage.set_rows(sorted(parts, key=lambda part: -part.bytes))
        self.bin.set_rows(binned)
        parts = [part for part in self._plan.parts if part.bytes]
        self.clean_button.setEnabled(bool(self._plan.parts))
        if not self._plan.parts:
            said = self.tr("{0} on the disk. There is nothing to clean up.")
            self.frees.setText(said.format(in_bytes(usage.bytes)))
        else:
            said = self.tr("{0} on the disk. A clean-up frees {1}: {2}.")
            self.frees.setText(
                said.format(in_bytes(usage.bytes), in_bytes(self._plan.bytes), _listed(parts))
                if parts
                else self.tr("What is in the bin shares its disk with versions that stay.")
            )
        self.loaded.emit()

    def _ask(self) -> None:
        plan = self._plan
        if plan is None:
            return
        refs = [version.ref for version in plan.versions]
        if refs:
            lost = self.tr("{0} can then no longer be restored.").format(_named(refs))
        else:
            lost = self.tr("No dataset version is lost.")
        self._sure.say(self.tr("This frees {0}.").format(in_bytes(plan.bytes)), lost)
        self._sure.show()
        self.confirm.setFocus()

    def _clean(self) -> None:
        plan = self._plan
        self._close()
        if plan is not None:
            self.clean_button.setEnabled(False)
            self._jobs.start(
                self,
                self.tr("Clean up"),
                lambda lane, context: cleanup.clean(lane, plan, context),
                self._cleaned,
                self._failed,
            )

    def _cleaned(self, freed: Freed) -> None:
        self.toast.emit(self.tr("Freed {0}.").format(in_bytes(freed.bytes)))
        self.load()

    def _failed(self, error: UserError) -> None:
        self.load()
        self.error.show_error(error)

    def _close(self) -> None:
        self._sure.hide()

    def _restore(self) -> None:
        refs = [one.version.ref for one in self.bin.selected_rows()]

        self._jobs.run(
            self,
            lambda store: [versions.restore(store, ref) for ref in refs],
            lambda _: self.toast.emit(self.tr("Restored {0}.").format(_named(refs))),
            self.error.show_error,
        )


def _listed(parts: Sequence[Part]) -> str:
    return ", ".join(f"{_title(part.name).lower()} {in_bytes(part.bytes)}" for part in parts)


def _named(refs: Sequence[str], most: int = 4) -> str:
    if len(refs) > most + 1:
        more = QCoreApplication.translate("StorageSection", "{0} more")
        refs = [*refs[:most], more.format(len(refs) - most)]
    both = QCoreApplication.translate("StorageSection", "{0} and {1}")
    return refs[0] if len(refs) == 1 else both.format(", ".join(refs[:-1]), refs[-1])


def _title(name: str) -> str:
    """A kind in words; the names of datasets stay as they are."""
    titles = {
        "bin": "The bin",
        "models and runs": "Models and runs",
        "interrupted work": "Interrupted work",
        "predictions": "Predictions",
        "backups": "Backups",
        "database": "Database",
        Waste.BIN.value: "Deleted versions",
        Waste.PACKS.value: "Unused parts of shared files",
        Waste.RUNS.value: "Logs of failed runs",
        Waste.BACKUPS.value: "Old backups",
    }
    return QCoreApplication.translate("StorageSection", titles[name]) if name in titles else name
