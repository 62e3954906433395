"""Where the hub's log goes when the command line runs it: JSON lines on stderr."""

import logging
import sys
from typing import Literal, TypeAlias

import structlog

Level: TypeAlias = Literal["debug", "info", "warning", "error"]


def log_to_stderr(level: Level) -> None:
    """Keep events of this level and above. Library loggers stay at WARNING."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
