"""Models as a user handles them: a person's yes where the gates allow it, and aliases."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlops_desktop.actions import audit, models
from mlops_desktop.core.errors import CheckFailed, NotFound, UserError
from mlops_desktop.core.models import ModelVersion
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store
from tests import registered


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`leaving`: version 1 approved and champion, 2 waits, 3 blocked by a leak warning."""
    root = tmp_path_factory.mktemp("models") / "workspace"
    registered.build(root)
    return root


@pytest.fixture
def store(built: Path, workspace_dir: Path) -> Iterator[Store]:
    shutil.copytree(built, workspace_dir)
    store = Store.open(Workspace(workspace_dir))
    yield store
    store.close()


def actions_of(store: Store, ref: str) -> list[str]:
    return [entry.action for entry in audit.about(store, ref)]


def champion(store: Store) -> ModelVersion:
    return models.resolve(store, "leaving")


def test_that_a_yes_is_recorded_with_its_note_and_who_said_it(store: Store) -> None:
    version = models.approve(store, "leaving@2", "  As good with fewer columns. ")
    assert version.approval is not None
    assert version.approval.note == "As good with fewer columns."
    assert version.approval.by == store.actor
    assert "model.approved" in actions_of(store, "leaving@2")


def test_that_no_yes_is_taken_against_a_gate_without_a_note_or_twice(store: Store) -> None:
    with pytest.raises(CheckFailed, match=r"leaving@3 cannot be approved: .* failed"):
        models.approve(store, "leaving@3", "I want it.")
    with pytest.raises(UserError, match="needs a note"):
        models.approve(store, "leaving@2", "  ")
    with pytest.raises(UserError, match="leaving@1 is approved already"):
        models.approve(store, "leaving@1", "Once more.")
    for ref in ("leaving@2", "leaving@3"):
        assert models.get_version(store, ref).approval is None
        assert "model.approved" not in actions_of(store, ref)


def test_that_only_an_approved_version_becomes_champion(store: Store) -> None:
    with pytest.raises(CheckFailed, match="leaving@2 is not approved, so it cannot be champion"):
        models.set_alias(store, "leaving", "champion", 2)
    assert champion(store).version == 1
    models.approve(store, "leaving@2", "As good with fewer columns.")
    models.set_alias(store, "leaving", "champion", 2)
    assert champion(store).version == 2
    assert models.get_version(store, "leaving@1").aliases == ()


def test_that_other_aliases_need_no_approval_but_a_word_of_their_own(store: Store) -> None:
    assert models.set_alias(store, "leaving", "challenger", 3).aliases == ("challenger",)
    assert models.resolve(store, "leaving@challenger").version == 3
    with pytest.raises(UserError, match="would be read as a version number"):
        models.set_alias(store, "leaving", "v2", 1)
    with pytest.raises(NotFound):
        models.set_alias(store, "leaving", "challenger", 9)
    assert models.resolve(store, "leaving@challenger").version == 3
