"""One row, many rows and scikit-learn's own transformer give the same numbers."""

from __future__ import annotations

import json
from datetime import UTC, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_desktop.core.runs import Algorithm, Task
from mlops_desktop.ml import pipeline
from mlops_desktop.ml.encode import MISSING, RowEncoder
from mlops_desktop.ml.export import arrays
from tests.problems import NEW_YEAR, mixed_table

_INPUTS = ["area", "rooms", "town", "garden", "listed"]
_ROWS = st.lists(
    st.tuples(
        st.none() | st.floats(allow_nan=True, allow_infinity=True),
        st.none() | st.integers(-(2**60), 2**60),
        st.none() | st.sampled_from(["Ulm", "Köln", "Bonn", "", "=1+1", "Atlantis", MISSING]),
        st.none() | st.booleans(),
        st.none() | st.datetimes(NEW_YEAR.replace(year=1905), NEW_YEAR.replace(year=2150)),
    ),
    min_size=1,
    max_size=20,
)


def _fitted(algorithm: Algorithm) -> tuple[Any, list[pipeline.Feature], RowEncoder]:
    table = mixed_table(200)
    inputs = table.select(_INPUTS)
    features = pipeline.features_of(inputs)
    frame = pipeline.prepare(inputs, features)
    whole = pipeline.build(algorithm, Task.REGRESSION, features, frame)
    whole.fit(frame, table["price"].to_numpy())
    spec = json.loads(json.dumps({"steps": pipeline.encoder_steps(whole, features)}))
    return whole["encode"], features, RowEncoder.from_json(spec)


_FITTED = {algorithm: _fitted(algorithm) for algorithm in Algorithm}


@pytest.mark.parametrize("algorithm", Algorithm)
@settings(max_examples=60, deadline=None)
@given(rows=_ROWS)
def test_that_rows_tables_and_scikit_learn_are_encoded_alike(
    algorithm: Algorithm, rows: list[tuple[Any, ...]]
) -> None:
    transformer, features, encoder = _FITTED[algorithm]
    schema = mixed_table(60).select(_INPUTS).schema
    table = pa.table(
        [
            pa.array(column, field.type)
            for column, field in zip(zip(*rows, strict=True), schema, strict=True)
        ],
        schema=schema,
    )
    one = encoder.encode_rows(_INPUTS, rows)
    many = encoder.encode_table(arrays(table))
    np.testing.assert_array_equal(one, many)
    theirs = transformer.transform(pipeline.prepare(table, features))
    np.testing.assert_array_equal(one, np.asarray(theirs, dtype=np.float32))


def test_that_a_moment_reads_the_same_as_text_as_microseconds_and_in_another_zone() -> None:
    encoder = RowEncoder(
        [
            {"column": "at", "kind": "date_part", "part": part}
            for part in ("month", "weekday", "hour")
        ]
    )
    moment = NEW_YEAR.replace(year=1970) - timedelta(minutes=30)
    microseconds = int(moment.replace(tzinfo=UTC).timestamp() * 1_000_000)
    abroad = (moment + timedelta(hours=2)).isoformat() + "+02:00"
    rows = [[moment], [moment.isoformat()], [microseconds], [abroad], [None]]
    found = encoder.encode_rows(["at"], rows)
    assert found[:4].tolist() == [[12.0, 2.0, 23.0]] * 4
    assert np.isnan(found[4]).all()
    column = np.array([row[0] for row in rows], dtype=object)
    np.testing.assert_array_equal(encoder.encode_table({"at": column}), found)


def test_that_an_unknown_category_and_a_missing_one_have_their_documented_codes() -> None:
    encoder = RowEncoder(
        [
            {"column": "c", "kind": "category_code", "categories": ["a", MISSING], "unknown": -1},
            {"column": "c", "kind": "category_onehot", "categories": ["a", MISSING]},
        ]
    )
    found = encoder.encode_rows(["c"], [["a"], [None], ["z"], [float("nan")]])
    assert found.tolist() == [[0, 1, 0], [1, 0, 1], [-1, 0, 0], [1, 0, 1]]


def test_that_a_missing_number_is_filled_and_flagged_before_it_is_scaled() -> None:
    encoder = RowEncoder(
        [
            {"column": "n", "kind": "number", "fill": 3.0, "mean": 1.0, "scale": 2.0},
            {"column": "n", "kind": "missing_flag"},
        ]
    )
    rows = [[5], [None], [1e300], [float("inf")], [True]]
    expected = [[2, 0], [1, 1], [1, 1], [1, 1], [0, 0]]
    assert encoder.encode_rows(["other", "n"], [[0, *row] for row in rows]).tolist() == expected


def test_that_a_column_that_is_not_there_is_an_error() -> None:
    encoder = RowEncoder([{"column": "n", "kind": "number", "fill": None}])
    with pytest.raises(KeyError):
        encoder.encode_rows(["m"], [[1]])
