"""Nodes of an ONNX graph, put together piece by piece with names of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

_DAY_US = 86_400_000_000.0
_HOUR_US = 3_600_000_000.0
_MINUTE_US = 60_000_000.0


class Inexpressible(Exception):
    """ONNX has no form for it; the text says for what."""


class Nodes:
    """Each method adds what it needs and gives the name of the tensor that comes out, [rows, 1].

    Numbers, booleans and moments are float64 with NaN for missing; conditions are bool.
    """

    def __init__(self, prefix: str) -> None:
        """prefix: of all names, so that none is a column's."""
        self._prefix = prefix
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._known: dict[tuple[str, str], str] = {}

    def add(
        self, op: str, inputs: Sequence[str], output: str = "", domain: str = "", **settings: Any
    ) -> str:
        name = output or f"{self._prefix}t{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], domain=domain, **settings))
        return name

    def constant(self, value: np.ndarray[Any, Any]) -> str:
        """A constant tensor, each different one stored once."""
        key = (str(value.dtype), repr(value.tolist()))
        if key not in self._known:
            name = self._known[key] = f"{self._prefix}c{len(self.constants)}"
            self.constants.append(numpy_helper.from_array(value, name))
        return self._known[key]

    def number(self, value: float) -> str:
        return self.constant(np.array([[value]], dtype=np.float64))

    def text(self, value: str) -> str:
        return self.constant(np.array([[value]], dtype=object))

    def finite(self, number: str) -> str:
        """The number, NaN where it is none."""
        return self.add("Where", [self.add("IsInf", [number]), self.number(np.nan), number])

    def truth(self, number: str) -> str:
        """bool: True for 1; a missing one is False."""
        return self.add("Equal", [number, self.number(1.0)])

    def of_truth(self, condition: str) -> str:
        return self.add("Cast", [condition], to=TensorProto.DOUBLE)

    def floor_divide(self, number: str, by: float) -> str:
        return self.add("Floor", [self.add("Div", [number, self.number(by)])])

    def remainder(self, number: str, by: float) -> str:
        """From 0 up to `by`, also of negative numbers."""
        whole = self.add("Mul", [self.floor_divide(number, by), self.number(by)])
        return self.add("Sub", [number, whole])

    def date_part(self, moment: str, part: str) -> str:
        """A part of a moment in microseconds since 1970, as a number.

        The calendar is Howard Hinnant's civil_from_days, in whole float64 numbers.
        """
        match part:
            case "hour":
                return self.floor_divide(self.remainder(moment, _DAY_US), _HOUR_US)
            case "minute":
                return self.floor_divide(self.remainder(moment, _HOUR_US), _MINUTE_US)
        days = self.floor_divide(moment, _DAY_US)
        if part == "weekday":
            return self.remainder(self._plus(days, 3), 7)
        year, month, day = self._civil(days)
        match part:
            case "year":
                return year
            case "month":
                return month
            case "day":
                return day
            case "quarter":
                return self._plus(self.floor_divide(self._plus(month, -1), 3), 1)
            case _:
                raise Inexpressible(f"The part {part} of a date has no ONNX form.")

    def _plus(self, number: str, more: float) -> str:
        return self.add("Add", [number, self.number(more)])

    def _times(self, number: str, factor: float) -> str:
        return self.add("Mul", [number, self.number(factor)])

    def _civil(self, days: str) -> tuple[str, str, str]:
        shifted = self._plus(days, 719468)
        era = self.floor_divide(shifted, 146097)
        doe = self.remainder(shifted, 146097)
        leap = self.add("Sub", [doe, self.floor_divide(doe, 1460)])
        leap = self.add("Add", [leap, self.floor_divide(doe, 36524)])
        leap = self.add("Sub", [leap, self.floor_divide(doe, 146096)])
        yoe = self.floor_divide(leap, 365)
        before = self.add("Add", [self._times(yoe, 365), self.floor_divide(yoe, 4)])
        before = self.add("Sub", [before, self.floor_divide(yoe, 100)])
        doy = self.add("Sub", [doe, before])
        mp = self.floor_divide(self._plus(self._times(doy, 5), 2), 153)
        start = self.floor_divide(self._plus(self._times(mp, 153), 2), 5)
        day = self._plus(self.add("Sub", [doy, start]), 1)
        late = self.add("GreaterOrEqual", [mp, self.number(10)])
        month = self.add("Where", [late, self._plus(mp, -9), self._plus(mp, 3)])
        year = self.add("Add", [yoe, self._times(era, 400)])
        return self.add("Where", [late, self._plus(year, 1), year]), month, day
