"""What may be wrong with a table, ranked by harm: found without knowing what will be predicted."""

from __future__ import annotations

from mlops_desktop.core.datasets import DataWarning
from mlops_desktop.core.profile import Profile


def data_warnings(profile: Profile, load: object) -> list[DataWarning]:
    return []
