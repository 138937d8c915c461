"""The state of the whole loop in a few numbers, and the one step that comes next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """The stages of the loop; the values are the panels that show them."""

    DATA = "data"
    TRAIN = "train"
    MODELS = "models"
    DEPLOY = "deploy"
    MONITOR = "monitor"


class Tone(StrEnum):
    NEUTRAL = "neutral"
    OK = "ok"
    WARN = "warn"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class StageStatus:
    """headline: a count in words ("3 versions"); note: what is worth knowing about it."""

    stage: Stage
    headline: str
    note: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class NextStep:
    """title and why as sentences; button: what it says; stage: the panel it opens."""

    title: str
    why: str
    button: str
    stage: Stage


@dataclass(frozen=True, slots=True)
class Facts:
    """What the loop's state is judged by; names are empty where there is no such thing."""

    dataset_versions: int = 0
    datasets: int = 0
    newest_dataset: str = ""
    open_warnings: int = 0
    runs: int = 0
    runs_active: int = 0
    runs_done: int = 0
    best_run: int | None = None
    best_value: str = ""
    model_versions: int = 0
    waiting: str = ""
    waiting_value: str = ""
    blocked: str = ""
    approved: str = ""
    champion: str = ""
    running: tuple[str, ...] = ()
    failed_deployment: str = ""
    deployments: int = 0
    predictions: int = 0
    labels: int = 0
    alerts: int = 0
    alert_deployment: str = ""
    blocked_data: str = ""


def stages(facts: Facts) -> tuple[StageStatus, ...]:
    """One status a stage, in the order of the loop."""
    return (_data(facts), _train(facts), _models(facts), _deploy(facts), _monitor(facts))


def next_step(facts: Facts) -> NextStep | None:
    """The first thing that holds the loop up, looked for from its worst place.

    None where all that is left to do is what needs attention: see attention.py.
    """
    if not facts.dataset_versions:
        return NextStep(
            "Next: bring in data",
            "Drop a CSV file anywhere, or open the sample project to look around.",
            "Import a file",
            Stage.DATA,
        )
    if facts.waiting:
        return NextStep(
            f"Next: decide on {facts.waiting}",
            f"It passed every gate ({facts.waiting_value}) and waits for your yes.",
            "Review and approve",
            Stage.MODELS,
        )
    if facts.runs_active:
        return NextStep(
            "Training is under way",
            "You can go on working; the best run is named when it is done.",
            "Watch it",
            Stage.TRAIN,
        )
    if not facts.runs_done:
        return NextStep(
            "Next: train the first model",
            f"{facts.newest_dataset} is ready. Name the column to predict and a time limit.",
            "Train",
            Stage.TRAIN,
        )
    if not facts.model_versions:
        return NextStep(
            f"Next: register run {facts.best_run}",
            f"It is the best run so far ({facts.best_value}). Registering tests it.",
            "Open Train",
            Stage.TRAIN,
        )
    if not facts.approved:
        return NextStep(
            f"Next: see why {facts.blocked} is blocked",
            "A gate failed, so it may not go live.",
            "Open Models",
            Stage.MODELS,
        )
    if not facts.running:
        return NextStep(
            f"Next: deploy {facts.champion or facts.approved}",
            "It is approved, and nothing answers yet.",
            "Deploy",
            Stage.DEPLOY,
        )
    if not facts.predictions:
        return NextStep(
            "Next: ask the model something",
            f"{facts.running[0]} is running and has not answered anything yet.",
            "Try it",
            Stage.DEPLOY,
        )
    if not facts.labels:
        return NextStep(
            "Next: tell what was true",
            "With labels for recorded predictions, the real error is known, not guessed.",
            "Open Monitor",
            Stage.MONITOR,
        )
    if facts.failed_deployment or facts.alerts or facts.blocked_data:
        return None
    return NextStep(
        "All is well",
        "The deployed model is watched, and nothing needs you now.",
        "Open Monitor",
        Stage.MONITOR,
    )


def counted(number: int, word: str) -> str:
    """`1 run`, `2 runs`."""
    return f"{number:,} {word}" + ("" if number == 1 else "s")


def _data(facts: Facts) -> StageStatus:
    if not facts.dataset_versions:
        return StageStatus(Stage.DATA, "No data", "import a file", Tone.NEUTRAL)
    if facts.blocked_data:
        headline = counted(facts.dataset_versions, "version")
        return StageStatus(Stage.DATA, headline, f"{facts.blocked_data} is blocked", Tone.ERROR)
    note = counted(facts.open_warnings, "warning") if facts.open_warnings else "no warnings"
    tone = Tone.WARN if facts.open_warnings else Tone.OK
    return StageStatus(Stage.DATA, counted(facts.dataset_versions, "version"), note, tone)


def _train(facts: Facts) -> StageStatus:
    if not facts.runs:
        return StageStatus(Stage.TRAIN, "No runs", "nothing trained", Tone.NEUTRAL)
    if facts.runs_active:
        note = f"{facts.runs_active} training"
        return StageStatus(Stage.TRAIN, counted(facts.runs, "run"), note, Tone.NEUTRAL)
    note = f"best {facts.best_value}" if facts.best_value else "none finished"
    tone = Tone.OK if facts.best_value else Tone.WARN
    return StageStatus(Stage.TRAIN, counted(facts.runs, "run"), note, tone)


def _models(facts: Facts) -> StageStatus:
    if not facts.model_versions:
        return StageStatus(Stage.MODELS, "No models", "register a run", Tone.NEUTRAL)
    headline = counted(facts.model_versions, "version")
    if facts.waiting:
        return StageStatus(Stage.MODELS, headline, f"{facts.waiting} needs approval", Tone.WARN)
    if facts.champion:
        return StageStatus(Stage.MODELS, headline, f"champion {facts.champion}", Tone.OK)
    if facts.approved:
        return StageStatus(Stage.MODELS, headline, f"{facts.approved} approved", Tone.OK)
    return StageStatus(Stage.MODELS, headline, f"{facts.blocked} is blocked", Tone.ERROR)


def _deploy(facts: Facts) -> StageStatus:
    if facts.failed_deployment:
        note = f"{facts.failed_deployment} failed"
        return StageStatus(Stage.DEPLOY, f"{len(facts.running)} running", note, Tone.ERROR)
    if facts.running:
        headline = f"{len(facts.running)} running"
        return StageStatus(Stage.DEPLOY, headline, ", ".join(facts.running[:2]), Tone.OK)
    note = "all stopped" if facts.deployments else "nothing deployed"
    return StageStatus(Stage.DEPLOY, "Not running", note, Tone.NEUTRAL)


def _monitor(facts: Facts) -> StageStatus:
    if facts.alerts:
        headline = counted(facts.alerts, "alert")
        return StageStatus(Stage.MONITOR, headline, facts.alert_deployment, Tone.WARN)
    if not facts.predictions:
        return StageStatus(Stage.MONITOR, "No predictions", "nothing to watch", Tone.NEUTRAL)
    note = counted(facts.predictions, "prediction")
    return StageStatus(Stage.MONITOR, "No alerts", note, Tone.OK)
