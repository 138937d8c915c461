"""What must be known of a version before anybody is offered to train on it."""

from __future__ import annotations

from dataclasses import dataclass

from mlops_desktop.actions import answers, checks, datasets
from mlops_desktop.actions.lane import Lane
from mlops_desktop.core.answers import Answers
from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.core.errors import ChecksFailed
from mlops_desktop.core.ids import Ref
from mlops_desktop.core.profile import Profile
from mlops_desktop.paths import Workspace


@dataclass(frozen=True, slots=True)
class Offer:
    """blocked: why nothing may be trained on the version, as far as its checks have told."""

    version: DatasetVersion
    profile: Profile
    answers: Answers
    blocked: ChecksFailed | None


def offer(lane: Lane, workspace: Workspace, ref: Ref) -> Offer:
    """Reads the profile from the disk, so it takes a moment."""
    version = lane(lambda store: datasets.get_version(store, ref))
    given, blocked = lane(
        lambda store: (answers.answers(store, ref.name), checks.refusal(store, ref))
    )
    return Offer(version, datasets.profile(workspace, version), given, blocked)
