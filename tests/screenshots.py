"""Pictures of every panel and tab with real content, light and dark, at two sizes, and of a
deployment under load: `dev.py screenshots`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication, QTabBar

from mlops_desktop.actions import checks, datasets, demo, deployments, models, runs
from mlops_desktop.actions.lane import Context, DirectLane
from mlops_desktop.app import App
from mlops_desktop.core.datasets import ImportSpec
from mlops_desktop.core.runs import TrainSpec
from mlops_desktop.panels.deployments import DeploymentsPanel
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store
from tests.under_load import client

PANELS = ("home", "data", "train", "models", "deploy", "monitor", "activity", "settings")
SIZES = ((1366, 768), (1920, 1080))
TABS = {"data": "data-tabs", "deploy": "deployment-tabs"}
_SETTLE_MS = 1500
_LOAD_MS = 50_000  # Nearly a minute of graph.


def main(folder: Path, workspace: Path | None = None, extra: Path | None = None) -> None:
    """workspace: one that exists is shown as it is; else the demo fills a new one. extra: a CSV
    that is imported beside the sample."""
    folder.mkdir(parents=True, exist_ok=True)
    qt = QApplication(sys.argv[:1])
    with tempfile.TemporaryDirectory() as temporary:
        place = workspace or Path(temporary) / "Bike demand"
        if workspace is None:
            _photograph(qt, Workspace(Path(temporary) / "Empty"), folder, "empty", SIZES[:1])
            _fill(Workspace(place), extra)
        _photograph(qt, Workspace(place), folder, "full", SIZES)
        if workspace is None:
            _stop_servers(Workspace(place))


def _fill(workspace: Workspace, extra: Path | None) -> None:
    store = Store.open(workspace)
    lane = DirectLane(store)
    demo.run(lane, workspace, tell=_say)
    if extra is not None:
        version = datasets.import_file(lane, ImportSpec(str(extra), extra.stem))
        spec = TrainSpec(version.dataset, version.version, version.columns[-1].name)
        runs.train(lane, spec, workers=2)
    # Rules of the first year, which the second one does not pass.
    checks.set_rules(store, "bike", checks.propose(lane, "bike@1"))
    checks.check(lane, "bike@2")
    # Back to the version whose error has grown, so that there is an alert to show.
    deployments.start(lane, "demand@1", "demand", keep=True, context=Context())
    store.close()


def _stop_servers(workspace: Workspace) -> None:
    store = Store.open(workspace)
    for deployment in deployments.list_deployments(store):
        deployments.stop(DirectLane(store), deployment.name)
    store.close()


def _say(stage: str, text: str) -> None:
    sys.stderr.write(f"{stage}: {text}\n")


def _photograph(
    qt: QApplication,
    workspace: Workspace,
    folder: Path,
    name: str,
    sizes: tuple[tuple[int, int], ...],
) -> None:
    workspace.root.mkdir(parents=True, exist_ok=True)
    app = App(workspace, qt)
    app.start()
    for theme in ("light", "dark"):
        app.theme.set_mode(type(app.theme.mode)(theme))
        for width, height in sizes:
            app.window.resize(width, height)
            for panel in PANELS:
                app.window.show_panel(panel)
                _wait(_SETTLE_MS)
                size = "" if (width, height) == SIZES[0] else f"-{width}"
                ending = f"{name}-{theme}{size}.png"
                app.window.grab().save(str(folder / f"{panel}-{ending}"))
                for tab in _tabs(app, panel):
                    _wait(_SETTLE_MS)
                    app.window.grab().save(str(folder / f"{panel}-{tab}-{ending}"))
    _photograph_load(app, folder)
    app.window.may_close = lambda: True
    app.window.close()
    app.end()


def _tabs(app: App, panel: str) -> Iterator[str]:
    """Show one tab after the other, and at last the first one again; their names."""
    bar = app.window.panel(panel).findChild(QTabBar, TABS.get(panel, ""))
    if bar is None or not bar.isVisible():
        return
    for index in range(1, bar.count()):
        bar.setCurrentIndex(index)
        yield bar.tabText(index).lower().replace(" ", "-")
    bar.setCurrentIndex(0)


def _photograph_load(app: App, folder: Path) -> None:
    """At last, since it leaves many predictions: whatever runs is asked 1,000 times a second."""
    running = next(iter(app.status.running), None)
    if running is None:
        return
    ref = f"{running.model}@{running.version}"
    signature = app.jobs.lane(lambda store: models.get_version(store, ref)).signature
    for theme in ("light", "dark"):
        app.theme.set_mode(type(app.theme.mode)(theme))
        app.window.resize(*SIZES[0])
        panel = app.window.show_panel("deploy")
        assert isinstance(panel, DeploymentsPanel)
        panel.views._samples.clear()  # The graphs begin with the load.
        bar = panel.findChild(QTabBar, TABS["deploy"])
        assert bar is not None
        words = [bar.tabText(index) for index in range(bar.count())]
        bar.setCurrentIndex(words.index("Performance"))
        asking = client(app.workspace, running, signature, _LOAD_MS / 1000 + 2)
        _wait(_LOAD_MS)
        app.window.grab().save(str(folder / f"deploy-load-{theme}.png"))
        asking.wait()
        bar.setCurrentIndex(0)


def _wait(milliseconds: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


if __name__ == "__main__":
    given = [Path(argument) for argument in sys.argv[1:]]
    main(*(given or [Path("screenshots")]))
