"""The terminal dashboard. It is handed a client, or a door to one, and speaks to nothing else."""

from powerstrip_tui.app import Dashboard, run
from powerstrip_tui.door import CannotOpen, Door, NoHub, OpenDoor

__all__ = ["CannotOpen", "Dashboard", "Door", "NoHub", "OpenDoor", "run"]
