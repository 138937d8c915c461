"""`train` and `runs`: train on a dataset version, list and show runs."""

from __future__ import annotations

import click

from mlops_desktop.actions import datasets
from mlops_desktop.actions import runs as actions
from mlops_desktop.cli.datasets import warning_lines
from mlops_desktop.cli.session import Session, TerminalContext, answer, json_option, table
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.runs import METRICS, Algorithm, Run, TrainSpec, best_run


@click.command()
@click.argument("ref")
@click.option("--target", required=True, help="The column to predict.")
@click.option("--metric", type=click.Choice(list(METRICS)), help="The goal. Default: by the task.")
@click.option("--budget", default=120.0, show_default=True, help="Seconds for all runs together.")
@click.option("--time-column", help="Hold out the newest rows by this column.")
@click.option("--group-column", help="Keep the rows of one group on one side of the split.")
@click.option("--positive", help="Of two classes, the one to find.")
@click.option("--exclude", multiple=True, metavar="COL", help="Leave a column out. Repeatable.")
@click.option("--keep", multiple=True, metavar="COL", help="Answer a warning: keep the column.")
@click.option(
    "--algorithm",
    "algorithms",
    multiple=True,
    type=click.Choice([a.value for a in Algorithm]),
    help="Train only this one (and the baseline). Repeatable.",
)
@click.option("--seed", default=0, show_default=True)
@click.option("--despite-checks", default="", metavar="REASON", help="Train on blocked data.")
@click.option("--workers", type=click.IntRange(1), help="Runs at once. Default: cores - 1.")
@json_option
@click.pass_obj
def train(  # noqa: PLR0913  One parameter an option.
    session: Session,
    ref: str,
    target: str,
    metric: str | None,
    budget: float,
    time_column: str | None,
    group_column: str | None,
    positive: str | None,
    exclude: tuple[str, ...],
    keep: tuple[str, ...],
    algorithms: tuple[str, ...],
    seed: int,
    despite_checks: str,
    workers: int | None,
    as_json: bool,
) -> None:
    """Train on the dataset version REF and say which run is best on held-out rows."""
    version = datasets.get_version(session.store, ref)
    spec = TrainSpec(
        dataset=version.dataset,
        version=version.version,
        target=target,
        metric=metric,
        budget_s=budget,
        time_column=time_column,
        group_column=group_column,
        positive=positive,
        exclude=exclude,
        keep=keep,
        algorithms=tuple(Algorithm(name) for name in algorithms) or tuple(Algorithm),
        seed=seed,
    )
    trained = actions.train(
        session.lane, spec, TerminalContext(), workers=workers, despite_checks=despite_checks
    )
    best = best_run(trained)
    if best is None:
        raise UserError(
            "No run finished.", why=" ".join(sorted({run.error for run in trained if run.error}))
        )
    value = run_json(best) | {"runs": [run_json(run) for run in trained]}
    verdict = actions.evaluation(session.store, best).verdict
    text = [run_table(trained), f"Best: run {best.id}. {verdict}", *warning_lines(best.warnings)]
    answer(as_json, value, "\n".join(text))


@click.group()
def runs() -> None:
    """Training runs."""


@runs.command("list")
@json_option
@click.pass_obj
def list_(session: Session, as_json: bool) -> None:
    """List the runs, newest first."""
    found = actions.list_runs(session.store)
    answer(as_json, [run_json(run) for run in found], run_table(found))


@runs.command()
@click.argument("run", type=int)
@json_option
@click.pass_obj
def show(session: Session, run: int, as_json: bool) -> None:
    """Show one RUN: what it was asked, what it measured, where it ran."""
    found = actions.get_run(session.store, run)
    value = run_json(found) | {
        "spec": found.spec,
        "metrics": found.metrics,
        "files": found.files,
        "environment": found.environment,
        "error": found.error,
    }
    lines = [run_table([found])]
    lines += [f"{METRICS[name].title}: {number:.4g}" for name, number in found.metrics.items()]
    lines += [*warning_lines(found.warnings), found.error]
    answer(as_json, value, "\n".join(line for line in lines if line))


def run_json(run: Run) -> dict[str, object]:
    """A run as the JSON of `train` and `runs` gives it."""
    return {
        "run": run.id,
        "status": run.state,
        "metric": run.metric,
        "value": run.value,
        "interval": None if run.low is None else [run.low, run.high],
        "algorithm": run.algorithm,
        "seconds": run.seconds,
        "dataset": run.spec.dataset,
        "version": run.spec.version,
        "target": run.spec.target,
        "warnings": run.warnings,
        "error": run.error,
    }


def run_table(found: list[Run]) -> str:
    rows: list[tuple[object, ...]] = [
        (
            run.id,
            run.algorithm.title,
            f"{run.spec.dataset}@{run.spec.version}",
            run.spec.target,
            run.state.value,
            METRICS[run.metric].title if run.metric else "",
            "" if run.value is None else f"{run.value:.4g}",
            "" if run.low is None else f"{run.low:.4g} to {run.high:.4g}",
            "" if run.seconds is None else f"{run.seconds:.1f}",
        )
        for run in found
    ]
    titles = ("run", "algorithm", "data", "target", "status", "metric", "value", "95 %", "seconds")
    return table(titles, rows)
