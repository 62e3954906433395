"""Which events a webhook is told of: exact names (`run.completed`) and wildcards (`run.*`). None named means every event."""

import re
from collections.abc import Sequence

from powerstrip.problems import BadInput

MAX_PATTERNS = 100
_PATTERN = re.compile(r"\*|[a-z0-9_-]+(\.[a-z0-9_-]+)*(\.\*)?", re.ASCII)
MAX_PATTERN = 200


def check_patterns(events: Sequence[str]) -> list[str]:
    """The patterns, each once. Raises `BadInput`."""
    if len(events) > MAX_PATTERNS:
        raise _refused("events", f"At most {MAX_PATTERNS} events")
    for number, event in enumerate(events):
        if len(event) > MAX_PATTERN or not _PATTERN.fullmatch(event):
            raise _refused(f"events[{number}]", "Write an event such as run.completed, or run.* for all of a kind")
    return list(dict.fromkeys(events))


def wants(events: Sequence[str], name: str) -> bool:
    """Whether a webhook with these patterns is told of this event."""
    return not events or any(_fits(pattern, name) for pattern in events)


def _fits(pattern: str, name: str) -> bool:
    return pattern in ("*", name) or (pattern.endswith(".*") and name.startswith(pattern[:-1]))


def _refused(path: str, message: str) -> BadInput:
    return BadInput(f"{path}: {message}", details={"errors": [{"path": path, "message": message}]})
