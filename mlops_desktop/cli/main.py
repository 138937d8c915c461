"""The command line's frame: the workspace, exit codes, and the literal list of verbs."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import click

from mlops_desktop import __version__
from mlops_desktop.blobs.objects import disk_errors
from mlops_desktop.cli.gathering import Listed
from mlops_desktop.cli.session import Session
from mlops_desktop.core.errors import Cancelled, UserError
from mlops_desktop.paths import Workspace, default_workspace

_VERBS = {  # And the file that has each.
    "audit": "health",
    "cleanup": "cleanup",
    "data": "datasets",
    "demo": "health",
    "deploy": "deployments",
    "doctor": "health",
    "fsck": "health",
    "labels": "monitoring",
    "lineage": "lineage",
    "models": "models",
    "monitor": "monitoring",
    "predict": "deployments",
    "predictions": "predictions",
    "retrain": "monitoring",
    "runs": "runs",
    "score": "scoring",
    "train": "runs",
}


@click.group(
    cls=Listed,
    verbs=_VERBS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--workspace",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder that holds everything. Default: one in your user data folder.",
)
@click.option("--smoke", is_flag=True, help="Open the window, wait until it is usable, close it.")
@click.version_option(__version__, prog_name="mlops-desktop")
@click.pass_context
def cli(context: click.Context, workspace: Path | None, smoke: bool) -> None:
    """The whole life of a machine-learning model on this workstation, offline.

    Without a verb the app opens. Exit codes: 0 fine, 1 a check failed, 2 bad input or usage,
    3 our fault.
    """
    folder = (workspace or default_workspace()).expanduser().absolute()
    context.obj = Session(Workspace(folder))
    context.call_on_close(context.obj.close)
    if context.invoked_subcommand is None:
        from mlops_desktop import app  # noqa: PLC0415  Qt stays off the path of the verbs.

        context.exit(app.run(Workspace(folder), smoke=smoke))


def run(arguments: list[str]) -> int:
    """Run one command line; every outcome becomes an exit code and a sentence."""
    as_json = "--json" in arguments
    try:
        with disk_errors("the result"):
            return int(cli.main(arguments, standalone_mode=False) or 0)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        if as_json:
            _tell(error.format_message())
        error.show()
        return error.exit_code
    except (click.Abort, Cancelled, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        return 130
    except UserError as error:
        _show(error, as_json)
        return error.exit_code
    except Exception as error:
        logging.getLogger(__name__).exception("a verb failed")
        last = (str(error).strip().splitlines() or [""])[-1]  # Of a child: above is its traceback.
        what = f"This is a fault of the app: {type(error).__name__}: {last}"
        if as_json:
            _tell(what)
        click.echo(f"{what}. See the traceback above.", err=True)
        return 3


def _show(error: UserError, as_json: bool) -> None:
    if as_json:
        _tell(error.what, error.why, error.hint)
    for part in (error.what, error.why, error.hint):
        if part:
            click.echo(part, err=True)


def _tell(what: str, why: str = "", hint: str = "") -> None:
    parts = {"what": what, "why": why, "hint": hint}
    click.echo(json.dumps({"error": parts}, ensure_ascii=False))


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
