"""The Cleaning tab while there are no steps: how to begin, and fixes that the warnings suggest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from mlops_desktop.actions import recipes
from mlops_desktop.core.datasets import DatasetVersion, Suggestion
from mlops_desktop.core.recipes import RecipeVersion, Step
from mlops_desktop.panels.datasets.step_list import step_menu
from mlops_desktop.widgets.buttons import Button, secondary
from mlops_desktop.widgets.cards import EmptyState

_SUGGESTED = 3


class NoSteps(QWidget):
    """add_wanted carries a kind of step, fix_wanted steps."""

    add_wanted = Signal(object)
    fix_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._build()

    def _build(self) -> None:
        buttons = QWidget()
        self._buttons = QVBoxLayout(buttons)
        self._buttons.setContentsMargins(0, 0, 0, 0)
        self._buttons.setSpacing(8)
        first = Button(self.tr("Add a step"), "plus", kind="primary")
        first.setObjectName("add-first-step")
        first.set_menu(step_menu(self, self.add_wanted.emit))
        self._saved = Button(self.tr("Use a saved recipe"))
        self._saved.setObjectName("use-recipe")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        row.addWidget(first)
        row.addWidget(self._saved)
        row.addStretch(1)
        self._buttons.addLayout(row)
        text = self.tr("No cleaning steps yet. Add one, or press a fix beside a warning.")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(EmptyState("wand-sparkles", text, buttons))

    def show_recipes(
        self,
        known: Sequence[RecipeVersion],
        use: Callable[[RecipeVersion], None],
        read: Callable[[], None],
    ) -> None:
        """The newest version of each saved recipe, and reading one from a file."""
        menu = QMenu(self)
        for recipe in known:
            text = self.tr("{0} ({1} steps)").format(recipe.ref, len(recipe.steps))
            menu.addAction(text, partial(use, recipe))
        if known:
            menu.addSeparator()
        menu.addAction(self.tr("Read a YAML file\u2026"), read)
        self._saved.set_menu(menu)

    def show_fixes(self, version: DatasetVersion) -> None:
        """Up to three fixes that the version's warnings suggest, and all of them at once."""
        while self._buttons.count() > 1:
            item = self._buttons.takeAt(1)
            if item is not None and (widget := item.widget()) is not None:
                widget.deleteLater()
        found = [w.suggestion for w in version.warnings if w.suggestion is not None]
        for suggestion in found[:_SUGGESTED]:
            self._offer(_words(suggestion), suggestion.steps)
        if len(found) > 1:
            text = self.tr("All {0} fixes that the warnings suggest").format(len(found))
            self._offer(text, recipes.suggested(version)).setObjectName("add-all-fixes")

    def _offer(self, text: str, steps: Sequence[Step]) -> Button:
        button = secondary(text, "wand-sparkles", lambda: self.fix_wanted.emit(tuple(steps)))
        self._buttons.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        return button


def _words(suggestion: Suggestion) -> str:
    """What a fix does, and to which column."""
    settings = suggestion.steps[0].settings
    columns = settings.get("columns")
    if isinstance(columns, list | tuple) and columns:
        return f"{columns[0]}: {suggestion.label}"
    return f"{settings['column']}: {suggestion.label}" if "column" in settings else suggestion.label
