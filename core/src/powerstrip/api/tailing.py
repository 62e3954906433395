"""The live tail of events as server-sent events (WHATWG HTML, section 9.2)."""

from collections.abc import AsyncIterator

from powerstrip.api.hub import Hub
from powerstrip.api.shapes.events import IntegrationEventReceipt
from powerstrip.api.visit import Visit
from powerstrip.clock import monotonic
from powerstrip.inbound import Entry
from powerstrip.problems import Problem

EVENT_STREAM = "text/event-stream"
CHECK_SECONDS = 2.0
"""How often the permission is looked at again."""
BREATH_SECONDS = 10.0
"""How often a comment is sent, so that nobody between takes the line for dead."""


async def tail(visit: Visit, hub: Hub, permission: str, seconds: int | None) -> AsyncIterator[str]:
    """The stream, ended after `seconds` where they are given.

    Raises `NotFound` before it begins, where `Last-Event-ID` is of no row of this project.
    """
    last = visit.head.fields.get(b"last-event-id", b"").decode("latin-1") or None
    if last is not None:
        await hub.inbound.history.get(visit.project.id, last)
    end = monotonic() + seconds if seconds is not None else float("inf")
    return _pieces(visit, hub, permission, hub.inbound.history.tail(visit.project.id, last), end)


async def _pieces(
    visit: Visit, hub: Hub, permission: str, entries: AsyncIterator[Entry | None], end: float
) -> AsyncIterator[str]:
    yield ": the tail of this project's events\n\n"
    checked = told = monotonic()
    async for entry in entries:
        now = monotonic()
        if entry is None and now >= end:
            return
        if now - checked >= CHECK_SECONDS:
            if not await still_may(visit, hub, permission):
                return
            checked = now
        if entry is not None:
            yield f"id: {entry.row.id}\nevent: integration_event\ndata: {_json(entry)}\n\n"
        elif now - told < BREATH_SECONDS:
            continue
        else:
            yield ": still here\n\n"
        told = now


def _json(entry: Entry) -> str:
    return IntegrationEventReceipt.of(entry, payload=True).model_dump_json(exclude_none=True)


async def still_may(visit: Visit, hub: Hub, permission: str) -> bool:
    """Whether the key is still good and still holds the permission here."""
    try:
        identity = await hub.access.authenticate(visit.head.token or "")
        identity.require(permission, visit.project.id)
    except Problem:
        return False
    return True
