"""What is said of a model version: its state, its verdict and its figures, in words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from mlops_desktop.core.models import CHAMPION, ModelState, ModelVersion
from mlops_desktop.core.runs import METRICS
from mlops_desktop.widgets.row_model import Kind
from mlops_desktop.widgets.times import ago

STATE_KINDS: dict[ModelState, Kind] = {
    ModelState.APPROVED: "ok",
    ModelState.WAITING: "warn",
    ModelState.BLOCKED: "error",
}
Chips = tuple[tuple[str, Kind], ...]


def tr(text: str) -> str:
    return QCoreApplication.translate("ModelsPanel", text)


def metric_title(name: str) -> str:
    return METRICS[name].title if name in METRICS else name


def figure(value: float | None) -> str:
    """A metric as it is shown everywhere: four digits that count."""
    return "" if value is None else f"{value:.4g}" if abs(value) >= 1e-4 else "0"


def chips_of(version: ModelVersion) -> Chips:
    """The champion first, then the state, then other names."""
    others = tuple(alias for alias in version.aliases if alias != CHAMPION)
    first: Chips = ((CHAMPION, "info"),) if CHAMPION in version.aliases else ()
    state: Chips = ((str(version.state), STATE_KINDS[version.state]),)
    return first + state + tuple((alias, "neutral") for alias in others)


def verdict_of(version: ModelVersion, serving: tuple[str, ...] = ()) -> str:
    """One sentence: where the version stands, and what it waits for."""
    failed = [gate.name for gate in version.gates if not gate.passed]
    count = len(version.gates)
    if version.approval is not None:
        said = tr("Approved by {0}, {1}.").format(version.approval.by, ago(version.approval.at))
        names = ", ".join(serving)
        return f"{said} {tr('Serving as {0}.').format(names)}" if names else said
    if failed:
        return tr("Blocked: {0} of {1} gates failed ({2}).").format(
            len(failed), count, ", ".join(failed)
        )
    return tr("Passed {0} of {1} gates; waits for your yes.").format(count, count)
