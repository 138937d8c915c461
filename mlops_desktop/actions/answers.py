"""What the user decided about a dataset's warnings, remembered for the trainings to come."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mlops_desktop.core.answers import Answer, key_of
from mlops_desktop.core.datasets import DataWarning
from mlops_desktop.store import settings

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store


def answers(store: Store, dataset: str) -> dict[str, Answer]:
    """The answers by the warning's key; they hold for every version of the dataset."""
    kept = json.loads(settings.get(store, _key(dataset), "{}"))
    return {key: Answer(value) for key, value in kept.items()}


def answer(
    store: Store, dataset: str, warning: DataWarning, given: Answer | None
) -> dict[str, Answer]:
    """Remember an answer, or forget it (None); all answers of the dataset are given back."""
    with store.write("datasets"):
        kept = answers(store, dataset)
        kept.pop(key_of(warning), None)
        if given is not None:
            kept[key_of(warning)] = given
        settings.put(store, _key(dataset), json.dumps(kept, ensure_ascii=False))
        store.audit(
            "warning.answered",
            dataset,
            warning=key_of(warning),
            answer=given.value if given else "",
        )
    return kept


def _key(dataset: str) -> str:
    return f"answers/{dataset}"
