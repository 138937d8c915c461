"""Train: start runs, follow them, and see what they are worth. Imports nothing of other panels."""

from mlops_desktop.panels.runs.panel import RunsPanel

__all__ = ["RunsPanel"]
