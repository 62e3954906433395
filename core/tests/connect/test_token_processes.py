"""The short form of `tests/faults/refreshing.py`: one rotating token, several processes on PostgreSQL, and a kill."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).parents[3] / "tests" / "faults" / "refreshing.py"


def load() -> Any:
    spec = importlib.util.spec_from_file_location("refreshing", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["refreshing"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
async def test_processes_that_share_a_token_renew_it_once(tmp_path: Path, postgresql_server: Any) -> None:
    refreshing = load()
    url = postgresql_server.url(postgresql_server.new_database())

    seen = await refreshing.run(url, tmp_path, processes=2, calls=60, kills=1, seed=7)

    assert refreshing.faults(seen) == [], seen
    assert seen.renewals >= 1
    assert seen.calls >= 120
