"""The hub's log: one JSON object a line, on standard error, of named events with named fields.

No event carries a body, a header, a query or a value that somebody sent. What libraries say is cut down to who says it and the
words of the programme, without what was filled into them.
"""

import json
import logging
import sys
from typing import Any, TypeAlias

import structlog

Level: TypeAlias = int
INFO, WARNING = logging.INFO, logging.WARNING


class _Lines:
    """Writes to whatever standard error is at the time."""

    def msg(self, line: str) -> None:
        sys.stderr.write(line + "\n")

    debug = info = warning = warn = error = critical = fatal = exception = failure = log = msg


class _Libraries(logging.Handler):
    """Turns a library's record into an event of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        said = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        structlog.get_logger().warning("library", logger=record.name, severity=record.levelname, said=said, error=error)


def configure(level: Level) -> None:
    """Begin to log from this level on. Libraries are heard from WARNING on."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.JSONRenderer(serializer=_as_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _Lines(),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.setLevel(WARNING)
    if not any(isinstance(handler, _Libraries) for handler in root.handlers):
        root.addHandler(_Libraries(WARNING))  # a library may have set a lower level of its own


def configure_quietly() -> None:
    """From WARNING on, unless somebody has decided already."""
    if not structlog.is_configured():
        configure(WARNING)


def _as_json(event: dict[str, Any], **options: Any) -> str:
    return json.dumps({name: value for name, value in event.items() if value is not None}, default=type_name)


def type_name(value: object) -> str:
    """What stands for a value that is no plain one: it might show anything."""
    return type(value).__name__
