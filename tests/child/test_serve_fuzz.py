"""Bodies that nobody thought of: always an answer, never a 5xx."""

from __future__ import annotations

from collections.abc import Iterator

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.served import COLUMNS, ROW, Server, served

CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from([*ROW, "2011-01-01", "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"]),
)
VALUES = st.recursive(CELLS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
NAMES = st.lists(st.sampled_from([*COLUMNS, "more"]), max_size=7) | st.just(COLUMNS)
TABLES = st.lists(st.lists(CELLS, min_size=5, max_size=5), max_size=20) | VALUES
INVOCATIONS = st.one_of(
    VALUES,
    st.builds(lambda c, d: {"dataframe_split": {"columns": c, "data": d}}, NAMES, TABLES),
    st.builds(lambda d: {"instances": d}, TABLES),
    st.builds(lambda d: {"dataframe_records": d}, st.lists(st.dictionaries(st.text(), VALUES))),
    st.builds(lambda d: {"inputs": d}, st.dictionaries(st.sampled_from(COLUMNS), VALUES)),
)
TENSORS = st.fixed_dictionaries(
    {
        "name": st.sampled_from([*COLUMNS, "x"]) | CELLS,
        "shape": st.lists(st.integers(0, 6), max_size=3) | VALUES,
        "datatype": st.sampled_from(["FP64", "INT64", "BYTES", "BOOL"]) | CELLS,
        "data": TABLES,
    }
)
INFERENCES = st.builds(
    lambda inputs, more: {"inputs": inputs, **more},
    st.lists(TENSORS, max_size=6),
    st.dictionaries(st.sampled_from(["id", "outputs", "parameters"]), VALUES),
)
HARD = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(tmp_path_factory.mktemp("workspace")) as found:
        yield found


SECONDS = st.fixed_dictionaries(
    {"role": st.sampled_from(["canary", "shadow", None]) | CELLS},
    optional={
        "share": st.floats(0, 1) | CELLS,
        "model": VALUES
        | st.fixed_dictionaries(
            {
                "name": st.just("bike") | CELLS,
                "version": st.just(2) | CELLS,
                "model_version": st.just(2) | CELLS,
                "files": st.dictionaries(
                    st.sampled_from(["model.json", "model.onnx", "model.skops", "x"]),
                    st.sampled_from(["0" * 64, "../../job.json", "\0"]) | CELLS,
                )
                | VALUES,
            },
            optional={"privacy": VALUES},
        ),
    },
)


@HARD
@given(body=SECONDS | VALUES)
def test_that_no_json_body_makes_a_second_version_fail_or_start(
    server: Server, body: object
) -> None:
    status, said, _ = server.ask("/admin/second", body, method="POST")
    assert status in (200, 400, 422)
    if status == 200:
        assert said == {"role": None}
    assert not psutil.Process(server.process.pid).children()


@HARD
@given(body=INVOCATIONS)
def test_that_no_json_body_makes_invocations_fail(server: Server, body: object) -> None:
    assert server.ask("/invocations", body, method="POST")[0] < 500


@HARD
@given(body=INFERENCES)
def test_that_no_json_body_makes_infer_fail(server: Server, body: object) -> None:
    assert server.ask("/v2/models/bike/infer", body, method="POST")[0] < 500


@HARD
@given(cells=st.lists(st.lists(st.text(max_size=25) | st.integers().map(str), max_size=6)))
def test_that_no_csv_makes_invocations_fail(server: Server, cells: list[list[str]]) -> None:
    text = "\n".join([",".join(COLUMNS), *(",".join(line) for line in cells)])
    headers = {"Content-Type": "text/csv"}
    raw = text.encode("utf-8", "surrogatepass")
    assert server.ask("/invocations", raw=raw, headers=headers)[0] < 500


@HARD
@given(body=st.binary(max_size=200))
def test_that_no_bytes_make_the_server_fail(server: Server, body: bytes) -> None:
    assert server.ask("/invocations", raw=body, method="POST")[0] < 500
    assert server.ask("/admin/swap", raw=body, method="POST")[0] < 500
