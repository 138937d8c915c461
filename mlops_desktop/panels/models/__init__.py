"""Models: versions, gates, approvals and lineage. Its parts import nothing of other panels."""

from mlops_desktop.panels.models.panel import ModelsPanel

__all__ = ["ModelsPanel"]
