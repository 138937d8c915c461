"""Whole tables and single rows get the same answers, bit for bit: every step kind, any formula."""

from __future__ import annotations

import json
import struct
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.recipes import Step
from mlops_desktop.core.steps import STEPS, StepKind
from mlops_desktop.ml import moments, recipe
from mlops_desktop.ml.expressions import compiled
from mlops_desktop.ml.row_features import RowFeatures
from mlops_desktop.ml.steps.planning import FEATURES, ROWS

_WORDS = [
    *["", " ", "a", "A", "Zürich", "straße", "İ", "yes", "no", "0", "1", "12", " 3.50 ", "1e5"],
    *["1,234.5", "1.234,5", "$7", "(3)", "5 %", "-0", "1e999", "9223372036854775808", "nan"],
    *["2024-02-29", "2024-02-30", "31/12/1999", "1/2/2024", "2024-01-01T05:06:07.000008+02:00"],
    *["Jan 5, 2024 3 pm", "0001-01-01T00:00:00+14:00", "true", "x" * 40],
]
_LARGE = [0, 1, -1, 2**53 + 1, 2**63 - 1, -(2**63), 3_037_000_500, -7]
_INTEGERS = st.sampled_from(_LARGE) | st.integers(-(2**63), 2**63 - 1) | st.integers(-20, 20)
_NUMBERS = (
    st.sampled_from([0.0, -0.0, 0.5, 1.5, 2.5, -1.0, 1e308, -1e308, 5e-324, 2.0**63])
    | st.floats()
    | st.floats(-100, 100)
)
_MOMENTS = st.datetimes() | st.sampled_from([datetime.fromisoformat("1969-12-31T23:59:59.999999")])
_KINDS: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "i": (pa.int64(), _INTEGERS),
    "j": (pa.int64(), _INTEGERS),
    "x": (pa.float64(), _NUMBERS),
    "y": (pa.float64(), _NUMBERS),
    "b": (pa.bool_(), st.booleans()),
    "t": (pa.string(), st.sampled_from(_WORDS)),
    "u": (pa.string(), st.sampled_from(_WORDS) | st.text(max_size=5)),
    "d": (pa.timestamp("us"), _MOMENTS),
    "e": (pa.timestamp("us"), _MOMENTS),
}


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    rows = draw(st.integers(0, 8))
    return pa.table(
        {
            name: pa.array(draw(st.lists(st.none() | values, min_size=rows, max_size=rows)), kind)
            for name, (kind, values) in _KINDS.items()
        }
    )


def _some(names: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(list(names)), min_size=1, max_size=3, unique=True)


def _finite(low: float = -1e6, high: float = 1e6) -> st.SearchStrategy[float]:
    return st.floats(low, high) | st.integers(-5, 5)


def _edges() -> st.SearchStrategy[dict[str, Any]]:
    given = st.lists(_finite(), min_size=1, max_size=4, unique=True).map(sorted)
    return given.map(lambda edges: {"edges": edges}) | st.integers(2, 5).map(
        lambda count: {"count": count}
    )


def _limits() -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from(
        [
            {"low": -3, "high": 4},
            {"low": 0.5},
            {"low": -1.5, "high": 1e300},
            {"high": 2**60},
            {"high": 1e300},
            {"low_share": 0.1},
            {"high_share": 0.9},
            {"low_share": 0.0, "high_share": 0.5},
        ]
    )


def _values() -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from(
        [
            {"column": "t", "values": {"a": "b", "": "empty", "yes": None}},
            {"column": "t", "values": {"yes": 1, "no": 0, "a": 2.5}, "other": "missing"},
            {"column": "i", "values": {"0": 7, "1": None}},
            {"column": "i", "values": {"0": 0.5, "-1": 2}},
            {"column": "i", "values": {"0": "none"}, "other": "missing"},
            {"column": "x", "values": {"0": 1, "2.5": -1}},
            {"column": "b", "values": {"true": "yes", "false": "no"}, "other": "missing"},
            {"column": "b", "values": {"true": False}},
        ]
    )


def _fills() -> st.SearchStrategy[dict[str, Any]]:
    given = st.sampled_from([(["t"], "none"), (["i"], 3), (["x", "y"], 2), (["b"], True)])
    return st.one_of(
        _some("ijxyde").map(lambda names: {"columns": names, "with": "median"}),
        _some("ijxy").map(lambda names: {"columns": names, "with": "mean"}),
        _some("ijxybtude").map(lambda names: {"columns": names, "with": "most_frequent"}),
        given.map(lambda both: {"columns": both[0], "with": "value", "value": both[1]}),
        st.just({"columns": ["d"], "with": "value", "value": "2024-05-06"}),
    )


_CASTS = {"integer": "ijxybtu", "number": "ijxybtu", "boolean": "ijxybtu", "text": "ijxybtude"}
_CASTS["datetime"] = "tude"
_FORMS = ["", "%d/%m/%Y", "%b %d, %Y %I %p", "%Y-%m-%dT%H:%M:%S.%f%z", "%d/%m/%y", "%Y%m%d"]
_PARTS = ["year", "quarter", "month", "day", "weekday", "hour", "minute", "day_of_year"]
_SETTINGS: dict[StepKind, st.SearchStrategy[dict[str, Any]]] = {
    StepKind.PARSE_NUMBER: st.fixed_dictionaries(
        {"columns": _some("ijxytu"), "decimal": st.sampled_from([".", ","])}
    ),
    StepKind.PARSE_DATE: st.fixed_dictionaries(
        {"columns": _some("tudij"), "format": st.sampled_from(_FORMS)}
    ),
    StepKind.FILL: _fills(),
    StepKind.CLIP: st.builds(
        lambda names, ends: {"columns": names, **ends}, _some("ijxy"), _limits()
    ),
    StepKind.RENAME: st.sampled_from("ijxybtude").map(lambda n: {"column": n, "into": "new"}),
    StepKind.CAST: st.sampled_from(sorted(_CASTS)).flatmap(
        lambda to: _some(_CASTS[to]).map(lambda names: {"columns": names, "to": to})
    ),
    StepKind.MAP_VALUES: _values(),
    StepKind.BIN: st.builds(
        lambda name, edges: {"column": name, "into": "bin", **edges},
        st.sampled_from("ijxyb"),
        _edges(),
    ),
    StepKind.LOG: st.fixed_dictionaries({"columns": _some("ijxy")}),
    StepKind.RATIO: st.fixed_dictionaries(
        {"column": st.sampled_from("ijxyb"), "by": st.sampled_from("ijxyb"), "into": st.just("r")}
    ),
    StepKind.SUM: st.fixed_dictionaries({"columns": _some("ijxyb"), "into": st.just("s")}),
    StepKind.DIFFERENCE: st.sampled_from(["ij", "xi", "xy", "bi", "bb", "de", "ed"]).map(
        lambda two: {"column": two[0], "less": two[1], "into": "gap"}
    ),
    StepKind.DATE_PARTS: st.lists(st.sampled_from(_PARTS), min_size=1, unique=True).map(
        lambda parts: {"column": "d", "parts": parts}
    ),
    StepKind.CYCLIC: st.fixed_dictionaries(
        {"column": st.sampled_from("ijxy"), "period": st.sampled_from([24, 7, 0.1, 365.25])}
    ),
    StepKind.GROUP_RARE: st.fixed_dictionaries(
        {"column": st.sampled_from("tu"), "share": st.sampled_from([0.01, 0.3, 0.5])}
    ),
    StepKind.DROP_COLUMNS: st.fixed_dictionaries({"columns": _some("ijxybtude")}),
}


def _calls(name: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(lambda given: f"{name}({', '.join(given)})")


def _numeric(inner: dict[str, st.SearchStrategy[str]]) -> st.SearchStrategy[str]:
    number, text, moment, truth = (inner[kind] for kind in ("number", "text", "moment", "truth"))
    operators = st.sampled_from(["+", "-", "*", "/", "%", "^"])
    functions = st.sampled_from(
        ["abs", "sqrt", "log", "log1p", "exp", "round", "floor", "ceil", "sin", "cos"]
    )
    return st.one_of(
        st.builds(lambda a, op, b: f"({a} {op} {b})", number, operators, number),
        st.builds(lambda name, a: f"{name}({a})", functions, number),
        st.builds(lambda a, n: f"round({a}, {n})", number, st.integers(-3, 5)),
        number.map(lambda a: f"-{a}"),
        _calls("min", number, number, number),
        _calls("max", number, number),
        _calls("coalesce", number, number),
        _calls("if", truth, number, number),
        _calls("length", text),
        st.builds(lambda part, a: f"{part}({a})", st.sampled_from(_PARTS[:-1]), moment),
        st.builds(lambda a, b: f"({a} - {b})", moment, moment),
    )


def _truth(inner: dict[str, st.SearchStrategy[str]]) -> st.SearchStrategy[str]:
    number, text, moment, truth = (inner[kind] for kind in ("number", "text", "moment", "truth"))
    signs = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
    tests = st.sampled_from(["contains", "starts_with", "ends_with"])
    pairs = [
        st.builds(lambda a, sign, b: f"({a} {sign} {b})", kind, signs, kind)
        for kind in (number, text, moment, truth)
    ]
    return st.one_of(
        *pairs,
        st.builds(lambda a, op, b: f"({a} {op} {b})", truth, st.sampled_from(["and", "or"]), truth),
        truth.map(lambda a: f"(not {a})"),
        st.one_of(number, text, moment, truth).map(lambda a: f"({a} is missing)"),
        number.map(lambda a: f"({a} is not missing)"),
        number.map(lambda a: f"({a} in (0, 1, -7, 2.5))"),
        text.map(lambda a: f"({a} not in ('a', 'yes'))"),
        moment.map(lambda a: f"({a} > '2024-01-01T05:00')"),
        number.map(lambda a: f"({a} between -1 and 12)"),
        st.builds(lambda test, a: f"{test}({a}, 'a')", tests, text),
    )


def _formulas(depth: int) -> dict[str, st.SearchStrategy[str]]:
    if depth == 0:
        return {
            "number": st.sampled_from(["i", "j", "x", "y", "b", "2", "0.5", "9e18", "0"]),
            "text": st.sampled_from(["t", "u", "'a'", "''"]),
            "moment": st.sampled_from(["d", "e"]),
            "truth": st.sampled_from(["b", "true", "(x > 0)"]),
        }
    inner = _formulas(depth - 1)
    texts = st.one_of(
        st.builds(
            lambda f, a: f"{f}({a})", st.sampled_from(["lower", "upper", "trim"]), inner["text"]
        ),
        _calls("coalesce", inner["text"], inner["text"]),
        _calls("if", inner["truth"], inner["text"], inner["text"]),
    )
    moments = _calls("coalesce", inner["moment"], inner["moment"]) | _calls(
        "max", inner["moment"], inner["moment"]
    )
    return {
        "number": inner["number"] | _numeric(inner),
        "text": inner["text"] | texts,
        "moment": inner["moment"] | moments,
        "truth": inner["truth"] | _truth(inner),
    }


def _any_formula() -> st.SearchStrategy[str]:
    return st.one_of(*_formulas(3).values())


_SETTINGS[StepKind.FORMULA] = _any_formula().map(lambda text: {"into": "f", "formula": text})


def _bits(value: object) -> object:
    return struct.pack("<d", value) if isinstance(value, float) else (type(value), value)


def _as_served(value: object) -> object:
    """As a client sends it: moments as ISO text."""
    return value.isoformat() if isinstance(value, datetime) else value


def _agree(table: pa.Table, steps: list[Step]) -> None:
    fitted = recipe.fit_features(table, steps)
    after = recipe.features_on_table(table, fitted)
    checked = recipe.check(recipe.columns_of(table), steps)
    assert recipe.columns_of(after) == checked
    plain = json.loads(json.dumps([step.to_json() for step in fitted], allow_nan=False))
    assert [recipe.FittedStep.from_json(step) for step in plain] == list(fitted)
    features = RowFeatures.from_json(plain, table.column_names, after.column_names)
    made = {made.column.name for step in fitted for made in step.makes}
    for number in range(table.num_rows):
        row = [_as_served(column[number].as_py()) for column in table.columns]
        for name, value in zip(after.column_names, features.row(row), strict=True):
            expected = after[name][number].as_py()
            if name not in made:
                expected, value = _as_served(expected), _as_served(value)  # noqa: PLW2901
            assert _bits(value) == _bits(expected), (name, steps, row)


def test_that_every_step_kind_is_looked_at_here() -> None:
    assert set(_SETTINGS) == set(FEATURES)
    assert set(FEATURES) | set(ROWS) | {StepKind.CONCATENATE} == set(STEPS)


@pytest.mark.parametrize("kind", list(_SETTINGS), ids=str)
def test_that_tables_and_rows_agree(kind: StepKind) -> None:
    @settings(max_examples=60, deadline=None)
    @given(data=st.data())
    def check(data: st.DataObject) -> None:
        table = data.draw(tables())
        _agree(table, [Step(kind, data.draw(_SETTINGS[kind]))])

    check()


@settings(max_examples=300, deadline=None)
@given(table=tables(), formula=_any_formula())
def test_that_any_formula_agrees(table: pa.Table, formula: str) -> None:
    _agree(table, [Step(StepKind.FORMULA, {"into": "f", "formula": formula})])


@settings(max_examples=60, deadline=None)
@given(table=tables(), data=st.data())
def test_that_several_steps_agree(table: pa.Table, data: st.DataObject) -> None:
    kinds = [StepKind.PARSE_NUMBER, StepKind.FILL, StepKind.CLIP, StepKind.FORMULA]
    steps = [Step(StepKind.FILL, data.draw(_fills()))]
    columns = {column.name: column.type for column in recipe.columns_of(table)}
    for kind in kinds:
        new = Step(kind, data.draw(_SETTINGS[kind]))
        try:
            columns = {
                c.name: c.type for c in recipe.check(recipe.columns_of(table), [*steps, new])
            }
        except recipe.UserError:
            continue  # A column has another type by now.
        steps.append(new)
    assert columns
    _agree(table, steps)


def test_that_large_numbers_agree_to_the_last_bit() -> None:
    random = np.random.default_rng(7)
    x = random.lognormal(0, 3, 20_000) * random.choice([-1, 1], 20_000)
    table = pa.table({"x": x, "y": random.normal(size=20_000)})
    formula = "log(abs(x)) + exp(y) * sin(x) - cos(y) + abs(x) ^ y + sqrt(abs(y)) + log1p(y ^ 2)"
    _agree(table, [Step(StepKind.FORMULA, {"into": "f", "formula": formula})])


def test_that_moments_may_come_as_text_datetime_or_microseconds() -> None:
    moment = datetime.fromisoformat("2024-02-29T23:59:59.123457")
    table = pa.table({"d": pa.array([moment], pa.timestamp("us"))})
    steps = [Step(StepKind.DATE_PARTS, {"column": "d", "parts": ["day", "hour"]})]
    fitted = recipe.fit_features(table, steps)
    features = RowFeatures(fitted, ["d"], ["d", "d_day", "d_hour"])
    microseconds = (moment - moments.EPOCH) // timedelta(microseconds=1)
    for value in (moment, moment.isoformat(), f"{moment.isoformat()}+00:00", microseconds):
        assert features.row([value]) == [moment, 29, 23]


def test_that_a_served_row_needs_neither_pyarrow_nor_pandas() -> None:
    import subprocess
    import sys

    script = (
        "import sys, mlops_desktop.ml.row_features;"
        "print(*(m for m in ('pandas', 'pyarrow', 'sklearn', 'yaml') if m in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


@pytest.mark.parametrize(
    ("column", "value"), [("i", "x"), ("i", 1.5), ("b", 2), ("t", 3), ("d", "soon"), ("x", "many")]
)
def test_that_a_value_which_its_column_cannot_hold_is_refused(column: str, value: object) -> None:
    kinds = {"i": ColumnType.INTEGER, "x": ColumnType.NUMBER, "b": ColumnType.BOOLEAN}
    kinds |= {"t": ColumnType.TEXT, "d": ColumnType.DATETIME}
    table = pa.table({column: pa.array([], _KINDS[column][0])})
    assert compiled(column, kinds).type is kinds[column]
    steps = [Step(StepKind.FORMULA, {"into": "f", "formula": f"{column} is missing"})]
    features = RowFeatures(recipe.fit_features(table, steps), [column], ["f"])
    assert features.row([None]) == [True]
    with pytest.raises(ValueError, match=f"the column '{column}' is not {kinds[column].value}"):
        features.row([value])
