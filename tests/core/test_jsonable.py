"""Dataclasses survive the way to JSON and back."""

from __future__ import annotations

import json

from mlops_desktop.core.datasets import ColumnType, DataWarning, WarningKind
from mlops_desktop.core.jsonable import from_plain, to_plain
from mlops_desktop.core.models import Field, Signature
from mlops_desktop.core.runs import Algorithm, Task, TrainSpec


def test_that_a_train_spec_comes_back_equal() -> None:
    spec = TrainSpec(
        "bike", 2, "cnt", exclude=("casual",), algorithms=(Algorithm.LINEAR,), parameters={"a": 1}
    )
    assert from_plain(TrainSpec, json.loads(json.dumps(to_plain(spec)))) == spec


def test_that_nested_and_optional_fields_come_back_equal() -> None:
    signature = Signature(
        inputs=(
            Field("a", ColumnType.TEXT, categories=("x", "y"), example="x"),
            Field("b", ColumnType.NUMBER, low=0.5, high=2.0, nullable=False),
        ),
        target="t",
        task=Task.BINARY,
        classes=("no", "yes"),
        positive="yes",
    )
    assert from_plain(Signature, json.loads(json.dumps(to_plain(signature)))) == signature


def test_that_unknown_keys_of_a_newer_version_are_ignored() -> None:
    plain = to_plain(DataWarning(WarningKind.LEAK, ("a",), "what", "why", "fix"))
    assert from_plain(DataWarning, plain | {"later": 1}).kind is WarningKind.LEAK
