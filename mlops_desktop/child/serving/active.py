"""The model versions that a server answers with: one, and at times a second beside it."""

from __future__ import annotations

from dataclasses import dataclass

from mlops_desktop.child.serving.model import LoadedModel
from mlops_desktop.child.serving.recorder import Journal


@dataclass(slots=True)
class Active:
    """A model version with the journal of its answers; users: requests that it works on."""

    model: LoadedModel
    journal: Journal
    users: int = 0

    def close(self) -> None:
        self.journal.close()
        self.model.close()


@dataclass(slots=True)
class Canary:
    """A second version that answers a share (0 to 1) of the requests, evenly spread."""

    active: Active
    share: float
    due: float = 0.0

    def takes_next(self) -> bool:
        self.due += self.share
        if self.due < 1:
            return False
        self.due -= 1
        return True
