"""Checks against material that may lie beside the project; without it they are skipped."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder that `POWERSTRIP_SHARED` names."""
    folder = os.environ.get("POWERSTRIP_SHARED", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("POWERSTRIP_SHARED names no folder")
    return Path(folder)
