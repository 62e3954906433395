"""Source events: one table of things that happened, one processor, and the consumers that were handed in."""

from powerstrip.events.depth import at_depth, depth_here
from powerstrip.events.events import Emitted, Events
from powerstrip.events.preview import Match, Preview, Previewer, Waiter
from powerstrip.events.processor import Came, Consumer, Crowd, Listens, Unwanted
from powerstrip.events.source import NewEvent, NotProcessable, SourceEventRow, SourceType, envelope

__all__ = [
    "Came",
    "Consumer",
    "Crowd",
    "Emitted",
    "Events",
    "Listens",
    "Match",
    "NewEvent",
    "NotProcessable",
    "Preview",
    "Previewer",
    "SourceEventRow",
    "SourceType",
    "Unwanted",
    "Waiter",
    "at_depth",
    "depth_here",
    "envelope",
]
