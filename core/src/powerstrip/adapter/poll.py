"""Polls: how events are found at a provider that sends none.

The adapter reads one page of what is new since a cursor. When to look, keeping the cursor, telling repeats and backing off are
the hub's.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from powerstrip.adapter.http import Http
from powerstrip.adapter.mail import Mail
from powerstrip.adapter.model import Model
from powerstrip.adapter.webhook import Incoming

Watch = TypeVar("Watch", bound=Model)


@dataclass(frozen=True)
class Since(Generic[Watch]):
    """Where to go on.

    `watch` is what the admin chose to look at. `cursor` is what the page before gave; None at the very first look, which finds
    out where "now" is and gives no events, so that connecting a full bucket does not replay its history.
    """

    watch: Watch
    cursor: str | None = None


@dataclass(frozen=True)
class Polled:
    """One page: its events in the order they happened, and the cursor that stands after them.

    The cursor is the adapter's own text, at most 64 KiB. `more` asks for the next page at once. An event whose `key` was seen
    before is a repeat: a cursor may overlap, and must not skip.
    """

    cursor: str
    events: Sequence[Incoming] = ()
    more: bool = False


D = TypeVar("D", Http, Mail)
Look: TypeAlias = Callable[[D, Since[Any]], Awaitable[Polled]]


@dataclass(frozen=True)
class Poll:
    """A way to find events. `watch` is the form of what to look at, `seconds` how often the hub looks unless told otherwise."""

    id: str
    summary: str
    watch: type[Model]
    look: Look[Any]
    seconds: int = 300
