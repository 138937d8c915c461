"""sqlite_utils without pandas, which it would import (half a second) only to know its types."""

from __future__ import annotations

import sys
import threading
from importlib.abc import MetaPathFinder


class _WithoutPandas(MetaPathFinder):
    """For the thread that made it: others may import pandas meanwhile."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def find_spec(self, name: str, _path: object, _target: object = None) -> None:
        if name == "pandas" and threading.get_ident() == self._thread:
            raise ImportError("The store does without pandas.")


_finder = _WithoutPandas()
sys.meta_path.insert(0, _finder)
try:
    from sqlite_utils import Database
    from sqlite_utils.db import sqlite3
    from sqlite_utils.migrations import Migrations
finally:
    sys.meta_path.remove(_finder)

__all__ = ["Database", "Migrations", "sqlite3"]
