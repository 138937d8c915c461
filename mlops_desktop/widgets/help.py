"""Help pages: one a topic, shipped as Markdown, in a window of their own beside the work."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QTextBrowser, QVBoxLayout, QWidget

from mlops_desktop.resources import resource
from mlops_desktop.widgets.theme import Theme, follow_theme


class HelpWindow(QDialog):
    """Stays open while one works; F1 in another panel turns its page."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Tool)
        self.setWindowTitle(self.tr("Help"))
        self.resize(460, 520)
        self._topic = "home"
        self.page = QTextBrowser()
        self.page.setAccessibleName(self.tr("Help"))
        self.page.setOpenLinks(False)
        self.page.document().setDocumentMargin(12)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.page)
        follow_theme(self, self._take_colors)

    def show_topic(self, topic: str) -> None:
        """topic: a panel's key."""
        self._topic = topic
        self.page.setMarkdown(resource("help", f"{topic}.md").read_text(encoding="utf-8"))
        self.show()
        self.raise_()

    def _take_colors(self, _: Theme) -> None:
        if self.isVisible():
            self.show_topic(self._topic)
