"""mlops_desktop: the whole life of a machine-learning model on one workstation, offline."""

__version__ = "0.1.0"
