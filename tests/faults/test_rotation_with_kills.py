"""The short form of `rotating.py`: nothing is lost and no read fails, however often the rotating process is killed."""

import importlib.util
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
async def test_a_rotation_outlives_kill_9(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("rotating", Path(__file__).with_name("rotating.py"))
    assert spec is not None
    assert spec.loader is not None
    rotating = importlib.util.module_from_spec(spec)
    sys.modules["rotating"] = rotating
    spec.loader.exec_module(rotating)
    seen = await rotating.run(tmp_path, rows=2000, kills=5, pause=0.05, seed=11)
    assert (seen.kills, seen.failed_reads, seen.unreadable, seen.finalised) == (5, 0, 0, True)
    assert seen.reads > 100
