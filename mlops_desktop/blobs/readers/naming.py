"""Column names as we keep them: trimmed, composed, never empty, never twice."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence

from mlops_desktop.core.datasets import DataWarning, WarningKind
from mlops_desktop.core.errors import UserError


def made_different(cells: Sequence[str]) -> tuple[tuple[str, ...], list[DataWarning]]:
    """The names, and a warning for each that had to change since an earlier one is equal.

    Unicode twins, such as an accent of its own or in its letter, are equal.
    """
    names: dict[str, None] = {}
    renamed: list[tuple[str, str]] = []
    taken = {unicodedata.normalize("NFC", cell.strip()) for cell in cells}
    numbers: dict[str, int] = {}
    for position, cell in enumerate(cells, start=1):
        name = wanted = unicodedata.normalize("NFC", cell.strip()) or f"column_{position}"
        while name in names or (name != wanted and name in taken):
            numbers[wanted] = numbers.get(wanted, 1) + 1
            name = f"{wanted}_{numbers[wanted]}"
        if name != wanted:
            renamed.append((wanted, name))
        names[name] = None
    warnings = [
        DataWarning(
            WarningKind.TYPE,
            (new,),
            f"Two columns are called `{old}`; the later one is now `{new}`.",
            "A column must be told apart by its name.",
            "Rename one of them in the file if the new name is unclear.",
        )
        for old, new in renamed
    ]
    return tuple(names), warnings


def check_wanted(file: str, names: Sequence[str], wanted: Iterable[str]) -> None:
    """Raises UserError for a type that is wanted for a column that the file does not have."""
    for name in wanted:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=3)
            hint = f"Did you mean {' or '.join(near)}?" if near else "Check the name."
            raise UserError(f"{file} has no column {name!r}.", hint=hint)
