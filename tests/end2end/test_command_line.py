"""The whole loop from the command line, with the exit codes and the JSON that scripts rely on."""

from __future__ import annotations

import csv
import json
import stat
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from tests.end2end.command import Command, write_customers


@pytest.fixture
def run(workspace_dir: Path) -> Iterator[Command]:
    command = Command(workspace_dir)
    yield command
    if workspace_dir.exists():
        for deployment in command("deploy", "status"):
            command("deploy", "stop", deployment["deployment"])


def kinds(value: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for warning in value["warnings"]:
        found.setdefault(warning["kind"], []).extend(warning["columns"])
    return found


def test_that_the_loop_closes_from_a_csv_to_a_retrained_model(run: Command, tmp_path: Path) -> None:
    file = write_customers(tmp_path / "customers.csv")

    added = run("data", "add", file, "--name", "customers", "--message", "first")
    assert (added["dataset"], added["version"], added["rows"], added["columns"]) == (
        "customers",
        1,
        900,
        7,
    )
    assert added["stored_bytes"] > 0
    assert "charges" in kinds(added)["type"]
    assert "customer" in kinds(added)["identifier"]
    assert "left_on" in kinds(added)["leak"]
    assert run("data", "list") == [{"dataset": "customers", "versions": 1}]
    assert run("data", "versions", "customers")[0]["message"] == "first"
    assert run("data", "show", "customers@1")["source"]["sha256"]
    assert run("data", "unit", "customers", "charges", "EUR") == {"charges": "EUR"}
    assert run("data", "show", "customers")["units"] == {"charges": "EUR"}

    back = tmp_path / "back.csv"
    assert run("data", "export", "customers", back, "--for-spreadsheet")["rows"] == 900
    assert run("data", "export", "customers", back)["rows"] == 900
    again = run("data", "add", back, "--name", "again")
    first_hash = run("data", "show", "customers@1")["content_hash"]
    assert run("data", "show", f"again@{again['version']}")["content_hash"] == first_hash

    leaky = run("train", "customers", "--target", "left", "--algorithm", "linear", "--budget", 30)
    assert "left_on" in kinds(leaky)["leak"]
    run("models", "register", leaky["run"], "--name", "leaky")
    gates = run("models", "gates", "leaky@1", code=1)
    assert [gate["name"] for gate in gates["gates"] if not gate["passed"]] == [
        "leak warnings answered"
    ]
    refused = run("models", "approve", "leaky@1", "--note", "please", code=1)
    assert "leak" in refused["error"]["what"]

    best = run(
        *("train", "customers@1", "--target", "left", "--exclude", "left_on", "--budget", 60),
        *("--positive", "Yes", "--metric", "roc_auc", "--seed", 7),
    )
    assert (best["status"], best["metric"]) == ("done", "roc_auc")
    assert best["interval"][0] <= best["value"] <= best["interval"][1]
    assert {r["algorithm"] for r in best["runs"]} == {
        "baseline",
        "linear",
        "random_forest",
        "gradient_boosting",
    }
    assert best["value"] > 0.6
    assert run("runs", "show", best["run"])["environment"]["python"]
    assert len(run("runs", "list")) == 6

    version = run("models", "register", best["run"], "--name", "churn")
    assert run("models", "gates", "churn@1")["passed"]
    run("deploy", "start", "churn@1", code=1)
    run("models", "approve", "churn@1", "--note", "looked at with sales")
    run("models", "alias", "churn", "champion", 1)
    chain = run("models", "show", "churn@champion")["lineage"]
    assert [node["kind"] for node in chain] == ["file", "dataset version", "run", "model version"]
    assert chain[0]["sha256"] == run("data", "show", "customers@1")["source"]["sha256"]
    assert version["passed"]

    served = run("deploy", "start", "churn")
    assert set(served) >= {"deployment", "url", "token_file", "pid"}
    secret = run("deploy", "token", "churn")["token"]
    assert secret == Path(served["token_file"]).read_text()
    reading = run("deploy", "token", "churn", "--metrics")["token"]
    assert reading == Path(served["metrics_token_file"]).read_text() != secret
    token_file = Path(served["token_file"])
    assert stat.S_IMODE(token_file.stat().st_mode) == 0o600
    body = {"dataframe_records": [{"contract": "monthly", "months": 3, "charges": 99.5}]}
    body["dataframe_records"][0] |= {"online": "No"}
    request = urllib.request.Request(
        served["url"] + "/invocations",
        json.dumps(body).encode(),
        {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {token_file.read_text().strip()}",
        },
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        assert json.load(response)["predictions"] == ["Yes"]

    new = write_customers(tmp_path / "new.csv", rows=600, seed=2)
    answers = tmp_path / "answers.csv"
    assert run("predict", "churn", new, "--output", answers)["rows"] == 600
    with answers.open(encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    assert {"contract", "prediction_id", "prediction"} <= set(rows[0])
    few = write_customers(tmp_path / "few.csv", rows=2, seed=3)
    shown = run("predict", "churn", few)
    assert len(shown["predictions"]) == shown["rows"] == 2
    assert {"contract", "prediction_id", "prediction"} <= set(shown["predictions"][0])
    truth = tmp_path / "truth.csv"
    with truth.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(["prediction_id", "left"])
        writer.writerows((row["prediction_id"], row["left"]) for row in rows)
    labelled = run("labels", "add", "churn", truth, "--label-column", "left")
    assert labelled["matched"] == 600

    seen = run("monitor", "show", "churn")
    assert seen["predictions"] == 603
    assert "time" in run("monitor", "show", "churn", "--since", "lately", code=2)["error"]["what"]
    assert {"windows", "features", "drifted", "alerts"} <= set(seen)

    retrained = run("retrain", "churn")
    assert (retrained["version"], retrained["approval"]) == (2, None)
    assert retrained["dataset_version"] == 2
    assert run("data", "versions", "customers")[0]["rows"] == 1500
    compared = run("models", "compare", "churn@2")
    assert (compared["other"], compared["metric"]) == ("churn@1", "roc_auc")
    assert compared["rows"] >= 50
    assert 0 <= compared["sure"] <= 1
    assert run("models", "compare", "churn@1", code=2)["error"]["hint"]
    run("deploy", "start", "churn@2", "--name", "churn", code=1)
    if retrained["passed"]:
        run("models", "approve", "churn@2", "--note", "on newer rows")
        swapped = run("deploy", "start", "churn@2", "--name", "churn")
        assert swapped["pid"] == served["pid"]
        assert swapped["version"] == 2

    assert run("fsck")["clean"]
    assert run("audit", "verify")["whole"]
    assert run("doctor")["passed"]
    run("deploy", "stop", "churn")
    assert run("deploy", "status")[0]["state"] == "stopped"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("data", "add", "nowhere.csv", "--name", "x"), "no file"),
        (("data", "show", "nothing"), "no dataset"),
        (("train", "nothing", "--target", "y"), "no dataset"),
        (("runs", "show", "7"), "no run"),
        (("models", "register", "7", "--name", "m"), "no run"),
        (("models", "show", "m@1"), "no model"),
        (("deploy", "start", "m"), "no model"),
        (("deploy", "stop", "d"), "no deployment"),
        (("deploy", "token", "d"), "no deployment"),
        (("monitor", "show", "d"), "no deployment"),
        (("retrain", "d"), "no deployment"),
        (("data", "add", __file__, "--name", "../up"), "name"),
    ],
)
def test_that_bad_input_is_a_sentence_and_exit_code_2(
    run: Command, words: tuple[str, ...], says: str
) -> None:
    answer = run.ask(*words, "--json")
    assert answer.code == 2, answer.err
    assert says in answer.json["error"]["what"].lower()
    assert "Traceback" not in answer.err


def test_that_a_wrong_option_is_a_usage_error(run: Command) -> None:
    assert run.ask("train", "bike").code == 2
    assert run.ask("no-such-verb").code == 2
    assert "no-such-verb" in run("no-such-verb", code=2)["error"]["what"]
    assert (
        "--budget" in run("train", "x", "--target", "y", "--budget", "z", code=2)["error"]["what"]
    )


def test_that_every_verb_has_help(run: Command) -> None:
    from mlops_desktop.cli.main import cli

    def walk(command: Any, words: tuple[str, ...]) -> None:
        assert command.help, words
        context = click.Context(command)
        for name in command.list_commands(context) if isinstance(command, click.Group) else ():
            inner = command.get_command(context, name)
            assert inner is not None, name
            walk(inner, (*words, name))

    walk(cli, ())


def test_that_versions_are_compared_like_a_diff(run: Command, tmp_path: Path) -> None:
    file = write_customers(tmp_path / "customers.csv", rows=60)
    run("data", "add", file, "--name", "customers")
    alone = run.ask("data", "diff", "customers")
    assert (alone.code, "is the first version" in alone.err) == (2, True)
    lines = file.read_text(encoding="utf-8").splitlines()
    lines[5] = lines[5].replace(",yearly,", ",weekly,").replace(",monthly,", ",weekly,")
    lines[5] = lines[5].replace(",two years,", ",weekly,")
    file.write_text("\n".join([*lines[:-1], *lines[-1:], lines[1].replace("c00000", "c9")]) + "\n")
    run("data", "add", file, "--name", "customers")

    found = run("data", "diff", "customers@1", "customers@2", "--rows", 5)
    assert found["summary"] == "1 row added, 1 changed in 1 column"
    assert (found["key"], found["key_guessed"]) == (["customer"], True)
    assert found["cells"] == {"contract": 1}
    assert found["sample"]["changed"][0]["after"]["contract"] == "weekly"
    assert found["sample"]["changed"][0]["changed"] == ["contract"]
    assert found["sample"]["added"][0]["after_row"] == 61

    text = run.ask("data", "diff", "customers").out
    assert text.startswith("customers@1 -> customers@2: 1 row added, 1 changed in 1 column\n")
    assert "  row 5: customer='c00004'\n  - contract=" in text
    assert "  + contract='weekly'\n" in text
    assert "  + row 61: customer='c9'" in text
    backwards = run("data", "diff", "customers@2", "customers@1", "--by-content")
    assert (backwards["summary"], backwards["key"]) == ("1 row removed, 1 changed in 1 column", [])
    assert run("data", "diff", "customers@2", "customers@2")["summary"] == "Nothing changed"
    refused = run.ask("data", "diff", "customers", "--key", "contract")
    assert (refused.code, "contract is no key" in refused.err) == (2, True)
    assert run.ask("data", "diff", "customers", "--key", "contract", "--by-content").code == 2
