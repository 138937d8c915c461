"""A language whose texts are 30 % longer: at 1366 pixels nothing is cut off on any panel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTranslator
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QTabBar, QWidget
from pytestqt.qtbot import QtBot

from mlops_desktop.actions import checks, datasets
from mlops_desktop.actions.lane import Lane
from mlops_desktop.app import App
from mlops_desktop.core.checks import Rule, RuleKind, Severity
from mlops_desktop.core.datasets import ImportSpec
from mlops_desktop.panels.datasets import DatasetsPanel
from mlops_desktop.widgets.elided import ElidedLabel
from mlops_desktop.widgets.plot_card import PlotCard
from tests.end2end.command import write_customers

_PANELS = ("home", "data", "train", "models", "deploy", "monitor", "activity", "settings")
_ROUNDING_PX = 1


class Longer(QTranslator):
    def isEmpty(self) -> bool:  # noqa: N802 - Qt's name
        return False

    def translate(
        self,
        context: str,  # noqa: ARG002
        text: str,
        disambiguation: str | None = None,  # noqa: ARG002
        n: int = -1,  # noqa: ARG002
    ) -> str:
        return text + ("\u00eb\u00f1" * len(text))[: max(1, round(0.3 * len(text)))] if text else ""


@pytest.fixture
def longer(qapp: QApplication) -> Iterator[None]:
    """Before the app is made: texts are taken when widgets are built."""
    translator = Longer()
    qapp.installTranslator(translator)
    yield
    qapp.removeTranslator(translator)


def cut_off(window: QWidget) -> list[str]:
    """What needs more room than it has. Texts that end in an ellipsis by design are left out."""
    found = []
    for widget in window.findChildren(QWidget):
        if not widget.isVisible() or widget.visibleRegion().isEmpty():
            continue
        if isinstance(widget, QLabel) and _is_plain(widget):
            needs = widget.sizeHint()
            if widget.wordWrap():
                cut = widget.heightForWidth(widget.width()) > widget.height() + _ROUNDING_PX
            else:
                cut = needs.width() > widget.width() + _ROUNDING_PX
        elif isinstance(widget, QAbstractButton) and widget.text():
            cut = widget.minimumSizeHint().width() > widget.width() + _ROUNDING_PX
        elif isinstance(widget, QTabBar):
            sizes = [widget.tabRect(n).width() for n in range(widget.count())]
            cut = sum(sizes) > widget.width() + _ROUNDING_PX
        else:
            continue
        if cut:
            text = getattr(widget, "text", lambda: "")() if not isinstance(widget, QTabBar) else ""
            found.append(f"{type(widget).__name__} {widget.objectName()} {text!r}")
    return found


def _is_plain(widget: QLabel) -> bool:
    readout = isinstance(widget.parentWidget(), PlotCard)
    return bool(widget.text()) and not isinstance(widget, ElidedLabel) and not readout


@pytest.mark.usefixtures("longer")
@pytest.mark.usefixtures("longer")
def test_that_texts_a_third_longer_fit_on_every_panel(
    qtbot: QtBot, app: App, tmp_path: Path
) -> None:
    spec = ImportSpec(str(write_customers(tmp_path / "c.csv")), "customers")
    rule = Rule(RuleKind.ROWS, (), {"low": 5000}, Severity.BLOCK)

    def fill(lane: Lane, _: object) -> None:
        datasets.import_file(lane, spec)
        lane(lambda store: checks.set_rules(store, "customers", [rule]))
        checks.check(lane, "customers@1")

    job = app.jobs.start(app, "Import", fill)
    with qtbot.waitSignal(job.finished, timeout=30_000):
        pass
    app.window.resize(1366, 768)
    wrong: dict[str, list[str]] = {}

    def look(name: str) -> None:
        app.jobs.lane(lambda store: store.actor)  # What the panel asked for has been answered,
        QApplication.processEvents()  # ... and shown.
        QApplication.processEvents()
        if found := cut_off(app.window):
            wrong[name] = found

    for key in _PANELS:
        panel = app.window.show_panel(key)
        if isinstance(panel, DatasetsPanel):
            qtbot.waitUntil(lambda p=panel: p._version is not None, timeout=10_000)  # type: ignore[misc]
            for number in range(panel.views.tabs.bar.count()):
                panel.views.tabs.set_current(number)
                look(f"{key} {number}")
        look(key)
    assert "\u00eb" in panel.title.text(), "The longer texts are those that were measured."
    assert wrong == {}
    assert app.window.minimumSizeHint().width() <= 1366
