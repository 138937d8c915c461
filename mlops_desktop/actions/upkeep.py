"""What every deployment's record needs from time to time: counted, thinned out, sealed."""

from __future__ import annotations

import logging

from mlops_desktop.actions import deployments, monitoring, sealing
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.core.errors import UserError

log = logging.getLogger(__name__)


def upkeep(lane: Lane, context: Context | None = None) -> None:
    """Look after all of them. One that cannot be is told in the log, and keeps none waiting.

    Raises Cancelled.
    """
    context = context or Context()
    for deployment in lane(deployments.list_deployments):
        try:
            monitoring.fold(lane, deployment.name, context)
            sealing.seal(lane, deployment.name, context)
        except UserError as error:
            log.warning("upkeep of %s: %s", deployment.name, error)
