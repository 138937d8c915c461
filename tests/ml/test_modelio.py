"""Files that would run code when opened are refused, whatever they are called."""

from __future__ import annotations

import functools
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from skops import io as skops_io

from mlops_desktop.core.errors import UserError
from mlops_desktop.ml import modelio


class _Marker:
    """Touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_that_a_pickle_is_refused_and_does_not_run(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    with pytest.raises(UserError, match="not supported"):
        modelio.load(pickle.dumps(_Marker(marker)))
    assert not marker.exists()


@pytest.mark.parametrize(
    "function",
    [functools.partial(np.multiply, 2), np.save, eval, Path.touch],
    ids=["partial", "numpy", "eval", "touch"],
)
def test_that_a_pipeline_with_a_function_in_it_is_refused(function: Any) -> None:
    pipeline = Pipeline([("call", FunctionTransformer(function)), ("model", Ridge())])
    with pytest.raises(UserError, match=r"not trusted|not supported"):
        modelio.load(skops_io.dumps(pipeline))


def test_that_a_type_that_is_not_ours_is_refused() -> None:
    with pytest.raises(UserError, match="not trusted"):
        modelio.load(skops_io.dumps({"model": _Plain()}))


class _Plain:
    """A type that skops can write down, but that the list does not hold."""


@pytest.mark.parametrize("data", [b"", b"not a model", b"PK\x05\x06" + bytes(18)])
def test_that_what_is_no_skops_file_is_a_plain_error(data: bytes) -> None:
    with pytest.raises(UserError, match="not supported"):
        modelio.load(data)


def test_that_the_trusted_list_is_scikit_learns_own() -> None:
    assert all(name.startswith("sklearn.") or name == "numpy.dtype" for name in modelio.TRUSTED)
