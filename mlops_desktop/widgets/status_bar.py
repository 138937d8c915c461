"""The bar at the bottom: servers running, the current job, problems and the bell."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton

from mlops_desktop.core.figures import percent
from mlops_desktop.widgets.cards import label
from mlops_desktop.widgets.icons import icon
from mlops_desktop.widgets.theme import Theme, app_theme, follow_theme


class StatusBar(QFrame):
    """Each part is a button that leads to where it is explained; empty parts are hidden."""

    servers_clicked = Signal()
    job_clicked = Signal()
    problems_clicked = Signal()
    bell_clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("bar", "bottom")
        self.setFixedHeight(30)
        self.setAccessibleName(self.tr("Status"))
        self._servers = _part()
        self._job = _part()
        self._bar = QProgressBar(textVisible=False)
        self._bar.setFixedWidth(120)
        self._left = label(muted=True)
        self._problems = _part()
        self._bell = _part()
        self._servers_running = 0
        self._problems.setProperty("token", "warn")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 8, 0)
        row.setSpacing(8)
        row.addWidget(self._servers)
        row.addStretch(1)
        for part in (self._job, self._bar, self._left, self._problems, self._bell):
            row.addWidget(part)
        self._servers.clicked.connect(self.servers_clicked)
        self._job.clicked.connect(self.job_clicked)
        self._problems.clicked.connect(self.problems_clicked)
        self._bell.clicked.connect(self.bell_clicked)
        self.set_servers(0, self.tr("No server runs"))
        self.set_job("")
        self.set_problems(0, "")
        self.set_notices(0)
        follow_theme(self, self._take_colors)

    def set_servers(self, running: int, text: str) -> None:
        """text as the user reads it, such as 'demand v2 serves on 127.0.0.1:8765'."""
        self._servers_running = running
        self._servers.setText(f" {text}")
        self._take_colors(app_theme())

    def set_job(self, title: str, fraction: float | None = None, left: str = "") -> None:
        """The running job; an empty title hides it. left: 'about 40 s left'."""
        done = "" if fraction is None else f" {percent(fraction, whole=True)}"
        self._job.setText(f"{title}{done}")
        self._left.setText(left)
        self._bar.setRange(0, 0 if fraction is None else 1000)
        self._bar.setValue(round(1000 * (fraction or 0)))
        self._bar.setAccessibleName(f"{title}{done}")
        for part in (self._job, self._bar):
            part.setVisible(bool(title))
        self._left.setVisible(bool(title and left))

    def set_problems(self, count: int, text: str) -> None:
        """text such as '1 alert'; no problem hides it."""
        self._problems.setText(f" {text}")
        self._problems.setVisible(count > 0)
        self._problems.style().polish(self._problems)
        self._take_colors(app_theme())

    def set_notices(self, unread: int) -> None:
        self._bell.setText(f" {unread}" if unread else "")
        several = self.tr("{0} unread notices").format(unread)
        name = self.tr("1 unread notice") if unread == 1 else several
        self._bell.setAccessibleName(name)
        self._bell.setToolTip(name)

    def focus(self) -> None:
        self._servers.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _take_colors(self, _: Theme) -> None:
        running = self._servers_running > 0
        self._servers.setIcon(icon("circle-check" if running else "server", _token(running)))
        self._problems.setIcon(icon("triangle-alert", "warn"))
        self._bell.setIcon(icon("bell", "muted"))


def _part() -> QPushButton:
    button = QPushButton()
    button.setProperty("kind", "status")
    button.setIconSize(QSize(14, 14))
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    return button


def _token(running: bool) -> str:
    return "ok" if running else "muted"
