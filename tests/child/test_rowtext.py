"""A large body is cut into rows, and recorded in its own bytes, only where they surely are these.

What the pieces hold is compared with what the parser of the whole body says, for odd bodies, too.
"""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_desktop.child.serving import rowtext
from mlops_desktop.child.serving.batches import Irregular, Read, of_json
from mlops_desktop.child.serving.checks import RowChecker
from mlops_desktop.child.serving.invocations import parse_json
from mlops_desktop.child.serving.refused import Refused
from mlops_desktop.child.serving.rowtext import is_numbers
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.models import Field, Signature
from mlops_desktop.core.runs import Task

ROWS = b'[[1,"x"],[2.5,"y: z"]]'
FIELDS = (Field("a", ColumnType.TEXT), Field("b", ColumnType.TEXT))
CHECKER = RowChecker(Signature(FIELDS, "y", Task.REGRESSION))


@pytest.fixture(autouse=True)
def _cut_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rowtext, "_PIECE", 1)


def read(body: bytes) -> list[Read] | None:
    """What the pieces of a body hold; None where it is left to the parser of whole bodies."""
    try:
        return [piece.read() for piece in of_json(body, CHECKER).pieces]
    except Irregular:
        return None


def rows_in(pieces: list[Read]) -> list[list[object]]:
    found: list[list[object]] = []
    for piece in pieces:
        rows = piece.rows or list(zip(*piece.columns or (), strict=True))
        found += [list(row) for row in rows]
        if piece.text is not None:
            assert orjson.loads(b"[%b]" % piece.text) == [list(row) for row in rows]
    return found


@pytest.mark.parametrize(
    "body",
    [
        b'{"instances":%b}',
        b' { "instances" : %b } ',
        b'{"instances":%b,"params":{}}',
        b'{"dataframe_split":{"data":%b}}',
        b'{"dataframe_split":{"columns":["a","b"],"data":%b}}',
        b'{"dataframe_split": {"columns": ["\\u0061", "b"], "data": %b}}\n',
        b'{"dataframe_split":{"index":[0,1],"columns":["a","b"],"data":%b}}',
        b'{"dataframe_split":{"columns":["a","b"],"index":["]",1],"data":%b}}',
        b'{"dataframe_split":{"columns":["a","b"],"data":%b},"params":{"probabilities":true}}',
    ],
)
@pytest.mark.parametrize(
    "rows",
    [ROWS, b'[[1, "\\u0078"], [null, "}"]]', b"[[1,2],[3e5,-4.5]]", b'[[1,"["],[2,"y"]]'],
)
def test_that_the_rows_are_found_as_they_came(body: bytes, rows: bytes) -> None:
    pieces = read(body % rows)
    assert pieces is not None
    assert b"[%b]" % b",".join(piece.text or b"" for piece in pieces) == rows
    assert rows_in(pieces) == orjson.loads(rows)


@pytest.mark.parametrize(
    "body",
    [
        b'{"instances":[{"a":1,"b":"x"},{"b":"y","a":1}]}',
        b'{"dataframe_records":[{"a":1,"b":"x","c":"more"},{"a":1,"b":"y"}]}',
        b'{"dataframe_split":{"columns":["b","a"],"data":[[1,"x"],[2,"y"]]}}',
        b'{"dataframe_split":{"columns":["b","c","a"],"data":[[1,"x",3],[2,"y",4]]}}',
        b'{"instances":[[1,"x"],\n[2,"y"]]}',
        b'{"instances":[[1,NaN],[2,"NaN"]]}',
        b'{"inputs":{"b":["x","y"],"a":[1,2]}}',
    ],
)
def test_that_rows_in_another_order_or_on_more_lines_are_written_anew(body: bytes) -> None:
    pieces = read(body)
    assert pieces is not None
    assert None in {piece.text for piece in pieces}
    assert rows_in(pieces) == parse_json(body, CHECKER)[0]


@pytest.mark.parametrize(
    "body",
    [
        b'{"instances":[1,2]}',
        b'{"instances":[[1,"x"],[2,"y"]],"instances":[[3,"x"],[4,"y"]]}',
        b'{"params":{},"instances":[[1,"x"],[2,"y"]]}',
        b'{"instances":[[1,"x"],[2,"y"]],"params":{"deep":[]}}',
        b'{"instances":[[1,"x"],{"a":2,"b":"y"}]}',
        b'{"instances":[[1,"x"],[2]]}',
        b'{"instances":[[1,"x"],[2,"y"]]}}',
        b'{"instances":\x0b[[1,"x"],[2,"y"]]}',
        b'{"instances":[[1,"x"],[2,"y"],]}',
        b'{"instances":[[1,"x"],[2,Infinity]]}',
        b'{"inputs":[[1,"x"],[2,"y"]]}',
        b'{"inputs":{"a":[1,2],"b":["x"]}}',
        b'{"dataframe_records":[[1,"x"],[2,"y"]]}',
        b'{"dataframe_records":[{"a":1},{"a":1,"b":2}]}',
        b'{"dataframe_records":[{"a":1,"b":2,"c":[]},{"a":1,"b":2,"c":{}}]}',
        b'{"dataframe_split":{"columns":["b","c","a"],"data":[[1,[],3],[2,"y",4]]}}',
        b'{"dataframe_split":{"data":[[1,"x"],[2,"y"]],"columns":["b","a"]}}',
        b'{"dataframe_split":{"columns":["a"],"data":[[1,"x"],[2,"y"]]}}',
        b'{"dataframe_split":{"columns":["a","b"],"data":[[9,9]],"data":[[1,"x"],[2,"y"]]}}',
        b'{"dataframe_split":{"columns":["a","b"],"columns":["b","a"],"data":[[1,"x"]]}}',
        b'{"dataframe_split":{"columns":["a","b"],"data":[[1,"x"],[2,"y"]],"index":[1,2]}}',
        b'{"dataframe_split":{"data":[[1,"x"],[2,"y"]]},"dataframe_split":{"data":[[1,2],[3,4]]}}',
        b'{"dataframe_split":{"columns":["a","b"],"data":[]}}',
    ],
)
def test_that_anything_else_is_left_alone(body: bytes) -> None:
    assert read(body) is None


def _keys(name: str) -> st.SearchStrategy[str]:
    return st.sampled_from([f'"{name}"', f'"{name}" ', f'"\\u{ord(name[0]):04x}{name[1:]}"'])


_VALUES = st.sampled_from(
    ["1", "-2.5", "1e3", "null", "NaN", '"x"', '"a:b"', '"data"', '"]"', '"[["', '"],["', '"}, {"',
     '"]}}"', '"\\""', "[]", '"]},\\"params\\":{}}"', "01", "1,2"]
)  # fmt: skip
_ARRAYS = st.lists(st.lists(_VALUES, min_size=2, max_size=2), max_size=3).map(
    lambda rows: "[" + ",".join("[" + ", ".join(row) + "]" for row in rows) + "]"
)
_OBJECTS = st.lists(
    st.lists(st.tuples(st.sampled_from("abc"), _VALUES), min_size=1, max_size=3), max_size=3
).map(
    lambda rows: "[" + ", ".join(
        "{" + ",".join(f'"{name}": {value}' for name, value in row) + "}" for row in rows
    ) + "]"
)  # fmt: skip
_NAMES = st.sampled_from(['["a","b"]', '["b","a"]', '["a", "b"]', '["b","c"]', "[]", "[1,2]"])
_PAIRS = st.one_of(
    st.tuples(_keys("data"), _ARRAYS), st.tuples(_keys("columns"), _NAMES),
    st.tuples(_keys("index"), st.sampled_from(["[1]", '["]}"]', "[NaN]", "[[]]"])),
)  # fmt: skip
_SPLITS = st.lists(_PAIRS, min_size=1, max_size=4).map(
    lambda pairs: "{" + ",".join(f"{key}:{value}" for key, value in pairs) + "}"
)
_BODIES = st.lists(
    st.one_of(
        st.tuples(_keys("dataframe_split"), _SPLITS), st.tuples(_keys("instances"), _ARRAYS),
        st.tuples(_keys("instances"), _OBJECTS), st.tuples(_keys("dataframe_records"), _OBJECTS),
        st.tuples(_keys("params"), st.sampled_from(["{}", "null", '{"probabilities": true}', "1"])),
    ),
    min_size=1, max_size=3,
).map(lambda pairs: "{" + ",".join(f"{key}: {value}" for key, value in pairs) + "}")  # fmt: skip


@settings(max_examples=1_500, deadline=None)
@given(body=_BODIES)
def test_that_what_is_found_is_what_was_parsed(body: str) -> None:
    """Duplicate, escaped and reordered keys, brackets and keys inside of texts, no JSON at all."""
    try:
        rows, params = parse_json(body.encode(), CHECKER)
    except Refused:
        rows, params = [], {}
    pieces = read(body.encode())
    if pieces is not None and not rows:
        with pytest.raises(Refused):  # A row of another length or type is found by the checks.
            CHECKER.check(rows_in(pieces))
    elif pieces is not None:
        assert rows_in(pieces) == rows
        assert of_json(body.encode(), CHECKER).options == params


def test_that_most_bodies_of_clients_are_read_in_pieces() -> None:
    """As json.dumps writes them, and what pandas makes of a table."""
    rows = [[number, "x"] for number in range(50)]
    index = list(range(50))
    for split in (
        {"index": index, "columns": ["a", "b"], "data": rows},
        {"columns": ["a", "b"], "index": index, "data": rows},
    ):
        for body in (
            json.dumps({"dataframe_split": split}),
            json.dumps({"dataframe_split": split}, indent=1),
        ):
            pieces = read(body.encode())
            assert pieces is not None
            assert len(pieces) == 50
            assert rows_in(pieces) == rows


def test_that_numbers_alone_are_told_from_all_else() -> None:
    assert is_numbers(b"[[1,-2.5],[3E8, 4e-2]]")
    for value in (b"true", b"false", b"null", b'"1"'):
        assert not is_numbers(b"[[1,%b]]" % value)
