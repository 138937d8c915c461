"""Where fonts, icons, samples and help pages lie, in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_ROOTS = (_PACKAGE / "_resources", _PACKAGE.parent / "resources")


def resource(*parts: str) -> Path:
    """The path of a bundled file or folder, such as ``resource("icons", "house.svg")``."""
    root = next((folder for folder in _ROOTS if folder.is_dir()), _ROOTS[-1])
    return root.joinpath(*parts)
