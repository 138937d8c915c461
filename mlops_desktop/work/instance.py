"""One window a workspace: the first holds a lock, a second one asks it to come to the front."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QLockFile, QObject, Signal

from mlops_desktop.core import clock


class Instance(QObject):
    """raise_asked: another start of the app on this workspace wants our window in front."""

    raise_asked = Signal()

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = QLockFile(str(folder / "app.lock"))
        # Zero: never judged stale by age, only by its owner's process being gone.
        self._lock.setStaleLockTime(0)
        self._note = folder / "app.raise"
        self._watcher = QFileSystemWatcher(self)
        self._watcher.fileChanged.connect(self._on_note)

    def acquire(self) -> bool:
        """True for the first; False after having asked the first to show itself."""
        if not self._lock.tryLock(0):
            self._note.write_text(clock.now(), encoding="utf-8")
            return False
        self._note.touch(mode=0o600)
        self._watcher.addPath(str(self._note))
        return True

    def release(self) -> None:
        self._lock.unlock()

    def _on_note(self, path: str) -> None:
        self._watcher.addPath(path)
        self.raise_asked.emit()
