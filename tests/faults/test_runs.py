"""The short form of the fault test; `runs.py` runs it at full size."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import runs


def test_no_run_is_lost_and_no_finished_step_repeated(tmp_path: Path) -> None:
    outcome = runs.run(tmp_path / "data", kills=len(runs.POINTS))
    assert set(outcome.kills) == set(runs.POINTS)
    assert outcome.repeats > 0
    assert timeless(outcome) == []


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["dbos", "journal"])
def test_other_processes_go_on_with_the_runs_of_one_that_is_killed(tmp_path: Path, engine: str) -> None:
    if runs.postgresql_binaries() is None:
        pytest.skip("PostgreSQL is not installed: no initdb on the PATH")
    with runs.database("postgresql") as settings:
        outcome = runs.run(tmp_path / "data", kills=2, processes=2, engine=engine, **settings)
    assert timeless(outcome) == []


def timeless(outcome: runs.Outcome) -> list[str]:
    """The faults, but for how soon: that is for the command at full size to judge, on a machine that does nothing else."""
    return [each for each in outcome.faults() if "taken up after" not in each]
