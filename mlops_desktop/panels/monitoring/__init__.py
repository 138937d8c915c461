"""Monitor: what a deployment answers, how wrong it is, what drifted, and what to do about it."""

from mlops_desktop.panels.monitoring.panel import MonitoringPanel

__all__ = ["MonitoringPanel"]
