"""The bar below the steps: how many are pending, and what can become of them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QWidget

from mlops_desktop.core.recipes import Step
from mlops_desktop.widgets.buttons import Button, primary, secondary
from mlops_desktop.widgets.cards import Card, label
from mlops_desktop.widgets.progress import JobRow
from mlops_desktop.work.job import Job


class SaveBar(Card):
    """version_wanted(dataset, message), recipe_wanted(name), file_wanted(name)."""

    discard_wanted = Signal()
    version_wanted = Signal(str, str)
    recipe_wanted = Signal(str)
    file_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.body.setContentsMargins(12, 8, 12, 8)
        self._dataset = ""
        self._pending = 0
        self._row: JobRow | None = None
        self._build()
        self.hide()

    def _build(self) -> None:
        self.said = label()
        self.said.setObjectName("pending-steps")
        discard = secondary(self.tr("Discard"), "", self.discard_wanted.emit)
        discard.setObjectName("discard-steps")
        keep = Button(self.tr("Save the recipe"))
        keep.setObjectName("save-recipe")
        menu = QMenu(self)
        menu.addAction(self.tr("Under a name"), lambda: self._ask("recipe"))
        menu.addAction(self.tr("To a YAML file"), lambda: self._ask("file"))
        keep.set_menu(menu)
        self.save = primary(self.tr("Save version"), "save", lambda: self._ask("version"))
        self.save.setObjectName("save-version")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.said, 1)
        for button in (discard, keep, self.save):
            row.addWidget(button)
        self.body.addLayout(row)
        self.body.addWidget(self._build_ask())

    def _build_ask(self) -> QWidget:
        self._asking = QWidget()
        self._wanted = ""
        row = QHBoxLayout(self._asking)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self._question = label()
        self.name = QLineEdit()
        self.name.setObjectName("save-name")
        self.name.setFixedWidth(200)
        self._question.setBuddy(self.name)
        self.message = QLineEdit(placeholderText=self.tr("What is new in it (may stay empty)"))
        self.message.setObjectName("save-message")
        self.message.setAccessibleName(self.tr("Message"))
        self._go = primary(self.tr("Save"), "", self._answer)
        self._go.setObjectName("save-go")
        self.name.textChanged.connect(lambda text: self._go.setEnabled(bool(text.strip())))
        for line in (self.name, self.message):
            line.returnPressed.connect(self._answer)
        cancel = secondary(self.tr("Cancel"), "", self._asking.hide)
        for part, stretch in (
            (self._question, 0),
            (self.name, 0),
            (self.message, 1),
            (cancel, 0),
            (self._go, 0),
        ):
            row.addWidget(part, stretch)
        self._asking.hide()
        return self._asking

    def show_steps(self, steps: Sequence[Step], dataset: str, failing: bool) -> None:
        self._dataset, self._pending = dataset, len(steps)
        one, many = self.tr("1 pending step"), self.tr("{0} pending steps")
        self.said.setText((one if len(steps) == 1 else many).format(len(steps)))
        self.setVisible(bool(steps) or self._row is not None)
        if not steps:
            self._asking.hide()
        self.show_errors(failing)

    def show_errors(self, failing: bool) -> None:
        self.save.setEnabled(not failing)
        tip = self.tr("Mend the step that is red, or switch it off.") if failing else ""
        self.save.setToolTip(tip)

    def follow(self, job: Job) -> None:
        """Show how far a job is."""
        self._asking.hide()
        self.show()
        self._row = JobRow(job)
        self.body.addWidget(self._row)
        self.save.setEnabled(False)
        job.finished.connect(self._on_finished)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and not self._asking.isHidden():
            self._asking.hide()
        else:
            super().keyPressEvent(event)

    def _ask(self, wanted: str) -> None:
        self._wanted = wanted
        version = wanted == "version"
        self._question.setText(self.tr("Into the dataset") if version else self.tr("Called"))
        self.name.setText(self._dataset if version else f"clean-{self._dataset}")
        self.message.setVisible(version)
        self.message.clear()
        self._asking.show()
        self.name.setFocus(Qt.FocusReason.OtherFocusReason)
        self.name.selectAll()

    def _answer(self) -> None:
        name = self.name.text().strip()
        if not name:
            return
        match self._wanted:
            case "version":
                self.version_wanted.emit(name, self.message.text().strip())
            case "recipe":
                self.recipe_wanted.emit(name)
            case _:
                self.file_wanted.emit(name)
        self._asking.hide()

    def _on_finished(self) -> None:
        if self._row is not None:
            self._row.deleteLater()
            self._row = None
        self.save.setEnabled(True)
        self.setVisible(self._pending > 0)
