"""How much of the hub's log the command line lets through."""

import logging
from typing import Literal, TypeAlias

from powerstrip import logs

Level: TypeAlias = Literal["debug", "info", "warning", "error", "critical"]


def log_to_stderr(level: Level) -> None:
    """Keep events of this level and above, as `powerstrip.logs` writes them."""
    logs.configure(getattr(logging, level.upper()))
