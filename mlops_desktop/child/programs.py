"""The literal list of child programs, each imported only when it is the one to run."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main(name: str, job_file: Path) -> int:
    """Run the child program of that name; the answer is the exit code."""
    match name:
        case "ingest":
            from mlops_desktop.child import ingest  # noqa: PLC0415

            code = ingest.main(job_file)
            sys.stderr.flush()
            # The gigabyte that may be in memory still need not be freed piece by piece.
            os._exit(code)
        case "check":
            from mlops_desktop.child import check  # noqa: PLC0415

            return check.main(job_file)
        case "prepare":
            from mlops_desktop.child import prepare  # noqa: PLC0415

            return prepare.main(job_file)
        case "preview":
            from mlops_desktop.child import preview  # noqa: PLC0415

            return preview.main(job_file)
        case "score":
            from mlops_desktop.child import score  # noqa: PLC0415

            return score.main(job_file)
        case "seal":
            from mlops_desktop.child import seal  # noqa: PLC0415

            return seal.main(job_file)
        case "train":
            from mlops_desktop.child import train  # noqa: PLC0415

            return train.main(job_file)
        case "shadow":
            from mlops_desktop.child import shadow  # noqa: PLC0415

            return shadow.main(job_file)
        case "serve":
            from mlops_desktop.child import serve  # noqa: PLC0415

            return serve.main(job_file)
        case _:
            raise SystemExit(f"There is no child program {name!r}.")
