"""A fitted estimator as an ONNX graph: "x" float32 [rows, width] in, one output "y".

Written here rather than with skl2onnx 1.20, which cannot convert the baseline, fails on
histogram gradient boosting with the onnx of our lock (it passes numpy booleans as attributes),
and takes 4 s for 100 trees on 7,000 rows where this takes 0.1 s. Every graph is compared with
scikit-learn on all held-out rows before it is kept.

Trees become ONNX-ML TreeEnsembleRegressor nodes (opset 3) of float32: thresholds must have been
rounded down by round_thresholds, so that `x <= t` decides alike in float32 and float64.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge

OPSET = 18
_FORESTS = (RandomForestClassifier, RandomForestRegressor)
_BOOSTINGS = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)


def floor32(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The largest float32 that is not above each value, as float64."""
    near = values.astype(np.float32)
    above = near.astype(np.float64) > values
    near[above] = np.nextafter(near[above], np.float32(-np.inf))
    return near.astype(np.float64)


def round_thresholds(estimator: Any) -> None:
    """Round a fitted model's split thresholds down to float32, in place.

    For inputs that are float32 no decision changes: x <= t if and only if x <= floor32(t).
    """
    if isinstance(estimator, _FORESTS):
        for tree in estimator.estimators_:
            threshold = tree.tree_.threshold
            threshold[:] = floor32(threshold)
    elif isinstance(estimator, _BOOSTINGS):
        for row in estimator._predictors:
            for predictor in row:
                predictor.nodes["num_threshold"] = floor32(predictor.nodes["num_threshold"])


def to_onnx(estimator: Any, width: int, classes: int) -> bytes:
    """The graph of a fitted estimator. classes: how many, 0 for numbers.

    y is float32 [rows, 1] of numbers or [rows, classes] of probabilities.
    """
    nodes: list[Any]
    constants: dict[str, Any] = {}
    match estimator:
        case DummyRegressor() | DummyClassifier():
            answer = estimator.class_prior_ if classes else estimator.constant_.reshape(-1)
            constants = {
                "answer": np.asarray(answer, dtype=np.float32).reshape(1, -1),
                "first": np.array([0], dtype=np.int64),
                "second": np.array([1], dtype=np.int64),
                "one": np.array([1], dtype=np.int64),
            }
            nodes = [
                helper.make_node("Shape", ["x"], ["shape"]),
                helper.make_node("Slice", ["shape", "first", "second"], ["rows"]),
                helper.make_node("Concat", ["rows", "one"], ["size"], axis=0),
                helper.make_node("Expand", ["answer", "size"], ["y"]),
            ]
        case Ridge() | LogisticRegression():
            constants = {
                "weights": np.atleast_2d(estimator.coef_).T.astype(np.float32),
                "bias": np.atleast_1d(estimator.intercept_).astype(np.float32),
            }
            nodes = [
                helper.make_node("MatMul", ["x", "weights"], ["product"]),
                helper.make_node("Add", ["product", "bias"], ["raw"]),
            ]
            nodes += _link(classes, constants)
        case RandomForestRegressor() | RandomForestClassifier():
            nodes = [_ensemble(_forest_nodes(estimator), "y", np.zeros(max(1, classes)))]
        case HistGradientBoostingRegressor() | HistGradientBoostingClassifier():
            base = np.asarray(estimator._baseline_prediction).reshape(-1)
            nodes = [_ensemble(_boosting_nodes(estimator), "raw", base)]
            nodes += _link(classes, constants)
        case _:
            raise TypeError(f"{type(estimator).__name__} has no ONNX form here.")
    graph = helper.make_graph(
        nodes,
        "model",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, width])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, max(1, classes)])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", 3)],
        producer_name="mlops_desktop",
        ir_version=8,
    )
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _link(classes: int, constants: dict[str, Any]) -> list[Any]:
    """From raw scores to the output: as they are, or as the probabilities of each class."""
    if not classes:
        return [helper.make_node("Identity", ["raw"], ["y"])]
    if classes > 2:
        return [helper.make_node("Softmax", ["raw"], ["y"], axis=1)]
    constants["unit"] = np.array([1], dtype=np.float32)
    return [
        helper.make_node("Sigmoid", ["raw"], ["yes"]),
        helper.make_node("Sub", ["unit", "yes"], ["no"]),
        helper.make_node("Concat", ["no", "yes"], ["y"], axis=1),
    ]


_Nodes = dict[str, npt.NDArray[Any]]


def _forest_nodes(forest: Any) -> tuple[list[_Nodes], int]:
    """Each tree's nodes, and the number of targets; a leaf votes for each of them."""
    found = []
    count = len(forest.estimators_)
    for estimator in forest.estimators_:
        tree = estimator.tree_
        leaf = tree.children_left < 0
        # scikit-learn keeps class counts or fractions here; a tree's vote is the fraction.
        votes = tree.value[:, 0, :]
        if isinstance(forest, RandomForestClassifier):
            votes = votes / votes.sum(axis=1, keepdims=True)
        found.append(
            {
                "leaf": leaf,
                "feature": np.where(leaf, 0, tree.feature),
                "threshold": np.where(leaf, 0.0, tree.threshold),
                "left": np.where(leaf, 0, tree.children_left),
                "right": np.where(leaf, 0, tree.children_right),
                "missing_left": np.zeros(len(leaf), dtype=bool),
                "votes": votes / count,
            }
        )
    return found, found[0]["votes"].shape[1]


def _boosting_nodes(model: Any) -> tuple[list[_Nodes], int]:
    targets = model.n_trees_per_iteration_
    found = []
    for row in model._predictors:
        for target, predictor in enumerate(row):
            nodes = predictor.nodes
            leaf = nodes["is_leaf"].astype(bool)
            votes = np.full((len(nodes), targets), np.nan)
            votes[:, target] = nodes["value"]
            found.append(
                {
                    "leaf": leaf,
                    "feature": np.where(leaf, 0, nodes["feature_idx"]),
                    "threshold": np.where(leaf, 0.0, nodes["num_threshold"]),
                    "left": np.where(leaf, 0, nodes["left"]),
                    "right": np.where(leaf, 0, nodes["right"]),
                    "missing_left": nodes["missing_go_to_left"].astype(bool) & ~leaf,
                    "votes": votes,
                }
            )
    return found, targets


def _ensemble(trees: tuple[list[_Nodes], int], output: str, base: npt.NDArray[Any]) -> Any:
    """One node for all trees. A NaN vote is none."""
    parts, targets = trees
    sizes = [len(part["leaf"]) for part in parts]
    tree_ids = np.repeat(np.arange(len(parts)), sizes)
    node_ids = np.concatenate([np.arange(size) for size in sizes])
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    at, target = np.nonzero(whole["leaf"][:, None] & ~np.isnan(whole["votes"]))
    with np.errstate(over="ignore"):
        thresholds = whole["threshold"].astype(np.float32)
    return helper.make_node(
        "TreeEnsembleRegressor",
        ["x"],
        [output],
        domain="ai.onnx.ml",
        n_targets=targets,
        base_values=base.astype(np.float32).tolist(),
        nodes_treeids=tree_ids.tolist(),
        nodes_nodeids=node_ids.tolist(),
        nodes_featureids=whole["feature"].tolist(),
        nodes_modes=["LEAF" if leaf else "BRANCH_LEQ" for leaf in whole["leaf"].tolist()],
        nodes_values=thresholds.tolist(),
        nodes_truenodeids=whole["left"].tolist(),
        nodes_falsenodeids=whole["right"].tolist(),
        nodes_missing_value_tracks_true=whole["missing_left"].astype(int).tolist(),
        target_treeids=tree_ids[at].tolist(),
        target_nodeids=node_ids[at].tolist(),
        target_ids=target.tolist(),
        target_weights=whole["votes"][at, target].astype(np.float32).tolist(),
    )
