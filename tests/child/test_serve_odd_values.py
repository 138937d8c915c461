"""Every odd value has the one answer that the help page `serving` promises, in every body form."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mlops_desktop.blobs.segments import read_records, segment_files
from mlops_desktop.child.serving import invocations
from mlops_desktop.child.serving.checks import RowChecker
from mlops_desktop.core.models import Signature
from mlops_desktop.core.runs import Task
from tests.served import COLUMNS, FIELDS, ROW, Server, served

Names, Row = list[str], list[Any]
Asked = tuple[int, Any]
_TYPES = dict(zip(COLUMNS, ("INT64", "FP64", "BYTES", "BOOL", "BYTES"), strict=True))
INFER = "/v2/models/bike/infer"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(tmp_path_factory.mktemp("workspace")) as found:
        yield found


def split(server: Server, names: Names, row: Row) -> Asked:
    return post(server, {"dataframe_split": {"columns": names, "data": [row]}})


def records(server: Server, names: Names, row: Row) -> Asked:
    return post(server, {"dataframe_records": [dict(zip(names, row, strict=True))]})


def instances(server: Server, names: Names, row: Row) -> Asked:
    return post(server, {"instances": [dict(zip(names, row, strict=True))]})


def inputs(server: Server, names: Names, row: Row) -> Asked:
    return post(server, {"inputs": {n: [v] for n, v in zip(names, row, strict=True)}})


def infer(server: Server, names: Names, row: Row) -> Asked:
    tensors = [
        {"name": name, "shape": [1], "datatype": _TYPES.get(name, "BYTES"), "data": [value]}
        for name, value in zip(names, row, strict=True)
    ]
    status, answer = post(server, {"inputs": tensors}, INFER)
    if status == 200:
        answer["predictions"] = answer["outputs"][0]["data"]
    return status, answer


def as_csv(server: Server, names: Names, row: Row) -> Asked:
    cells = ["" if value is None else str(value) for value in row]
    text = f"{','.join(names)}\n{','.join(cells)}\n"
    headers = {"Content-Type": "text/csv"}
    status, answer, _ = server.ask("/invocations", raw=text.encode(), headers=headers)
    return status, answer


def post(server: Server, body: object, path: str = "/invocations") -> Asked:
    # Python's json writes NaN and Infinity as they stand, as careless clients do.
    status, answer, _ = server.ask(path, raw=json.dumps(body).encode())
    return status, answer


FORMS = (split, records, instances, inputs, infer, as_csv)
JSON_FORMS = FORMS[:-1]
Form = Callable[[Server, Names, Row], Asked]


def changed(name: str, value: object) -> Row:
    return [value if column == name else known for column, known in zip(COLUMNS, ROW, strict=True)]


@pytest.mark.parametrize("form", FORMS)
def test_that_columns_in_another_order_and_further_ones_change_nothing(
    server: Server, form: Form
) -> None:
    for names, row in ((COLUMNS[::-1], ROW[::-1]), (["more", *COLUMNS], ["x", *ROW])):
        status, answer = form(server, names, row)
        assert (status, answer["predictions"]) == (200, [109.0])


@pytest.mark.parametrize("form", FORMS)
def test_that_a_missing_column_is_named(server: Server, form: Form) -> None:
    status, answer = form(server, COLUMNS[1:], ROW[1:])
    assert status == 400
    assert 'Missing column "hr"' in answer["error"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("temp", None, [108.5]),  # What training put in its place.
        ("temp", float("nan"), [108.5]),
        ("season", None, [109.0]),
        ("season", "monsoon", [109.0]),  # Not seen in training: answered, and counted.
        ("temp", 7, [122.0]),  # A whole number for a number.
        ("temp", 900.5, [1909.0]),  # Far outside of what training saw.
        ("hr", 9.0, [110.0]),  # 9.0 is whole.
        ("at", "2011-01-03", [109.0]),
        ("at", "2011-01-03T08:00:00+02:00", [109.0]),
    ],
)
def test_that_what_can_be_answered_is(
    server: Server, form: Form, name: str, value: object, said: list[float]
) -> None:
    status, answer = form(server, COLUMNS, changed(name, value))
    assert (status, answer["predictions"]) == (200, said)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("hr", None, "a whole number"),
        ("hr", 1.5, "a whole number"),
        ("hr", "noon", "a whole number"),
        ("hr", True, "a whole number"),
        ("temp", "mild", "a number"),
        ("temp", True, "a number"),
        ("holiday", 1, "true or false"),
        ("holiday", "maybe", "true or false"),
        ("at", "soon", "a time"),
        ("at", 3, "a time"),
    ],
)
def test_that_a_wrong_value_is_refused_by_column_row_value_and_expectation(
    server: Server, form: Form, name: str, value: object, expected: str
) -> None:
    status, answer = form(server, COLUMNS, changed(name, value))
    assert status == 400
    assert f'Column "{name}", row 0: ' in answer["error"]
    assert expected in answer["error"]
    shown = "null" if value is None else str(value)
    assert shown.lower() in answer["error"].lower()


@pytest.mark.parametrize("form", JSON_FORMS)
def test_that_a_number_is_no_text_where_json_tells_them_apart(server: Server, form: Form) -> None:
    status, answer = form(server, COLUMNS, changed("season", 3))
    assert (status, answer["error"]) == (400, 'Column "season", row 0: 3 is not text.')
    assert as_csv(server, COLUMNS, changed("season", 3))[0] == 200


@pytest.mark.parametrize("value", [float("inf"), float("-inf")])
@pytest.mark.parametrize("form", FORMS)
def test_that_infinity_is_refused(server: Server, form: Form, value: float) -> None:
    status, answer = form(server, COLUMNS, changed("temp", value))
    assert status == 400
    if form is as_csv:
        assert answer["error"].startswith('Column "temp", row 0: ')
    else:
        assert "JSON has no Infinity; send null." in answer["error"]


def test_that_nan_is_missing_where_a_value_may_be_and_a_text_stays_one(server: Server) -> None:
    status, answer = records(server, COLUMNS, changed("hr", float("nan")))
    assert (status, 'Column "hr", row 0: null' in answer["error"]) == (400, True)
    row = ["NaN \\" if name == "season" else v for name, v in zip(COLUMNS, ROW, strict=True)]
    row[1] = float("nan")
    assert split(server, COLUMNS, row)[1]["predictions"] == [108.5]
    [path] = segment_files(server.workspace.segments(1))
    assert [record for record, _ in read_records(path)][-1].x == [[8, None, *row[2:]]]


def test_that_nan_in_a_large_body_is_recorded_as_missing(server: Server) -> None:
    rows = [changed("temp", float("nan")) for _ in range(3_000)]
    status, answer = post(server, {"dataframe_split": {"columns": COLUMNS, "data": rows}})
    assert (status, set(answer["predictions"])) == (200, {108.5})
    [path] = segment_files(server.workspace.segments(1))
    assert [record for record, _ in read_records(path)][-1].x[0] == changed("temp", None)


@pytest.mark.parametrize("form", [split, infer])
def test_that_a_row_of_another_length_is_refused(server: Server, form: Form) -> None:
    if form is split:
        body = {"dataframe_split": {"columns": COLUMNS, "data": [ROW[:-1]]}}
        assert post(server, body) == (400, {"error": "Row 0 has 4 values for 5 columns."})
    else:
        tensors = [
            {"name": name, "shape": [2], "datatype": _TYPES[name], "data": [1]} for name in COLUMNS
        ]
        assert "does not fit its 1 values" in post(server, {"inputs": tensors}, INFER)[1]["error"]


@pytest.mark.parametrize("rows", [1, 3_000])
def test_that_inputs_takes_columns_of_one(server: Server, rows: int) -> None:
    columns = {name: [[value]] * rows for name, value in zip(COLUMNS, ROW, strict=True)}
    status, answer = post(server, {"inputs": columns})
    assert (status, answer["predictions"]) == (200, [109.0] * rows)
    status, answer = post(server, {"inputs": {**columns, "temp": [[0.5, 1]] * rows}})
    assert status == 400
    assert 'Column "temp", row 0: a list is not a number' in answer["error"]


@pytest.mark.parametrize("cell", [" ", '""', "n/a", "NULL", "-", " NaN ", "None", "?", "."])
def test_that_cells_of_csv_are_missing_as_in_a_file_by_row_and_by_column(
    server: Server, cell: str
) -> None:
    names = ("temp", "holiday", "at")
    row = [cell if name in names else value for name, value in zip(COLUMNS, ROW, strict=True)]
    body = "\n".join(",".join(map(str, line)) for line in (COLUMNS, row, ROW)).encode()
    checker = RowChecker(Signature(FIELDS, "count", Task.REGRESSION))
    rows = invocations.parse_csv(body, checker)
    assert rows == [[8, None, "winter", None, None], ROW]
    assert list(map(list, zip(*invocations.csv_columns(body, checker), strict=True))) == rows
    headers = {"Content-Type": "text/csv"}
    assert server.ask("/invocations", raw=body, headers=headers)[0] == 200
    text = cell.strip('"')
    body = f"{','.join(COLUMNS)}\n8,0.5,{cell},true,2011-01-03".encode()
    assert invocations.parse_csv(body, checker)[0][2] == (text or None)  # A text is as it stands.
