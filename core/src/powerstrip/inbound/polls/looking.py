"""One look at a provider: a page of what is new, checked, with its cursor."""

from collections.abc import Sequence
from typing import cast

from powerstrip.adapter import Adapter, Http, Incoming, Model, Poll, Polled, Since
from powerstrip.inbound.understanding import MAX_EVENTS, Understood, name_event
from powerstrip.value import Value

MAX_CURSOR = 64 * 1024
"""Characters."""


class PollBroken(Exception):
    """The adapter gave what the contract does not allow. The message names no value."""


class Found(Value):
    """A page, ready to be kept. At the very first look it has no events."""

    cursor: str
    events: Sequence[Understood]
    more: bool


async def look(http: Http, *, adapter: Adapter, poll: Poll, watch: Model, cursor: str | None) -> Found:
    """Ask for one page. Raises `PollBroken`, and the adapter's errors."""
    if cursor is None:
        return await _baseline(http, adapter, poll, watch)
    return await _page(http, adapter, poll, watch, cursor)


async def _baseline(http: Http, adapter: Adapter, poll: Poll, watch: Model) -> Found:
    """Where "now" is: every page there is, and no event of them."""
    found = await _page(http, adapter, poll, watch, None)
    while found.more:
        found = await _page(http, adapter, poll, watch, found.cursor)
    return Found(found.cursor, (), more=False)


async def _page(http: Http, adapter: Adapter, poll: Poll, watch: Model, cursor: str | None) -> Found:
    given = cast(object, await poll.look(http, Since(watch, cursor)))
    if not isinstance(given, Polled):
        raise PollBroken("it gave no page")
    new = cast(object, given.cursor)
    if not isinstance(new, str) or len(new) > MAX_CURSOR:
        raise PollBroken(f"its cursor is no text of at most {MAX_CURSOR} characters")
    events = cast(Sequence[object], given.events)
    if len(events) > MAX_EVENTS:
        raise PollBroken(f"a page has more than {MAX_EVENTS} events")
    if given.more and new == cursor:
        raise PollBroken("there is more, and its cursor does not move")
    return Found(new, [_understood(adapter, each) for each in events], more=bool(given.more))


def _understood(adapter: Adapter, given: object) -> Understood:
    if isinstance(given, Incoming) and not given.key:
        raise PollBroken("an event has no key, so that repeats could not be told")
    return name_event(adapter, given)


NOTHING = Found("", (), more=False)
"""What a question is answered with that is not asked."""
