"""The terminal dashboard. It is handed a client and speaks to nothing else."""

from powerstrip_tui.app import Dashboard, run

__all__ = ["Dashboard", "run"]
