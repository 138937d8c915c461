"""Checks from the command line: exit codes, JSON, files of rules, and training that is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end2end.command import Command, write_customers


@pytest.fixture
def run(workspace_dir: Path) -> Command:
    return Command(workspace_dir)


def test_that_rules_guard_the_versions_that_follow(run: Command, tmp_path: Path) -> None:
    file, exported = write_customers(tmp_path / "customers.csv"), tmp_path / "exported.yaml"
    run("data", "add", file, "--name", "customers")
    proposed = run("data", "checks", "propose", "customers", "--set")
    assert {rule["severity"] for rule in proposed} == {"warn", "block"}
    assert run("data", "checks", "list", "customers") == proposed

    # A customer twice blocks, a contract that nobody knows warns.
    lines = file.read_text(encoding="utf-8").splitlines()
    lines[5] = lines[5].replace("c00004", "c00003")
    lines[9] = lines[9].replace(lines[9].split(",")[1], "weekly")
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    added = run("data", "add", file, "--name", "customers")
    assert added["checks"] == {"failed": 2, "blocked": 1}
    report = run("data", "check", "customers", "--export", exported, code=1)
    failed = {o["sentence"]: o for o in report["outcomes"] if o["verdict"] == "failed"}
    assert failed["No two rows have the same customer"]["rows"] == [4, 5]
    number = 1 + next(
        n for n, o in enumerate(report["outcomes"]) if o["sentence"].endswith("same customer")
    )
    rows = run("data", "checks", "rows", "customers", number)
    assert [(value["row"], value["customer"]) for value in rows["values"]] == [
        (4, "c00003"),
        (5, "c00003"),
    ]

    training = ("train", "customers", "--target", "left", "--budget", 5, "--algorithm", "linear")
    refused = run(*training, code=1)
    assert "customers@2" in refused["error"]["what"]
    assert "First rows: 4, 5." in refused["error"]["why"]
    assert run(*training, "--despite-checks", "one typing error")["status"] == "done"

    rules = tmp_path / "rules.yaml"
    assert run("data", "checks", "export", "customers", rules)["rules"] == len(proposed)
    text = rules.read_text(encoding="utf-8")
    assert exported.read_text(encoding="utf-8") == text
    rules.write_text(text.replace("severity: block", "severity: warn"), encoding="utf-8")
    tried = run.ask("data", "check", "customers", "--rules", rules)
    assert tried.code == 0
    assert "FAIL  warn   No two rows have the same customer" in tried.out
    assert "Rows: 4, 5" in tried.out
    assert run("data", "checks", "list", "customers") == proposed  # Tried, not set.
    run("data", "checks", "set", "customers", rules)
    assert run("data", "check", "customers")["failed"] == 2
    rules.write_text("rules: [{rule: nonsense}]", encoding="utf-8")
    wrong = run("data", "checks", "set", "customers", rules, code=2)
    assert wrong["error"]["what"].startswith("Rule 1: There is no rule 'nonsense'")
