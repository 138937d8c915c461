"""The sample project: rentals of 2011 as data, and stories of live traffic to replay on it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from mlops_desktop.actions import datasets, deployments, monitoring, runs
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.blobs import objects
from mlops_desktop.core.datasets import DatasetVersion, ImportSpec
from mlops_desktop.core.deployments import Deployment
from mlops_desktop.core.errors import NotFound, UserError
from mlops_desktop.core.runs import Run
from mlops_desktop.resources import resource
from mlops_desktop.store import models as model_rows

if TYPE_CHECKING:
    import pyarrow as pa

    from mlops_desktop.store.store import Store

DATASET = "bike"
TARGET = "cnt"
TIME = "dteday"
LEAKS = ("casual", "registered")
_FILE = ("samples", "bike-sharing", "bike_sharing_hour.csv")
_PERCENT = 100.0
_ROWS_A_STEP = 168  # A week of hours: often enough to watch, seldom enough to be quick.


class Story(StrEnum):
    """CONTROL: the held-out part of 2011, nothing is wrong. GROWTH: 2012, demand has grown.
    SENSOR: the control, but from a third of it on, `hum` arrives in percent."""

    CONTROL = "control"
    GROWTH = "growth"
    SENSOR = "sensor"


@dataclass(frozen=True, slots=True)
class Replayed:
    """broken_from: the first hour with the broken sensor (ISO text), or empty."""

    predictions: int
    labels: int
    broken_from: str = ""


def open_sample(lane: Lane, context: Context | None = None) -> DatasetVersion:
    """Import the year 2011 of the sample as the dataset `bike`; where it is there already, that."""
    workspace = lane(lambda store: store.workspace)
    try:
        found = lane(lambda store: datasets.list_versions(store, DATASET))
    except NotFound:
        found = []
    for version in found:
        if version.source.path.endswith("bike_sharing_2011.csv"):
            return version
    file = workspace.root / "samples" / "bike_sharing_2011.csv"
    file.parent.mkdir(mode=0o700, exist_ok=True)
    lines = resource(*_FILE).read_text(encoding="utf-8").splitlines(keepends=True)
    of_2011 = [line for line in lines if ",2011-" in line]
    objects.write_whole(file, "".join([lines[0], *of_2011]).encode())
    spec = ImportSpec(str(file), DATASET, "Hourly rentals of 2011 (sample, UCI, CC BY 4.0)")
    return datasets.import_file(lane, spec, context)


def replay(
    lane: Lane,
    name: str,
    story: Story,
    context: Context | None = None,
    *,
    until: str = "9999",
    hours_per_s: float | None = None,
) -> Replayed:
    """Send a story's hours, in order, to a running deployment, and tell afterwards what was true.

    until: only hours before this ISO time. hours_per_s: the pace; None: as fast as it goes.
    Raises UserError where the deployment does not answer or was not trained on the sample.
    """
    context = context or Context()
    workspace = lane(lambda store: store.workspace)
    deployment, run = lane(partial(_deployed, name=name))
    table = story_table(lane, run, story, until=until)
    broken_from = ""
    if story is Story.SENSOR:
        table, broken_from = _broken(table)
    step = _ROWS_A_STEP if hours_per_s is None else max(1, round(hours_per_s / 4))
    done = labels = 0
    while done < table.num_rows:
        part = table.slice(done, step)
        answered = deployments.predict(workspace, deployment, part)
        ids = [str(one) for one in answered["prediction_id"].to_pylist()]
        values = part[TARGET].to_pylist()
        added = monitoring.add_labels_table(lane, name, ids, values, f"replay: {story}")
        labels += added.matched
        done += part.num_rows
        day = part[TIME][part.num_rows - 1].as_py()
        context.progress(done / table.num_rows, f"{story}: {day:%d %b %Y}")
        context.checkpoint()
        if hours_per_s is not None and context.cancelled.wait(part.num_rows / hours_per_s):
            context.checkpoint()
    return Replayed(done, labels, broken_from)


def is_sample(store: Store, name: str) -> bool:
    """True for a deployment whose model was trained on the sample."""
    try:
        _deployed(store, name)
    except UserError:
        return False
    return True


def story_table(
    lane: Lane, run: Run, story: Story, *, since: str = "", until: str = "9999"
) -> pa.Table:
    """The hours of a story with what was true, oldest first. since, until: ISO days."""
    import pyarrow as pa  # noqa: PLC0415  Only those who replay need it.

    year = "2012" if story is Story.GROWTH else "2011"
    first = year
    if year == "2011":
        split = lane(lambda store: runs.evaluation(store, run)).split
        if split.kind != "time" or split.cutoff is None:
            raise UserError(
                "The held-out hours of this model are scattered over the year.",
                why="So they cannot be replayed in order.",
                hint=f"Train with the time column {TIME}.",
            )
        first = split.cutoff
    with resource(*_FILE).open(encoding="utf-8", newline="") as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if row[TIME].startswith(year) and max(first[:10], since) <= row[TIME] < until
        ]
    if not rows:
        raise UserError(
            f"The story {story} has no hours left to replay.",
            why=f"What this model has not seen in training begins at {first[:10]}.",
            hint="A model that was trained on 2011 alone can replay all of them.",
        )
    columns: dict[str, list[object]] = {}
    for column in rows[0]:
        texts = [row[column] for row in rows]
        if column == TIME:
            columns[column] = [datetime.fromisoformat(text) for text in texts]
        elif any("." in text for text in texts):
            columns[column] = [float(text) for text in texts]
        else:
            columns[column] = [int(text) for text in texts]
    return pa.table(columns)


def _deployed(store: Store, name: str) -> tuple[Deployment, Run]:
    deployment = deployments.get_deployment(store, name)
    run = runs.get_run(store, model_rows.get(store, deployment.model_version).run)
    if run.spec.dataset != DATASET or run.spec.target != TARGET:
        raise UserError(
            f"{name} was not trained on the sample.",
            hint="Replays belong to the sample project: they send its hours of 2012.",
        )
    return deployment, run


def _broken(table: pa.Table) -> tuple[pa.Table, str]:
    """From a third of the hours on, humidity comes in percent instead of a fraction."""
    import pyarrow as pa  # noqa: PLC0415

    first = table.num_rows // 3
    humidity = [float(str(value)) for value in table["hum"].to_pylist()]
    humidity[first:] = [value * _PERCENT for value in humidity[first:]]
    place = table.column_names.index("hum")
    hour = f"{table[TIME][first].as_py():%Y-%m-%d}T{table['hr'][first].as_py():02d}:00:00Z"
    return table.set_column(place, "hum", pa.array(humidity, pa.float64())), hour
