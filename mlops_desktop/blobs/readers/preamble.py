"""What may stand above the table in a CSV file: Excel's own line that names the delimiter, titles
and comments."""

from __future__ import annotations

import io
import itertools
import re

from mlops_desktop.blobs.readers import guessing
from mlops_desktop.core.datasets import ImportOptions

_LINES = 100  # That are looked at.
_MOST = 20  # Lines above a table.
_SEP = re.compile(r'^"?sep=([^"\w\r\n])\1*"?(\r\n|\n|\r)', re.IGNORECASE)


def separator(text: str) -> tuple[str, str]:
    """The line `sep=;` at the start of a text, its end included, and the delimiter that it names;
    both empty where there is none."""
    found = _SEP.match(text)
    return (found[0], found[1]) if found and found[1].isascii() else ("", "")


def titles(text: str, options: ImportOptions, named: str, *, whole: bool) -> str:
    """The lines of titles and comments at the start of a text; empty where there are none or it
    is not sure.

    They have one cell each, or begin with #, and are left out only above rows that all have as
    many cells as each other, headed by words; without a # there must be numbers or dates below the
    words, too, lest a column of texts with commas in them lose its name. named: the delimiter that
    the file names.
    """
    if options.header is False:
        return ""
    lines = list(itertools.islice(io.StringIO(text, newline=""), _LINES))
    whole = whole and len(lines) < _LINES
    sample = "".join(lines)
    mark, _ = guessing.delimiter(sample, options, named)
    first, *below = _widths(sample, mark, whole=whole) or [0]
    if first > 1 and below.count(first) * 2 >= len(below):
        return ""
    marks = [mark] if named or options.delimiter else guessing.DELIMITERS
    return max((_above(lines, each, options, whole=whole) for each in marks), key=len)


def _above(lines: list[str], mark: str, options: ImportOptions, *, whole: bool) -> str:
    """The titles if that is the delimiter."""

    def is_title(line: str) -> bool:
        return '"' not in line and (line.startswith("#") or mark not in line)

    above = list(itertools.takewhile(is_title, lines))
    rest = "".join(lines[len(above) :])
    # A last line with a # may hold the names: #id,name.
    if above and above[-1].startswith("#") and mark in above[-1]:
        width = next(iter(_widths(rest, mark, whole=whole)), 0)
        if above[-1].count(mark) + 1 == width:
            rest = above.pop() + rest
    rows = list(guessing.rows(rest, mark, whole=whole))
    if not "".join(above).strip() or len(above) > _MOST or len(rows) < 2:
        return ""
    is_even = len(rows[0]) > 1 and all(len(row) == len(rows[0]) for row in rows)
    if not is_even or guessing.delimiter(rest, options, "")[0] != mark:
        return ""
    is_comment = all(line.startswith("#") or not line.strip() for line in above)
    fits = guessing.has_names(rows, above_values=not is_comment)
    return "".join(above) if fits else ""


def _widths(text: str, mark: str, *, whole: bool) -> list[int]:
    return [len(row) for row in guessing.rows(text, mark, whole=whole)]
