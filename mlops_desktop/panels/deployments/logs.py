"""The Logs tab: what the server writes, followed, searched, and the folder that it is in."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QTextCursor, QTextDocument
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from mlops_desktop.actions import deployments
from mlops_desktop.core.deployments import Deployment
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.buttons import secondary
from mlops_desktop.widgets.cards import label
from mlops_desktop.widgets.theme import app_theme
from mlops_desktop.work.jobs import Jobs

_BYTES = 200_000


class LogsTab(QWidget):
    """tick() asks once. open_folder(path) may be exchanged in tests."""

    def __init__(self, jobs: Jobs, workspace: Workspace) -> None:
        super().__init__()
        self._jobs, self._workspace = jobs, workspace
        self._deployment: Deployment | None = None
        self._asking = False
        self._text = ""
        self.open_folder: Callable[[str], object] = _open_folder
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search; Enter finds the one above"))
        self.search.setAccessibleName(self.tr("Search the log"))
        self.search.setClearButtonEnabled(True)
        self.search.setMaximumWidth(320)
        self.search.returnPressed.connect(self._find)
        self.search.textChanged.connect(self._search_changed)
        self._found = label(muted=True)
        self.follow = QCheckBox(self.tr("Follow"))
        self.follow.setChecked(True)
        self.follow.toggled.connect(self._to_end)
        folder = secondary(self.tr("Open the folder"), "folder-open", self._open)
        self.view = QPlainTextEdit(readOnly=True)
        self.view.setFont(app_theme().monospace())
        self.view.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.view.setAccessibleName(self.tr("Log"))
        self.view.setPlaceholderText(self.tr("The server has written nothing yet."))
        for name, widget in (
            ("log-search", self.search),
            ("log-follow", self.follow),
            ("open-log-folder", folder),
            ("log-view", self.view),
        ):
            widget.setObjectName(name)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.search, 1)
        row.addWidget(self._found)
        row.addStretch(1)
        row.addWidget(self.follow)
        row.addWidget(folder)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(row)
        column.addWidget(self.view, 1)

    def show_deployment(self, deployment: Deployment) -> None:
        if self._deployment is None or deployment.id != self._deployment.id:
            self._show("")
        self._deployment = deployment

    def tick(self, deployment: Deployment) -> None:
        if self._asking:
            return
        self._asking = True
        self._jobs.start(
            self,
            "",
            lambda _lane, _context: deployments.log_tail(self._workspace, deployment, _BYTES),
            self._show,
            lambda _error: self._show(self._text),
            quiet=True,
        )

    def _show(self, text: str) -> None:
        self._asking = False
        if text == self._text:
            return
        bar, at = self.view.verticalScrollBar(), self.view.verticalScrollBar().value()
        self._text = text
        self.view.setPlainText(text)
        if self.follow.isChecked():
            self._to_end(True)
        else:
            bar.setValue(at)

    def _to_end(self, on: bool) -> None:
        if on:
            self.view.moveCursor(QTextCursor.MoveOperation.End)
            self.view.horizontalScrollBar().setValue(0)

    def _search_changed(self) -> None:
        self.view.moveCursor(QTextCursor.MoveOperation.End)
        self._find()

    def _find(self) -> None:
        """Go to the match above; from the top, around to the last one."""
        words = self.search.text()
        if not words:
            self._found.clear()
            return
        self.follow.setChecked(False)
        up = QTextDocument.FindFlag.FindBackward
        if not self.view.find(words, up):
            self.view.moveCursor(QTextCursor.MoveOperation.End)
            if not self.view.find(words, up):
                self._found.setText(self.tr("not found"))
                return
        count = self._text.casefold().count(words.casefold())
        self._found.setText(
            self.tr("1 match") if count == 1 else self.tr("{0} matches").format(count)
        )

    def _open(self) -> None:
        if self._deployment is not None:
            self.open_folder(str(self._workspace.deployment(self._deployment.id)))


def _open_folder(path: str) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(path))
