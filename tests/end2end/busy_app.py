"""The app in the middle of work, to be killed by test_app_kill.py: it trains and it serves."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QApplication

from mlops_desktop.actions import deployments, runs
from mlops_desktop.app import App
from mlops_desktop.core.deployments import Deployment
from mlops_desktop.core.runs import Run, TrainSpec
from mlops_desktop.paths import Workspace
from mlops_desktop.work.instance import Instance


def main(root: Path) -> int:
    """Start a server that is not kept, then training; says `busy` when both are under way."""
    qt = QApplication(sys.argv[:1])
    instance = Instance(root, qt)
    if not instance.acquire():
        return 4
    app = App(Workspace(root), qt)

    def serve() -> None:
        app.jobs.start(
            app,
            "Serve",
            lambda lane, context: deployments.start(
                lane, "churn@1", context=context, servers_held=app.servers
            ),
            train,
        )

    def train(_: Deployment) -> None:
        spec = TrainSpec("customers", 1, "left", exclude=("left_on",))
        app.jobs.run(app, lambda store: runs.start_experiment(store, spec), supervise)

    def supervise(queued: list[Run]) -> None:
        for run in queued:
            app.jobs.start(
                app,
                run.title,
                partial(
                    lambda lane, context, number: runs.supervise(lane, number, context),
                    number=run.id,
                ),
                pool="training",
            )
        sys.stdout.write("busy\n")
        sys.stdout.flush()

    app.usable.connect(serve)
    app.start()
    return qt.exec()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
