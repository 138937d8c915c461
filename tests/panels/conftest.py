"""What tests of panels share: real models, trained once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import registered


@pytest.fixture(scope="session")
def registered_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace to copy, never to open: see tests/registered.py for what it holds."""
    root = tmp_path_factory.mktemp("registered") / "workspace"
    registered.build(root)
    return root
