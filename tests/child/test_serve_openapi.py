"""The server against its own description, by schemathesis: no 5xx, and answers as described."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlops_desktop.paths import Workspace
from tests.served import COLUMNS, Server, served, small_model

_CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance,negative_data_rejection,"
    "missing_required_header,unsupported_method,allow_header_conformance,ignored_auth"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("workspace")
    with served(root, small_model(Workspace(root), classes=("false", "true"))) as found:
        yield found


def fuzzed(server: Server, folder: Path, phases: str, seconds: int, *more: str) -> str:
    """What schemathesis says of the running server; fails where it found something."""
    words = [
        *("run", f"http://127.0.0.1:{server.port}/openapi.json"),
        *("--header", f"Authorization: Bearer {server.token}", "--checks", _CHECKS),
        *("--phases", phases, "--seed", "1", "--max-time", str(seconds), "--no-color", *more),
    ]
    program = "from schemathesis.cli import schemathesis; schemathesis()"
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=folder,
        env={**os.environ, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert server.ask("/v2/health/ready")[0] == 200
    assert "request failed" not in (server.folder / "server.log").read_text()
    return done.stdout


def test_that_examples_and_edges_of_the_description_are_answered_as_described(
    server: Server, tmp_path: Path
) -> None:
    said = fuzzed(server, tmp_path, "examples,coverage", 20)
    assert "Tested: 18" in said


@pytest.mark.long
def test_that_a_minute_of_random_requests_is_answered_as_described(
    server: Server, tmp_path: Path
) -> None:
    fuzzed(server, tmp_path, "examples,coverage,fuzzing", 60)


def test_that_the_description_names_every_route_and_its_examples_are_answered(
    server: Server,
) -> None:
    document = server.ask("/openapi.json")[1]
    for path, routes in document["paths"].items():
        for method, operation in routes.items():
            wrong = "GET" if method == "post" else "DELETE"
            status, _, headers = server.ask(path, method=wrong)
            assert (status, headers["allow"]) == (405, method.upper()), path
            assert {"200", "400", "403"} <= operation["responses"].keys()
            assert all(reference_of(document, part) for part in operation["responses"].values())
    for path in ("/invocations", "/v2/models/bike/infer"):
        content = document["paths"][path]["post"]["requestBody"]["content"]
        for example in content["application/json"]["examples"].values():
            assert server.ask(path, example["value"])[0] == 200
    text = document["paths"]["/invocations"]["post"]["requestBody"]["content"]["text/csv"]
    headers = {"Content-Type": "text/csv"}
    assert server.ask("/invocations", raw=text["example"].encode(), headers=headers)[0] == 200


def test_that_the_columns_are_told_with_what_training_saw(server: Server) -> None:
    row = server.ask("/openapi.json")[1]["components"]["schemas"]["Row"]
    assert (list(row["properties"]), row["required"]) == (COLUMNS, COLUMNS)
    hour = row["properties"]["hr"]
    assert hour["description"] == "A whole number. Training saw 0 to 23."
    assert (hour["type"], hour["examples"]) == ("integer", [8])
    season = row["properties"]["season"]
    assert season["description"] == "Text. Training saw winter, summer."
    assert season["type"] == ["string", "null"]


def reference_of(document: dict[str, Any], part: dict[str, Any]) -> Any:
    """What a $ref names, else the part itself."""
    if "$ref" not in part:
        return part
    found: Any = document
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    assert json.dumps(found)
    return found
