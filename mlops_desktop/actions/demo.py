"""The whole loop on the sample, each stage through the same actions that the app uses."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from mlops_desktop.actions import audit, deployments, models, monitoring, replay, runs
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.actions.replay import Story
from mlops_desktop.core.deployments import Deployment
from mlops_desktop.core.models import CHAMPION, ModelVersion
from mlops_desktop.core.monitoring import Alert, AlertKind
from mlops_desktop.core.runs import TrainSpec, best_run
from mlops_desktop.ml import drift, evaluate
from mlops_desktop.paths import Workspace

_MODEL = "demand"
_LAST_WEEKS = "2012-12-01"  # Kept from the replay and from retraining: both models meet it new.
Tell = Callable[[str, str], None]


def run(
    lane: Lane, workspace: Workspace, context: Context | None = None, tell: Tell | None = None
) -> dict[str, Any]:
    """Walk data, training, approval, serving, monitoring and retraining on the sample.

    tell(stage, text) is called as each stage is done. The answer holds what was measured; errors
    are RMSE in rentals an hour on the last weeks of 2012, before and after retraining.
    """
    context = context or Context()
    begun = time.monotonic()
    walk = _Walk(lane, workspace, context, tell or (lambda _stage, _text: None))
    try:
        walk.data()
        walk.train()
        walk.model()
        walk.control()
        walk.growth()
        walk.sensor()
        walk.retrain()
    finally:
        walk.stop()
    seconds = time.monotonic() - begun
    walk.tell("done", f"in {seconds:.0f} s; the record of changes is whole: {walk.audited()}")
    return {
        "stages": walk.stages,
        "control_alerts": len(walk.control_alerts),
        "alerts": [alert.message for alert in walk.growth_alerts],
        "drifted": sorted({alert.subject for alert in walk.sensor_alerts}),
        "error_before": walk.error_before,
        "error_after": walk.error_after,
        "seconds": seconds,
    }


class _Walk:
    """One method a stage, in the order of the loop; each leaves what it measured in stages."""

    def __init__(self, lane: Lane, workspace: Workspace, context: Context, tell: Tell) -> None:
        self._lane = lane
        self._workspace = workspace
        self._context = context
        self.tell = tell
        self.stages: dict[str, Any] = {}
        self.control_alerts: list[Alert] = []
        self.growth_alerts: list[Alert] = []
        self.sensor_alerts: list[Alert] = []
        self.error_before = self.error_after = float("nan")
        self._version: ModelVersion
        self._serving: list[str] = []
        self._suffix = self._free_suffix()

    def data(self) -> None:
        version = replay.open_sample(self._lane, self._context)
        warnings = [warning.what for warning in version.warnings]
        self._done(
            "data",
            f"{version.ref}: {version.rows:,} hours. {warnings[0] if warnings else ''}",
            dataset=version.ref,
            rows=version.rows,
            warnings=warnings,
        )
        self._data = version

    def train(self) -> None:
        spec = TrainSpec(
            self._data.dataset,
            self._data.version,
            replay.TARGET,
            budget_s=60,
            time_column=replay.TIME,
            exclude=replay.LEAKS,
        )
        trained = runs.train(self._lane, spec, self._context, workers=os.cpu_count())
        best = best_run(trained)
        if best is None:
            raise RuntimeError(" ".join(run.error for run in trained))
        self._best = best
        said = self._lane(lambda store: runs.evaluation(store, best)).verdict
        self._done(
            "train",
            f"{best.title}, {best.algorithm.title}: RMSE {best.value:.1f}. {said}",
            runs={run.algorithm.value: run.value for run in trained},
            best=best.algorithm.value,
            value=best.value,
        )

    def model(self) -> None:
        version = self._lane(lambda store: models.register(store, self._best.id, _MODEL))
        self._version = self._approve(version, "The demo: every gate passed.")
        passed = sum(gate.passed for gate in version.gates)
        self._done(
            "model",
            f"{version.ref}: {passed} of {len(version.gates)} gates passed, approved, champion",
            model=version.ref,
            gates={gate.name: gate.passed for gate in version.gates},
        )

    def control(self) -> None:
        name = self._serve(f"control{self._suffix}")
        done = replay.replay(self._lane, name, Story.CONTROL, self._context)
        seen = self._lane(partial(monitoring.show, name=name))
        self.control_alerts = list(seen.alerts)
        self._done(
            "control",
            f"{done.predictions:,} held-out hours of 2011: {len(seen.alerts)} alerts",
            predictions=done.predictions,
            windows=len(seen.windows),
            alerts=[alert.message for alert in seen.alerts],
        )
        deployments.stop(self._lane, name)

    def growth(self) -> None:
        name = self._growth = self._serve(f"{_MODEL}{self._suffix}")
        done = replay.replay(self._lane, name, Story.GROWTH, self._context, until=_LAST_WEEKS)
        seen = self._lane(partial(monitoring.show, name=name))
        by_time = sorted(seen.alerts, key=lambda alert: (alert.since, alert.kind.value != "error"))
        self.growth_alerts = by_time
        errors = [alert for alert in by_time if alert.kind is AlertKind.ERROR]
        first = errors[0] if errors else None
        self._done(
            "growth",
            f"{done.predictions:,} hours of 2012: "
            + (f"{first.message} Since {first.since[:10]}." if first else "no error alert"),
            predictions=done.predictions,
            windows=[
                {"start": w.start, "error": w.error, "limit": w.error_threshold}
                for w in seen.windows
            ],
            first_alert=by_time[0].message if by_time else None,
        )

    def sensor(self) -> None:
        name = self._serve(f"sensor{self._suffix}")
        done = replay.replay(self._lane, name, Story.SENSOR, self._context)
        seen = self._lane(partial(monitoring.show, name=name))
        self.sensor_alerts = [a for a in seen.alerts if a.kind is AlertKind.DRIFT]
        hit = [w for w in seen.windows if "hum" in w.drifted]
        late = [w for w in seen.windows if w.end > done.broken_from]
        found = 1 + late.index(hit[0]) if hit and hit[0] in late else None
        self._done(
            "sensor",
            f"hum in percent from {done.broken_from[:13]}h on: "
            + (
                f"named in window {found} after it. {self.sensor_alerts[0].message}"
                if found and self.sensor_alerts
                else "not found"
            ),
            broken_from=done.broken_from,
            found_in_window=found,
            drifted=sorted({alert.subject for alert in self.sensor_alerts}),
        )
        deployments.stop(self._lane, name)

    def retrain(self) -> None:
        """Both versions answer the last weeks, through the server."""
        self.error_before = self._error_on_last_weeks()
        version = monitoring.retrain(
            self._lane, self._growth, self._context, workers=os.cpu_count()
        )
        approved = version.gates_pass
        if approved:
            self._approve(version, "The demo: trained on 2012, too.")
            deployments.swap(self._lane, self._growth, version.ref)
            self.error_after = self._error_on_last_weeks()
        self._done(
            "retrain",
            f"{version.ref} on {version.dataset}@{version.dataset_version}: RMSE on the last weeks "
            f"of 2012 was {self.error_before:.1f}, is {self.error_after:.1f}",
            model=version.ref,
            dataset=f"{version.dataset}@{version.dataset_version}",
            passed=approved,
            error_before=self.error_before,
            error_after=self.error_after,
        )

    def audited(self) -> bool:
        return self._lane(audit.verify).whole

    def stop(self) -> None:
        for name in self._serving:
            deployments.stop(self._lane, name)

    def _free_suffix(self) -> str:
        """Windows of an earlier demo stay apart from this one's."""
        taken = {one.name for one in self._lane(deployments.list_deployments)}
        suffixes = ("" if number == 1 else f"-{number}" for number in itertools.count(1))
        return next(s for s in suffixes if f"{_MODEL}{s}" not in taken)

    def _approve(self, version: ModelVersion, note: str) -> ModelVersion:
        self._lane(lambda store: models.approve(store, version.ref, note))
        return self._lane(
            lambda store: models.set_alias(store, version.model, CHAMPION, version.version)
        )

    def _serve(self, name: str) -> str:
        self._serving.append(name)
        deployments.start(self._lane, self._version.ref, name, keep=True, context=self._context)
        return name

    def _error_on_last_weeks(self) -> float:
        deployment: Deployment = self._lane(partial(deployments.get_deployment, name=self._growth))
        table = replay.story_table(self._lane, self._best, Story.GROWTH, since=_LAST_WEEKS)
        answered = deployments.predict(self._workspace, deployment, table)
        actual = table[replay.TARGET].to_numpy()
        scores = answered["prediction"].to_numpy().reshape(-1, 1)
        answers = drift.answers_of(self._version.signature, actual.tolist(), scores)
        return evaluate.value("rmse", answers)

    def _done(self, stage: str, text: str, **measured: Any) -> None:
        self.stages[stage] = measured
        self.tell(stage, text)
