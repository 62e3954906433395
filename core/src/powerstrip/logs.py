"""The hub's log: one JSON object a line, on standard error, of named events with named fields.

No event carries a body, a header, a query or a value that somebody sent. What libraries say is cut down to who says it and the
first line of the programme's words, without what was filled into them. What ends nobody's task is told by its kind and place.
"""

import asyncio
import json
import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager
from traceback import extract_tb
from typing import Any, TypeAlias

Level: TypeAlias = int
INFO, WARNING, ERROR = logging.INFO, logging.WARNING, logging.ERROR

_wanted: Level | None = None
"""From which level on events are wanted, for as long as structlog was not told."""


class Log:
    """Writes events. structlog, and rich with it, is loaded for the first one that is wanted: a start has none to tell."""

    def __init__(self, name: str) -> None:
        self._name = name

    def info(self, event: str, **fields: Any) -> None:
        """What happened."""
        if _may_be_wanted(INFO):
            _structlog().get_logger(self._name).info(event, **fields)

    def warning(self, event: str, **fields: Any) -> None:
        """What went wrong and is dealt with."""
        if _may_be_wanted(WARNING):
            _structlog().get_logger(self._name).warning(event, **fields)

    def error(self, event: str, **fields: Any) -> None:
        """What somebody has to look at."""
        if _may_be_wanted(ERROR):
            _structlog().get_logger(self._name).error(event, **fields)


def wanted(level: Level) -> bool:
    """Whether events of this level are written."""
    return _may_be_wanted(level) and _structlog().get_logger().is_enabled_for(level)


def _may_be_wanted(level: Level) -> bool:
    return _wanted is None or level >= _wanted


def _structlog() -> Any:
    """structlog as it was configured, by us or by the programme around the hub."""
    global _wanted
    import structlog

    if _wanted is not None:
        _tell_structlog(_wanted)
        _wanted = None
    return structlog


class _Lines:
    """Writes to whatever standard error is at the time."""

    def msg(self, line: str) -> None:
        sys.stderr.write(line + "\n")

    debug = info = warning = warn = error = critical = fatal = exception = failure = log = msg


_library_log, _loop_log = Log("powerstrip"), Log("powerstrip.loop")


class _Libraries(logging.Handler):
    """Turns a library's record into an event of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        said = first_line(record.msg) if isinstance(record.msg, str) else type(record.msg).__name__
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        _library_log.warning("library", logger=record.name, severity=record.levelname, said=said, error=error)


def configure(level: Level) -> None:
    """Begin to log from this level on. Libraries are heard from WARNING on."""
    global _wanted
    _wanted = level
    if "structlog" in sys.modules:
        _structlog()
    root = logging.getLogger()
    root.setLevel(WARNING)
    if not any(isinstance(handler, _Libraries) for handler in root.handlers):
        root.addHandler(_Libraries(WARNING))  # a library may have set a lower level of its own


def configure_quietly() -> None:
    """From WARNING on, unless somebody has decided already."""
    if _wanted is None and not ("structlog" in sys.modules and _structlog().is_configured()):
        configure(WARNING)


def _tell_structlog(level: Level) -> None:
    import structlog

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


@contextmanager
def loop_errors(loop: asyncio.AbstractEventLoop) -> Generator[None]:
    """Tell of what ends nobody's task on this loop, unless the programme around the hub does so already."""
    ours = loop.get_exception_handler() is None
    if ours:
        loop.set_exception_handler(_loop_failed)
    try:
        yield
    finally:
        if ours:
            loop.set_exception_handler(None)


def _loop_failed(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """An error by its kind and place, for its text may hold what somebody sent."""
    error = context.get("exception")
    if isinstance(error, BaseException):
        _loop_log.error("loop.failed", error=type(error).__name__, at=place_of(error))
    else:
        _loop_log.error("loop.failed", said=first_line(str(context.get("message", ""))))


def place_of(error: BaseException) -> str:
    """File and line where an error was raised."""
    frames = extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "an unknown place"


def first_line(text: str) -> str:
    """What stands before the first line break: libraries write values and whole objects below it."""
    return next(iter(text.splitlines()), "")


def _as_json(event: dict[str, Any], **options: Any) -> str:
    return json.dumps({name: value for name, value in event.items() if value is not None}, default=type_name)


def type_name(value: object) -> str:
    """What stands for a value that is no plain one: it might show anything."""
    return type(value).__name__
