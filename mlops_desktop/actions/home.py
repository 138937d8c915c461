"""What the home screen shows: the stages, the next step, and what happened last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_desktop.actions import monitoring
from mlops_desktop.core import home as core
from mlops_desktop.core.attention import Attention, attention
from mlops_desktop.core.monitoring import MonitorSummary
from mlops_desktop.core.news import News, latest
from mlops_desktop.store import audit, home

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store


_LOOK_BACK, _RECENT = 200, 10


@dataclass(frozen=True, slots=True)
class Overview:
    """attention: the most harmful first. recent: newest first. watched: the deployment whose error
    is shown: the one with the top alert, else the first that has answers; None where there is none.
    """

    facts: core.Facts
    stages: tuple[core.StageStatus, ...]
    attention: tuple[Attention, ...]
    next_step: core.NextStep | None
    recent: tuple[News, ...]
    watched: MonitorSummary | None


def overview(store: Store) -> Overview:
    """The state of the loop now."""
    facts = home.facts(store)
    names = [facts.alert_deployment] if facts.alert_deployment else home.answering(store)
    return Overview(
        facts=facts,
        stages=core.stages(facts),
        attention=attention(home.troubles(store)),
        next_step=core.next_step(facts),
        recent=latest(audit.entries(store, _LOOK_BACK), _RECENT),
        watched=monitoring.show(store, names[0]) if names else None,
    )


def active_alerts(store: Store) -> int:
    """How many alerts of all deployments are active."""
    return home.active_alerts(store)
