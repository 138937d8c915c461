"""Data: imports, versions, their rows and warnings. Its parts import nothing of other panels."""

from mlops_desktop.panels.datasets.panel import DatasetsPanel

__all__ = ["DatasetsPanel"]
