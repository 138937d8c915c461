"""Settings: the look, training, storage and clean-up. Its parts import nothing of other panels."""

from mlops_desktop.panels.settings.panel import SettingsPanel

__all__ = ["SettingsPanel"]
