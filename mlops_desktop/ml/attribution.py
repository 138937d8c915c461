"""What each raw column of a row added to its answer, compared with rows of the training data.

Shapley values by sampled permutations (Castro, Gomez and Tejada, 2009; Strumbelj and Kononenko,
2014), each permutation also walked backwards (Mitchell et al., 2022). A walk begins at a training
row, takes over the explained row's values one column after another, and ends at the explained row;
what the answer moves by is that column's. So the contributions of a walk add up to the answer less
that training row's answer, and their means to the answer less the mean of all: the baseline. The
columns are the raw ones, whatever a recipe and the encoder make of them, and the permutations are
the same for every request: one row always gets one explanation. Free of pandas and scikit-learn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

BACKGROUND_ROWS = 64
_STATES = 8_000  # Answers that one explained row may cost, where it has few enough columns.
_WALKS = (16, 2 * BACKGROUND_ROWS)
_CELLS = 1_000_000  # Values that are held at a time.
# A walk is as many rows as there are columns, so wide models cost their columns squared, some
# 40 ns a value: three seconds a row and five a request at most, whatever the model.
_CELLS_A_ROW = 64_000_000
_CELLS_A_REQUEST = 120_000_000
WIDEST = 5_000
ROWS_LIMIT = 100
Floats = npt.NDArray[np.float64]
Score = Callable[[Sequence[Sequence[Any]]], Floats]


def _walks(columns: int) -> int:
    """How many walks explain a row, forwards and backwards together."""
    fewest, most = _WALKS
    wanted = max(fewest, min(most, _STATES // columns))
    return max(2, min(wanted, _CELLS_A_ROW // columns**2))


def rows_limit(columns: int) -> int:
    """How many rows a request may have explained, of a model with so many columns."""
    return max(1, min(ROWS_LIMIT, _CELLS_A_REQUEST // (_walks(columns) * columns**2)))


class Attribution(NamedTuple):
    """baseline: the mean answer of the training rows [outputs]. answer: of the row [outputs].

    contributions: [columns, outputs]; they add up to answer - baseline.
    """

    baseline: Floats
    answer: Floats
    contributions: Floats


class Attributor:
    """Explains rows of one model. Safe to use from several threads."""

    def __init__(self, background: Sequence[Sequence[Any]], score: Score) -> None:
        """background: training rows in the order of the model's inputs. score: the answers
        [rows, outputs] to columns of values in that order."""
        self._score = score
        columns = len(background[0])
        pairs = min(len(background), _walks(columns) // 2)
        rows = list(background)[:pairs]
        self._columns = list(zip(*rows, strict=True))
        rng = np.random.default_rng(0)
        place = np.array([rng.permutation(columns) for _ in rows])
        # [walks, columns]: at which step of a walk a column is taken over; backwards, too.
        self._place = np.concatenate([place, columns - 1 - place])
        self._start = np.tile(np.arange(pairs), 2)
        self._starts = score(self._columns)
        self.baseline: Floats = self._starts.mean(axis=0)

    def explain(self, row: Sequence[Any]) -> Attribution:
        """What each value of a row added."""
        [answer] = self._score([(value,) for value in row])
        width, walks = len(row), len(self._place)
        total = np.zeros((width, len(answer)))
        at_once = max(1, _CELLS // (width * width))
        for first in range(0, walks, at_once):
            some = slice(first, first + at_once)
            answers = self._walk(row, self._place[some], self._start[some], answer)
            moved = np.diff(answers, axis=1)  # [walks, steps, outputs]
            total += np.take_along_axis(moved, self._place[some, :, None], axis=1).sum(axis=0)
        return Attribution(self.baseline, answer, total / walks)

    def _walk(
        self, row: Sequence[Any], place: npt.NDArray[Any], start: npt.NDArray[Any], answer: Floats
    ) -> Floats:
        """The answers on some walks, from each training row to the explained one."""
        walks, width = place.shape
        steps = np.arange(1, width)
        between: list[list[Any]] = []
        for column, (values, value) in enumerate(zip(self._columns, row, strict=True)):
            known = np.empty(len(values) + 1, dtype=object)
            known[:-1], known[-1] = values, value
            taken = place[:, column, None] < steps
            which = np.where(taken, len(values), start[:, None])
            between.append(known[which.ravel()].tolist())
        answers = np.empty((walks, width + 1, len(answer)))
        answers[:, 0] = self._starts[start]
        answers[:, -1] = answer
        if width > 1:
            answers[:, 1:-1] = self._score(between).reshape(walks, width - 1, len(answer))
        return answers
