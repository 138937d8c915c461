"""Every on-disk location, relative to the workspace, which can be moved or copied whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlops_desktop.core.errors import UserError
from mlops_desktop.core.ids import is_sha256


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder that holds everything: the database, blobs, runs, predictions, logs, leftovers."""

    root: Path

    @property
    def database(self) -> Path:
        return self.root / "workspace.db"

    @property
    def objects(self) -> Path:
        return self.root / "objects"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def predictions(self) -> Path:
        return self.root / "predictions"

    @property
    def deployments(self) -> Path:
        """Tokens, job files and logs of servers."""
        return self.root / "deployments"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def tmp(self) -> Path:
        """Leftovers: anything in here may be swept when no process of ours is using it."""
        return self.root / "tmp"

    @property
    def backups(self) -> Path:
        return self.root / "backups"

    @property
    def readme(self) -> Path:
        return self.root / "README.txt"

    def blob(self, sha256: str) -> Path:
        """Where the blob of that name lies. Nothing but a SHA-256 ever becomes a path."""
        if not is_sha256(sha256):
            raise UserError(f"{sha256!r} is not the name of a blob.")
        return self.objects / sha256[:2] / sha256

    def run(self, run_id: int) -> Path:
        return self.runs / f"{run_id:06d}"

    def deployment(self, deployment_id: int) -> Path:
        return self.deployments / f"{deployment_id:04d}"

    def privacy_key(self, deployment_id: int) -> Path:
        """The secret behind the hashes in a deployment's record."""
        return self.deployment(deployment_id) / "privacy-key"

    def segments(self, deployment_id: int) -> Path:
        return self.predictions / f"{deployment_id:04d}"

    def shadow(self, deployment_id: int, model_version: int) -> Path:
        """What a shadow answers: in a folder of its own, so that it counts as nobody's traffic."""
        return self.segments(deployment_id) / f"shadow-{model_version:06d}"


def default_workspace() -> Path:
    """Where the app keeps its workspace unless it is told another place."""
    import platformdirs  # noqa: PLC0415  Only needed when no workspace is named.

    return platformdirs.user_data_path("mlops-desktop", appauthor=False) / "workspace"
