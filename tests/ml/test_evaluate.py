"""Our metrics are scikit-learn's, and their intervals cover the truth."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from mlops_desktop.core.runs import Task
from mlops_desktop.ml import evaluate
from mlops_desktop.ml.evaluate import Answers

_RNG = np.random.default_rng(0)
_TRUE = _RNG.normal(10, 3, 500)
_NUMBERS = Answers(_TRUE, (_TRUE + _RNG.normal(0, 1, 500))[:, None], Task.REGRESSION)
_CODES = _RNG.integers(0, 2, 500)
_P = np.round(np.clip(0.3 + 0.4 * _CODES + _RNG.normal(0, 0.25, 500), 0.01, 0.99), 2)  # With ties.
_TWO = Answers(_CODES, np.c_[1 - _P, _P], Task.BINARY, 1)
_FLIPPED = Answers(_CODES, np.c_[1 - _P, _P], Task.BINARY, 0)
_KINDS = _RNG.integers(0, 3, 500)
_MANY = Answers(
    _KINDS, _RNG.dirichlet([1, 1, 1], 500) * 0.5 + 0.5 * np.eye(3)[_KINDS], Task.MULTICLASS
)


@pytest.mark.parametrize(
    ("name", "answers", "expected"),
    [
        ("rmse", _NUMBERS, metrics.root_mean_squared_error(_TRUE, _NUMBERS.predicted)),
        ("mae", _NUMBERS, metrics.mean_absolute_error(_TRUE, _NUMBERS.predicted)),
        ("r2", _NUMBERS, metrics.r2_score(_TRUE, _NUMBERS.predicted)),
        ("roc_auc", _TWO, metrics.roc_auc_score(_CODES, _P)),
        ("roc_auc", _FLIPPED, metrics.roc_auc_score(1 - _CODES, 1 - _P)),
        ("average_precision", _TWO, metrics.average_precision_score(_CODES, _P)),
        ("f1", _TWO, metrics.f1_score(_CODES, _TWO.predicted)),
        ("f1", _FLIPPED, metrics.f1_score(_CODES, _FLIPPED.predicted, pos_label=0)),
        ("accuracy", _MANY, metrics.accuracy_score(_KINDS, _MANY.predicted)),
        ("balanced_accuracy", _MANY, metrics.balanced_accuracy_score(_KINDS, _MANY.predicted)),
        ("log_loss", _MANY, metrics.log_loss(_KINDS, _MANY.scores)),
        ("log_loss", _TWO, metrics.log_loss(_CODES, _TWO.scores)),
    ],
)
def test_that_a_metric_is_what_scikit_learn_says(
    name: str, answers: Answers, expected: float
) -> None:
    assert evaluate.value(name, answers) == pytest.approx(expected, rel=1e-9)
    doubled = evaluate.measure(name, answers, np.full((1, 500), 2.0))
    assert doubled[0] == pytest.approx(expected, rel=1e-9)


def test_that_weights_are_the_same_as_repeated_rows() -> None:
    picks = _RNG.integers(0, 500, 500)
    weights = np.bincount(picks, minlength=500).astype(float)[None, :]
    for name in ("roc_auc", "average_precision", "f1", "balanced_accuracy", "log_loss"):
        repeated = evaluate.value(name, _TWO.take(picks))
        assert evaluate.measure(name, _TWO, weights)[0] == pytest.approx(repeated, rel=1e-9)
    assert evaluate.measure("r2", _NUMBERS, weights)[0] == pytest.approx(
        evaluate.value("r2", _NUMBERS.take(picks)), rel=1e-9
    )


def test_that_the_interval_covers_the_truth_about_95_times_in_100() -> None:
    rng, covered = np.random.default_rng(1), 0
    for seed in range(200):
        right = (rng.random(300) < 0.7).astype(int)
        answers = Answers(np.ones(300, int), np.c_[1 - right, right], Task.BINARY, 1)
        found = evaluate.interval("accuracy", answers, seed, resamples=500)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0.7 <= found.high
    assert 180 <= covered <= 199


def test_that_a_sampled_interval_is_as_wide_as_one_of_all_rows() -> None:
    true = np.random.default_rng(2).normal(0, 1, 80_000)
    answers = Answers(true, np.zeros((80_000, 1)), Task.REGRESSION)
    found = evaluate.interval("mae", answers, 0, resamples=300)
    assert found.low is not None
    assert found.high is not None
    expected = 2 * 1.96 * np.abs(true).std() / np.sqrt(80_000)
    assert found.high - found.low == pytest.approx(expected, rel=0.25)


def test_that_a_metric_that_is_not_defined_is_nan() -> None:
    one_class = Answers(np.ones(10, int), np.full((10, 2), 0.5), Task.BINARY, 1)
    assert np.isnan(evaluate.value("roc_auc", one_class))
