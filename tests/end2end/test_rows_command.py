"""`data rows`: filters, order and columns from the command line."""

from __future__ import annotations

from pathlib import Path

from tests.end2end.command import Command, write_customers


def test_that_rows_are_filtered_sorted_and_told_apart_from_mistakes(
    workspace_dir: Path, tmp_path: Path
) -> None:
    run = Command(workspace_dir)
    run("data", "add", write_customers(tmp_path / "customers.csv"), "--name", "customers")
    asked = ("data", "rows", "customers@1", "--where", "contract==monthly")

    few = run(*asked, "--where", "months=>70", "--sort", "charges", "--descending", "--limit", 3)
    charges = [row["charges"] for row in few["rows"]]
    assert charges == sorted(charges, reverse=True)
    assert all(r["contract"] == "monthly" and r["months"] > 70 for r in few["rows"])
    assert few["fitting"] >= len(few["rows"]) == 3

    every = run.ask(*asked, "--csv", "--columns", "months,contract").out.splitlines()
    assert every[0] == "months,contract"
    assert len(every) == 1 + run(*asked, "--limit", 0)["fitting"]
    blank = run("data", "rows", "customers", "--where", "charges=empty", "--columns", "charges")
    assert {row["charges"] for row in blank["rows"]} == {None}
    shown = run.ask(*asked, "--limit", 2).out.splitlines()
    assert shown[-1] == f"2 of {len(every) - 1:,} rows that fit"

    wrong = run("data", "rows", "customers", "--where", "months=many", code=2)
    assert wrong["error"]["what"] == "months: many is no number."
    twice = run(*asked, "--where", "contract=x", code=2)
    assert "two filters" in twice["error"]["what"]
    assert "no column" in run(*asked, "--where", "nope=1", code=2)["error"]["what"]
    assert "no column" in run(*asked, "--columns", "nope", code=2)["error"]["what"]
    assert run.ask(*asked, "--csv", "--json").code == 2
