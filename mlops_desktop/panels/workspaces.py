"""Opens another workspace, in a window of its own; this one stays as it is."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QProcess, Qt
from PySide6.QtWidgets import QFileDialog, QWidget


def choose_workspace(window: QWidget, root: Path) -> None:
    """Ask for a folder, beginning beside the workspace that is open."""
    title = QCoreApplication.translate("Workspaces", "Open a workspace folder")
    dialog = QFileDialog(window, title)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setDirectory(str(root.parent))
    dialog.fileSelected.connect(_open)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()


def _open(folder: str) -> None:
    frozen = getattr(sys, "frozen", False)
    words = [] if frozen else ["-m", "mlops_desktop"]
    QProcess.startDetached(sys.executable, [*words, "--workspace", folder])
