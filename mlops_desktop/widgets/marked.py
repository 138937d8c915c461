"""A sentence with `names` in it: each stands bold, and whatever it holds shows literally."""

from __future__ import annotations

import html
import re

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from mlops_desktop.widgets.cards import label

_NAME = re.compile(r"`([^`]*)`")
_STRONG = r'<span style="font-weight: 600">\1</span>'


def plain(text: str) -> str:
    """The sentence without the marks around its names."""
    return _NAME.sub(r"\1", text)


def marked(text: str, *, muted: bool = False) -> QLabel:
    """A label that wraps, with the sentence's names in bold."""
    made = label(muted=muted, wrap=True)
    made.setTextFormat(Qt.TextFormat.RichText)
    made.setText(_NAME.sub(_STRONG, html.escape(text)))
    made.setAccessibleName(plain(text))
    return made
