"""What an event would set off, asked before it happens."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from sqlmodel import Session

from powerstrip.events.source import SourceEventRow
from powerstrip.value import Value


class Match(Value):
    """A trigger that takes the event, and how many things it would start."""

    trigger_id: str
    name: str
    target_count: int = 1


class Waiter(Value):
    """A run that waits for such an event, and whether this one is it."""

    run_id: str
    step_name: str
    matches: bool
    event_type: str = ""
    condition: str = ""
    reason: str = ""


@dataclass
class Preview:
    """All that would hear of an event."""

    triggers: list[Match] = field(default_factory=list[Match])
    waiters: list[Waiter] = field(default_factory=list[Waiter])


Previewer: TypeAlias = Callable[[Session, SourceEventRow], Preview]
"""Reads only; it may not change anything."""
