"""The house of calls, whose helpers the tests here import by name."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from callhouse import empty_database, house, peer, peer_server

__all__ = ["empty_database", "house", "peer", "peer_server"]
