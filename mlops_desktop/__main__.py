"""Arguments: no verb opens the app, a verb runs headless, `--child NAME JOB` runs a child."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> int:
    """The entry point of `mlops-desktop` and of `python -m mlops_desktop`."""
    arguments = sys.argv[1:]
    if len(arguments) == 3 and arguments[0] == "--child":
        from mlops_desktop.child import programs  # noqa: PLC0415  A child imports nothing else.

        return programs.main(arguments[1], Path(arguments[2]))
    if "data" in arguments and not {"add", "append"}.isdisjoint(arguments):
        # The child of an import loads its libraries while we load ours.
        from mlops_desktop.actions import early  # noqa: PLC0415

        early.begin("ingest")
    from mlops_desktop.cli.main import run  # noqa: PLC0415

    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
