"""Five small tables with the traps of well-known ones, and what an app should say of each.

Customers, passengers, gems and rides are drawn here; the rentals are rows of the sample.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlops_desktop.core.runs import Algorithm
from mlops_desktop.resources import resource

_START = np.datetime64("2025-03-01T00:00:00")


@dataclass(frozen=True, slots=True)
class FiveTable:
    """write: makes a file of so many rows by a seed. traps: kind and columns of warnings that must
    come without a hint. better, perfect: the least and the most that the goal may reach, as a
    share of what the baseline leaves to gain."""

    name: str
    write: Callable[[Path, int, int], Path]
    rows: int
    target: str
    traps: tuple[tuple[str, tuple[str, ...]], ...]
    gone: tuple[str, ...]
    algorithm: Algorithm
    better: float
    perfect: float
    time_column: str | None = None


def customers(path: Path, rows: int, seed: int) -> Path:
    """Who leaves. Totals are blank in the first month, which makes text of their column."""
    rng = np.random.default_rng(seed)
    tenure = rng.integers(0, 73, rows)
    monthly = rng.uniform(18, 119, rows).round(2)
    total = tenure * monthly * rng.uniform(0.9, 1.1, rows)
    contract = rng.choice(["Month-to-month", "One year", "Two year"], rows, p=[0.55, 0.21, 0.24])
    risk = 0.4 + 1.4 * (contract == "Month-to-month") - 0.05 * tenure + 0.015 * (monthly - 65)
    leaves = rng.random(rows) < 1 / (1 + np.exp(-risk))
    return _written(
        path,
        {
            "customerID": [f"{7000 + 10 * seed + n}-{chr(65 + n % 26)}" for n in range(rows)],
            "SeniorCitizen": rng.integers(0, 2, rows),
            "Partner": rng.choice(["Yes", "No"], rows),
            "tenure": tenure,
            "Contract": contract,
            "MonthlyCharges": monthly,
            "TotalCharges": [f"{t:.2f}" if n else " " for t, n in zip(total, tenure, strict=True)],
            "Churn": np.where(leaves, "Yes", "No"),
        },
    )


def passengers(path: Path, rows: int, seed: int) -> Path:
    """Who survives. `alive` says it in words, a deck is rarely known, some passengers paid 0."""
    rng = np.random.default_rng(seed)
    place = rng.choice([1, 2, 3], rows, p=[0.24, 0.21, 0.55])
    male = rng.random(rows) < 0.65
    age = rng.gamma(5, 6, rows).round(1)
    fare = np.maximum(4, 90 / place**1.6 * rng.lognormal(0, 0.35, rows)).round(2)
    fare[rng.random(rows) < 0.008] = 0
    known = (rng.random(rows) < 0.2) | (place == 1) & (rng.random(rows) < 0.3)
    risk = 1.2 - 2.4 * male - 0.7 * (place - 1) + 0.4 * (age < 14)
    survived = rng.random(rows) < 1 / (1 + np.exp(-risk))
    columns: dict[str, Any] = {
        "survived": survived.astype(int),
        "pclass": place,
        "sex": np.where(male, "male", "female"),
        "age": [x if rng.random() > 0.2 else "" for x in age.tolist()],
        "fare": fare,
        "class": np.array(["", "First", "Second", "Third"])[place],
        "adult_male": male & (age > 16),
        "deck": [rng.choice(list("ABCDEFG")) if there else "" for there in known],
        "alive": np.where(survived, "yes", "no"),
    }
    twice = [*range(rows), *range(0, rows, 20)]  # Every twentieth comes again.
    return _written(path, {name: np.asarray(values)[twice] for name, values in columns.items()})


def gems(path: Path, rows: int, seed: int) -> Path:
    """What a stone costs. A size of 0 means that nobody measured it; one is a slip of the pen."""
    rng = np.random.default_rng(seed)
    carat = np.clip(rng.lognormal(-0.4, 0.55, rows), 0.2, 4).round(2)
    cut, clarity = rng.integers(0, 5, rows), rng.integers(0, 8, rows)
    x = (6.5 * np.cbrt(carat) + rng.normal(0, 0.03, rows)).round(2)
    y = (x + rng.normal(0, 0.02, rows)).round(2)
    z = (0.62 * x + rng.normal(0, 0.02, rows)).round(2)
    for column, every in ((x, 300), (y, 350), (z, 120)):
        column[every - 1 :: every] = 0
    y[17] = 58.9
    noise = rng.lognormal(0, 0.12, rows)
    price = 3200 * carat**1.7 * (1 + 0.03 * cut) * (1 + 0.09 * clarity) * noise
    words = ["Fair", "Good", "Very Good", "Premium", "Ideal"]
    grades = ["I1", "SI2", "SI1", "VS2", "VS1", "VVS2", "VVS1", "IF"]
    return _written(
        path,
        {
            "carat": carat,
            "cut": [words[n] for n in cut],
            "color": rng.choice(list("DEFGHIJ"), rows),
            "clarity": [grades[n] for n in clarity],
            "price": price.astype(int),
            "x": x,
            "y": y,
            "z": z,
        },
    )


def rides(path: Path, rows: int, seed: int) -> Path:
    """What is tipped. The total holds the tip and a fee; two times; many zones, some missing."""
    rng = np.random.default_rng(seed)
    pickup = np.sort(_START + rng.integers(0, 30 * 86_400, rows).astype("timedelta64[s]"))
    distance = rng.gamma(1.6, 1.9, rows).round(2)
    fare = (2.5 + 2.9 * distance).round(1)
    card = rng.random(rows) < 0.72
    tip = (card * fare * rng.uniform(0.12, 0.28, rows)).round(2)
    tolls = rng.choice([0, 2.8, 5.76, 12.5], rows, p=[0.9, 0.03, 0.05, 0.02])
    zones = np.array([f"Zone {n}" for n in range(180)])
    near = np.minimum(rng.geometric(0.02, (2, rows)) - 1, 179)
    return _written(
        path,
        {
            "pickup": np.char.replace(pickup.astype(str), "T", " "),
            "dropoff": np.char.replace(
                (pickup + (240 * distance).astype(int).astype("timedelta64[s]")).astype(str),
                "T",
                " ",
            ),
            "distance": distance,
            "fare": fare,
            "tip": tip,
            "tolls": tolls,
            "total": (fare + tip + tolls + rng.choice([0.8, 3.3, 3.8], rows)).round(2),
            "payment": np.where(card, "credit card", "cash"),
            "pickup_zone": np.where(rng.random(rows) < 0.01, "", zones[near[0]]),
            "dropoff_zone": np.where(rng.random(rows) < 0.01, "", zones[near[1]]),
        },
    )


def rentals(path: Path, rows: int, seed: int) -> Path:
    """How many bikes are rented in an hour, of the sample, from some day on."""
    with resource("samples", "bike-sharing", "bike_sharing_hour.csv").open() as file:
        lines = file.read().splitlines()
    first = 1 + 24 * seed
    path.write_text("\n".join([lines[0], *lines[first : first + rows]]) + "\n", encoding="utf-8")
    return path


FIVE = (
    FiveTable(
        "customers",
        customers,
        900,
        "Churn",
        (("type", ("TotalCharges",)), ("identifier", ("customerID",))),
        ("customerID",),
        Algorithm.LINEAR,
        better=0.4,
        perfect=0.95,
    ),
    FiveTable(
        "passengers",
        passengers,
        900,
        "survived",
        (
            ("leak", ("survived", "alive")),
            ("leak", ("pclass", "class")),
            ("duplicates", ()),
            ("missing", ("deck",)),
            ("missing", ("fare",)),
        ),
        ("alive", "deck"),
        Algorithm.LINEAR,
        better=0.4,
        perfect=0.95,
    ),
    FiveTable(
        "gems",
        gems,
        1500,
        "price",
        (
            ("missing", ("x",)),
            ("missing", ("y",)),
            ("missing", ("z",)),
            ("outliers", ("y",)),
        ),
        (),
        Algorithm.GRADIENT_BOOSTING,
        better=0.6,
        perfect=0.97,
    ),
    FiveTable(
        "rides",
        rides,
        1200,
        "tip",
        (
            ("leak", ("fare", "tip", "tolls", "total")),
            ("categories", ("pickup_zone",)),
            ("categories", ("dropoff_zone",)),
        ),
        ("total",),
        Algorithm.GRADIENT_BOOSTING,
        better=0.4,
        perfect=0.97,
    ),
    FiveTable(
        "rentals",
        rentals,
        4000,
        "cnt",
        (
            ("leak", ("casual", "registered", "cnt")),
            ("identifier", ("instant",)),
            ("constant", ("yr",)),
        ),
        ("casual", "registered", "instant", "yr"),
        Algorithm.GRADIENT_BOOSTING,
        better=0.3,
        perfect=0.97,
        time_column="dteday",
    ),
)


def _written(path: Path, columns: dict[str, Iterable[Any]]) -> Path:
    rows: Sequence[Sequence[Any]] = list(zip(*columns.values(), strict=True))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
    return path
