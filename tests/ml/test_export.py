"""What serves answers what was trained, for every algorithm and task."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from mlops_desktop.core.runs import Algorithm, Task
from mlops_desktop.ml import export, graph, modelio
from mlops_desktop.ml.encode import RowEncoder
from mlops_desktop.ml.pipeline import prepare
from tests.problems import exported, mixed_table, posed


@pytest.mark.parametrize("algorithm", Algorithm)
@pytest.mark.parametrize("task", Task)
def test_that_onnx_and_the_reloaded_pipeline_answer_as_the_trained_one(
    task: Task, algorithm: Algorithm
) -> None:
    problem = posed(task)
    fitted, files = exported(problem, algorithm)
    assert files.onnx is not None, files.why_no_onnx
    assert files.parity.passed
    assert files.parity.rows == len(problem.parts.heldout)
    assert files.latency_us["p99"] >= files.latency_us["p50"] > 0

    reloaded = modelio.load(files.skops)
    heldout = problem.frame.iloc[problem.parts.heldout]
    ask = "predict" if task is Task.REGRESSION else "predict_proba"
    trained = getattr(fitted.pipeline, ask)(heldout)
    np.testing.assert_array_equal(getattr(reloaded, ask)(heldout), trained)

    # Rows that no model has seen, with categories that none knows, through the written card.
    card = export.card(problem, algorithm, files)
    unseen = mixed_table(50, seed=9).select(problem.table.column_names)
    encoder = RowEncoder.from_json(card["encoder"])
    rows = [list(row.values()) for row in unseen.to_pylist()]
    served = export.session(files.onnx).run(
        ["y"], {"x": encoder.encode_rows(unseen.column_names, rows)}
    )[0]
    expected = getattr(reloaded, ask)(prepare(unseen, problem.features)).reshape(len(rows), -1)
    np.testing.assert_allclose(served, expected, rtol=0, atol=files.parity.tolerance)
    without_frame = modelio.scores(reloaded, encoder, unseen.column_names, rows)
    np.testing.assert_allclose(without_frame, expected, rtol=0, atol=files.parity.tolerance)


def test_that_onnx_that_answers_differently_is_not_kept_and_the_card_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = posed(Task.REGRESSION)
    right = graph.to_onnx

    def wrong(estimator: object, width: int, classes: int) -> bytes:
        estimator.intercept_ += 1.0  # type: ignore[attr-defined]
        try:
            return right(estimator, width, classes)
        finally:
            estimator.intercept_ -= 1.0  # type: ignore[attr-defined]

    monkeypatch.setattr(graph, "to_onnx", wrong)
    _, files = exported(problem, Algorithm.LINEAR)
    assert files.onnx is None
    assert "differs by up to 1" in files.why_no_onnx
    assert files.parity.passed  # What serves now is scikit-learn itself.
    assert export.card(problem, Algorithm.LINEAR, files)["why_no_onnx"] == files.why_no_onnx


def test_that_rounding_thresholds_down_changes_no_decision_for_float32() -> None:
    values = np.random.default_rng(0).normal(0, 1e6, 10_000).astype(np.float32).astype(float)
    between = (values[1:] + values[:-1]) / 2
    rounded = graph.floor32(between)
    assert (rounded <= between).all()
    assert (rounded.astype(np.float32) == rounded).all()
    for shift in (-1, 0, 1):
        near = np.nextafter(between.astype(np.float32), np.float32(shift * np.inf))
        asked = near.astype(float) if shift else between.astype(np.float32).astype(float)
        np.testing.assert_array_equal(asked <= between, asked <= rounded)


@pytest.mark.parametrize("algorithm", [Algorithm.RANDOM_FOREST, Algorithm.GRADIENT_BOOSTING])
def test_that_a_fitted_models_own_thresholds_are_float32(algorithm: Algorithm) -> None:
    fitted, _ = exported(posed(Task.REGRESSION), algorithm)
    model = modelio.load(modelio.dump(fitted.pipeline))["model"]
    if algorithm is Algorithm.RANDOM_FOREST:
        thresholds = np.concatenate([tree.tree_.threshold for tree in model.estimators_])
    else:
        thresholds = np.concatenate([row[0].nodes["num_threshold"] for row in model._predictors])
    np.testing.assert_array_equal(thresholds, thresholds.astype(np.float32))


def test_that_heldout_rows_carry_their_index_in_the_version() -> None:
    problem = posed(Task.BINARY, time_column="listed")
    _, files = exported(problem, Algorithm.LINEAR)
    table = export.heldout_table(problem, files).to_pydict()
    assert list(table) == ["row", "actual", "predicted", "probability No", "probability Yes"]
    truth = mixed_table()["sold"].to_pylist()
    assert [truth[row] for row in table["row"]] == table["actual"]
    said = ["Yes" if p > 0.5 else "No" for p in table["probability Yes"]]
    assert said == table["predicted"]


def test_that_a_parity_of_no_number_fails() -> None:
    parity = export.Parity(1.0, 1e-5, 10)
    assert not parity.passed
    assert dataclasses.replace(parity, max_abs=1e-6).passed
    nan = np.array([[np.nan]])
    assert export._apart(nan, np.zeros((1, 1))) > 1e300


def test_that_a_model_without_an_onnx_form_is_served_by_scikit_learn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(estimator: object, width: int, classes: int) -> bytes:
        raise ValueError("larger than 2 GB")

    monkeypatch.setattr(graph, "to_onnx", fails)
    _, files = exported(posed(Task.MULTICLASS), Algorithm.LINEAR)
    assert files.onnx is None
    assert "larger than 2 GB" in files.why_no_onnx
    assert files.parity.passed
