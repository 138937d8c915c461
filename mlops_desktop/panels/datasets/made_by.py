"""Says which recipe made a version, and whether its parent has a newer one."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.core.recipes import RecipeVersion
from mlops_desktop.core.step_words import words
from mlops_desktop.widgets.banner import Banner
from mlops_desktop.widgets.buttons import secondary


class MadeBy(QWidget):
    """change_wanted(parent's ref, RecipeVersion); again_wanted()."""

    change_wanted = Signal(str, object)
    again_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._recipe: RecipeVersion | None = None
        self._parent = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self._change = secondary(self.tr("Change its steps"), "pencil", self._on_change)
        self._change.setObjectName("change-recipe")
        self._again = secondary("", "rotate-cw", self.again_wanted.emit)
        self._again.setObjectName("run-recipe-again")
        self.banner = Banner("info", "", (self._change, self._again))
        column.addWidget(self.banner)
        self.hide()

    def show_recipe(
        self, version: DatasetVersion, recipe: RecipeVersion | None, newer: DatasetVersion | None
    ) -> None:
        """newer: of the version that the recipe was applied to."""
        self._recipe = recipe
        self.setVisible(recipe is not None)
        if recipe is None:
            return
        self._parent = str(version.source.detail.get("parent", ""))
        steps = [f"{step.kind.form.title} ({words(step)})" for step in recipe.steps if step.on]
        text = self.tr("{0} was made from {1} by {2}.")
        said = text.format(version.ref, self._parent, recipe.ref)
        if newer is not None:
            said = f"{said} {self.tr('{0} is newer.').format(newer.ref)}"
            again = self.tr("Run {0} on {1}").format(recipe.recipe, newer.ref)
            self._again.setText(f" {again}")
            self._again.setAccessibleName(again)
        self._again.setVisible(newer is not None)
        more = self.tr(" and {0} more").format(len(steps) - 3) if len(steps) > 3 else ""
        self.banner.say(said, "; ".join(steps[:3]) + more)

    def _on_change(self) -> None:
        if self._recipe is not None:
            self.change_wanted.emit(self._parent, self._recipe)
