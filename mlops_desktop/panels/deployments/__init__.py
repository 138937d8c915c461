"""Deploy: start, watch and stop the servers. Its parts import nothing of other panels."""

from mlops_desktop.panels.deployments.panel import DeploymentsPanel

__all__ = ["DeploymentsPanel"]
