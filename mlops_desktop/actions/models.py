"""Registering runs as model versions, testing, approving and naming them."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_desktop.actions import audit, runs
from mlops_desktop.blobs import modelfiles, objects
from mlops_desktop.core import clock
from mlops_desktop.core import gates as core_gates
from mlops_desktop.core.audit import AuditEntry
from mlops_desktop.core.errors import CheckFailed, NotFound, UserError
from mlops_desktop.core.evaluation import Evaluation
from mlops_desktop.core.figures import in_words
from mlops_desktop.core.ids import Ref, checked_name
from mlops_desktop.core.jsonable import from_plain
from mlops_desktop.core.models import (
    CHAMPION,
    Gate,
    Model,
    ModelVersion,
    Signature,
)
from mlops_desktop.core.runs import Algorithm, RunState
from mlops_desktop.store import models as rows

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store


@dataclass(frozen=True, slots=True)
class About:
    """All that is shown of one model version. history: newest first."""

    version: ModelVersion
    evaluation: Evaluation
    history: tuple[AuditEntry, ...]


def register(store: Store, run_id: int, name: str) -> ModelVersion:
    """Make the next version of a model from a finished run, and judge its gates.

    Registering the same run under the same name again gives the version that exists.
    """
    name = checked_name(name, "model")
    run = runs.get_run(store, run_id)
    if run.state is not RunState.DONE:
        raise UserError(
            f"Run {run_id} is {run.state}, so there is no model to register.",
            why=run.error,
            hint="Choose a run that is done.",
        )
    existing = rows.find_by_run(store, run_id)
    if existing is not None:
        if existing.model == name:
            return existing
        raise UserError(f"Run {run_id} is registered already, as {existing.ref}.")
    baseline = next(
        (
            other
            for other in runs.experiment_runs(store, run.experiment)
            if other.algorithm is Algorithm.BASELINE and other.state is RunState.DONE
        ),
        None,
    )
    evaluation = runs.evaluation(store, run)
    card = json.loads(objects.get_bytes(store.workspace, run.files[modelfiles.CARD]))
    signature = from_plain(Signature, card["signature"])
    with store.write("models"):
        judged = core_gates.judge(run, baseline, evaluation)
        version = rows.get(store, rows.add_version(store, name, run, signature, judged))
        store.audit(
            "model.registered",
            version.ref,
            run=run_id,
            gates={gate.name: gate.passed for gate in version.gates},
            files=version.files,
        )
    return version


def list_models(store: Store) -> list[Model]:
    return rows.models(store)


def list_versions(store: Store, name: str | None = None) -> list[ModelVersion]:
    """Versions of one model or of all, newest first."""
    if name is not None:
        _known(store, name)
    return rows.versions(store, name)


def get_version(store: Store, ref: str | Ref) -> ModelVersion:
    """The version that a reference names; a bare name means the newest one."""
    ref = Ref.parse(ref) if isinstance(ref, str) else ref
    _known(store, ref.name)
    if ref.alias is not None:
        found = rows.find_by_alias(store, ref.name, ref.alias)
        if found is None:
            raise NotFound(
                f"No version of {ref.name} is called {ref.alias!r}.",
                hint=f"Name one with: models alias {ref.name} {ref.alias} VERSION.",
            )
        return found
    newest = rows.versions(store, ref.name)
    wanted = ref.version if ref.version is not None else newest[0].version
    found = rows.find(store, ref.name, wanted)
    if found is None:
        raise NotFound(
            f"{ref.name} has no version {wanted}.", hint=f"It has 1 to {newest[0].version}."
        )
    return found


def resolve(store: Store, ref: str | Ref) -> ModelVersion:
    """The version to deploy: as get_version, but a bare name means the champion."""
    ref = Ref.parse(ref) if isinstance(ref, str) else ref
    if ref.version is None and ref.alias is None:
        ref = Ref(ref.name, alias=CHAMPION)
    return get_version(store, ref)


def gates(store: Store, ref: str | Ref) -> tuple[Gate, ...]:
    """The gates of a version as they were judged when it was registered."""
    return get_version(store, ref).gates


def approve(store: Store, ref: str | Ref, note: str) -> ModelVersion:
    """Record a person's yes. Refused while a gate fails, and without a note."""
    version = get_version(store, ref)
    if not note.strip():
        raise UserError("An approval needs a note.", hint="Say in a sentence why it may go live.")
    if version.approval is not None:
        raise UserError(
            f"{version.ref} is approved already, by {version.approval.by} at {version.approval.at}."
        )
    refused = refusal(version)
    if refused is not None:
        raise refused
    with store.write("models"):
        rows.approve(store, version.id, note.strip(), clock.now())
        store.audit("model.approved", version.ref, note=note.strip())
    return rows.get(store, version.id)


def refusal(version: ModelVersion) -> CheckFailed | None:
    """Why its gates forbid to approve a version, or None."""
    failed = [gate for gate in version.gates if not gate.passed]
    if not failed:
        return None
    return CheckFailed(
        f"{version.ref} cannot be approved: {_and([gate.name for gate in failed])} failed.",
        why=in_words(failed[0].actual).rstrip(".") + ".",
        hint="Mend what the gate names, train again, and register the new run.",
    )


def set_alias(store: Store, name: str, alias: str, number: int) -> ModelVersion:
    """Point an alias at a version. Only an approved version may be champion."""
    alias = checked_name(alias, "alias")
    if alias.removeprefix("v").isdigit():
        raise UserError(f"{alias!r} would be read as a version number.", hint="Use a word.")
    version = get_version(store, Ref(name, version=number))
    if alias == CHAMPION and version.approval is None:
        raise CheckFailed(
            f"{version.ref} is not approved, so it cannot be champion.",
            hint="Approve it first.",
        )
    with store.write("models"):
        rows.set_alias(store, name, alias, version.id)
        store.audit("model.alias", version.ref, alias=alias)
    return rows.get(store, version.id)


def about(store: Store, ref: str | Ref) -> About:
    """A version with how it did on held-out rows and what was done to it."""
    version = get_version(store, ref)
    return About(
        version,
        runs.evaluation(store, runs.get_run(store, version.run)),
        tuple(audit.about(store, version.ref)),
    )


def _known(store: Store, name: str) -> None:
    known = [model.name for model in rows.models(store)]
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=1)
    raise NotFound(
        f"There is no model called {name!r}.",
        hint=f"Did you mean {near[0]!r}?" if near else "Register a run first.",
    )


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
