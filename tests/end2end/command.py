"""The real command in a process of its own, and small tables for it to work on."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Command:
    """Runs `mlops-desktop --workspace DIR VERB ... --json`."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace

    def __call__(self, *words: object, code: int = 0) -> Any:
        """The verb's JSON; fails where the exit code is another one."""
        answer = self.ask(*words, "--json")
        assert answer.code == code, f"{words} ended with {answer.code}: {answer.out}{answer.err}"
        return answer.json

    def ask(self, *words: object) -> Answer:
        done = subprocess.run(
            [*self.start, *map(str, words)], capture_output=True, text=True, check=False
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    @property
    def start(self) -> Sequence[str]:
        return [sys.executable, "-m", "mlops_desktop", "--workspace", str(self.workspace)]


def with_faults(run: Command, inject: str, *words: object) -> Answer:
    """Run a verb whose system calls fail as strace is told; skips where it cannot."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: apt-get install strace")
    log = run.workspace.with_name("strace.txt")
    calls = ["strace", "-f", "-qq", "-o", str(log), "-e", f"trace={inject.partition(':')[0]}"]
    calls += ["-e", f"inject={inject}", *run.start, *map(str, words)]
    done = subprocess.run([*calls, "--json"], capture_output=True, text=True, check=False)
    if "PTRACE" in done.stderr:
        pytest.skip("strace may not trace here")
    assert "INJECTED" in log.read_text() or done.returncode, "the verb made fewer such calls"
    return Answer(done.returncode, done.stdout, done.stderr)


def write_customers(path: Path, rows: int = 900, seed: int = 1) -> Path:
    """Customers who leave more often where the contract is monthly and the bill is high.

    `left_on` repeats the answer (a leak), `customer` is an identifier, and `charges` has blanks.
    """
    chance = random.Random(seed)
    lines = ["customer,contract,months,charges,online,left,left_on"]
    for number in range(rows):
        contract = chance.choice(["monthly", "yearly", "two years"])
        months = chance.randint(1, 72)
        charges = round(chance.uniform(20, 120), 2)
        risk = 0.15 + 0.45 * (contract == "monthly") + 0.3 * (charges > 80) - 0.004 * months
        left = "Yes" if chance.random() < risk else "No"
        shown = " " if number % 90 == 3 else f"{charges}"
        online = chance.choice(["Yes", "No"])
        lines.append(
            f"c{number:05d},{contract},{months},{shown},{online},{left},"
            f"{'gone' if left == 'Yes' else 'here'}"
        )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
