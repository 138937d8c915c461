"""`data profile`: what columns hold, closely and by a target, from the command line."""

from __future__ import annotations

from pathlib import Path

from tests.end2end.command import Command, write_customers


def test_that_columns_are_told_closely_and_by_a_target(workspace_dir: Path, tmp_path: Path) -> None:
    run = Command(workspace_dir)
    run("data", "add", write_customers(tmp_path / "customers.csv"), "--name", "customers")
    run("data", "unit", "customers", "charges", "EUR")

    told = run("data", "profile", "customers@1")
    assert [c["name"] for c in told["columns"]][:2] == ["customer", "contract"]
    assert (told["units"], told["gaps"]["columns"]) == ({"charges": "EUR"}, ["charges"])
    shown = run.ask("data", "profile", "customers").out
    assert "go together most" in shown
    assert "missing together" in shown
    assert "warning (leak)" in shown

    close = ("data", "profile", "customers", "--column", "contract")
    split = run(*close, "--by", "left")["by_target"]["contract"]
    assert sorted(split["classes"]) == ["No", "Yes"]
    assert sum(map(sum, split["counts"])) == 900
    assert "left=Yes" in run.ask(*close, "--by", "left").out
    assert "mean of months" in run.ask(*close, "--by", "months").out

    wrong = run("data", "profile", "customers", "--column", "nope", code=2)["error"]
    assert "no column 'nope'" in wrong["what"]
    assert "contract" in wrong["hint"]
    wrong = run("data", "profile", "customers", "--by", "customer", code=2)["error"]
    assert "split by `customer`" in wrong["what"]


def test_that_moments_are_told_as_such(workspace_dir: Path, tmp_path: Path) -> None:
    run = Command(workspace_dir)
    file = tmp_path / "days.csv"
    file.write_text("day,n\n" + "".join(f"2026-03-{day:02},{day}\n" for day in range(1, 31)))
    run("data", "add", file)
    [day, n] = run("data", "profile", "days")["columns"]
    assert (day["numbers"]["low"], day["numbers"]["quantiles"][6]) == (
        "2026-03-01T00:00:00",
        "2026-03-30T00:00:00",
    )
    assert (n["numbers"]["low"], n["numbers"]["high"]) == (1, 30)
    assert run("data", "show", "days")["profile"]["columns"] == [day, n]
    assert "2026-03-30" in run.ask("data", "profile", "days").out
