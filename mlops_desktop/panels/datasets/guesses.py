"""The guesses about a file as fields: each with its reason, each changeable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from mlops_desktop.core.datasets import ImportOptions
from mlops_desktop.core.importing import Guess
from mlops_desktop.widgets.cards import label
from mlops_desktop.widgets.marked import plain
from mlops_desktop.widgets.theme import app_theme

Value = str | bool | None
_OTHER_ENCODINGS = ("cp1250", "cp1251", "cp1253", "cp1254", "shift_jis", "gb18030", "big5")
# Of another format or table, what was chosen before means nothing.
_ENDS = {
    "format": ("delimiter", "encoding", "decimal", "thousands", "header", "sheet", "table"),
    "sheet": ("header",),
    "table": (),
}


class Guesses(QWidget):
    """changed carries the ImportOptions that hold what the user chose, and nothing else."""

    changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("import-guesses")
        self.options = ImportOptions()
        self._editors: dict[str, QComboBox | QLineEdit] = {}
        self._reasons: dict[str, QLabel] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 8, 0)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)
        column.addLayout(self._grid)
        column.addStretch(1)
        self._shown: tuple[Guess, ...] = ()

    def restart(self) -> None:
        """Forget what was chosen: another file comes."""
        self.options = ImportOptions()
        self.show_guesses(())

    def show_guesses(self, guesses: Sequence[Guess]) -> None:
        """Show these, in place of those before."""
        if [g.option for g in guesses] != [g.option for g in self._shown]:
            self._rebuild(guesses)
        for guess in guesses:
            self._put(guess)
        if "query" in self._reasons and not any(g.option == "query" for g in guesses):
            self._reasons["query"].setText(self.tr("One SELECT, instead of a table."))
        self._shown = tuple(guesses)

    def choose(self, option: str, value: Value) -> None:
        """What the user wants for an option; None lets it be guessed."""
        dropped = dict.fromkeys(_ENDS.get(option, ()))
        if option in ("format", "sheet", "table", "query"):
            dropped["types"] = {}
        if option == "query":
            value, dropped["table"] = value or None, None
        if option == "table":
            dropped["query"] = None
        changes: dict[str, object] = {**dropped, option: value}
        self.options = replace(self.options, **changes)  # type: ignore[arg-type]
        self.changed.emit(self.options)

    def _rebuild(self, guesses: Sequence[Guess]) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self._editors.clear()
        self._reasons.clear()
        shown = list(guesses)
        if any(guess.option == "table" for guess in guesses):
            shown.append(Guess("query", "", self.tr("One SELECT, instead of a table.")))
        for row, guess in enumerate(shown):
            above = label(_words()[guess.option])
            editor = self._editor(guess)
            editor.setObjectName(f"guess-{guess.option}")
            editor.setAccessibleName(above.text())
            above.setBuddy(editor)
            reason = label(muted=True, wrap=True)
            reason.setFont(app_theme().font(8.5))
            reason.setContentsMargins(0, 0, 0, 8)
            self._editors[guess.option], self._reasons[guess.option] = editor, reason
            self._grid.addWidget(above, 2 * row, 0)
            self._grid.addWidget(editor, 2 * row, 1)
            self._grid.addWidget(reason, 2 * row + 1, 0, 1, 2)

    def _editor(self, guess: Guess) -> QComboBox | QLineEdit:
        if guess.choices:
            combo = _Combo()
            combo.setMinimumContentsLength(8)
            combo.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            combo.activated.connect(lambda at: self.choose(guess.option, combo.itemData(at)))
            return combo
        line = QLineEdit()
        line.setPlaceholderText("SELECT \u2026 FROM \u2026")
        line.editingFinished.connect(partial(self._on_query, line))
        return line

    def _on_query(self, line: QLineEdit) -> None:
        if line.text().strip() != (self.options.query or ""):
            self.choose("query", line.text().strip())

    def _put(self, guess: Guess) -> None:
        editor, reason = self._editors[guess.option], self._reasons[guess.option]
        if isinstance(editor, QComboBox):
            values: list[Value] = list(guess.choices)
            if guess.option == "encoding":
                values += _OTHER_ENCODINGS
            if guess.value not in values:
                values.append(guess.value)
            editor.clear()
            for value in values:
                editor.addItem(_shown(guess.option, value), value)
            editor.setCurrentIndex(values.index(guess.value))
        else:
            editor.setText(str(guess.value or ""))
        reason.setText(plain(guess.why))


class _Combo(QComboBox):
    """Scrolling past it must not change what was chosen."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


def _words() -> dict[str, str]:
    say = QCoreApplication.translate
    return {
        "format": say("Guesses", "Format"),
        "encoding": say("Guesses", "Encoding"),
        "delimiter": say("Guesses", "Delimiter"),
        "header": say("Guesses", "First row"),
        "decimal": say("Guesses", "Decimals"),
        "thousands": say("Guesses", "Thousands"),
        "day_first": say("Guesses", "Dates"),
        "sheet": say("Guesses", "Sheet"),
        "table": say("Guesses", "Table"),
        "query": say("Guesses", "Query"),
    }


def _shown(option: str, value: Value) -> str:
    say = QCoreApplication.translate
    known: dict[tuple[str, Value], str] = {
        ("format", "csv"): say("Guesses", "Text (CSV, TSV)"),
        ("format", "parquet"): "Parquet",
        ("format", "excel"): say("Guesses", "Workbook (Excel)"),
        ("format", "json"): "JSON",
        ("format", "sqlite"): "SQLite",
        ("format", "arrow"): "Arrow",
        ("encoding", "utf-8"): "UTF-8",
        ("encoding", "utf-16"): "UTF-16",
        ("encoding", "cp1252"): say("Guesses", "Western Europe (cp1252)"),
        ("encoding", "cp1250"): say("Guesses", "Central Europe (cp1250)"),
        ("encoding", "cp1251"): say("Guesses", "Cyrillic (cp1251)"),
        ("encoding", "cp1253"): say("Guesses", "Greek (cp1253)"),
        ("encoding", "cp1254"): say("Guesses", "Turkish (cp1254)"),
        ("encoding", "shift_jis"): say("Guesses", "Japanese (shift_jis)"),
        ("encoding", "gb18030"): say("Guesses", "Chinese (gb18030)"),
        ("encoding", "big5"): say("Guesses", "Chinese (big5)"),
        ("delimiter", ","): say("Guesses", "comma  ,"),
        ("delimiter", ";"): say("Guesses", "semicolon  ;"),
        ("delimiter", "\t"): say("Guesses", "tab"),
        ("delimiter", "|"): say("Guesses", "bar  |"),
        ("header", True): say("Guesses", "holds the names"),
        ("header", False): say("Guesses", "is a row of values"),
        ("decimal", "."): say("Guesses", "point  1.5"),
        ("decimal", ","): say("Guesses", "comma  1,5"),
        ("thousands", ""): say("Guesses", "not separated"),
        ("thousands", "."): say("Guesses", "point  1.000"),
        ("thousands", ","): say("Guesses", "comma  1,000"),
        ("thousands", " "): say("Guesses", "space  1 000"),
        ("thousands", "'"): say("Guesses", "apostrophe  1'000"),
        ("thousands", "_"): say("Guesses", "underscore  1_000"),
        ("day_first", True): say("Guesses", "day first  31/12/2026"),
        ("day_first", False): say("Guesses", "month first  12/31/2026"),
        ("day_first", None): say("Guesses", "both, by column"),
    }
    return known.get((option, value), str(value))
