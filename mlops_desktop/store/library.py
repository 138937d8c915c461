"""sqlite_utils without pandas and numpy, which it would import only to know their types."""

from __future__ import annotations

import sys
import threading
from importlib.abc import MetaPathFinder


class _Refusing(MetaPathFinder):
    """For the thread that made it: others may import them meanwhile. They take half a second."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def find_spec(self, name: str, _path: object, _target: object = None) -> None:
        if name in ("pandas", "numpy") and threading.get_ident() == self._thread:
            raise ImportError(f"The store does without {name}.")


_finder = _Refusing()
sys.meta_path.insert(0, _finder)
try:
    from sqlite_utils import Database
    from sqlite_utils.db import sqlite3
    from sqlite_utils.migrations import Migrations
finally:
    sys.meta_path.remove(_finder)

__all__ = ["Database", "Migrations", "sqlite3"]
