"""The short form of the fault test; `deliveries.py` runs it at full size."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import deliveries


def test_no_acknowledged_event_is_lost_and_none_is_kept_twice(tmp_path: Path) -> None:
    outcome = deliveries.run(tmp_path / "data", events=150, connections=20, kills=2, pause=(0.3, 0.8))
    assert outcome.kills >= 1
    assert outcome.sent > 150
    assert outcome.faults() == []
