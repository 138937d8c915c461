"""For children that do without pandas: pyarrow would import it (0.5 s) at its first array."""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder

import pyarrow as pa


class _WithoutPandas(MetaPathFinder):
    def find_spec(self, name: str, _path: object, _target: object = None) -> None:
        if name == "pandas":
            raise ImportError("This child does without pandas.")


def refuse_pandas() -> None:
    """Call it first, before there are threads: two that look for pandas at once would clash."""
    sys.meta_path.insert(0, _WithoutPandas())
    pa.scalar(False)  # pyarrow looks for pandas now.
