"""What may stand above the table in a CSV file: Excel's own line that names the delimiter."""

from __future__ import annotations

import re

_SEP = re.compile(r'^"?sep=([^"\w\r\n])\1*"?(\r\n|\n|\r)', re.IGNORECASE)


def separator(text: str) -> tuple[str, str]:
    """The line `sep=;` at the start of a text, its end included, and the delimiter that it names;
    both empty where there is none."""
    found = _SEP.match(text)
    return (found[0], found[1]) if found and found[1].isascii() else ("", "")
