"""Models, their versions, signatures, gates and approvals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.runs import Algorithm, Task

CHAMPION = "champion"


@dataclass(frozen=True, slots=True)
class Field:
    """One input column. categories: the known values of a TEXT column, most frequent first.

    low and high: the range seen in training (numbers; microseconds since 1970 for DATETIME).
    example: a real value of a training row, for forms and documentation.
    """

    name: str
    type: ColumnType
    categories: tuple[str, ...] | None = None
    low: float | None = None
    high: float | None = None
    nullable: bool = True
    example: object = None


@dataclass(frozen=True, slots=True)
class Signature:
    """What a model takes and gives. classes: the labels in the order of the probabilities.

    time_column: the input that says when a row happened; windows are cut by it.
    """

    inputs: tuple[Field, ...]
    target: str
    task: Task
    classes: tuple[str, ...] = ()
    positive: str | None = None
    time_column: str | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """A test that a model version must pass. actual and threshold are shown as they are."""

    name: str
    passed: bool
    actual: str
    threshold: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Approval:
    note: str
    by: str
    at: str


class ModelState(StrEnum):
    """Where a model version stands, derived from its gates and approval."""

    BLOCKED = "blocked"
    WAITING = "waiting"
    APPROVED = "approved"


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A registered run. files: artifact name -> SHA-256 of its blob."""

    id: int
    model: str
    version: int
    run: int
    dataset: str
    dataset_version: int
    algorithm: Algorithm
    signature: Signature
    metric: str
    value: float
    low: float
    high: float
    metrics: dict[str, float]
    gates: tuple[Gate, ...]
    files: dict[str, str]
    approval: Approval | None = None
    aliases: tuple[str, ...] = ()
    created_at: str = ""

    @property
    def ref(self) -> str:
        return f"{self.model}@{self.version}"

    @property
    def gates_pass(self) -> bool:
        return all(gate.passed for gate in self.gates)

    @property
    def state(self) -> ModelState:
        if self.approval is not None:
            return ModelState.APPROVED
        return ModelState.WAITING if self.gates_pass else ModelState.BLOCKED


@dataclass(frozen=True, slots=True)
class Model:
    id: int
    name: str
    versions: int
    aliases: dict[str, int] = field(default_factory=dict)
    created_at: str = ""


def other_champion(
    versions: Sequence[ModelVersion], model: str, number: int
) -> ModelVersion | None:
    """The champion of a model, where that is another version than this one."""
    champions = (v for v in versions if v.model == model and CHAMPION in v.aliases)
    return next((v for v in champions if v.version != number), None)
