"""Closes the window: asks where servers are running, and says why it cannot stay open."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from mlops_desktop.actions import deployments
from mlops_desktop.actions.servers import Servers
from mlops_desktop.core.deployments import Deployment
from mlops_desktop.core.errors import UserError
from mlops_desktop.work.jobs import Jobs


class Closing(QObject):
    """running: the deployments that have a server now."""

    def __init__(
        self,
        window: QWidget,
        jobs: Jobs,
        servers: Servers,
        running: Callable[[], list[Deployment]],
    ) -> None:
        super().__init__(window)
        self._window, self._jobs, self._servers = window, jobs, servers
        self._running = running
        self._agreed = False

    def close_now(self) -> None:
        self._agreed = True
        self._window.close()

    def after(self, error: UserError) -> None:
        """The workspace cannot be opened: say so, and close when that was read."""
        box = QMessageBox(
            QMessageBox.Icon.Critical, "MLOps Desktop", error.what, parent=self._window
        )
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setInformativeText(f"{error.why}\n{error.hint}")
        box.finished.connect(lambda _code: self.close_now())
        box.open()

    def may_close(self) -> bool:
        """False after it has asked; the answer then closes the window, or nothing does."""
        ours = [one.name for one in self._running() if not one.keep]
        if self._agreed or not ours:
            return True
        box = QMessageBox(
            QMessageBox.Icon.Question,
            "MLOps Desktop",
            self.tr("{0} is serving. Keep serving after the window closes?").format(
                ", ".join(ours)
            ),
            parent=self._window,
        )
        box.setTextFormat(Qt.TextFormat.PlainText)
        keep = box.addButton(self.tr("Keep serving"), QMessageBox.ButtonRole.AcceptRole)
        stop = box.addButton(self.tr("Stop and close"), QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(keep)

        def answered() -> None:
            if box.clickedButton() is keep:
                self._keep(ours)
            elif box.clickedButton() is stop:
                self.close_now()

        box.finished.connect(lambda _code: answered())
        box.open()
        return False

    def _keep(self, names: list[str]) -> None:
        self._jobs.start(
            self,
            self.tr("Keep serving"),
            lambda lane, _context: deployments.keep(lane, names, self._servers),
            lambda _value: self.close_now(),
        )
