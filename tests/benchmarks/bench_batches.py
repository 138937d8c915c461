"""Large requests in every form against parsing the same body and the bare session on its rows.

The rows differ, as rows do. The same row ten thousand times is a line of its own: every branch of
every tree is then foreseen by the processor, so that the bare session takes a quarter of the time
and what a server adds weighs most.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnxruntime
import orjson

from mlops_desktop.blobs import modelfiles
from mlops_desktop.ml.served_features import encoder_of
from mlops_desktop.paths import Workspace
from tests.benchmarks.clients import INVOCATIONS, latencies
from tests.served import Server, served

ROUNDS = 20
MUST = "<= 1.3 x parsing + session"
Line = tuple[str, str, str]
Rows = list[list[Any]]
_INFER = "/v2/models/bike/infer"


class Form(NamedTuple):
    """How rows are sent. parse: what reading that body costs at least."""

    title: str
    body: Callable[[list[str], Rows], bytes]
    parse: Callable[[bytes], object] = orjson.loads
    path: str = INVOCATIONS
    media: str = "application/json"


def main() -> list[Line]:
    from tests.benchmarks.bench_serving import forest, telco

    lines: list[Line] = []
    for title, make in (("forest", forest), ("telco-like", telco)):
        with tempfile.TemporaryDirectory() as folder:
            model, row = make(Workspace(Path(folder)))
            with served(Path(folder), model) as server:
                for form in FORMS:
                    what = f"{title}: 10,000 rows, {form.title}"
                    lines.append((what, compared(server, row, 10_000, form), MUST))
                said = compared(server, row, 10_000, FORMS[0], alike=True)
                lines.append((f"{title}: the same row 10,000 times", said, ""))
                lines.append((f"{title}: 1,000 rows", compared(server, row, 1_000, FORMS[0]), MUST))
    return lines


def compared(
    server: Server, row: dict[str, Any], count: int, form: Form, *, alike: bool = False
) -> str:
    """The best of some rounds, in turns with the bare one, and the ratio."""
    job = orjson.loads((server.folder / "job.json").read_bytes())
    files = job["model"]["files"]
    card = modelfiles.read_card(server.workspace, files)
    rows = [list(row.values())] * count if alike else _differing(card, row, count)
    body = form.body(list(row), rows)
    encoded = encoder_of(card).encode_rows(list(row), rows)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    onnx = server.workspace.blob(files["model.onnx"]).read_bytes()
    session = onnxruntime.InferenceSession(onnx, options)
    bare, ours = [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        form.parse(body)
        session.run(["y"], {"x": encoded})
        bare.append(time.perf_counter() - began)
        ours += latencies(
            server.port, server.token, body, 1, form.path, warm_up=0, media=form.media
        )
    return f"{min(ours) * 1e3:.1f} ms, {min(ours) / min(bare):.2f} x bare"


def _differing(card: Any, row: dict[str, Any], count: int) -> Rows:
    random = np.random.default_rng(1)
    known = {field["name"]: field["categories"] for field in card["signature"]["inputs"]}
    columns: list[list[Any]] = []
    for name, value in row.items():
        if isinstance(value, str):
            columns.append([known[name][place] for place in random.integers(0, 4, count)])
        elif isinstance(value, int):
            columns.append(random.integers(0, 90, count).tolist())
        else:
            columns.append(random.normal(scale=100 * abs(value), size=count).round(4).tolist())
    return [list(values) for values in zip(*columns, strict=True)]


def _split(names: list[str], rows: Rows) -> bytes:
    return orjson.dumps({"dataframe_split": {"columns": names, "data": rows}})


def _pandas(names: list[str], rows: Rows) -> bytes:
    split = {"index": list(range(len(rows))), "columns": names, "data": rows}
    return json.dumps({"dataframe_split": split}).encode()


def _turned(names: list[str], rows: Rows) -> bytes:
    return _split(names[::-1], [row[::-1] for row in rows])


def _records(names: list[str], rows: Rows) -> bytes:
    found = [dict(zip(names, row, strict=True)) for row in rows]
    return orjson.dumps({"dataframe_records": found})


def _columns(names: list[str], rows: Rows) -> bytes:
    columns = zip(*rows, strict=True)
    return orjson.dumps({"inputs": dict(zip(names, map(list, columns), strict=True))})


def _tensors(names: list[str], rows: Rows) -> bytes:
    tensors = []
    for name, values in zip(names, zip(*rows, strict=True), strict=True):
        kind = "BYTES" if isinstance(values[0], str) else "FP64"
        tensors.append({"name": name, "shape": [len(rows)], "datatype": kind, "data": list(values)})
    return orjson.dumps({"inputs": tensors})


def _csv(names: list[str], rows: Rows) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([names, *rows])
    return text.getvalue().encode()


def _parse_csv(body: bytes) -> Rows:
    return list(csv.reader(io.StringIO(body.decode())))


FORMS = (
    Form("dataframe_split", _split),
    Form("dataframe_split by pandas and json.dumps", _pandas),
    Form("dataframe_split in another order", _turned),
    Form("dataframe_records", _records),
    Form("inputs by column", _columns),
    Form("open protocol, a tensor a column", _tensors, path=_INFER),
    Form("CSV", _csv, _parse_csv, media="text/csv"),
)
