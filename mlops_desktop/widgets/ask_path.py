"""Asks for a file without blocking: `then` is called when one was chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget


def ask_file(
    parent: QWidget, title: str, filters: Sequence[str], then: Callable[[str], None]
) -> None:
    """A file to read: then(path)."""
    dialog = QFileDialog(parent, title)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.fileSelected.connect(then)
    _open(dialog, filters)


def ask_target(
    parent: QWidget, title: str, name: str, filters: Sequence[str], then: Callable[[str, str], None]
) -> None:
    """A file to write, offered as name: then(path, the filter that was chosen)."""
    dialog = QFileDialog(parent, title)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.selectFile(name)
    dialog.fileSelected.connect(lambda path: then(path, dialog.selectedNameFilter()))
    _open(dialog, filters)


def _open(dialog: QFileDialog, filters: Sequence[str]) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setNameFilters(list(filters))
    dialog.open()
