"""A batch is recorded in the bytes that it came in only where they are surely its rows."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_desktop.child.serving.checks import RowChecker
from mlops_desktop.child.serving.invocations import parse_json
from mlops_desktop.child.serving.refused import Refused
from mlops_desktop.child.serving.rowtext import is_numbers, rows_text
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.models import Field, Signature
from mlops_desktop.core.runs import Task

COLUMNS = ["a", "b"]
ROWS = b'[[1,"x"],[2.5,"y: z"]]'


@pytest.mark.parametrize(
    "body",
    [
        b'{"instances":%b}',
        b' { "instances" : %b } ',
        b'{"dataframe_split":{"data":%b}}',
        b'{"dataframe_split":{"columns":["a","b"],"data":%b}}',
        b'{"dataframe_split": {"columns": ["a", "b"], "data": %b}}\n',
    ],
)
@pytest.mark.parametrize("rows", [ROWS, b'[[1, "\\u0078"], [null, "}"]]', b"[[1,2],[3e5,-4.5]]"])
def test_that_the_rows_are_found_as_they_came(body: bytes, rows: bytes) -> None:
    assert rows_text(body % rows, COLUMNS, 2) == rows


@pytest.mark.parametrize(
    "body",
    [
        b'{"instances":[{"a":1,"b":"x"},{"a":1,"b":"y"}]}',
        b'{"instances":[1,2]}',
        b'{"instances":[[1,"x"],[2,"y"]],"instances":[[3,"x"],[4,"y"]]}',
        b'{"params":{},"instances":[[1,"x"],[2,"y"]]}',
        b'{"instances":[[1,"x"],[2,"y"]],"params":{}}',
        b'{"instances":[[1,"x"],[[2],"y"]]}',
        b'{"instances":[[1,"x"],\n[2,"y"]]}',
        b'{"instances":[[1,"["],[2,"y"]]}',
        b'{"inputs":[[1,"x"],[2,"y"]]}',
        b'{"dataframe_split":{"data":[[1,"x"],[2,"y"]],"columns":["b","a"]}}',
        b'{"dataframe_split":{"columns":["b","a"],"data":[[1,"x"],[2,"y"]]}}',
        b'{"dataframe_split":{"columns":["a"],"data":[[1,"x"],[2,"y"]]}}',
        b'{"dataframe_split":{"columns":["a","b"],"data":[[9,9]],"data":[[1,"x"],[2,"y"]]}}',
        b'{"dataframe_split":{"columns":["a","b"],"data":[[1,"x"],[2,"y"]],"index":[1,2]}}',
        b'{"dataframe_split":{"data":[[1,"x"],[2,"y"]]},"dataframe_split":{"data":[[1,2],[3,4]]}}',
    ],
)
def test_that_anything_else_is_left_alone(body: bytes) -> None:
    json.loads(body)
    assert rows_text(body, COLUMNS, 2) is None


def _keys(name: str) -> st.SearchStrategy[str]:
    return st.sampled_from([f'"{name}"', f'"{name}" ', f'"\\u{ord(name[0]):04x}{name[1:]}"'])


_VALUES = st.sampled_from(
    ["1", "-2.5", "1e3", "null", '"x"', '"a:b"', '"data"', '"]"', '"[["', "[]"]
)
_ARRAYS = st.lists(st.lists(_VALUES, min_size=2, max_size=2), max_size=3).map(
    lambda rows: "[" + ",".join("[" + ", ".join(row) + "]" for row in rows) + "]"
)
_NAMES = st.sampled_from(['["a","b"]', '["b","a"]', '["a", "b"]', '["a","c"]', "[]"])
_PAIRS = st.one_of(
    st.tuples(_keys("data"), _ARRAYS), st.tuples(_keys("columns"), _NAMES),
    st.tuples(_keys("index"), st.just("[1]")),
)  # fmt: skip
_SPLITS = st.lists(_PAIRS, min_size=1, max_size=4).map(
    lambda pairs: "{" + ",".join(f"{key}:{value}" for key, value in pairs) + "}"
)
_BODIES = st.lists(
    st.one_of(
        st.tuples(_keys("dataframe_split"), _SPLITS), st.tuples(_keys("instances"), _ARRAYS),
        st.tuples(_keys("params"), st.just("{}")),
    ),
    min_size=1, max_size=2,
).map(lambda pairs: "{" + ",".join(f"{key}: {value}" for key, value in pairs) + "}")  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(body=_BODIES)
def test_that_what_is_found_is_what_was_parsed(body: str) -> None:
    """Duplicate, escaped and reordered keys, brackets and keys inside of texts."""
    fields = (Field("a", ColumnType.TEXT), Field("b", ColumnType.TEXT))
    checker = RowChecker(Signature(fields, "y", Task.REGRESSION))
    try:
        rows, _ = parse_json(body.encode(), checker)
    except Refused:
        return
    text = rows_text(body.encode(), checker.columns, len(rows))
    assert text is None or orjson.loads(text) == rows


def test_that_numbers_alone_are_told_from_all_else() -> None:
    assert is_numbers(b"[[1,-2.5],[3E8, 4e-2]]")
    for value in (b"true", b"false", b"null", b'"1"'):
        assert not is_numbers(b"[[1,%b]]" % value)
