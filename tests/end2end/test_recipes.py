"""A telco-like file cleaned by a recipe from the command line, and once more on newer data."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.end2end.command import Command

RECIPE = """\
recipe: clean-customers
note: Blank totals belong to customers of the first month.
steps:
  - parse_number: {columns: [TotalCharges]}
  - fill: {columns: [TotalCharges], with: value, value: 0}
  - filter: {where: "MonthlyCharges > 0"}
  - drop_duplicates: {}
  - group_rare: {column: PaymentMethod, share: 0.1, name: other}
  - formula: {into: share, formula: "if(TotalCharges > 0, MonthlyCharges / TotalCharges, 1)"}
  - drop_columns: {columns: [tenure]}
    off: true
"""


def write_telco(path: Path, rows: int) -> Path:
    """Blank totals where the tenure is 0, a charge below 0, two equal rows, a rare method."""
    chance = random.Random(3)
    lines = ["customerID,tenure,PaymentMethod,MonthlyCharges,TotalCharges,Churn"]
    for number in range(rows):
        tenure = number % 24
        monthly = round(chance.uniform(20, 120), 2) if number != 5 else -1.0
        total = f"{tenure * monthly:,.2f}" if tenure else " "
        method = "crypto" if number % 40 == 1 else chance.choice(["check", "card"])
        churn = "Yes" if chance.random() < 0.3 else "No"
        lines.append(f'c{number:05d},{tenure},{method},{monthly},"{total}",{churn}')
    path.write_text("\n".join([*lines, lines[-1]]) + "\n", encoding="utf-8")
    return path


def test_that_a_telco_like_file_is_cleaned_from_the_command_line(
    workspace_dir: Path, tmp_path: Path
) -> None:
    run = Command(workspace_dir)
    run("data", "add", write_telco(tmp_path / "telco.csv", 480), "--name", "customers")
    file = tmp_path / "clean.yaml"
    file.write_text(RECIPE, encoding="utf-8")

    effects = run("data", "recipe", "preview", file, "customers")
    assert [(e["kind"], e["rows_before"], e["rows_after"]) for e in effects[2:4]] == [
        ("filter", 481, 480),
        ("drop_duplicates", 480, 479),
    ]
    assert effects[1]["changed"] == {"TotalCharges": 20}
    shown = run.ask("data", "recipe", "preview", file, "customers", "--step", 2)
    assert "(missing) -> 0.0" in shown.out

    saved = run("data", "recipe", "save", file)
    assert (saved["recipe"], saved["version"], saved["steps"]) == ("clean-customers", 1, 7)
    assert run("data", "recipe", "save", file)["version"] == 1
    assert [r["recipe"] for r in run("data", "recipe", "list")] == ["clean-customers"]
    assert run("data", "recipe", "show", "clean-customers")["steps"][6]["off"] is True
    out = tmp_path / "again.yaml"
    run("data", "recipe", "show", "clean-customers@1", "--out", out)
    assert run("data", "recipe", "save", out, "--name", "copy")["steps"] == 7

    made = run("data", "recipe", "apply", "clean-customers", "customers", "--message", "clean")
    assert (made["dataset"], made["version"], made["rows"]) == ("customers", 2, 479)
    assert (made["recipe"], made["derived_from"]) == ("clean-customers@1", "customers@1")
    rows = exported(run, "customers@2", tmp_path)
    assert {row["PaymentMethod"] for row in rows} == {"check", "card", "other"}
    assert all(row["TotalCharges"] is not None and row["share"] > 0 for row in rows)

    run("data", "add", write_telco(tmp_path / "telco.csv", 600), "--name", "customers")
    again = run("data", "recipe", "again", "customers")
    assert (again["version"], again["rows"], again["derived_from"]) == (4, 599, "customers@3")
    nothing_new = run("data", "recipe", "again", "customers", code=2)
    assert "no newer version" in nothing_new["error"]["what"]
    run("fsck")


def test_that_steps_are_explained_and_errors_are_json(workspace_dir: Path, tmp_path: Path) -> None:
    run = Command(workspace_dir)
    kinds = {step["step"]: step for step in run("data", "recipe", "steps")}
    assert kinds["filter"]["changes_rows"]
    assert not kinds["formula"]["changes_rows"]
    assert [s["name"] for s in kinds["ratio"]["settings"]] == ["column", "by", "into"]
    assert "low_share" in run.ask("data", "recipe", "steps", "clip").out
    file = tmp_path / "bad.yaml"
    file.write_text("steps:\n  - filter: {were: a}\n", encoding="utf-8")
    refused = run("data", "recipe", "save", file, code=2)["error"]
    assert "no setting 'were'" in refused["what"]
    assert refused["why"] == "Line 2 of bad.yaml."
    run("data", "add", write_telco(tmp_path / "telco.csv", 30), "--name", "customers")
    file.write_text("steps:\n  - filter: {where: tenur > 1}\n", encoding="utf-8")
    run("data", "recipe", "save", file, "--name", "bad")
    for verb in ("apply", "preview"):
        refused = run("data", "recipe", verb, "bad", "customers", code=2)["error"]
        assert "Step 1 (Keep rows where): There is no column 'tenur'" in refused["what"]
        assert refused["hint"] == "Did you mean tenure?"


def exported(run: Command, ref: str, folder: Path) -> list[dict[str, Any]]:
    path = folder / "out.parquet"
    run("data", "export", ref, path)
    return pq.read_table(path).to_pylist()
