"""Run every bench_*.py and print what was measured beside its target.

Each has `main() -> list[tuple[str, str, str]]`: what, measured, target. Names given as arguments
(`serving`, `data`, `app`) run only those.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path


def main() -> int:
    names = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    wanted = [name for name in names if not sys.argv[1:] or name[6:] in sys.argv[1:]]
    lines = [("what", "measured", "target")]
    for name in wanted:
        lines += importlib.import_module(f"tests.benchmarks.{name}").main()
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    for what, measured, target in lines:
        print(f"{what:<{widths[0]}}  {measured:>{widths[1]}}  {target:<{widths[2]}}".rstrip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
