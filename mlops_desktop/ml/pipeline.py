"""The one pipeline of every run: prepared columns, a ColumnTransformer, an estimator.

Only scikit-learn's own types, so that the file can be loaded from a fixed list of trusted ones.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from mlops_desktop.core.errors import UserError
from mlops_desktop.core.runs import Algorithm, Task
from mlops_desktop.ml.dateparts import DATE_PARTS, date_part
from mlops_desktop.ml.encode import MISSING

ONEHOT_LIMIT = 50  # The most frequent categories that a linear model tells apart ...
CODE_LIMIT = 500  # ... and that trees do. Rarer ones are read as unknown.
UNKNOWN_CODE = -1
_ESTIMATORS: dict[tuple[Algorithm, bool], tuple[type[Any], dict[str, object]]] = {
    (Algorithm.BASELINE, True): (DummyRegressor, {}),
    (Algorithm.BASELINE, False): (DummyClassifier, {"strategy": "prior"}),
    (Algorithm.LINEAR, True): (Ridge, {}),
    (Algorithm.LINEAR, False): (LogisticRegression, {"max_iter": 300}),
    (Algorithm.RANDOM_FOREST, True): (RandomForestRegressor, {}),
    (Algorithm.RANDOM_FOREST, False): (RandomForestClassifier, {}),
    (Algorithm.GRADIENT_BOOSTING, True): (HistGradientBoostingRegressor, {}),
    (Algorithm.GRADIENT_BOOSTING, False): (HistGradientBoostingClassifier, {}),
}
# Chosen by cross-validation on bike, telco, titanic and taxis: small leaves overfit small tables.
# From _MANY_ROWS on, scikit-learn stops early by itself, so more rounds do no harm.
_MANY_ROWS = 10_000
_FEW_BOOSTED = {"max_iter": 200, "learning_rate": 0.05, "max_leaf_nodes": 15, "max_features": 0.5}
_MANY_BOOSTED = {"max_iter": 400, "max_features": 0.5}


class Kind(StrEnum):
    NUMBER = "number"
    CATEGORY = "category"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Feature:
    """A raw column as the pipeline reads it. parts: of a date, the ones that vary."""

    column: str
    kind: Kind
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A column of the prepared frame: a raw one, or a part of a date under a name of its own."""

    name: str
    column: str
    part: str | None = None


def features_of(table: pa.Table) -> list[Feature]:
    """How each column of a table (the features alone) is read."""
    found = []
    for field in table.schema:
        if pa.types.is_timestamp(field.type):
            moments = moments_of(table[field.name])
            parts = tuple(p for p in DATE_PARTS if len(np.unique(_known(moments, p))) > 1)
            if parts:
                found.append(Feature(field.name, Kind.DATE, parts))
        elif pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            found.append(Feature(field.name, Kind.CATEGORY))
        else:
            found.append(Feature(field.name, Kind.NUMBER))
    return found


def prepared_columns(features: list[Feature]) -> tuple[list[Prepared], list[Prepared]]:
    """The numbers and the categories of the prepared frame, in its order."""
    taken = {feature.column for feature in features}
    numbers, categories = [], []
    for feature in features:
        match feature.kind:
            case Kind.NUMBER:
                numbers.append(Prepared(feature.column, feature.column))
            case Kind.CATEGORY:
                categories.append(Prepared(feature.column, feature.column))
            case Kind.DATE:
                for part in feature.parts:
                    name = f"{feature.column} {part}"
                    while name in taken:
                        name += "_"
                    taken.add(name)
                    numbers.append(Prepared(name, feature.column, part))
    return numbers, categories


def prepare(table: pa.Table, features: list[Feature]) -> pd.DataFrame:
    """Raw columns as the pipeline takes them.

    Numbers are rounded to float32 (as float64), so that trees split served rows as they split
    these; what is not finite is missing. A missing text becomes the category MISSING.
    """
    numbers, categories = prepared_columns(features)
    columns: dict[str, Any] = {}
    for item in numbers:
        raw = table[item.column]
        values = date_part(moments_of(raw), item.part) if item.part else numbers_of(raw)
        with np.errstate(over="ignore"):
            rounded = values.astype(np.float32).astype(np.float64)
        columns[item.name] = np.where(np.isfinite(rounded), rounded, np.nan)
    for item in categories:
        texts = np.empty(table.num_rows, dtype=object)
        texts[:] = [MISSING if v is None else v for v in table[item.column].to_pylist()]
        columns[item.name] = pd.Series(texts, dtype=object)
    return pd.DataFrame(columns)


def build(
    algorithm: Algorithm,
    task: Task,
    features: list[Feature],
    frame: pd.DataFrame,
    *,
    seed: int = 0,
    threads: int = 1,
    parameters: dict[str, object] | None = None,
) -> Pipeline:
    """An unfitted pipeline. frame: the training rows, for the categories (not for the target)."""
    numbers, categories = prepared_columns(features)
    linear = algorithm is Algorithm.LINEAR
    limit = ONEHOT_LIMIT if linear else CODE_LIMIT
    known = [
        [value for value, _ in Counter(frame[item.name]).most_common(limit)] for item in categories
    ]
    steps: list[tuple[str, Any, list[str]]] = []
    if numbers:
        steps.append(("numbers", _numbers(algorithm), [item.name for item in numbers]))
    if categories:
        encoder = (
            OneHotEncoder(categories=known, handle_unknown="ignore", sparse_output=False)
            if linear
            else OrdinalEncoder(
                categories=known,
                handle_unknown="use_encoded_value",
                unknown_value=UNKNOWN_CODE,
            )
        )
        steps.append(("categories", encoder, [item.name for item in categories]))
    return Pipeline(
        [
            ("encode", ColumnTransformer(steps, sparse_threshold=0.0)),
            ("model", _estimator(algorithm, task, len(frame), seed, threads, parameters or {})),
        ]
    )


def encoder_steps(pipeline: Pipeline, features: list[Feature]) -> list[dict[str, Any]]:
    """The fitted ColumnTransformer as the steps that `ml/encode.py` reads."""
    numbers, categories = prepared_columns(features)
    transformer = pipeline["encode"]
    steps: list[dict[str, Any]] = []
    if numbers:
        steps += _number_steps(transformer.named_transformers_["numbers"], numbers)
    if categories:
        fitted = transformer.named_transformers_["categories"]
        for item, known in zip(categories, fitted.categories_, strict=True):
            step = {"column": item.column, "categories": [str(name) for name in known]}
            if isinstance(fitted, OneHotEncoder):
                steps.append({**step, "kind": "category_onehot"})
            else:
                steps.append({**step, "kind": "category_code", "unknown": UNKNOWN_CODE})
    return steps


def numbers_of(column: pa.ChunkedArray[Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """A column of numbers or booleans as float64, NaN where it is missing."""
    import pyarrow.compute as pc

    # Not "safe", which refuses whole numbers above 2^53: rounding them is what floats do.
    filled: Any = pc.cast(column, pa.float64(), safe=False)
    return np.asarray(filled.to_numpy(), dtype=np.float64)


def moments_of(column: pa.ChunkedArray[Any]) -> np.ndarray[Any, np.dtype[np.datetime64]]:
    """A column of times as datetime64[us], NaT where it is missing."""
    return np.asarray(column.to_numpy(), dtype="datetime64[us]")


def _known(moments: np.ndarray[Any, np.dtype[np.datetime64]], part: str) -> Any:
    values = date_part(moments, part)
    return values[~np.isnan(values)]


def _numbers(algorithm: Algorithm) -> Any:
    match algorithm:
        case Algorithm.LINEAR:
            return Pipeline([("impute", _imputer()), ("scale", StandardScaler())])
        case Algorithm.RANDOM_FOREST:
            return _imputer()
        case _:
            return "passthrough"


def _imputer() -> SimpleImputer:
    return SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)


def _number_steps(fitted: Any, numbers: list[Prepared]) -> list[dict[str, Any]]:
    scaler = fitted["scale"] if isinstance(fitted, Pipeline) else None
    imputer = fitted["impute"] if isinstance(fitted, Pipeline) else fitted
    steps: list[dict[str, Any]] = []
    for item in numbers:
        kind = "number" if item.part is None else "date_part"
        part = {} if item.part is None else {"part": item.part}
        steps.append({"column": item.column, "kind": kind, **part, "fill": None})
    if isinstance(imputer, SimpleImputer):
        for step, fill in zip(steps, imputer.statistics_, strict=True):
            step["fill"] = float(fill)
        for place in imputer.indicator_.features_:
            item = numbers[place]
            part = {} if item.part is None else {"part": item.part}
            steps.append({"column": item.column, "kind": "missing_flag", **part})
    if scaler is not None:
        for step, mean, scale in zip(steps, scaler.mean_, scaler.scale_, strict=True):
            step["mean"], step["scale"] = float(mean), float(scale)
    return steps


def _estimator(
    algorithm: Algorithm,
    task: Task,
    rows: int,
    seed: int,
    threads: int,
    parameters: dict[str, object],
) -> Any:
    kind, defaults = _ESTIMATORS[algorithm, task is Task.REGRESSION]
    chosen = dict(defaults)
    if algorithm is not Algorithm.BASELINE:
        chosen["random_state"] = seed
    if algorithm is Algorithm.RANDOM_FOREST:
        chosen["n_jobs"] = threads
        # A leaf for each few rows would make files of gigabytes where there are many rows.
        chosen["min_samples_leaf"] = max(2, rows // 8000)
    if algorithm is Algorithm.GRADIENT_BOOSTING:
        chosen |= _FEW_BOOSTED if rows < _MANY_ROWS else _MANY_BOOSTED
    known = kind().get_params()
    # An experiment's parameters are shared by its runs: each takes those that it has.
    chosen.update({name: value for name, value in parameters.items() if name in known})
    try:
        return kind(**chosen)
    except TypeError as error:
        raise UserError(f"The parameters do not fit {algorithm.title}.", why=str(error)) from error
