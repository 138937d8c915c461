"""Pictures of every panel with real content, light and dark, at two sizes: `dev.py screenshots`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from mlops_desktop.actions import datasets, demo, deployments, runs
from mlops_desktop.actions.lane import Context, DirectLane
from mlops_desktop.app import App
from mlops_desktop.core.datasets import ImportSpec
from mlops_desktop.core.runs import TrainSpec
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store

PANELS = ("home", "data", "train", "models", "deploy", "monitor", "activity", "settings")
SIZES = ((1366, 768), (1920, 1080))
_SETTLE_MS = 1500


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
                app.window.grab().save(str(folder / f"{panel}-{name}-{theme}{size}.png"))
    app.window.may_close = lambda: True
    app.window.close()
    app.end()


def _wait(milliseconds: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


if __name__ == "__main__":
    given = [Path(argument) for argument in sys.argv[1:]]
    main(*(given or [Path("screenshots")]))
