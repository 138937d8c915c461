"""Limits come from the reference itself: seasons are no alarm, a broken sensor is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.models import Field, Signature
from mlops_desktop.core.monitoring import JENSEN_SHANNON, MISSING_SHARE, WASSERSTEIN
from mlops_desktop.core.runs import Task
from mlops_desktop.ml.drift import make_reference
from mlops_desktop.ml.reference import Reference
from mlops_desktop.ml.sketch import sketch

HOUR_US = 3_600_000_000
HOURS = 24 * 364
RNG = np.random.default_rng(0)


def season(hours: Any) -> Any:
    return 10 * np.sin(2 * np.pi * np.asarray(hours) / HOURS) + RNG.normal(size=len(hours))


def year(offset: int = 0) -> pa.Table:
    hours = np.arange(HOURS) + offset
    return pa.table(
        {
            "when": pa.array(hours * HOUR_US, pa.timestamp("us")),
            "temp": season(hours),
            "hum": RNG.uniform(0.2, 0.9, HOURS),
            "sky": pa.array(np.array(["clear", "cloud", "rain"])[RNG.integers(0, 3, HOURS)]),
            "same": np.full(HOURS, 4),
        }
    )


SIGNATURE = Signature(
    inputs=(
        Field("when", ColumnType.DATETIME),
        Field("temp", ColumnType.NUMBER),
        Field("hum", ColumnType.NUMBER),
        Field("sky", ColumnType.TEXT),
        Field("same", ColumnType.INTEGER),
    ),
    target="cnt",
    task=Task.REGRESSION,
    time_column="when",
)


@pytest.fixture(scope="module")
def reference() -> Reference:
    table = year()
    actual = season(np.arange(HOURS)) + 20
    heldout = table.slice(HOURS * 4 // 5)
    said = actual + RNG.normal(0, 2, HOURS)
    made = make_reference(
        inputs=table,
        predictions=said,
        heldout_actual=actual[HOURS * 4 // 5 :],
        heldout_scores=said[HOURS * 4 // 5 :].reshape(-1, 1),
        heldout_inputs=heldout,
        signature=SIGNATURE,
        metric="rmse",
    )
    return Reference.from_json(Reference.from_json(made).to_json())


def drifted(reference: Reference, table: pa.Table) -> dict[str, str]:
    found = {}
    for one in reference.features:
        drift = one.judge(sketch(one.bins, table[one.name].to_pylist()))
        if drift.drifted:
            found[one.name] = drift.test
    return found


def windows(table: pa.Table, rows: int = 336) -> list[pa.Table]:
    return [table.slice(start, rows) for start in range(0, table.num_rows - rows, rows)]


def test_that_windows_are_long_enough_to_be_judged(reference: Reference) -> None:
    assert reference.span_us == 14 * 24 * HOUR_US


def test_that_the_time_and_constants_are_not_watched(reference: Reference) -> None:
    assert [one.name for one in reference.features] == ["temp", "hum", "sky"]


def test_that_the_next_years_seasons_raise_no_alarm(reference: Reference) -> None:
    assert [drifted(reference, window) for window in windows(year(HOURS))] == [{}] * 25


def test_that_a_column_in_another_unit_is_named(reference: Reference) -> None:
    table = year(HOURS).slice(0, 336)
    percent = pa.array([100 * value for value in table["hum"].to_pylist()])
    table = table.set_column(table.column_names.index("hum"), "hum", percent)
    assert drifted(reference, table) == {"hum": WASSERSTEIN}


def test_that_a_sensor_that_falls_silent_is_named(reference: Reference) -> None:
    table = year(HOURS).slice(0, 336)
    silent = pa.array([None if n % 3 else v for n, v in enumerate(table["hum"].to_pylist())])
    table = table.set_column(table.column_names.index("hum"), "hum", silent)
    assert drifted(reference, table) == {"hum": MISSING_SHARE}


def test_that_a_new_category_is_named(reference: Reference) -> None:
    table = year(HOURS).slice(0, 336)
    snow = pa.array(["snow" if n % 2 else v for n, v in enumerate(table["sky"].to_pylist())])
    table = table.set_column(table.column_names.index("sky"), "sky", snow)
    assert drifted(reference, table) == {"sky": JENSEN_SHANNON}


def test_that_the_error_limit_lies_above_every_window_of_the_held_out_rows(
    reference: Reference,
) -> None:
    assert reference.error == pytest.approx(2, rel=0.1)
    assert reference.error < reference.error_limit < 2 * reference.error


def test_that_without_a_time_chance_alone_rarely_passes_the_limits() -> None:
    rows = 4000
    signature = Signature(
        (Field("x", ColumnType.NUMBER),), "y", Task.BINARY, ("no", "yes"), positive="yes"
    )
    x = RNG.normal(size=rows)
    labels = np.where(x + RNG.normal(size=rows) > 0, "yes", "no")
    chance = 1 / (1 + np.exp(-2 * x))
    made = make_reference(
        inputs=pa.table({"x": x}),
        predictions=np.where(chance > 0.5, "yes", "no"),
        heldout_actual=labels[:800],
        heldout_scores=np.column_stack([1 - chance, chance])[:800],
        heldout_inputs=pa.table({"x": x[:800]}),
        signature=signature,
        metric="roc_auc",
    )
    reference = Reference.from_json(made)
    assert reference.span_us is None
    assert reference.error_limit < reference.error
    fresh = [RNG.normal(size=200) for _ in range(100)]
    (one,) = reference.features
    alarms = sum(one.judge(sketch(one.bins, values)).drifted for values in fresh)
    assert alarms <= 2
    assert one.judge(sketch(one.bins, RNG.normal(0.5, 1, 500))).drifted
