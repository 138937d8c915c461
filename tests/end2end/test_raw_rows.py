"""An odd table, cleaned and checked: its model answers raw rows, the same in each way."""

from __future__ import annotations

import csv
import json
import random
import urllib.request
from pathlib import Path
from typing import Any

from tests.end2end.command import Command

RECIPE = """\
recipe: clean
steps:
  - fill: {columns: [total], with: value, value: 0}
  - formula: {into: per_month, formula: "total / (months + 1)"}
  - drop_columns: {columns: [customer]}
"""


def write_odd(path: Path, rows: int, seed: int) -> Path:
    """UTF-16, semicolons, decimal commas, points for thousands, blank totals; `total` counts."""
    chance = random.Random(seed)
    lines = ["customer;joined;months;total;plan;left"]
    for number in range(rows):
        months = chance.randint(0, 70)
        total = months * chance.uniform(20, 120)
        shown = f"{total:,.2f}".translate({ord(","): ".", ord("."): ","}) if months else " "
        plan = chance.choice(["groß", "klein"])
        left = "ja" if (months < 20) != (chance.random() < 0.1) else "nein"
        joined = f"{chance.randint(1, 28):02}.{chance.randint(1, 12):02}.2025"
        lines.append(f"k{number:05};{joined};{months};{shown};{plan};{left}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-16")
    return path


def test_that_a_model_of_cleaned_data_answers_raw_rows_alike_everywhere(
    workspace_dir: Path, tmp_path: Path
) -> None:
    run = Command(workspace_dir)
    run("data", "add", write_odd(tmp_path / "kunden.csv", 600, 1), "--name", "raw")
    recipe = tmp_path / "clean.yaml"
    recipe.write_text(RECIPE, encoding="utf-8")
    run("data", "recipe", "save", recipe)
    made = run("data", "recipe", "apply", "clean", "raw", "--name", "customers")
    assert (made["derived_from"], made["rows"]) == ("raw@1", 600)
    assert "checks" not in made
    run("data", "checks", "propose", "customers@1", "--set")
    made = run("data", "recipe", "apply", "clean", "raw", "--name", "customers")
    assert (made["version"], made["checks"]) == (2, {"failed": 0, "blocked": 0})
    run("data", "check", "customers@2")

    words = ("--target", "left", "--budget", 20, "--algorithm", "linear")
    best = run("train", "customers", *words)
    run("models", "register", best["run"], "--name", "leavers")
    run("models", "approve", "leavers@1", "--note", "looked at")
    run("models", "alias", "leavers", "champion", 1)

    new = write_odd(tmp_path / "neue.csv", 40, 2)
    served = run("deploy", "start", "leavers")
    try:
        predicted = run("predict", "leavers", new, "--output", tmp_path / "predicted.csv")
        assert predicted["rows"] == 40
        token = Path(served["token_file"]).read_text(encoding="utf-8").strip()
        raw = {"customer": "k00001", "joined": "2025-03-04", "months": 3, "plan": "groß"}
        [blank] = ask(served["url"], token, [{**raw, "total": None}])
    finally:
        run("deploy", "stop", "leavers")
    assert blank in {"ja", "nein"}
    run("score", "leavers", new, "--output", tmp_path / "scored.csv")
    assert answers(tmp_path / "predicted.csv") == answers(tmp_path / "scored.csv")

    chain = [node["kind"] for node in run("models", "show", "leavers@champion")["lineage"]]
    assert chain[:4] == ["file", "dataset version", "recipe", "dataset version"]
    assert chain[4:] == ["run", "model version", "deployment"]
    run("fsck")


def ask(url: str, token: str, records: list[dict[str, Any]]) -> list[Any]:
    """What the server answers to raw records."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    body = json.dumps({"dataframe_records": records}).encode()
    request = urllib.request.Request(url + "/invocations", body, headers)
    with urllib.request.urlopen(request, timeout=10) as response:
        found: list[Any] = json.load(response)["predictions"]
    return found


def answers(path: Path) -> list[str]:
    with path.open(encoding="utf-8") as text:
        found = [row["prediction"] for row in csv.DictReader(text)]
    assert len(set(found)) > 1
    return found
