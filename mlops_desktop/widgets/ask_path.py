"""Asks for a file without blocking: then(path) is called when one was chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget


def ask_file(
    parent: QWidget, title: str, filters: Sequence[str], then: Callable[[str], None]
) -> None:
    """A file to read."""
    dialog = QFileDialog(parent, title)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    _open(dialog, filters, then)


def ask_target(
    parent: QWidget, title: str, name: str, filters: Sequence[str], then: Callable[[str], None]
) -> None:
    """A file to write, offered as name."""
    dialog = QFileDialog(parent, title)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.selectFile(name)
    _open(dialog, filters, then)


def _open(dialog: QFileDialog, filters: Sequence[str], then: Callable[[str], None]) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setNameFilters(list(filters))
    dialog.fileSelected.connect(then)
    dialog.open()
