"""Amounts of disk as a person reads them."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication


def in_bytes(count: int) -> str:
    """`12 bytes`, `3.4 kB`, `5.6 MB`, `7.8 GB`: thousands, as file managers count."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return QCoreApplication.translate("sizes", "{0} bytes").format(count)
