"""The operations of expressions as ONNX nodes: the third face of `ml/operations.py`.

Conditions are bool tensors, text string tensors, everything else float64 with NaN for missing.
Whole numbers are exact up to 2^53, as float64 is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import reduce

import numpy as np

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.ml.encode import MISSING
from mlops_desktop.ml.expressions import Expr
from mlops_desktop.ml.graph_nodes import Inexpressible, Nodes

_DAY_US = 86_400_000_000.0
_PLAIN = {
    "add": "Add",
    "subtract": "Sub",
    "multiply": "Mul",
    "divide": "Div",
    "power": "Pow",
    "negate": "Neg",
    "abs": "Abs",
    "sqrt": "Sqrt",
    "log": "Log",
    "exp": "Exp",
    "sin": "Sin",
    "cos": "Cos",
    "floor": "Floor",
    "ceil": "Ceil",
    "round": "Round",
}
_COMPARED = {
    "eq": "Equal",
    "lt": "Less",
    "le": "LessOrEqual",
    "gt": "Greater",
    "ge": "GreaterOrEqual",
}
_TESTS = {"contains": "(?s).*{}.*", "starts_with": "(?s){}.*", "ends_with": "(?s).*{}"}
_PARTS = ("year", "quarter", "month", "day", "weekday", "hour", "minute")


def tensor_of(expr: Expr, tensors: Mapping[str, str], nodes: Nodes) -> str:
    """The tensor of an expression over tensors; a condition as numbers 0 and 1.

    Raises Inexpressible.
    """
    return _Graph(tensors, nodes).value(expr)


class _Graph:
    def __init__(self, tensors: Mapping[str, str], nodes: Nodes) -> None:
        self._tensors, self._nodes = tensors, nodes

    def value(self, expr: Expr) -> str:
        """Text or a number."""
        nodes = self._nodes
        if expr.op == "column":
            return self._tensors[expr.value]
        if expr.op == "constant":
            if expr.type is ColumnType.TEXT:
                return nodes.text(expr.value)
            return nodes.number(float(expr.value))
        if expr.op in ("if", "coalesce"):
            return self._chosen(expr)
        if expr.op == "lookup":
            return self._looked_up(expr)
        if expr.type is ColumnType.BOOLEAN and expr.op != "cast":
            return nodes.of_truth(self.condition(expr))
        if expr.type is ColumnType.TEXT:
            raise Inexpressible(f"{expr.op} of text has no ONNX form.")
        return self._number(expr)

    def condition(self, expr: Expr) -> str:
        """bool; a missing one is False."""
        nodes = self._nodes
        match expr.op:
            case "and" | "or":
                one, two = map(self.condition, expr.of)
                return nodes.add(expr.op.capitalize(), [one, two])
            case "not":
                return nodes.add("Not", [self.condition(expr.of[0])])
            case "missing":
                return self._missing(expr.of[0], self.value(expr.of[0]))
            case "present":
                return nodes.add("Not", [self._missing(expr.of[0], self.value(expr.of[0]))])
            case "eq" | "ne" | "lt" | "le" | "gt" | "ge":
                return self._compared(expr)
            case "in" | "not_in":
                return self._among(expr)
            case "contains" | "starts_with" | "ends_with":
                text = self.value(expr.of[0])
                pattern = _TESTS[expr.op].format(re.escape(expr.value))
                found = nodes.add("RegexFullMatch", [text], pattern=pattern)
                return self._and_present(expr.of[0], text, found)
            case _:
                return nodes.truth(self.value(expr))

    def _number(self, expr: Expr) -> str:
        nodes = self._nodes
        if expr.op in ("number", "integer"):
            return self.value(expr.of[0])
        if expr.op == "cast":
            return self._cast(expr)
        if any(part.type is ColumnType.TEXT for part in expr.of):
            raise Inexpressible(f"{expr.op} of text has no ONNX form.")
        parts = [self.value(part) for part in expr.of]
        if expr.op in _PLAIN:
            return nodes.finite(nodes.add(_PLAIN[expr.op], parts))
        if expr.op in _PARTS:
            return nodes.date_part(parts[0], expr.op)
        match expr.op:
            case "log1p":
                return nodes.finite(nodes.add("Log", [nodes.add("Add", [*parts, nodes.number(1)])]))
            case "modulo":
                rest = nodes.add("Mod", parts, fmod=1)
                signs = nodes.add("Less", [nodes.add("Mul", [rest, parts[1]]), nodes.number(0)])
                return nodes.add("Where", [signs, nodes.add("Add", [rest, parts[1]]), rest])
            case "days":
                return nodes.add("Div", [nodes.add("Sub", parts), nodes.number(_DAY_US)])
            case "min" | "max":
                return reduce(lambda a, b: self._extreme(expr.op.capitalize(), a, b), parts)
            case "round_to":
                factor = nodes.number(10.0**expr.value)
                whole = nodes.add("Round", [nodes.add("Mul", [*parts, factor])])
                return nodes.finite(nodes.add("Div", [whole, factor]))
            case "bin":
                edges = nodes.constant(np.array([expr.value], dtype=np.float64))
                above = nodes.of_truth(nodes.add("GreaterOrEqual", [*parts, edges]))
                across = nodes.constant(np.array([1], dtype=np.int64))
                found = nodes.add("ReduceSum", [above, across], keepdims=1)
                return nodes.add("Where", [nodes.add("IsNaN", parts), nodes.number(np.nan), found])
            case _:
                raise Inexpressible(f"{expr.op} has no ONNX form.")

    def _extreme(self, op: str, a: str, b: str) -> str:
        nodes = self._nodes
        missing = nodes.add("Or", [nodes.add("IsNaN", [a]), nodes.add("IsNaN", [b])])
        return nodes.add("Where", [missing, nodes.number(np.nan), nodes.add(op, [a, b])])

    def _cast(self, expr: Expr) -> str:
        nodes, source = self._nodes, expr.of[0].type
        if ColumnType.TEXT in (source, expr.type) or ColumnType.DATETIME in (source, expr.type):
            raise Inexpressible("Changing text or dates to another type has no ONNX form.")
        number = self.value(expr.of[0])
        match expr.type:
            case ColumnType.INTEGER:
                same = nodes.add("Equal", [nodes.add("Floor", [number]), number])
            case ColumnType.BOOLEAN:
                zero, one = (nodes.add("Equal", [number, nodes.number(v)]) for v in (0, 1))
                same = nodes.add("Or", [zero, one])
            case _:
                return number
        return nodes.add("Where", [same, number, nodes.number(np.nan)])

    def _chosen(self, expr: Expr) -> str:
        nodes = self._nodes
        if expr.op == "if":
            asked, yes, no = expr.of
            return nodes.add("Where", [self.condition(asked), self.value(yes), self.value(no)])
        *first, last = expr.of
        found = self.value(last)
        for part in reversed(first):
            value = self.value(part)
            found = nodes.add("Where", [self._missing(part, value), found, value])
        return found

    def _looked_up(self, expr: Expr) -> str:
        nodes, old = self._nodes, expr.of[0]
        pairs, keep, other = expr.value
        value = self.value(old)
        text_in, text_out = (kind is ColumnType.TEXT for kind in (old.type, expr.type))

        def constant(one: object, *, text: bool) -> str:
            if text:
                return nodes.text(MISSING if one is None else str(one))
            return nodes.number(np.nan if one is None else float(one))  # type: ignore[arg-type]

        found = value if keep else constant(other, text=text_out)
        for key, new in pairs:
            same = nodes.add("Equal", [value, constant(key, text=text_in)])
            found = nodes.add("Where", [same, constant(new, text=text_out), found])
        if keep:
            return found
        missing = self._missing(old, value)
        return nodes.add("Where", [missing, constant(None, text=text_out), found])

    def _compared(self, expr: Expr) -> str:
        nodes = self._nodes
        one, two = map(self.value, expr.of)
        if expr.of[0].type is ColumnType.TEXT and expr.op not in ("eq", "ne"):
            raise Inexpressible("The order of texts has no ONNX form.")
        if expr.op == "ne":
            found = nodes.add("Not", [nodes.add("Equal", [one, two])])
        else:
            found = nodes.add(_COMPARED[expr.op], [one, two])
        found = self._and_present(expr.of[0], one, found)
        return self._and_present(expr.of[1], two, found)

    def _among(self, expr: Expr) -> str:
        nodes, looked = self._nodes, self.value(expr.of[0])
        text = expr.of[0].type is ColumnType.TEXT
        constants = [nodes.text(v) if text else nodes.number(float(v)) for v in expr.value]
        same = [nodes.add("Equal", [looked, constant]) for constant in constants]
        found = reduce(lambda a, b: nodes.add("Or", [a, b]), same)
        if expr.op == "not_in":
            found = nodes.add("Not", [found])
        return self._and_present(expr.of[0], looked, found)

    def _missing(self, expr: Expr, value: str) -> str:
        if expr.type is ColumnType.TEXT:
            return self._nodes.add("Equal", [value, self._nodes.text(MISSING)])
        return self._nodes.add("IsNaN", [value])

    def _and_present(self, expr: Expr, value: str, found: str) -> str:
        if expr.op == "constant":
            return found
        nodes = self._nodes
        return nodes.add("And", [found, nodes.add("Not", [self._missing(expr, value)])])
